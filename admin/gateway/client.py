"""The gateway as typed calls: one method for each of its operations.

Every method raises GatewayError (`errors` says which and what to do); ValueError means that we
asked for something that must never be sent. Reads are tried up to three times; a write is sent
once, whatever happens.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Self

import httpx

from admin.domain.clock import utc_now
from admin.gateway.auth import MemoryTokenStore, TokenStore
from admin.gateway.calls.billing_keys import BillingKeyCalls
from admin.gateway.calls.cash_receipts import CashReceiptCalls
from admin.gateway.calls.codes import CodeCalls
from admin.gateway.calls.deliveries import DeliveryCalls
from admin.gateway.calls.payments import PaymentCalls
from admin.gateway.calls.prepared import PreparedCalls
from admin.gateway.calls.schedules import ScheduleCalls
from admin.gateway.calls.virtual_accounts import VirtualAccountCalls
from admin.gateway.circuit import CircuitStore, MemoryCircuitStore
from admin.gateway.connection import Connection
from admin.gateway.places import Places
from admin.gateway.settings import GatewaySettings


class Gateway(
    PaymentCalls,
    PreparedCalls,
    BillingKeyCalls,
    ScheduleCalls,
    DeliveryCalls,
    VirtualAccountCalls,
    CashReceiptCalls,
    CodeCalls,
):
    """One merchant account. Thread-safe; connections open at first use."""

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        token_store: TokenStore | None = None,
        circuit_store: CircuitStore | None = None,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._now = now
        self._connection = Connection(
            settings,
            token_store=token_store or MemoryTokenStore(),
            circuit_store=circuit_store or MemoryCircuitStore(),
            transport=transport,
            now=now,
            monotonic=monotonic,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection; a later call opens new ones."""
        self._connection.close()

    @property
    def host(self) -> str:
        """The host that this installation belongs to."""
        return self._settings.host

    @property
    def key_fingerprint(self) -> str:
        """16 hex digits naming host and key; safe to store and to show."""
        return self._settings.key_fingerprint

    @property
    def include_sandbox(self) -> bool:
        """Whether payments of test channels are asked for too."""
        return self._settings.include_sandbox

    def now(self) -> datetime:
        """The moment by the clock that this client goes by, ours."""
        return self._now()

    @property
    def clock_skew(self) -> timedelta | None:
        """The gateway's clock minus ours, as of the last token; None before the first."""
        return self._connection.clock_skew

    @property
    def last_answer_at(self) -> datetime | None:
        """When the gateway last answered this process; None if it never did."""
        return self._connection.last_answer_at

    @property
    def is_paused(self) -> bool:
        """Whether it has stopped answering: nothing that moves money is sent until a look-up
        has come through."""
        return self._connection.is_paused

    @property
    def places(self) -> Places:
        """How many threads of this process may wait for it at once."""
        return self._connection.places

    def ping(self) -> None:
        """Ask for the token, which early on costs the gateway nothing. Tried once, 5 s.

        Raises GatewayNotReached or GatewayUnauthorized. Source: POST /users/getToken.
        """
        self._connection.ask_token()
