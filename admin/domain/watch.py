"""Watches: when what a view holds is too much or too little, and when nobody is to be told."""

from __future__ import annotations

from datetime import date, timedelta
from enum import Enum

MOST = 10**15  # of a limit: what no shop reaches
LONGEST_SNOOZE = timedelta(days=366)
LONGEST_REASON = 300
HOUR = 60  # minutes


class Measure(Enum):
    """What is looked at, and in which unit its limit is kept."""

    COUNT = "count"  # payments
    SUM = "sum"  # won, net of what was cancelled
    AGE = "age"  # minutes since the oldest


class Side(Enum):
    """On which side of the limit somebody is needed."""

    ABOVE = "above"
    BELOW = "below"


def is_crossed(side: Side, limit: int, value: int | None) -> bool:
    """Whether `value` lies beyond `limit`; exactly on it does not, and nothing is never beyond."""
    if value is None:
        return False
    return value > limit if side is Side.ABOVE else value < limit


def is_snoozed(until: date | None, today: date) -> bool:
    """Whether it is quiet today; on the day itself it speaks again."""
    return until is not None and today < until
