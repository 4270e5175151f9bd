"""The access token: asked for once, shared by every thread and process, renewed once after a 401.

A token lives 30 minutes; asking early gives the same one, and asking within its last minute
gives it five more. So it is renewed inside that minute, never before. Source: POST
/users/getToken.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from admin.domain.clock import utc_now

RENEW_WITHIN = timedelta(seconds=45)  # of the end, inside the minute in which asking prolongs


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A token and when it ends by our clock. `clock_skew` is the gateway's clock minus ours."""

    value: str = field(repr=False)
    expires_at: datetime
    clock_skew: timedelta = timedelta(0)

    def is_fresh(self, now: datetime) -> bool:
        """Whether it need not be renewed yet."""
        return self.expires_at - now > RENEW_WITHIN


class TokenStore(Protocol):
    """Where processes share the token of one gateway account."""

    def get(self) -> AccessToken | None:
        """The stored token, expired or not, or None."""

    def put(self, token: AccessToken) -> None:
        """Replace the stored token."""

    def refreshing(self) -> AbstractContextManager[object]:
        """Held by at most one asker among all processes; others wait here and then look again."""


class MemoryTokenStore:
    """A store for a single process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: AccessToken | None = None

    def get(self) -> AccessToken | None:
        return self._token

    def put(self, token: AccessToken) -> None:
        self._token = token

    def refreshing(self) -> AbstractContextManager[object]:
        return self._lock


class TokenSource:
    """Hands out the token. `ask` fetches one from the gateway and may raise GatewayError."""

    def __init__(
        self,
        store: TokenStore,
        *,
        ask: Callable[[], AccessToken],
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._ask = ask
        self._now = now
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._held: tuple[AccessToken, float] | None = None  # with the monotonic end of freshness

    @property
    def clock_skew(self) -> timedelta | None:
        """The gateway's clock minus ours when the token was issued; None before the first one."""
        held = self._held
        return held[0].clock_skew if held else None

    def current(self) -> str:
        """A token that is still good, asking the gateway only when nobody holds one."""
        held = self._held
        if held is None or self._monotonic() >= held[1]:
            with self._lock:
                held = self._held
                if held is None or self._monotonic() >= held[1]:
                    held = self._hold(self._shared(other_than=None))
        return held[0].value

    def renewed(self, rejected: str) -> str:
        """A token other than `rejected`, which the gateway has just refused, where there is one."""
        with self._lock:
            held = self._held
            if held is None or held[0].value == rejected:
                held = self._hold(self._shared(other_than=rejected))
        return held[0].value

    def _shared(self, *, other_than: str | None) -> AccessToken:
        stored = self._usable(other_than)
        if stored is not None:
            return stored
        with self._store.refreshing():
            stored = self._usable(other_than)  # another process may have asked meanwhile
            if stored is not None:
                return stored
            token = self._ask()
            self._store.put(token)
            return token

    def _usable(self, other_than: str | None) -> AccessToken | None:
        stored = self._store.get()
        if stored is None or stored.value == other_than or not stored.is_fresh(self._now()):
            return None
        return stored

    def _hold(self, token: AccessToken) -> tuple[AccessToken, float]:
        left = token.expires_at - self._now() - RENEW_WITHIN
        self._held = (token, self._monotonic() + left.total_seconds())
        return self._held
