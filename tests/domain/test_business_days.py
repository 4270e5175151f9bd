"""Business days: weekends and holidays are none, and counting back agrees with counting on."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from admin.domain.business_days import (
    business_day_after,
    business_days_between,
    is_business_day,
    last_start,
)

from .factories import HOLIDAYS

days = st.dates(date(2026, 1, 1), date(2026, 4, 30))
counts = st.integers(0, 12)


@given(days, counts)
def test_as_many_business_days_lie_behind_as_were_counted(day: date, count: int) -> None:
    end = business_day_after(day, count, holidays=HOLIDAYS)
    assert business_days_between(day, end, holidays=HOLIDAYS) == count
    assert count == 0 or is_business_day(end, holidays=HOLIDAYS)


@given(days, counts)
def test_the_last_start_is_the_last_one(day: date, count: int) -> None:
    start = last_start(day, count, holidays=HOLIDAYS)
    assert business_day_after(start, count, holidays=HOLIDAYS) <= day
    later = start + timedelta(days=1)
    assert business_day_after(later, count, holidays=HOLIDAYS) > day


def test_the_way_back_in_time_holds_no_days() -> None:
    assert business_days_between(date(2026, 3, 5), date(2026, 3, 4), holidays=HOLIDAYS) == 0
