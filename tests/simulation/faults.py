"""What can go wrong with one call, and how often: drawn by the seed, bounded by what is assumed.

Bounds (each is an assumption about the gateway; see the design's A1..A6): a request that was
taken ends within DELAY, a read is at most LAG behind, 401, 403 and a refused connection mean that
nothing was executed. A refusal of a write may be a lie: the protocol looks at it once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

LONGEST_DELAY = 7 * 60  # seconds; with LAG and our own minute it stays below the quiet period
LONGEST_LAG = 45

ANY = ("unreachable", "dropped", "http_500", "http_503", "http_401", "http_403", "http_429")
BROKEN = ("garbage", "html", "null", "truncated", "list", "redirect")
WRITE = (
    *("unreachable", "dropped", "dropped_after", "dropped_after", "dropped_after"),
    *("http_500", "http_500_after", "http_502_after", "http_429", "http_429_after"),
    *("http_401", "http_403", "delayed", "delayed", "delayed", "delayed", "unmoved", "unmoved"),
    *("refused", "lied", "kill_after"),
    *("garbage_after", "html_after", "null_after", "truncated_after", "wrong_amount", "wrong_uid"),
)
CHARGE = (*WRITE, "declined", "declined", "charged_otherwise", "charged_twice", "paid_late")
READ = (*ANY, *BROKEN, "html_404", "refused", *["stale"] * 8, *["wrong_uid"] * 4)
RATES = {"calm": (0.02, 0.2), "ordinary": (0.08, 0.5), "rough": (0.25, 0.7)}  # reads, writes


@dataclass(slots=True)
class Weather:
    """How often calls go wrong in this history. `off`: never again."""

    rng: Random
    reads: float
    writes: float
    off: bool = False

    @classmethod
    def draw(cls, rng: Random) -> Weather:
        """The weather of one history."""
        return cls(rng, *RATES[rng.choice([*RATES])])

    def fault(self, method: str, *, charges: bool) -> str:
        """What goes wrong with this call; empty for nothing."""
        if self.off or self.rng.random() >= (self.reads if method == "GET" else self.writes):
            return ""
        if method == "GET":
            return self.rng.choice(READ)
        return self.rng.choice(CHARGE if charges else WRITE)

    def token_fault(self) -> str:
        """What goes wrong with asking for a token."""
        if self.off or self.rng.random() >= self.reads / 4:
            return ""
        return self.rng.choice(("unreachable", "dropped", "http_500", "garbage"))

    def delay(self) -> int:
        """Seconds until a delayed request is executed."""
        return self.rng.randrange(1, LONGEST_DELAY)

    def lag(self) -> int:
        """Seconds that a stale read is behind."""
        return self.rng.randrange(1, LONGEST_LAG)
