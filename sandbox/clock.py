"""The gateway's clock: real time, or real time moved by the control plane.

A skew moves only what the gateway says the time is, not the world its effects are dated in.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache

_KST_SECONDS = 9 * 3_600
KST = timezone(timedelta(seconds=_KST_SECONDS), "KST")


@dataclass(slots=True)
class Clock:
    """Seconds since the epoch, moved by `shift` seconds; told `skew` seconds off."""

    shift: int = 0
    skew: int = 0

    def now(self) -> int:
        return int(time.time()) + self.shift

    def exact(self) -> float:
        """With fractions of a second."""
        return time.time() + self.shift

    def set_now(self, moment: int) -> None:
        """Let the clock read `moment` and run on from there."""
        self.shift = moment - int(time.time())


def in_kst(moment: int) -> datetime:
    """The Korean wall clock at a Unix second."""
    return datetime.fromtimestamp(moment, KST)


def kst_minute(moment: int) -> str:
    """Year to minute in ten digits, as KCP's transaction numbers start."""
    return _minute(moment // 60)


@lru_cache(maxsize=4_096)
def _minute(minutes: int) -> str:
    return time.strftime("%y%m%d%H%M", time.gmtime(minutes * 60 + _KST_SECONDS))
