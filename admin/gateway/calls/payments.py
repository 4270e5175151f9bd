"""Payments: read them, list them, cancel them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from admin.domain.clock import to_epoch
from admin.domain.money import Money
from admin.domain.payment import PaymentSnapshot, PaymentStatus
from admin.domain.refund_account import RefundAccount
from admin.gateway.calls.base import LARGEST_PAGE, LONGEST_IMP_UID, Calls, batches, check_length
from admin.gateway.errors import GatewayMalformed, GatewayNotFound, GatewayRejected
from admin.gateway.wire.codes import Balance, read_balance
from admin.gateway.wire.envelope import says
from admin.gateway.wire.paths import path
from admin.gateway.wire.payments import (
    EMPTY_PAGE,
    PaymentPage,
    read_page,
    read_payment,
    write_amount,
)

LONGEST_WINDOW = timedelta(days=90)
LONGEST_REASON = 256
_UNSUPPORTED_STATUS = "지원되지 않는"

Sorting = Literal["started", "-started", "paid", "-paid", "updated", "-updated"]


class PaymentCalls(Calls):
    """Tag `payments`."""

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
        pages = [self._get_batch(batch) for batch in batches(wanted)]
        return PaymentPage(
            total=sum(page.total for page in pages),
            payments=tuple(payment for page in pages for payment in page.payments),
            unreadable=tuple(row for page in pages for row in page.unreadable),
        )

    def get_balance(self, imp_uid: str) -> Balance:
        """What is left of a PAYCO payment, by means. Raises GatewayNotFound, and GatewayRejected
        with status 405 for any other payment. Source: GET /payments/{imp_uid}/balance.
        """
        return read_balance(self._connection.look_up(path("payments", imp_uid, "balance")))

    def find_payment(
        self, merchant_uid: str, *, status: PaymentStatus | None = None, sorting: Sorting = "-paid"
    ) -> PaymentSnapshot:
        """The first payment of an order number by `sorting`. Never proof: others may share the
        number, so what is judged is judged by `find_all_payments`. Raises GatewayNotFound.
        Source: GET /payments/find/{merchant_uid}/{payment_status}.
        """
        parts = ("payments", "find", merchant_uid, *([status.value] if status else []))
        params = [("sorting", sorting), *self._scope()]
        payment = read_payment(self._connection.look_up(path(*parts), params=params))
        if payment.merchant_uid != merchant_uid:
            raise GatewayMalformed("the answer is about another order number")
        return payment

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
        account: RefundAccount | None = None,
        escrow_confirmed: bool = False,
    ) -> PaymentSnapshot:
        """Give `amount` back and return the payment as it now stands.

        Sends `cancellable`, what is left before this call, as the checksum: the gateway refuses
        if its own remainder differs. The amount is always explicit and at least 1, since the
        gateway reads 0 or nothing as "all that is left". `tax_free` is not assumed for KCP and
        must be repeated for tax-free goods; `account` is needed for a virtual account and a late
        phone payment, `escrow_confirmed` once the buyer has confirmed. Not retried: on
        GatewayUnavailable or GatewayMalformed the money may have moved; read the payment before
        acting.
        Source: POST /payments/cancel.
        """
        check_length(imp_uid, LONGEST_IMP_UID, "an imp_uid")
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
        if account is not None:
            body["refund_holder"] = account.holder
            body["refund_bank"] = account.bank
            body["refund_account"] = account.number
        if escrow_confirmed:
            body["escrow_confirmed"] = True
        payment = read_payment(
            self._connection.write("POST", path("payments", "cancel"), body=body)
        )
        if payment.imp_uid != imp_uid:
            raise GatewayMalformed("the answer is about another payment")
        return payment

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
