"""The refund use case, whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from admin.domain.actor import Actor
from admin.domain.errors import Conflict, NotFound
from admin.domain.money import Money
from admin.domain.operation import OperationKind
from admin.domain.permissions import Permission
from admin.domain.refund import REASON_TEXTS, RefundReason, check_refundable
from admin.gateway.client import Gateway
from admin.models import MoneyOperation, Payment, db, lock
from admin.operations.decision import decide
from admin.operations.intent import (
    Intent,
    check_nothing_open,
    find_open,
)
from admin.operations.resolver import advance


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundCommand:
    """What a person decided: how much, why, and what was left when they looked."""

    payment_id: int
    amount: Money
    seen: Money
    reason: RefundReason
    note: str
    form_key: str


def refund_payment(
    command: RefundCommand, *, actor: Actor, gateway: Gateway, now: datetime
) -> MoneyOperation:
    """Give money back through one recorded operation, whatever its outcome.

    The intent is on disk before money can move, so a crash leaves an open operation for the
    resolver to settle by looking. The same form sent twice gives the same operation. Returns it
    as SUCCEEDED, FAILED (refused), REJECTED (a fence), NOT_EXECUTED (never sent) or UNKNOWN.
    Raises NotFound, RefundNotAllowed, RefundAmountChanged, InvalidInput or OperationInProgress
    before anything is sent.
    """
    actor.require(Permission.REFUNDS_CREATE)
    _settle_what_is_open(command, gateway=gateway, now=now)

    def subject() -> Payment:
        payment = lock(Payment, command.payment_id)
        if payment is None:
            raise NotFound()
        return payment

    def judge(payment: Payment) -> Intent:
        check_nothing_open(payment.imp_uid)
        if payment.quarantined:
            raise Conflict()
        check_refundable(
            payment.snapshot(),
            amount=command.amount,
            seen=command.seen,
            confirmed=False,
            now=now,
        )
        return _intent(command, payment)

    return decide(
        command.form_key, subject=subject, judge=judge, actor=actor, gateway=gateway, now=now
    )


def _settle_what_is_open(command: RefundCommand, *, gateway: Gateway, now: datetime) -> None:
    """An unknown outcome may be decided by now; look before refusing because of it."""
    payment = db.session.get(Payment, command.payment_id)
    operation = find_open(payment.imp_uid) if payment is not None else None
    if operation is not None and operation.form_key != command.form_key:
        advance(operation.id, gateway=gateway, now=now)


def _intent(command: RefundCommand, payment: Payment) -> Intent:
    return Intent(
        kind=OperationKind.REFUND,
        form_key=command.form_key,
        reason=REASON_TEXTS[command.reason],
        note=command.note,
        imp_uid=payment.imp_uid,
        merchant_uid=payment.merchant_uid,
        customer_uid=payment.customer_uid,
        amount=command.amount,
        seen=command.seen,
    )
