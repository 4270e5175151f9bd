"""A circuit breaker: a gateway that does not answer is left alone until a look-up gets through.

After five failures in a row (no connection, no answer in time, 5xx) it is open. Then nothing that
moves money is sent at all, and of the look-ups one in ten seconds goes through to see whether the
gateway is back; any clear answer closes it. The failures are counted for all processes together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from admin.domain.clock import utc_now
from admin.gateway.errors import (
    GatewayMalformed,
    GatewayNotReached,
    GatewayPaused,
    GatewayUnavailable,
)

OPENS_AFTER = 5  # failures in a row
PROBES_EVERY = timedelta(seconds=10)
TOO_MANY_REQUESTS = 429  # an answer, and a busy gateway is not a broken one


class CircuitStore(Protocol):
    """Where processes count the failures of one gateway account."""

    def failures(self) -> int:
        """How many calls in a row have failed."""

    def add_failure(self, *, next_probe_at: datetime) -> None:
        """Count one more, and let no probe through before then."""

    def clear(self) -> None:
        """The gateway answered."""

    def take_probe(self, *, now: datetime, next_probe_at: datetime) -> bool:
        """Whether the asker may look now; at most one among all processes may."""


@dataclass(slots=True)
class _Count:
    failures: int = 0
    probe_at: datetime | None = None


class MemoryCircuitStore:
    """A store for a single process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._count = _Count()

    def failures(self) -> int:
        return self._count.failures

    def add_failure(self, *, next_probe_at: datetime) -> None:
        with self._lock:
            self._count = _Count(self._count.failures + 1, next_probe_at)

    def clear(self) -> None:
        self._count = _Count()

    def take_probe(self, *, now: datetime, next_probe_at: datetime) -> bool:
        with self._lock:
            if self._count.probe_at is not None and now < self._count.probe_at:
                return False
            self._count.probe_at = next_probe_at
            return True


class Circuit:
    """The breaker of one gateway account. Thread-safe if its store is."""

    def __init__(self, store: CircuitStore, *, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._now = now

    @property
    def is_open(self) -> bool:
        """Whether the gateway has stopped answering."""
        return self._store.failures() >= OPENS_AFTER

    @contextmanager
    def write(self) -> Iterator[None]:
        """Send something that moves money. Raises GatewayPaused while open."""
        failures = self._store.failures()
        if failures >= OPENS_AFTER:
            raise GatewayPaused("the circuit is open")
        with self._counted(failures):
            yield

    @contextmanager
    def look(self) -> Iterator[bool]:
        """Look something up, however often it is tried; True for a probe, to be tried once.

        Raises GatewayPaused while open, unless this look is the probe.
        """
        failures, now = self._store.failures(), self._now()
        is_probe = failures >= OPENS_AFTER
        if is_probe and not self._store.take_probe(now=now, next_probe_at=now + PROBES_EVERY):
            raise GatewayPaused("the circuit is open")
        with self._counted(failures):
            yield is_probe

    @contextmanager
    def _counted(self, failures: int) -> Iterator[None]:
        answered = True
        try:
            yield
        except (GatewayUnavailable, GatewayNotReached) as error:
            answered = False
            if error.status != TOO_MANY_REQUESTS:
                self._store.add_failure(next_probe_at=self._now() + PROBES_EVERY)
            raise
        except GatewayMalformed:
            answered = False  # something spoke, and who knows what it was
            raise
        finally:
            if answered and failures:
                self._store.clear()
