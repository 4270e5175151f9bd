"""Registering what an order must cost before its window opens: POST /payments/prepare.

No money moves, and an order number has one amount at most: a look tells all.
"""

from __future__ import annotations

from datetime import datetime

from admin.domain.approval import ClosureClaim
from admin.domain.evidence import Verdict
from admin.domain.money import Money
from admin.domain.operation import QUIET_PERIOD, OperationState
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayNotFound
from admin.models import MoneyOperation
from admin.operations.kinds.base import Seen


class Prepare:
    """Known again by its order number, which no other decision uses."""

    def preflight(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        return _look(operation, gateway)

    def fence(self, operation: MoneyOperation, seen: Seen) -> Verdict | None:
        if seen.prepared is None:
            return None
        return Verdict(
            state=OperationState.REJECTED, fact="an amount is registered under this number already"
        )

    def send(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        answer = gateway.prepare_amount(operation.merchant_uid or "", _wanted(operation))
        return Seen(prepared=answer.amount)

    def judge_answer(self, operation: MoneyOperation, seen: Seen) -> Verdict:
        if seen.prepared == _wanted(operation):
            return Verdict(state=OperationState.SUCCEEDED, fact="the gateway registered the amount")
        return Verdict(state=OperationState.UNKNOWN, fact="answered with another amount")

    def look(self, operation: MoneyOperation, gateway: Gateway, *, canary: str | None) -> Seen:
        return _look(operation, gateway)

    def judge_look(self, operation: MoneyOperation, seen: Seen, *, now: datetime) -> Verdict:
        if seen.prepared == _wanted(operation):
            return Verdict(state=OperationState.SUCCEEDED, fact="the amount is registered")
        if seen.prepared is not None:
            return Verdict(state=OperationState.MISMATCH, fact="another amount is registered")
        if now - (operation.sent_at or operation.created_at) < QUIET_PERIOD:
            return Verdict(state=None, fact="nothing is registered yet")
        return Verdict(
            state=OperationState.NOT_EXECUTED, fact="nothing is registered after the quiet period"
        )

    def judge_claim(
        self, operation: MoneyOperation, seen: Seen, claim: ClosureClaim, evidence: str
    ) -> Verdict:
        ours = seen.prepared == _wanted(operation)
        fact = "the amount is registered" if ours else "the amount is not registered"
        if claim is ClosureClaim.DID_NOT_HAPPEN:
            return Verdict(state=None if ours else OperationState.NOT_EXECUTED, fact=fact)
        proven = ours and evidence == operation.merchant_uid
        return Verdict(state=OperationState.SUCCEEDED if proven else None, fact=fact)

    def settle(
        self, operation: MoneyOperation, seen: Seen, verdict: Verdict, *, now: datetime
    ) -> None:
        """Nothing beside the operation changes: a request reads its outcome there."""


def _wanted(operation: MoneyOperation) -> Money:
    # Not the operation's own amount: that is money under way, and here none is.
    return Money(int(operation.details["amount_minor"]), operation.currency)


def _look(operation: MoneyOperation, gateway: Gateway) -> Seen:
    try:
        found = gateway.get_prepared_amount(operation.merchant_uid or "")
    except GatewayNotFound:
        return Seen(silent=True)
    return Seen(prepared=found.amount)
