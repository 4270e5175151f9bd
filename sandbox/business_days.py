"""Business days as banks count them: no weekends, no Korean public holidays."""

from datetime import timedelta

from sandbox.clock import in_kst
from sandbox.facts.holidays import HOLIDAYS

_SATURDAY = 5


def business_days_after(moment: int, days: int) -> int:
    """The same time of day on the `days`-th business day after a Unix second."""
    day = in_kst(moment)
    while days > 0:
        day += timedelta(days=1)
        if day.weekday() < _SATURDAY and day.date() not in HOLIDAYS:
            days -= 1
    return int(day.timestamp())
