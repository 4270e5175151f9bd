"""Scheduling one charge: POST /subscribe/payments/schedule, known again by its order number."""

from __future__ import annotations

from datetime import datetime

from admin.domain.approval import ClosureClaim
from admin.domain.clock import from_epoch
from admin.domain.evidence import Verdict
from admin.domain.money import Money
from admin.domain.operation import ABSENCE_GAP, QUIET_PERIOD, OperationState
from admin.domain.schedule import ClocksDiffer, ScheduledCharge, ScheduleSnapshot, check_clocks
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayError
from admin.models import MoneyOperation
from admin.operations.billing_keys import look_up_schedule
from admin.operations.kinds.base import Seen


class Schedule:
    """Success is that it is scheduled. What its moment brings comes as a payment of its own."""

    def preflight(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        payments = gateway.find_all_payments(operation.merchant_uid or "")
        planned = look_up_schedule(gateway, operation.merchant_uid or "")
        return Seen(
            payments=payments,
            schedules=(planned,) if planned else (),
            skew=gateway.clock_skew,  # known now: the looks above took a token
        )

    def fence(self, operation: MoneyOperation, seen: Seen) -> Verdict | None:
        try:
            check_clocks(seen.skew)
        except ClocksDiffer:
            return Verdict(state=OperationState.REJECTED, fact="the clocks are too far apart")
        if seen.schedules or any(payment.took_money for payment in seen.payments):
            return Verdict(
                state=OperationState.REJECTED, fact=f"{operation.merchant_uid} is used already"
            )
        return None

    def send(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        charge = ScheduledCharge(
            merchant_uid=operation.merchant_uid or "",
            schedule_at=_wanted_at(operation),
            amount=Money(operation.amount_minor or 0, operation.currency),
            name=str(operation.details["order_name"]),
        )
        return Seen(schedules=gateway.schedule_charges(operation.customer_uid or "", [charge]))

    def judge_answer(self, operation: MoneyOperation, seen: Seen) -> Verdict:
        if len(seen.schedules) != 1 or not seen.schedules[0].is_waiting:
            return Verdict(state=OperationState.UNKNOWN, fact="the answer shows no one schedule")
        if seen.schedules[0].merchant_uid != operation.merchant_uid:
            return Verdict(state=OperationState.UNKNOWN, fact="answered about another number")
        return _compared(operation, seen.schedules[0])

    def look(self, operation: MoneyOperation, gateway: Gateway, *, canary: str | None) -> Seen:
        planned = look_up_schedule(gateway, operation.merchant_uid or "")
        if planned is not None:
            return Seen(schedules=(planned,))
        answered = False
        if canary:
            try:
                answered = gateway.get_payment(canary).imp_uid == canary
            except GatewayError:
                answered = False  # without the canary, silence proves nothing
        return Seen(silent=True, canary_answered=answered)

    def judge_look(self, operation: MoneyOperation, seen: Seen, *, now: datetime) -> Verdict:
        if seen.schedules:
            return _compared(operation, seen.schedules[0])
        first = operation.first_absent_at
        quiet = now - (operation.sent_at or operation.created_at) >= QUIET_PERIOD
        twice = first is not None and now - first >= ABSENCE_GAP
        if quiet and twice and seen.canary_answered:
            return Verdict(
                state=OperationState.NOT_EXECUTED,
                fact="not scheduled on two looks, while a known payment was found",
            )
        return Verdict(state=None, fact="not scheduled yet")

    def judge_claim(
        self, operation: MoneyOperation, seen: Seen, claim: ClosureClaim, evidence: str
    ) -> Verdict:
        if not seen.schedules:
            state = None if claim is ClosureClaim.HAPPENED else OperationState.NOT_EXECUTED
            return Verdict(state=state, fact=f"{operation.merchant_uid} is not scheduled")
        named = claim is ClosureClaim.HAPPENED and evidence == operation.merchant_uid
        return Verdict(
            state=OperationState.SUCCEEDED if named else None, fact=_told(seen.schedules[0])
        )

    def settle(
        self, operation: MoneyOperation, seen: Seen, verdict: Verdict, *, now: datetime
    ) -> None:
        if seen.silent and operation.first_absent_at is None:
            operation.first_absent_at = now


def _compared(operation: MoneyOperation, seen: ScheduleSnapshot) -> Verdict:
    same = (
        seen.customer_uid == operation.customer_uid
        and seen.amount == Money(operation.amount_minor or 0, operation.currency)
        and seen.schedule_at == _wanted_at(operation)
    )
    state = OperationState.SUCCEEDED if same else OperationState.MISMATCH
    return Verdict(state=state, fact=_told(seen))


def _wanted_at(operation: MoneyOperation) -> datetime:
    return from_epoch(int(operation.details["schedule_at"])) or operation.created_at


def _told(seen: ScheduleSnapshot) -> str:
    moment = f"{seen.schedule_at:%Y-%m-%d %H:%M}Z"
    return f"{seen.merchant_uid}: {seen.amount} at {moment}, {seen.state.value}"
