"""The second person: what is above a limit is sent only once somebody else has agreed to it."""

from __future__ import annotations

from datetime import datetime
from hmac import compare_digest

import sqlalchemy as sa

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.approval import AlreadyDecided, OwnRequest, SecondWord
from admin.domain.errors import Busy
from admin.domain.evidence import Verdict
from admin.domain.operation import OperationState, SettledBy
from admin.domain.permissions import Permission
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayBusy
from admin.models import Approval, MoneyOperation, Payment, db, transaction
from admin.operations.binding import check_open_for_business
from admin.operations.decision import send
from admin.operations.intent import add_step, fingerprint_of
from admin.operations.service import locked, move

_OVERDUE = sa.select(Approval.operation_id).where(
    Approval.word == SecondWord.AWAITED, Approval.expires_at <= sa.bindparam("now")
)


def approve(operation_id: str, *, actor: Actor, gateway: Gateway, now: datetime) -> MoneyOperation:
    """Agree, and send it at once. Returns it as its sending left it.

    When anything it rests on has changed since it was asked for, or its time is over, it comes
    back REJECTED or EXPIRED and nothing is sent. Raises OwnRequest, AlreadyDecided, NotAllowed,
    Busy, GatewayNotAnswering or WrongGateway.
    """
    actor.require(Permission.REFUNDS_APPROVE)
    check_open_for_business(gateway)
    try:
        with gateway.places.taken():
            return _agree_and_send(operation_id, actor=actor, gateway=gateway, now=now)
    except GatewayBusy as error:
        raise Busy() from error


def decline(operation_id: str, note: str, *, actor: Actor, now: datetime) -> MoneyOperation:
    """Say no; nothing is sent. Raises OwnRequest, AlreadyDecided or NotAllowed."""
    actor.require(Permission.REFUNDS_APPROVE)
    with transaction():
        operation, approval = _awaited(operation_id)
        if operation.created_by_id == actor.operator_id:
            raise OwnRequest()
        _end(operation, approval, SecondWord.DECLINED, actor=actor, note=note, now=now)
    return operation


def withdraw(operation_id: str, *, actor: Actor, now: datetime) -> MoneyOperation:
    """Take one's own request back. Raises AlreadyDecided, also for somebody else's request."""
    with transaction():
        operation, approval = _awaited(operation_id)
        if operation.created_by_id != actor.operator_id:
            raise AlreadyDecided()
        _end(operation, approval, SecondWord.WITHDRAWN, actor=actor, now=now)
    return operation


def expire_overdue(*, now: datetime) -> int:
    """End the requests nobody answered in time; returns how many."""
    overdue = list(db.session.scalars(_OVERDUE, {"now": now}))
    for operation_id in overdue:
        with transaction():
            operation = locked(operation_id)
            approval = operation.approval
            if approval is not None and operation.state is OperationState.NEEDS_APPROVAL:
                actor = Actor.system("operations")
                _end(operation, approval, SecondWord.EXPIRED, actor=actor, now=now)
    return len(overdue)


def _agree_and_send(
    operation_id: str, *, actor: Actor, gateway: Gateway, now: datetime
) -> MoneyOperation:
    with transaction():
        operation, approval = _awaited(operation_id)
        if operation.created_by_id == actor.operator_id:
            raise OwnRequest()
        if approval.expires_at <= now:
            _end(operation, approval, SecondWord.EXPIRED, actor=actor, now=now)
            return operation
        if why := _what_changed(operation, approval):
            _end(operation, approval, SecondWord.VOID, actor=actor, note=why, now=now)
            return operation
        _decide(approval, SecondWord.AGREED, actor=actor, note="", now=now)
        operation.state = OperationState.READY
        operation.ready_at = now
        add_step(
            operation,
            "approval",
            "a second person agreed",
            now=now,
            who=actor.name,
            word=SecondWord.AGREED.value,
        )
        record(actor, f"{operation.kind.value}.approved", f"operation:{operation.id}", now=now)
    return send(operation_id, gateway=gateway, now=now)


def _awaited(operation_id: str) -> tuple[MoneyOperation, Approval]:
    operation = locked(operation_id)
    approval = operation.approval
    if approval is None or operation.state is not OperationState.NEEDS_APPROVAL:
        raise AlreadyDecided()
    return operation, approval


def _what_changed(operation: MoneyOperation, approval: Approval) -> str:
    """Why the second person's word would be about something else; "" when nothing changed."""
    if not compare_digest(operation.fingerprint, fingerprint_of(operation)):
        return "the request itself was changed"
    query = sa.select(Payment.version).where(Payment.imp_uid == operation.imp_uid)
    version = db.session.scalars(query.with_for_update()).one_or_none()
    if version != approval.payment_version:
        return "the payment has changed since it was asked for"
    return ""


def _decide(
    approval: Approval, word: SecondWord, *, actor: Actor, note: str, now: datetime
) -> None:
    approval.word = word
    approval.decided_by_id = actor.operator_id
    approval.decided_by = actor.name
    approval.decided_at = now
    approval.note = note


def _end(
    operation: MoneyOperation,
    approval: Approval,
    word: SecondWord,
    *,
    actor: Actor,
    note: str = "",
    now: datetime,
) -> None:
    """Nothing will be sent, and here is why."""
    _decide(approval, word, actor=actor, note=note, now=now)
    state = OperationState.REJECTED
    if word is SecondWord.EXPIRED:
        state = OperationState.EXPIRED
    fact = f"{word.value} by {actor.name}" + (f": {note}" if note else "")
    add_step(operation, "approval", fact, now=now, verdict=state, who=actor.name, word=word.value)
    verdict = Verdict(state=state, fact=fact)
    move(operation, verdict, by=SettledBy.LOCAL, actor=actor, now=now)
