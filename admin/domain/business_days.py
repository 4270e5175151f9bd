"""Business days as Korean banks and card companies count them.

The days on which banks are closed are data of the shop (the table of holidays), and an argument.
"""

from __future__ import annotations

from datetime import date, timedelta

SATURDAY = 5


def is_business_day(day: date, *, holidays: frozenset[date]) -> bool:
    """Whether banks work on this day."""
    return day.weekday() < SATURDAY and day not in holidays


def business_day_after(day: date, count: int, *, holidays: frozenset[date]) -> date:
    """The `count`-th business day after `day`; `day` itself for 0."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_business_day(day, holidays=holidays)
    return day


def business_days_between(start: date, end: date, *, holidays: frozenset[date]) -> int:
    """How many business days come after `start` up to `end`; 0 unless `end` is later."""
    days = (start + timedelta(days=ahead) for ahead in range(1, (end - start).days + 1))
    return sum(is_business_day(day, holidays=holidays) for day in days)


def last_start(day: date, count: int, *, holidays: frozenset[date]) -> date:
    """The last day whose `count`-th business day has come by `day`."""
    start = day
    while business_day_after(start, count, holidays=holidays) > day:
        start -= timedelta(days=1)
    return start
