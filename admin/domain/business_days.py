"""Business days as Korean banks and card companies count them."""

from __future__ import annotations

from datetime import date, timedelta

SATURDAY = 5

# Weekdays on which banks are closed: public holidays with their substitutes, the 1st of May, and
# election days. Holidays that fall on a weekend are no business days anyway.
_CLOSED: dict[int, str] = {
    2025: "01-01 01-27 01-28 01-29 01-30 03-03 05-01 05-05 05-06 06-03 06-06 08-15 10-03 10-06"
    " 10-07 10-08 10-09 12-25",
    2026: "01-01 02-16 02-17 02-18 03-02 05-01 05-05 05-25 06-03 07-17 08-17 09-24 09-25 10-05"
    " 10-09 12-25",
    2027: "01-01 02-08 02-09 03-01 05-03 05-05 05-13 07-19 08-16 09-14 09-15 09-16 10-04 10-11"
    " 12-27",
}
HOLIDAYS: frozenset[date] = frozenset(
    date.fromisoformat(f"{year}-{day}") for year, days in _CLOSED.items() for day in days.split()
)


def is_business_day(day: date, *, holidays: frozenset[date] = HOLIDAYS) -> bool:
    """Whether banks work on this day."""
    return day.weekday() < SATURDAY and day not in holidays


def business_day_after(day: date, count: int, *, holidays: frozenset[date] = HOLIDAYS) -> date:
    """The `count`-th business day after `day`; `day` itself for 0."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_business_day(day, holidays=holidays)
    return day
