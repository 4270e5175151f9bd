"""Taking money under an order number of ours: known again by that number, whatever sent it."""

from __future__ import annotations

from datetime import datetime

from admin.domain.approval import ClosureClaim
from admin.domain.evidence import Verdict, judge_charge, judge_charged_as
from admin.domain.money import Money
from admin.domain.operation import OperationState
from admin.domain.payment import PaymentStatus
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayError
from admin.models import MoneyOperation
from admin.operations.kinds.base import Seen


class Charging:
    """Success is code 0 and status paid and the same amount, currency and order number."""

    def preflight(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        return Seen(payments=gateway.find_all_payments(operation.merchant_uid or ""))

    def fence(self, operation: MoneyOperation, seen: Seen) -> Verdict | None:
        if any(payment.took_money for payment in seen.payments):
            return Verdict(
                state=OperationState.REJECTED,
                fact=f"{operation.merchant_uid} is paid already",
                imp_uid=seen.payments[0].imp_uid,
            )
        return None

    def judge_answer(self, operation: MoneyOperation, seen: Seen) -> Verdict:
        payment = seen.payments[0]
        ours = payment.merchant_uid == operation.merchant_uid
        if payment.status is PaymentStatus.FAILED and ours:
            return Verdict(
                state=OperationState.FAILED,
                fact=payment.fail_reason or "declined",
                imp_uid=payment.imp_uid,
            )
        same = ours and payment.amount == Money(operation.amount_minor or 0, operation.currency)
        if payment.status is PaymentStatus.PAID and same:
            return Verdict(
                state=OperationState.SUCCEEDED,
                fact=f"{payment.imp_uid} is paid",
                imp_uid=payment.imp_uid,
            )
        if payment.status is PaymentStatus.PAID:
            return Verdict(
                state=OperationState.MISMATCH,
                fact=f"{payment.imp_uid} is paid: {payment.amount} under {payment.merchant_uid}",
                imp_uid=payment.imp_uid,
            )
        return Verdict(state=OperationState.UNKNOWN, fact=f"answered {payment.status.value}")

    def look(self, operation: MoneyOperation, gateway: Gateway, *, canary: str | None) -> Seen:
        payments = gateway.find_all_payments(operation.merchant_uid or "")
        answered = False
        if not payments and canary:
            try:
                answered = gateway.get_payment(canary).imp_uid == canary
            except GatewayError:
                answered = False  # without the canary, silence proves nothing
        return Seen(payments=payments, silent=not payments, canary_answered=answered)

    def judge_look(self, operation: MoneyOperation, seen: Seen, *, now: datetime) -> Verdict:
        return judge_charge(
            seen.payments,
            merchant_uid=operation.merchant_uid or "",
            amount=Money(operation.amount_minor or 0, operation.currency),
            sent_at=operation.sent_at or operation.created_at,
            first_absent_at=operation.first_absent_at,
            canary_answered=seen.canary_answered,
            now=now,
        )

    def judge_claim(
        self, operation: MoneyOperation, seen: Seen, claim: ClosureClaim, evidence: str
    ) -> Verdict:
        return judge_charged_as(
            seen.payments, imp_uid=evidence if claim is ClosureClaim.HAPPENED else None
        )

    def settle(
        self, operation: MoneyOperation, seen: Seen, verdict: Verdict, *, now: datetime
    ) -> None:
        if verdict.imp_uid:
            operation.imp_uid = verdict.imp_uid
        if seen.silent and operation.first_absent_at is None:
            operation.first_absent_at = now
