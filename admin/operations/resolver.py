"""Settle what is unknown, by looking. The only way an UNKNOWN operation ever ends."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.clock import RunningClock
from admin.domain.evidence import Verdict
from admin.domain.operation import (
    CAME_TO_NOTHING,
    FROM_MEMORY,
    HAPPENED_STATES,
    HUMAN_AFTER,
    OPEN_STATES,
    READY_EXPIRES,
    READY_TO_WORKER,
    SENDING_LEASE,
    OperationKind,
    OperationState,
    SettledBy,
)
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayBusy, GatewayError
from admin.mirror import service as mirror
from admin.models import (
    MoneyOperation,
    Observation,
    OperationAttempt,
    Payment,
    PaymentCancellation,
    db,
    lock,
    transaction,
)
from admin.operations.binding import check_gateway
from admin.operations.errors import WrongGateway
from admin.operations.intent import CHARGING_KINDS, PAYING_KINDS, add_step
from admin.operations.kinds import KINDS
from admin.operations.kinds.base import Seen
from admin.operations.service import (
    TakenByAnother,
    execute,
    expire,
    get_operation,
    hand_to_people,
    mark_lost,
    settle,
)

LOOKED_AT = (
    OperationState.UNKNOWN,
    OperationState.HUMAN,
    OperationState.ACCEPTED,
    OperationState.MISMATCH,
    OperationState.FAILED,
    OperationState.NOT_EXECUTED,  # only when the mirror contradicts it
)
DENIED = (OperationState.FAILED, OperationState.NOT_EXECUTED)
DOUBTED_FOR = timedelta(days=7)


def sweep(*, gateway: Gateway, now: datetime) -> int:
    """One round over everything that is due; returns how many operations were touched."""
    clock = RunningClock(now)
    _doubt_what_was_contradicted(now=now)
    due = _due(now)
    for operation_id in due:
        advance(operation_id, gateway=gateway, now=clock.now())
    return len(due)


def advance(operation_id: str, *, gateway: Gateway, now: datetime) -> MoneyOperation:
    """Take one operation as far as the world allows now. Also called when a page is opened.

    While too many wait for the gateway it stays as it is; the worker comes to it.
    """
    operation = get_operation(operation_id)
    if operation.state is OperationState.SENDING:
        mark_lost(operation, now=now)
        return get_operation(operation_id)
    with suppress(WrongGateway, GatewayBusy), gateway.places.taken():
        if operation.state is OperationState.READY:
            _advance_ready(operation, gateway=gateway, now=now)
        elif operation.state in LOOKED_AT:
            look(operation_id, gateway=gateway, now=now)
    return get_operation(operation_id)


def look(operation_id: str, *, gateway: Gateway, now: datetime) -> MoneyOperation:
    """Ask the gateway once and settle by what it shows. A failed look proves nothing.

    Raises WrongGateway when the operation was recorded for another gateway or key, GatewayBusy
    when too many wait for the gateway.
    """
    with gateway.places.taken():
        return _look(operation_id, gateway=gateway, now=now)


def _look(operation_id: str, *, gateway: Gateway, now: datetime) -> MoneyOperation:
    operation = get_operation(operation_id)
    check_gateway(operation, gateway)
    seq = _claim(operation_id, now=now) if operation.state in LOOKED_AT else None
    if seq is None:
        return operation
    operation = get_operation(operation_id)
    kind = KINDS[operation.kind]
    try:
        seen = kind.look(operation, gateway, canary=_canary())
    except GatewayError as error:
        return _look_failed(operation_id, error, now=now)
    verdict = kind.judge_look(operation, seen, now=now)
    if operation.state in DENIED:
        return _second_look_at_failed(operation, verdict, seen, fetch_seq=seq, now=now)
    settled = settle(
        operation_id,
        verdict,
        seen,
        by=SettledBy.LOOKUP,
        phase="look",
        fetch_seq=seq,
        now=now,
    )
    return _hand_over_if_late(settled, now=now)


def _due(now: datetime) -> list[str]:
    moments = {"now": now, "left_ready": now - READY_TO_WORKER}
    return list(db.session.scalars(_DUE, moments))


def _advance_ready(operation: MoneyOperation, *, gateway: Gateway, now: datetime) -> None:
    age = now - (operation.ready_at or operation.created_at)
    if age > (READY_TO_WORKER if operation.kind in FROM_MEMORY else READY_EXPIRES):
        expire(operation, now=now)
    elif age > READY_TO_WORKER:
        with suppress(TakenByAnother):
            execute(operation.id, gateway=gateway, now=now)


def _claim(operation_id: str, *, now: datetime) -> int | None:
    """Hold the operation for one look, so that two resolvers never ask about it at once.

    Returns the look's place in the order of looks; None when another one holds it.
    """
    with transaction():
        operation = lock(MoneyOperation, operation_id)
        if operation is None or (operation.lease_until and operation.lease_until > now):
            return None
        operation.lease_until = now + SENDING_LEASE
        return mirror.take_fetch_seq()


def _look_failed(operation_id: str, error: GatewayError, *, now: datetime) -> MoneyOperation:

    verdict = Verdict(state=None, fact=f"the look failed: {error}")
    settled = settle(
        operation_id,
        verdict,
        Seen(),
        by=SettledBy.LOOKUP,
        phase="look",
        fetch_seq=0,
        error=type(error).__name__,
        now=now,
    )
    return _hand_over_if_late(settled, now=now)


def _hand_over_if_late(operation: MoneyOperation, *, now: datetime) -> MoneyOperation:
    sent_at = operation.sent_at or operation.created_at
    if operation.state is OperationState.UNKNOWN and now - sent_at >= HUMAN_AFTER:
        hand_to_people(operation, now=now)
    return operation


def _may_be_anothers(operation: MoneyOperation) -> bool:
    """Whether a later try under the same order number may have paid what a look found: one payment
    is the success of one operation, and that one is looked at by itself."""
    if operation.kind not in CHARGING_KINDS:
        return False
    others = sa.select(MoneyOperation.id).where(
        MoneyOperation.kind.in_(CHARGING_KINDS),
        MoneyOperation.merchant_uid == operation.merchant_uid,
        MoneyOperation.id != operation.id,
        MoneyOperation.state.in_(OPEN_STATES | HAPPENED_STATES),
    )
    return db.session.scalars(others.limit(1)).first() is not None


def _second_look_at_failed(
    operation: MoneyOperation,
    verdict: Verdict,
    seen: Seen,
    *,
    fetch_seq: int,
    now: datetime,
) -> MoneyOperation:
    """A refusal is checked once more. Only positive evidence overturns it, and that is an alert.

    A look before its time, as when somebody opens the page, may be of an old view: it overturns,
    but it does not take the place of the look that is due.
    """

    if verdict.state is OperationState.SUCCEEDED and not _may_be_anothers(operation):
        fact = f"refused, yet it happened: {verdict.fact}"
        late = replace(verdict, state=OperationState.SUCCEEDED_LATE, fact=fact)
        return settle(
            operation.id,
            late,
            seen,
            by=SettledBy.LOOKUP,
            phase="look",
            fetch_seq=fetch_seq,
            now=now,
        )
    with transaction():
        row = lock(MoneyOperation, operation.id)
        if seen.payments:
            actor = Actor.system("operations")
            mirror.apply(
                seen.payments, fetch_seq=fetch_seq, source="operation", actor=actor, now=now
            )
        if row is not None:
            if row.next_look_at is not None and row.next_look_at <= now:
                row.next_look_at = None
            row.lease_until = None
            add_step(row, "look", "looked again: the refusal stands", now=now)
    return operation


def _doubt_what_was_contradicted(*, now: datetime) -> None:
    """What is said not to have happened and shows in the mirror all the same is looked at again.

    A payment reported as failed can turn paid hours later, and the walk or a webhook brings it.
    """
    since = {"since": now - DOUBTED_FOR}
    charges = db.session.scalars(_CONTRADICTED_CHARGES, since)
    refunds = db.session.scalars(_CONTRADICTED_REFUNDS, since)
    contradicted = sorted({*charges, *refunds})
    for operation_id in contradicted:
        with transaction():
            row = lock(MoneyOperation, operation_id)
            if row is not None and row.state in DENIED:
                row.next_look_at = now


def _canary() -> str | None:
    """A payment that is known to exist; a gateway that cannot find it proves no absence."""
    return db.session.scalars(_LATEST_PAYMENT).one_or_none()


def _select_contradicted(kinds: Iterable[OperationKind]) -> sa.Select[str]:
    """Ids of what was denied after `since`, while the mirror shows payments: join and narrow it."""
    learned = (
        sa.select(sa.func.max(Observation.seen_at))
        .where(Observation.payment_id == Payment.id)
        .scalar_subquery()
    )
    looked_since = sa.exists().where(  # a look has left it as it was since we learned that
        OperationAttempt.operation_id == MoneyOperation.id,
        OperationAttempt.phase == "look",
        OperationAttempt.at > learned,  # at the same moment it may have asked before
    )
    return sa.select(MoneyOperation.id).where(
        MoneyOperation.state.in_(DENIED),
        MoneyOperation.settled_at > sa.bindparam("since"),
        MoneyOperation.next_look_at.is_(None),
        MoneyOperation.kind.in_(kinds),
        ~looked_since,
    )


def _select_contradicted_charges() -> sa.Select[str]:
    other = sa.orm.aliased(MoneyOperation)
    explained = sa.exists().where(  # by another try under the same number
        other.merchant_uid == MoneyOperation.merchant_uid,
        other.kind.in_(PAYING_KINDS),
        other.state.not_in(CAME_TO_NOTHING),
    )
    query = _select_contradicted(PAYING_KINDS)
    query = query.join(Payment, Payment.merchant_uid == MoneyOperation.merchant_uid)
    return query.where(Payment.paid_at.is_not(None), ~explained)


def _select_contradicted_refunds() -> sa.Select[str]:
    return (
        _select_contradicted([OperationKind.REFUND])
        .join(Payment, Payment.imp_uid == MoneyOperation.imp_uid)
        .join(PaymentCancellation, PaymentCancellation.payment_id == Payment.id)
        .where(
            PaymentCancellation.reason.startswith(sa.func.concat("[", MoneyOperation.marker, "]"))
        )
    )


# Made once, since a round asks them every few seconds and building them takes longer than asking.
_CONTRADICTED_CHARGES = _select_contradicted_charges()
_CONTRADICTED_REFUNDS = _select_contradicted_refunds()
_LATEST_PAYMENT = sa.select(Payment.imp_uid).order_by(Payment.id.desc()).limit(1)
_DUE = (
    sa.select(MoneyOperation.id)
    .where(
        sa.or_(
            sa.and_(
                MoneyOperation.state == OperationState.READY,
                sa.func.coalesce(MoneyOperation.ready_at, MoneyOperation.created_at)
                < sa.bindparam("left_ready"),
            ),
            sa.and_(
                MoneyOperation.state == OperationState.SENDING,
                MoneyOperation.lease_until < sa.bindparam("now"),
            ),
            sa.and_(
                MoneyOperation.state.in_(LOOKED_AT),
                MoneyOperation.next_look_at <= sa.bindparam("now"),
            ),
        )
    )
    .order_by(MoneyOperation.id)
    .limit(100)
)
