"""Time: UTC inside, Korean days at the edges."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from admin.domain.clock import from_epoch, kst_date, kst_day, to_epoch, utc_now

# From 1990 to 2100, in whole microseconds after the first moment.
moments = st.timedeltas(timedelta(0), timedelta(days=40_000)).map(
    lambda passed: datetime(1990, 1, 1, tzinfo=UTC) + passed
)


def test_a_korean_day_begins_at_three_in_the_afternoon_utc_the_day_before() -> None:
    start, end = kst_day(date(2026, 3, 1))
    assert start == datetime(2026, 2, 28, 15, tzinfo=UTC)
    assert end == datetime(2026, 3, 1, 15, tzinfo=UTC)


def test_a_leap_day_is_a_day_like_any_other() -> None:
    assert kst_day(date(2028, 2, 29))[1] == kst_day(date(2028, 3, 1))[0]


@given(moments)
def test_every_moment_falls_into_exactly_its_own_korean_day(moment: datetime) -> None:
    start, end = kst_day(kst_date(moment))
    assert start <= moment < end
    assert end - start == timedelta(days=1)  # no summer time


@given(moments)
def test_epochs_read_back_to_the_second(moment: datetime) -> None:
    assert from_epoch(to_epoch(moment)) == moment.replace(microsecond=0)


def test_zero_and_nothing_mean_never() -> None:
    assert from_epoch(0) is None
    assert from_epoch(None) is None
    assert from_epoch(1_767_225_600) == datetime(2026, 1, 1, tzinfo=UTC)


def test_now_is_aware() -> None:
    assert utc_now().tzinfo is UTC
