"""Deleting a billing key: DELETE /subscribe/customers/{customer_uid}, which nothing undoes."""

from __future__ import annotations

from datetime import datetime

from admin.domain.approval import ClosureClaim
from admin.domain.evidence import Verdict
from admin.domain.operation import HAPPENED_STATES, QUIET_PERIOD, OperationState
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayError
from admin.models import MoneyOperation
from admin.operations.billing_keys import keep_look, look_up_key, look_up_schedules
from admin.operations.kinds.base import Seen


class KeyDelete:
    """A key with a charge still to come is not deleted: the charge would fail on its day."""

    def preflight(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        uid = operation.customer_uid or ""
        schedules = look_up_schedules(gateway, uid, now=operation.created_at)
        return Seen(
            key=look_up_key(gateway, uid),
            schedules=tuple(one for one in schedules if one.is_waiting),
        )

    def fence(self, operation: MoneyOperation, seen: Seen) -> Verdict | None:
        if seen.key is None:
            return Verdict(state=OperationState.REJECTED, fact="the gateway knows no such key")
        if seen.schedules:
            numbers = ", ".join(one.merchant_uid for one in seen.schedules)
            return Verdict(state=OperationState.REJECTED, fact=f"still scheduled: {numbers}")
        return None

    def send(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        return Seen(key=gateway.delete_billing_key(operation.customer_uid or ""))

    def judge_answer(self, operation: MoneyOperation, seen: Seen) -> Verdict:
        if seen.key is None or seen.key.customer_uid != operation.customer_uid:
            return Verdict(state=OperationState.UNKNOWN, fact="answered about another key")
        return Verdict(state=OperationState.SUCCEEDED, fact="the gateway deleted it")

    def look(self, operation: MoneyOperation, gateway: Gateway, *, canary: str | None) -> Seen:
        key = look_up_key(gateway, operation.customer_uid or "")
        # A gateway that finds nothing at all has not shown that the key is gone.
        finds = key is not None or canary is None or _finds(gateway, canary)
        return Seen(key=key, silent=key is None, canary_answered=finds)

    def judge_look(self, operation: MoneyOperation, seen: Seen, *, now: datetime) -> Verdict:
        if seen.key is None and seen.canary_answered:
            return Verdict(state=OperationState.SUCCEEDED, fact="the gateway knows no such key now")
        if seen.key is None:
            return Verdict(state=None, fact="no such key, and a known payment was not found either")
        if now - (operation.sent_at or operation.created_at) >= QUIET_PERIOD:
            return Verdict(
                state=OperationState.NOT_EXECUTED, fact="still there after the quiet period"
            )
        return Verdict(state=None, fact="still there")

    def judge_claim(
        self, operation: MoneyOperation, seen: Seen, claim: ClosureClaim, evidence: str
    ) -> Verdict:
        gone = seen.key is None
        if claim is ClosureClaim.DID_NOT_HAPPEN:
            state = None if gone else OperationState.NOT_EXECUTED
        else:
            ours = gone and evidence == operation.customer_uid
            state = OperationState.SUCCEEDED if ours else None
        there = "the gateway knows no" if gone else "the gateway holds"
        return Verdict(state=state, fact=f"{there} {operation.customer_uid}")

    def settle(
        self, operation: MoneyOperation, seen: Seen, verdict: Verdict, *, now: datetime
    ) -> None:
        gone = verdict.state in HAPPENED_STATES or (
            verdict.state is OperationState.REJECTED and not seen.key
        )
        if gone or (seen.key is not None and verdict.state is not OperationState.UNKNOWN):
            keep_look(operation.customer_uid or "", None if gone else seen.key, now=now)


def _finds(gateway: Gateway, imp_uid: str) -> bool:
    try:
        return gateway.get_payment(imp_uid).imp_uid == imp_uid
    except GatewayError:
        return False
