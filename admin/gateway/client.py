"""The gateway as typed calls: one method for each endpoint that we use.

Every method raises GatewayError (`errors` says which and what to do); ValueError means that we
asked for something that must never be sent. Reads are tried up to three times; a write is sent
once, whatever happens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, Self

import httpx

from admin.domain.billing_key import BillingKeySnapshot
from admin.domain.clock import to_epoch, utc_now
from admin.domain.escrow import DeliveryNotice
from admin.domain.money import Money
from admin.domain.payment import PaymentSnapshot, PaymentStatus
from admin.gateway.auth import MemoryTokenStore, TokenStore
from admin.gateway.circuit import CircuitStore, MemoryCircuitStore
from admin.gateway.connection import Connection
from admin.gateway.errors import GatewayMalformed, GatewayNotFound, GatewayRejected
from admin.gateway.settings import GatewaySettings
from admin.gateway.wire.billing_keys import read_billing_key, read_billing_keys
from admin.gateway.wire.deliveries import DeliveryParty, read_delivery, write_delivery
from admin.gateway.wire.envelope import says
from admin.gateway.wire.paths import path
from admin.gateway.wire.payments import (
    EMPTY_PAGE,
    PaymentPage,
    read_page,
    read_payment,
    write_amount,
)

LARGEST_BATCH = 100  # ids in one look-up; the gateway's limit
LONGEST_QUERY = 4_000  # characters; several servers refuse a request line beyond 8,000
LARGEST_PAGE = 1_000
LONGEST_WINDOW = timedelta(days=90)
LONGEST_IMP_UID = 32
LONGEST_MERCHANT_UID = 40
LONGEST_CUSTOMER_UID = 80
LONGEST_REASON = 256
_UNKNOWN_CUSTOMER = ("찾을 수 없", "존재하지 않", "등록되지 않은", "등록된 정보")
_UNSUPPORTED_STATUS = "지원되지 않는"

Sorting = Literal["started", "-started", "paid", "-paid", "updated", "-updated"]


class Gateway:
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

    def ping(self) -> None:
        """Ask for the token, which early on costs the gateway nothing. Tried once, 5 s.

        Raises GatewayNotReached or GatewayUnauthorized. Source: POST /users/getToken.
        """
        self._connection.ask_token()

    # -- payments ------------------------------------------------------------------------------

    def get_payment(self, imp_uid: str) -> PaymentSnapshot:
        """Read one payment. Raises GatewayNotFound. Source: GET /payments/{imp_uid}."""
        raw = self._connection.look_up(path("payments", imp_uid), params=self._scope())
        payment = read_payment(raw)
        if payment.imp_uid != imp_uid:
            raise GatewayMalformed("the answer is about another payment")
        return payment

    def get_payments(
        self, imp_uids: Sequence[str] = (), merchant_uids: Sequence[str] = ()
    ) -> PaymentPage:
        """Read many payments; those that the gateway does not know are simply not among them.

        Any number of ids; they are asked for in batches of at most 100. Rows that cannot be
        read are in `unreadable`: they exist, and are not missing. Source: GET /payments.
        """
        wanted = [("imp_uid[]", uid) for uid in imp_uids]
        wanted += [("merchant_uid[]", uid) for uid in merchant_uids]
        pages = [self._get_batch(batch) for batch in _batches(wanted)]
        return PaymentPage(
            total=sum(page.total for page in pages),
            payments=tuple(payment for page in pages for payment in page.payments),
            unreadable=tuple(row for page in pages for row in page.unreadable),
        )

    def find_all_payments(self, merchant_uid: str) -> tuple[PaymentSnapshot, ...]:
        """Every payment that carries this order number, oldest first; none is an empty tuple.

        What is judged by it must be complete, so one unreadable row raises GatewayMalformed.
        Source: GET /payments/findAll/{merchant_uid}.
        """
        found: list[PaymentSnapshot] = []
        number = 1
        while number:
            page = self._find_page(merchant_uid, number)
            if page.unreadable:
                raise GatewayMalformed(page.unreadable[0].why)
            found.extend(page.payments)
            number = page.next if page.next > number else 0
        return tuple(found)

    def list_payments(
        self,
        status: PaymentStatus | Literal["all"],
        *,
        start: datetime,
        end: datetime,
        page: int = 1,
        limit: int = LARGEST_PAGE,
        sorting: Sorting = "started",
    ) -> PaymentPage:
        """One page of the payments of a window of at most 90 days, `start` included.

        The time compared is started_at, paid_at, cancelled_at or failed_at, by the *present*
        status of the row: a row that changes status changes windows. A page past the end is
        empty. Source: GET /payments/status/{status}.
        """
        if not start <= end <= start + LONGEST_WINDOW:
            raise ValueError("a window runs forward and spans at most 90 days")
        if page < 1 or not 1 <= limit <= LARGEST_PAGE:
            raise ValueError("pages count from 1 and hold 1 to 1,000 payments")
        word = status.value if isinstance(status, PaymentStatus) else status
        params = {
            "page": str(page),
            "limit": str(limit),
            "from": str(to_epoch(start)),
            "to": str(to_epoch(end)),
            "sorting": sorting,
        }
        try:
            raw = self._connection.look_up_page(
                path("payments", "status", word), params=[*params.items(), *self._scope()]
            )
        except GatewayNotFound:
            return EMPTY_PAGE
        except GatewayRejected as error:
            if page > 1 and error.status == 400 and not says(error, [_UNSUPPORTED_STATUS]):
                return EMPTY_PAGE
            raise
        return read_page(raw)

    def cancel_payment(
        self,
        imp_uid: str,
        *,
        amount: Money,
        cancellable: Money,
        reason: str,
        tax_free: Money | None = None,
    ) -> PaymentSnapshot:
        """Give `amount` back and return the payment as it now stands.

        Sends `cancellable`, what is left before this call, as the checksum: the gateway refuses
        if its own remainder differs. The amount is always explicit and at least 1, since the
        gateway reads 0 or nothing as "all that is left". `tax_free` is not assumed for KCP and
        must be repeated for tax-free goods. Not retried: on GatewayUnavailable or
        GatewayMalformed the money may have moved; read the payment before acting.
        Source: POST /payments/cancel.
        """
        _check_length(imp_uid, LONGEST_IMP_UID, "an imp_uid")
        if amount.minor < 1 or amount > cancellable:
            raise ValueError("a refund is at least 1 and at most what is left")
        if tax_free is not None and not 0 <= tax_free.minor <= amount.minor:
            raise ValueError("the tax-free part is within the refund")
        body: dict[str, Any] = {
            "imp_uid": imp_uid,
            "amount": write_amount(amount),
            "checksum": write_amount(cancellable),
            "reason": reason[:LONGEST_REASON],
        }
        if tax_free is not None:
            body["tax_free"] = write_amount(tax_free)
        payment = read_payment(
            self._connection.write("POST", path("payments", "cancel"), body=body)
        )
        if payment.imp_uid != imp_uid:
            raise GatewayMalformed("the answer is about another payment")
        return payment

    # -- billing keys --------------------------------------------------------------------------

    def charge_billing_key(
        self,
        customer_uid: str,
        *,
        merchant_uid: str,
        amount: Money,
        name: str,
        buyer_name: str | None = None,
        buyer_email: str | None = None,
        buyer_tel: str | None = None,
        card_quota: int = 0,
        tax_free: Money | None = None,
        custom_data: str | None = None,
    ) -> PaymentSnapshot:
        """Take `amount` with a stored billing key and return the payment, whatever came of it.

        An answer is not yet success: `status` may be failed (a decline), and the caller must
        hold amount, currency and merchant_uid against what it asked for. Not retried: on
        GatewayUnavailable or GatewayMalformed look with `find_all_payments`.
        Source: POST /subscribe/payments/again.
        """
        if amount.minor < 1:
            raise ValueError("a charge is at least 1")
        _check_length(merchant_uid, LONGEST_MERCHANT_UID, "an order number")
        _check_length(customer_uid, LONGEST_CUSTOMER_UID, "a customer_uid")
        optional = {
            "buyer_name": buyer_name,
            "buyer_email": buyer_email,
            "buyer_tel": buyer_tel,
            "card_quota": card_quota or None,
            "tax_free": None if tax_free is None else write_amount(tax_free),
            "custom_data": custom_data,
        }
        body = {
            "customer_uid": customer_uid,
            "merchant_uid": merchant_uid,
            "amount": write_amount(amount),
            "currency": amount.currency.value,
            "name": name,
            **{field: value for field, value in optional.items() if value is not None},
        }
        return read_payment(
            self._connection.write("POST", path("subscribe", "payments", "again"), body=body)
        )

    def get_billing_key(self, customer_uid: str) -> BillingKeySnapshot:
        """Read one billing key. Raises GatewayNotFound, which the gateway says with HTTP 200 and
        a sentence as well as with 404. Source: GET /subscribe/customers/{customer_uid}.
        """
        try:
            raw = self._connection.look_up(path("subscribe", "customers", customer_uid))
        except GatewayNotFound:
            raise
        except GatewayRejected as error:
            if says(error, _UNKNOWN_CUSTOMER):
                raise GatewayNotFound(
                    error.message, code=error.code, status=error.status
                ) from error
            raise
        key = read_billing_key(raw)
        if key.customer_uid != customer_uid:
            raise GatewayMalformed("the answer is about another billing key")
        return key

    def get_billing_keys(self, customer_uids: Sequence[str]) -> tuple[BillingKeySnapshot, ...]:
        """Read many billing keys; unknown ones are not among them. Any number of ids.

        Source: GET /subscribe/customers.
        """
        found: list[BillingKeySnapshot] = []
        for batch in _batches([("customer_uid[]", uid) for uid in customer_uids]):
            try:
                raw = self._connection.look_up_page(path("subscribe", "customers"), params=batch)
            except GatewayNotFound:
                continue
            found.extend(read_billing_keys(raw))
        return tuple(found)

    # -- escrow deliveries ---------------------------------------------------------------------

    def get_delivery(self, imp_uid: str) -> DeliveryNotice | None:
        """The registered delivery of an escrow payment, or None. Raises GatewayNotFound for an
        unknown payment. Source: GET /escrows/logis/{imp_uid}, where 409 means none.
        """
        try:
            raw = self._connection.look_up(path("escrows", "logis", imp_uid))
        except GatewayNotFound:
            raise
        except GatewayRejected as error:
            if error.status == 409:
                return None
            raise
        return read_delivery(raw)

    def register_delivery(
        self,
        imp_uid: str,
        *,
        notice: DeliveryNotice,
        sender: DeliveryParty | None = None,
        receiver: DeliveryParty | None = None,
    ) -> DeliveryNotice:
        """Register the parcel of an escrow payment and return what the gateway recorded.

        Cannot be corrected afterwards with KCP. Raises GatewayConflict when a delivery is there
        already: read it and compare. Not retried. Source: POST /escrows/logis/{imp_uid}.
        """
        body = write_delivery(notice, sender=sender, receiver=receiver)
        return read_delivery(
            self._connection.write("POST", path("escrows", "logis", imp_uid), body=body)
        )

    # -- shared --------------------------------------------------------------------------------

    def _scope(self) -> list[tuple[str, str]]:
        """Said on every read of payments: the gateway's own default has changed before."""
        return [("include_sandbox", "true" if self._settings.include_sandbox else "false")]

    def _get_batch(self, batch: Iterable[tuple[str, str]]) -> PaymentPage:
        try:
            raw = self._connection.look_up_page(path("payments"), params=[*batch, *self._scope()])
        except GatewayNotFound:
            return EMPTY_PAGE
        return read_page(raw)

    def _find_page(self, merchant_uid: str, number: int) -> PaymentPage:
        params = [("page", str(number)), ("limit", "100"), ("sorting", "started"), *self._scope()]
        try:
            raw = self._connection.look_up_page(
                path("payments", "findAll", merchant_uid), params=params
            )
        except GatewayNotFound:
            return EMPTY_PAGE
        except GatewayRejected as error:
            if number > 1 and error.status == 400:
                return EMPTY_PAGE
            raise
        return read_page(raw)


def _batches(wanted: Sequence[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """Cut into batches of at most 100 ids and a query of bearable length."""
    batch: list[tuple[str, str]] = []
    length = 0
    for name, uid in wanted:
        size = len(name) + 9 + len(path(uid))
        if batch and (len(batch) == LARGEST_BATCH or length + size > LONGEST_QUERY):
            yield batch
            batch, length = [], 0
        batch.append((name, uid))
        length += size
    if batch:
        yield batch


def _check_length(text: str, longest: int, what: str) -> None:
    if not text.strip() or len(text) > longest:
        raise ValueError(f"{what} has 1 to {longest} characters")
