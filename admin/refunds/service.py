"""The refund use case, whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from admin.domain.actor import Actor
from admin.domain.errors import Conflict, NotFound
from admin.domain.escrow import EscrowState
from admin.domain.money import Money
from admin.domain.operation import OperationKind
from admin.domain.permissions import Permission
from admin.domain.refund import check_refundable
from admin.domain.refund_account import RefundAccount
from admin.domain.tax import check_tax_free, propose
from admin.gateway.client import Gateway
from admin.holidays.queries import closed_days
from admin.models import EscrowOrder, MoneyOperation, Payment, db, lock
from admin.operations.decision import decide
from admin.operations.intent import (
    Intent,
    check_nothing_open,
    find_open,
)
from admin.operations.kinds.refund import write_account
from admin.operations.resolver import advance
from admin.refund_rules.queries import reason_text
from admin.refund_rules.service import approval_for
from admin.refunds.queries import tax_left_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundCommand:
    """What a person decided: how much, why, and what was left when they looked."""

    payment_id: int
    amount: Money
    seen: Money
    reason: str  # code of a RefundReason
    note: str
    form_key: str
    tax_free: Money | None = None  # of `amount`; None: as the helper proposes
    tax_free_total: Money | None = None  # of the whole payment; None: what the shop declared
    account: RefundAccount | None = None
    retry_of: str | None = None
    agreed: bool = False  # a second person agreed to the list this refund stands on


def refund_payment(
    command: RefundCommand, *, actor: Actor, gateway: Gateway, now: datetime
) -> MoneyOperation:
    """Give money back through one recorded operation, whatever its outcome.

    The intent is on disk before money can move, so a crash leaves an open operation for the
    resolver to settle by looking. The same form sent twice gives the same operation. Returns it
    as NEEDS_APPROVAL (above a limit; nothing was sent), SUCCEEDED, ACCEPTED (to be paid out),
    FAILED (refused), REJECTED (a fence), NOT_EXECUTED (never sent) or UNKNOWN.
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
        order = lock(EscrowOrder, payment.id) if payment.escrow else None
        escrow = order.state if order is not None else None
        policy = check_refundable(
            payment.snapshot(),
            amount=command.amount,
            seen=command.seen,
            escrow=escrow,
            has_account=command.account is not None,
            now=now,
            holidays=closed_days(),
        )
        account = command.account if policy.needs_account else None
        confirmed = escrow is EscrowState.CONFIRMED
        return _intent(command, payment, account=account, confirmed=confirmed, actor=actor, now=now)

    return decide(
        command.form_key, subject=subject, judge=judge, actor=actor, gateway=gateway, now=now
    )


def _settle_what_is_open(command: RefundCommand, *, gateway: Gateway, now: datetime) -> None:
    """An unknown outcome may be decided by now; look before refusing because of it."""
    payment = db.session.get(Payment, command.payment_id)
    operation = find_open(payment.imp_uid) if payment is not None else None
    if operation is not None and operation.form_key != command.form_key:
        advance(operation.id, gateway=gateway, now=now)


def _intent(
    command: RefundCommand,
    payment: Payment,
    *,
    account: RefundAccount | None,
    confirmed: bool,
    actor: Actor,
    now: datetime,
) -> Intent:
    details: dict[str, object] = {"tax_free_minor": _tax_free(command, payment).minor}
    if account is not None:
        details["account"] = account.masked
    if confirmed:
        details["escrow_confirmed"] = True  # KCP wants to be told, and takes a part only then
    return Intent(
        kind=OperationKind.REFUND,
        form_key=command.form_key,
        reason=reason_text(command.reason),
        note=command.note,
        imp_uid=payment.imp_uid,
        merchant_uid=payment.merchant_uid,
        customer_uid=payment.customer_uid,
        amount=command.amount,
        seen=command.seen,
        details=details,
        account=write_account(account),
        approval=None
        if command.agreed
        else approval_for(payment, command.amount, actor=actor, now=now),
        payment_version=payment.version,
        retry_of=command.retry_of,
    )


def _tax_free(command: RefundCommand, payment: Payment) -> Money:
    """The tax-free part, checked against what is left of each kind."""
    left = tax_left_of(payment, total=command.tax_free_total)
    part = propose(command.amount, left) if command.tax_free is None else command.tax_free
    check_tax_free(part, amount=command.amount, left=left)
    return part
