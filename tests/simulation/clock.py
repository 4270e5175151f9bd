"""The clock of a history, and the gateway's beside it. Both move only when a step says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


class Clock:
    """Time as the services, the client and the model gateway see it."""

    def __init__(self) -> None:
        self._passed = timedelta(0)
        self.gateway_ahead = 0  # seconds that the gateway's clock is before ours, or behind it

    def now(self) -> datetime:
        """The moment, aware UTC."""
        return START + self._passed

    def epoch(self) -> int:
        """The moment as the gateway writes it, in Unix seconds."""
        return int(self.now().timestamp()) + self.gateway_ahead

    def monotonic(self) -> float:
        """Seconds since the history began."""
        return self._passed.total_seconds()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += timedelta(seconds=seconds)
