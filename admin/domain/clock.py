"""Time: aware UTC inside, Korean time (KST) at the edges."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic_ns
from zoneinfo import ZoneInfo

KST = ZoneInfo("Asia/Seoul")


def utc_now() -> datetime:
    """The moment, aware. Called by views, tasks and the command line only; the rest takes `now`."""
    return datetime.now(UTC)


def _ticks() -> int:
    """Nanoseconds that no change of the clock on the wall touches."""
    return monotonic_ns()


@dataclass(frozen=True, slots=True)
class RunningClock:
    """A given moment that runs on: for work that takes its time after it was handed `now`."""

    start: datetime
    began: int = field(default_factory=_ticks)

    def now(self) -> datetime:
        """The moment it is by now."""
        return self.start + timedelta(microseconds=(_ticks() - self.began) // 1_000)


def from_epoch(seconds: int | None) -> datetime | None:
    """Read the gateway's Unix seconds, where 0 and null mean never."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def to_epoch(moment: datetime) -> int:
    """Whole Unix seconds of `moment`."""
    return int(moment.timestamp())


def kst_day(day: date) -> tuple[datetime, datetime]:
    """The half-open UTC interval [start, end) of one Korean calendar day."""
    start = datetime.combine(day, time.min, KST)
    return start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC)


def kst_date(moment: datetime) -> date:
    """The Korean calendar day that `moment` falls on."""
    return moment.astimezone(KST).date()
