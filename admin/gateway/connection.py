"""Calls with a token: how long each may take, which are tried again and which never."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import httpx
import stamina

from admin.domain.clock import utc_now
from admin.gateway.auth import AccessToken, TokenSource, TokenStore
from admin.gateway.circuit import Circuit, CircuitStore
from admin.gateway.deadline import DeadlinePassed, deadline, time_left
from admin.gateway.errors import (
    GatewayMalformed,
    GatewayNotReached,
    GatewayRejected,
    GatewayUnauthorized,
    GatewayUnavailable,
)
from admin.gateway.places import Places
from admin.gateway.settings import GatewaySettings
from admin.gateway.transport import LARGE_BODY, SMALL_BODY, Answer, Transport
from admin.gateway.wire.envelope import open_read, open_write, write_body
from admin.gateway.wire.tokens import read_token

READ_TRIES = 3
_JSON = {"Content-Type": "application/json"}


class Connection:
    """One merchant account at one gateway. Thread-safe."""

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        token_store: TokenStore,
        circuit_store: CircuitStore,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._transport = Transport(settings.origin, transport=transport)
        self._now = now
        self._tokens = TokenSource(token_store, ask=self.ask_token, now=now, monotonic=monotonic)
        self._circuit = Circuit(circuit_store, now=now)
        self.places = Places()
        self._seen = threading.Lock()
        self._last_answer_at: datetime | None = None

    @property
    def clock_skew(self) -> timedelta | None:
        return self._tokens.clock_skew

    @property
    def last_answer_at(self) -> datetime | None:
        """When the gateway last answered anything at all, in this process."""
        return self._last_answer_at

    @property
    def is_paused(self) -> bool:
        return self._circuit.is_open

    def look_up(self, path: str, *, params: Iterable[tuple[str, str]] = ()) -> Any:
        """Read one thing, trying up to three times within the look-up deadline."""
        return self._read(
            path, params=params, within=self._settings.deadlines.look_up, largest=SMALL_BODY
        )

    def look_up_page(self, path: str, *, params: Iterable[tuple[str, str]] = ()) -> Any:
        """Read a list, trying up to three times within the page deadline."""
        return self._read(
            path, params=params, within=self._settings.deadlines.page, largest=LARGE_BODY
        )

    def write(self, method: str, path: str, *, body: dict[str, Any]) -> Any:
        """Ask the gateway to do something, once, on a connection of its own.

        The one thing sent twice is what a 401 answered: that was not executed, only the token
        was stale. A token that cannot be had is GatewayNotReached or GatewayUnauthorized, never
        unclear, since the request itself was not sent. Raises GatewayPaused while the gateway
        does not answer, GatewayBusy while too many wait for it.
        """
        content = write_body(body)
        with self.places.taken(), self._circuit.write(), deadline(self._settings.deadlines.money):
            answer = self._authorised(
                lambda token: self._send(
                    method, path, token=token, body=content, fresh=True, largest=SMALL_BODY
                )
            )
            return open_write(answer)

    def ask_token(self) -> AccessToken:
        """Ask for the token, tried once. Raises GatewayUnauthorized when key or secret are wrong.

        Whatever else goes wrong is GatewayNotReached: nothing that needed the token was sent.
        Source: POST /users/getToken.
        """
        credentials = {"imp_key": self._settings.key, "imp_secret": self._settings.secret}
        try:
            with deadline(self._settings.deadlines.token):
                asked_at = self._now()
                answer = self._transport.send(
                    "POST", "/users/getToken", body=write_body(credentials), headers=_JSON
                )
                self._saw_answer()
                token = read_token(open_write(answer), asked_at=asked_at, answered_at=self._now())
        except GatewayRejected as error:
            raise GatewayUnauthorized(f"no token: {error}", status=error.status) from error
        except (GatewayUnavailable, GatewayMalformed) as error:
            raise GatewayNotReached(f"no token: {error}", status=error.status) from error
        return token

    def close(self) -> None:
        self._transport.close()

    def _read(
        self, path: str, *, params: Iterable[tuple[str, str]], within: float, largest: int
    ) -> Any:
        query = tuple(params)
        with self.places.taken(), self._circuit.look() as is_probe, deadline(within):
            tries = 1 if is_probe else READ_TRIES
            for attempt in stamina.retry_context(
                on=_worth_another_try, attempts=tries, timeout=within, wait_max=2.0
            ):
                with attempt:
                    answer = self._authorised(
                        lambda token: self._send(
                            "GET", path, token=token, params=query, largest=largest
                        )
                    )
                    return open_read(answer)
        raise AssertionError("a retried block returns or raises")

    def _authorised(self, send: Callable[[str], Answer]) -> Answer:
        token = self._tokens.current()
        answer = send(token)
        if answer.status == 401:
            answer = send(self._tokens.renewed(token))
        return answer

    def _send(
        self,
        method: str,
        path: str,
        *,
        token: str,
        largest: int,
        params: Iterable[tuple[str, str]] = (),
        body: bytes | None = None,
        fresh: bool = False,
    ) -> Answer:
        answer = self._transport.send(
            method,
            path,
            params=params,
            body=body,
            headers={"Authorization": f"Bearer {token}", **(_JSON if body is not None else {})},
            fresh=fresh,
            largest=largest,
        )
        self._saw_answer()
        return answer

    def _saw_answer(self) -> None:
        with self._seen:
            self._last_answer_at = self._now()


def _worth_another_try(error: Exception) -> bool | float:
    """Whether a read that failed so may succeed in the time left; a float is the wait before."""
    if not isinstance(error, GatewayUnavailable | GatewayNotReached | GatewayMalformed):
        return False
    try:
        left = time_left()
    except DeadlinePassed:
        return False
    wait = error.retry_after if isinstance(error, GatewayUnavailable) else None
    if wait is None:
        return True
    return max(wait, 0.1) if wait < left else False
