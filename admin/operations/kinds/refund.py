"""Refunds: POST /payments/cancel, known again by the marker in the cancel history."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from admin.domain.errors import N_
from admin.domain.evidence import Verdict, judge_refund, with_marker
from admin.domain.money import Money
from admin.domain.operation import OperationState
from admin.domain.payment import PaymentSnapshot
from admin.gateway.client import Gateway
from admin.models import MoneyOperation, db
from admin.operations.kinds.base import Seen

STALE = N_("The amount left to refund changed before anything was sent.")


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
        )
        return Seen(payments=(answer,))

    def judge_answer(self, operation: MoneyOperation, seen: Seen) -> Verdict:
        payment = seen.payments[0]
        if not self._fits(operation, payment):
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
        return judge_refund(
            seen.payments[0],
            marker=operation.marker,
            amount=Money(operation.amount_minor or 0, operation.currency),
            baseline_cancelled=Money(operation.baseline_cancelled_minor or 0, operation.currency),
            claimed=_claimed(operation),
            sent_at=operation.sent_at or operation.created_at,
            now=now,
        )

    def settle(
        self, operation: MoneyOperation, seen: Seen, verdict: Verdict, *, now: datetime
    ) -> None:
        if verdict.cancellation_id:
            operation.claimed_key = verdict.cancellation_id

    def _fits(self, operation: MoneyOperation, payment: PaymentSnapshot) -> bool:
        """Whether an answer is about our payment, with exactly our amount given back."""
        before = operation.baseline_cancelled_minor or 0
        return (
            (payment.imp_uid, payment.merchant_uid) == (operation.imp_uid, operation.merchant_uid)
            and payment.currency is operation.currency
            and payment.amount.minor == before + (operation.expected_left_minor or 0)
            and payment.cancelled.minor == before + (operation.amount_minor or 0)
        )

    def _own_key(self, operation: MoneyOperation, payment: PaymentSnapshot) -> str | None:
        wanted = f"[{operation.marker}]"
        keys = [entry.key for entry in payment.cancellations if entry.reason.startswith(wanted)]
        return keys[-1] if keys else None


def _claimed(operation: MoneyOperation) -> frozenset[str]:
    """Cancellations of this payment that other operations were settled by."""
    query = sa.select(MoneyOperation.claimed_key).where(
        MoneyOperation.imp_uid == operation.imp_uid,
        MoneyOperation.id != operation.id,
        MoneyOperation.claimed_key.is_not(None),
    )
    return frozenset(key for key in db.session.scalars(query) if key)
