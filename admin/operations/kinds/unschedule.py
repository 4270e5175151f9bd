"""Taking scheduled charges back: POST /subscribe/payments/unschedule, always naming them.

Without order numbers the gateway would revoke everything of the key. When one runs at the very
moment it is revoked, the gateway's look-up says which came first; who clicked first does not.
"""

from __future__ import annotations

from datetime import datetime

from admin.domain.approval import ClosureClaim
from admin.domain.evidence import Verdict
from admin.domain.operation import QUIET_PERIOD, OperationState
from admin.domain.schedule import ScheduleSnapshot
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayRejected
from admin.models import MoneyOperation
from admin.operations.billing_keys import look_up_schedule
from admin.operations.kinds.base import Seen


class Unschedule:
    """Success is that every named schedule reads revoked."""

    def preflight(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        return self._read(operation, gateway)

    def fence(self, operation: MoneyOperation, seen: Seen) -> Verdict | None:
        wanted = _wanted(operation)
        if not wanted:
            return Verdict(state=OperationState.REJECTED, fact="no schedule was named")
        waiting = [
            one.merchant_uid
            for one in seen.schedules
            if one.is_waiting and one.customer_uid == operation.customer_uid
        ]
        if waiting != wanted:
            return Verdict(state=OperationState.REJECTED, fact=_told(operation, seen))
        return None

    def send(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        try:
            answer = gateway.unschedule_charges(operation.customer_uid or "", _wanted(operation))
        except GatewayRejected:
            seen = self._read(operation, gateway)
            if any(one.is_waiting for one in seen.schedules):
                raise  # refused for another reason than that its moment came first
            return seen
        return Seen(schedules=answer)

    def judge_answer(self, operation: MoneyOperation, seen: Seen) -> Verdict:
        verdict = _settled(operation, seen)
        if verdict.state is None:
            return Verdict(state=OperationState.UNKNOWN, fact=verdict.fact)
        return verdict

    def look(self, operation: MoneyOperation, gateway: Gateway, *, canary: str | None) -> Seen:
        return self._read(operation, gateway)

    def judge_look(self, operation: MoneyOperation, seen: Seen, *, now: datetime) -> Verdict:
        verdict = _settled(operation, seen)
        quiet = now - (operation.sent_at or operation.created_at) >= QUIET_PERIOD
        if verdict.state is not None or not quiet or len(seen.schedules) < len(_wanted(operation)):
            return verdict
        untouched = not any(one.is_revoked for one in seen.schedules)
        state = OperationState.NOT_EXECUTED if untouched else OperationState.MISMATCH
        return Verdict(state=state, fact=verdict.fact)

    def judge_claim(
        self, operation: MoneyOperation, seen: Seen, claim: ClosureClaim, evidence: str
    ) -> Verdict:
        revoked = [one.merchant_uid for one in seen.schedules if one.is_revoked]
        waiting = any(one.is_waiting for one in seen.schedules)
        state = None
        if claim is ClosureClaim.DID_NOT_HAPPEN and seen.schedules and not revoked:
            state = OperationState.NOT_EXECUTED
        if claim is ClosureClaim.HAPPENED and evidence in revoked and not waiting:
            state = OperationState.SUCCEEDED
        return Verdict(state=state, fact=_told(operation, seen))

    def settle(
        self, operation: MoneyOperation, seen: Seen, verdict: Verdict, *, now: datetime
    ) -> None:
        """Nothing is kept of it here: the gateway's own lists hold the schedules."""

    def _read(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        found = (look_up_schedule(gateway, number) for number in _wanted(operation))
        return Seen(schedules=tuple(one for one in found if one is not None))


def _settled(operation: MoneyOperation, seen: Seen) -> Verdict:
    """Without a state while one of them is still to come, or was not shown."""
    wanted = _wanted(operation)
    shown: dict[str, ScheduleSnapshot] = {one.merchant_uid: one for one in seen.schedules}
    named = [shown[number] for number in wanted if number in shown]
    fact = _told(operation, seen)
    if not wanted or len(named) < len(wanted) or any(one.is_waiting for one in named):
        return Verdict(state=None, fact=fact)
    if all(one.is_revoked for one in named):
        return Verdict(state=OperationState.SUCCEEDED, fact=fact)
    some = any(one.is_revoked for one in named)
    state = OperationState.MISMATCH if some else OperationState.NOT_EXECUTED
    return Verdict(state=state, fact=fact)


def _wanted(operation: MoneyOperation) -> list[str]:
    return [str(number) for number in operation.details["merchant_uids"]]


def _told(operation: MoneyOperation, seen: Seen) -> str:
    shown = {one.merchant_uid: one.state.value for one in seen.schedules}
    return ", ".join(f"{number} {shown.get(number, 'absent')}" for number in _wanted(operation))
