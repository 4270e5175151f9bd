"""Refunds: POST /payments/cancel, known again by the marker in the cancel history."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta

import sqlalchemy as sa

from admin.domain.approval import ClosureClaim
from admin.domain.evidence import (
    Verdict,
    judge_not_refunded,
    judge_refund,
    judge_refunded_as,
    with_marker,
)
from admin.domain.money import Money
from admin.domain.operation import OperationState
from admin.domain.payment import PaymentSnapshot
from admin.domain.refund_account import RefundAccount
from admin.gateway.client import Gateway
from admin.models import MoneyOperation, db
from admin.operations.kinds.base import Seen

PAID_OUT_WITHIN = timedelta(days=7)  # the next business day, over the longest holidays


class Refund:
    """Three fences: what the person saw, a fresh look, and the gateway's own checksum."""

    def preflight(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        return Seen(payments=(gateway.get_payment(operation.imp_uid or ""),))

    def fence(self, operation: MoneyOperation, seen: Seen) -> Verdict | None:
        payment = seen.payments[0]
        if payment.cancellable.minor != operation.seen_minor:
            return Verdict(
                state=OperationState.REJECTED,
                fact=f"left to refund is {payment.cancellable}, not what was seen",
                imp_uid=payment.imp_uid,
            )
        operation.baseline_cancelled_minor = payment.cancelled.minor
        operation.expected_left_minor = payment.cancellable.minor
        return None

    def send(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        answer = gateway.cancel_payment(
            operation.imp_uid or "",
            amount=Money(operation.amount_minor or 0, operation.currency),
            cancellable=Money(operation.expected_left_minor or 0, operation.currency),
            reason=with_marker(operation.reason, operation.marker),
            tax_free=Money(int(operation.details.get("tax_free_minor", 0)), operation.currency),
            account=read_account(operation.account),
            escrow_confirmed=bool(operation.details.get("escrow_confirmed")),
        )
        return Seen(payments=(answer,))

    def judge_answer(self, operation: MoneyOperation, seen: Seen) -> Verdict:
        payment = seen.payments[0]
        if self._is_registered(operation, payment):
            return Verdict(
                state=OperationState.ACCEPTED,
                fact=f"registered; the cancelled total is still {payment.cancelled}",
                imp_uid=payment.imp_uid,
            )
        if not self._fits(operation, payment, moved=operation.amount_minor or 0):
            return Verdict(
                state=OperationState.UNKNOWN,
                fact=f"the answer shows {payment.cancelled} of {payment.amount} cancelled "
                f"for {payment.imp_uid}, {payment.merchant_uid}",
            )
        return Verdict(
            state=OperationState.SUCCEEDED,
            fact=f"cancelled total is now {payment.cancelled}",
            imp_uid=payment.imp_uid,
            cancellation_id=self._own_key(operation, payment),
        )

    def look(self, operation: MoneyOperation, gateway: Gateway, *, canary: str | None) -> Seen:
        return Seen(payments=(gateway.get_payment(operation.imp_uid or ""),))

    def judge_look(self, operation: MoneyOperation, seen: Seen, *, now: datetime) -> Verdict:
        verdict = self._judge(operation, seen.payments[0], now=now)
        if operation.state is not OperationState.ACCEPTED or verdict.state in (
            None,
            OperationState.SUCCEEDED,
        ):
            return verdict
        # The gateway has taken it: that it does not show yet proves nothing.
        overdue = now - (operation.sent_at or operation.created_at) >= PAID_OUT_WITHIN
        return Verdict(
            state=OperationState.HUMAN if overdue else None,
            fact="registered, and not in the cancel history yet",
        )

    def _judge(self, operation: MoneyOperation, seen: PaymentSnapshot, *, now: datetime) -> Verdict:
        return judge_refund(
            seen,
            marker=operation.marker,
            amount=Money(operation.amount_minor or 0, operation.currency),
            baseline_cancelled=Money(operation.baseline_cancelled_minor or 0, operation.currency),
            claimed=_claimed(operation),
            sent_at=operation.sent_at or operation.created_at,
            now=now,
        )

    def judge_claim(
        self, operation: MoneyOperation, seen: Seen, claim: ClosureClaim, evidence: str
    ) -> Verdict:
        payment = seen.payments[0]
        if claim is ClosureClaim.DID_NOT_HAPPEN:
            return judge_not_refunded(payment, marker=operation.marker)
        return judge_refunded_as(
            payment,
            key=evidence,
            amount=Money(operation.amount_minor or 0, operation.currency),
            claimed=_claimed(operation),
        )

    def settle(
        self, operation: MoneyOperation, seen: Seen, verdict: Verdict, *, now: datetime
    ) -> None:
        if verdict.cancellation_id:
            operation.claimed_key = verdict.cancellation_id

    def _is_registered(self, operation: MoneyOperation, payment: PaymentSnapshot) -> bool:
        """What goes to a bank account may be taken now and shown when it is paid out."""
        return bool(operation.details.get("account")) and self._fits(operation, payment, moved=0)

    def _fits(self, operation: MoneyOperation, payment: PaymentSnapshot, *, moved: int) -> bool:
        """Whether an answer is about our payment, with exactly `moved` won given back since."""
        before = operation.baseline_cancelled_minor or 0
        return (
            (payment.imp_uid, payment.merchant_uid) == (operation.imp_uid, operation.merchant_uid)
            and payment.currency is operation.currency
            and payment.amount.minor == before + (operation.expected_left_minor or 0)
            and payment.cancelled.minor == before + moved
        )

    def _own_key(self, operation: MoneyOperation, payment: PaymentSnapshot) -> str | None:
        wanted = f"[{operation.marker}]"
        keys = [entry.key for entry in payment.cancellations if entry.reason.startswith(wanted)]
        return keys[-1] if keys else None


def write_account(account: RefundAccount | None) -> str | None:
    """An account as the text that is sealed in the operation."""
    return None if account is None else json.dumps(asdict(account), ensure_ascii=False)


def read_account(written: str | None) -> RefundAccount | None:
    """The account an operation holds, until it has been sent."""
    return RefundAccount(**json.loads(written)) if written else None


def _claimed(operation: MoneyOperation) -> frozenset[str]:
    """Cancellations of this payment that other operations were settled by."""
    query = sa.select(MoneyOperation.claimed_key).where(
        MoneyOperation.imp_uid == operation.imp_uid,
        MoneyOperation.id != operation.id,
        MoneyOperation.claimed_key.is_not(None),
    )
    return frozenset(key for key in db.session.scalars(query) if key)
