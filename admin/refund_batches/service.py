"""Rehearse a list of refunds, have it agreed to, and work it off, stopping and going on at will."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.approval import AlreadyDecided, OwnRequest, SecondWord
from admin.domain.batch import BatchState, NothingToSend, RowState
from admin.domain.errors import N_
from admin.domain.money import Money
from admin.domain.operation import APPROVAL_EXPIRES
from admin.domain.permissions import Permission
from admin.domain.refund import refund_policy
from admin.domain.refund_batch import ALONE_UP_TO, GivenRow
from admin.gateway.client import Gateway
from admin.holidays.queries import closed_days
from admin.models import (
    MoneyOperation,
    Payment,
    RefundBatch,
    RefundBatchRow,
    db,
    transaction,
)
from admin.operations.batches import BatchKind, giver_of
from admin.operations.intent import find_open
from admin.refund_batches.queries import find_payments
from admin.refund_rules.queries import reason_text
from admin.refunds.service import RefundCommand, refund_payment

RUN = "refund_batches.run"
LISTS = BatchKind(batch=RefundBatch, row=RefundBatchRow, job=RUN, noun="refund_batch")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchCommand:
    """What a person gave: the lines, one reason for all, and where they come from."""

    name: str
    rows: Sequence[GivenRow]
    reason: str
    note: str
    form_key: str


def rehearse(command: BatchCommand, *, actor: Actor, now: datetime) -> RefundBatch:
    """Judge every line by what we hold, and keep the list. Nothing is sent.

    The same form sent twice gives the same list.
    """
    actor.require(Permission.REFUNDS_BULK)
    reason_text(command.reason)

    def make() -> RefundBatch:
        rows = _judge(command.rows, now=now)
        return RefundBatch(
            form_key=command.form_key,
            name=command.name,
            fingerprint=_fingerprint(command.reason, rows),
            state=BatchState.REHEARSED,
            reason=command.reason,
            note=command.note,
            created_by_id=actor.operator_id,
            created_by=actor.name,
            created_at=now,
            rows=rows,
        )

    return LISTS.keep(command.form_key, make, actor=actor, now=now)


def start(batch_id: int, *, actor: Actor, now: datetime) -> RefundBatch:
    """Send it, or ask a second person when it has more lines than one may send alone.

    Only the person who gave the list starts it. Raises AlreadyDecided or NothingToSend.
    """
    actor.require(Permission.REFUNDS_BULK)
    with transaction():
        batch = LISTS.locked(batch_id)
        if batch.state is not BatchState.REHEARSED or batch.created_by_id != actor.operator_id:
            raise AlreadyDecided()
        waiting = sum(row.state is RowState.WAITING for row in batch.rows)
        if not waiting:
            raise NothingToSend()
        if waiting > ALONE_UP_TO:
            batch.state = BatchState.NEEDS_APPROVAL
            batch.word, batch.expires_at = SecondWord.AWAITED, now + APPROVAL_EXPIRES
            LISTS.record(batch, "requested", actor=actor, now=now, lines=waiting)
        else:
            LISTS.run(batch, actor=actor, now=now)
    return batch


def approve(batch_id: int, *, actor: Actor, now: datetime) -> RefundBatch:
    """Agree to exactly these lines, and send them. Raises OwnRequest or AlreadyDecided."""
    actor.require(Permission.REFUNDS_APPROVE)
    with transaction():
        batch = _awaited(batch_id)
        if batch.created_by_id == actor.operator_id:
            raise OwnRequest()
        if batch.expires_at is None or batch.expires_at <= now:
            _drop(batch, SecondWord.EXPIRED, actor=actor, now=now)
        elif batch.fingerprint != _fingerprint(batch.reason, batch.rows):
            _drop(batch, SecondWord.VOID, actor=actor, now=now)
        else:
            _decide(batch, SecondWord.AGREED, actor=actor, now=now)
            LISTS.record(batch, "approved", actor=actor, now=now)
            LISTS.run(batch, actor=actor, now=now)
    return batch


def decline(batch_id: int, *, actor: Actor, now: datetime) -> RefundBatch:
    """Say no, or take one's own list back; nothing is sent. Raises AlreadyDecided."""
    with transaction():
        batch = LISTS.locked(batch_id)
        own = batch.created_by_id == actor.operator_id
        if batch.state not in (BatchState.REHEARSED, BatchState.NEEDS_APPROVAL):
            raise AlreadyDecided()
        if not own:
            actor.require(Permission.REFUNDS_APPROVE)
        _drop(batch, SecondWord.WITHDRAWN if own else SecondWord.DECLINED, actor=actor, now=now)
    return batch


def expire_overdue(*, now: datetime) -> int:
    """End the requests nobody answered in time; returns how many."""
    query = sa.select(RefundBatch.id).where(
        RefundBatch.state == BatchState.NEEDS_APPROVAL, RefundBatch.expires_at <= now
    )
    overdue = list(db.session.scalars(query))
    for batch_id in overdue:
        with transaction():
            batch = LISTS.locked(batch_id)
            if batch.state is BatchState.NEEDS_APPROVAL:
                actor = Actor.system("refund_batches")
                _drop(batch, SecondWord.EXPIRED, actor=actor, now=now)
    return len(overdue)


def stop(batch_id: int, *, actor: Actor, now: datetime) -> RefundBatch:
    """Send no further line; what was sent stays sent. Raises AlreadyDecided."""
    actor.require(Permission.REFUNDS_BULK)
    return LISTS.stop(batch_id, actor=actor, now=now)


def go_on(batch_id: int, *, actor: Actor, now: datetime) -> RefundBatch:
    """Go on with a stopped list from where it stands. Raises AlreadyDecided."""
    actor.require(Permission.REFUNDS_BULK)
    return LISTS.go_on(batch_id, actor=actor, now=now)


def work(batch_id: int, *, gateway: Gateway, now: datetime) -> int:
    """Refund the next lines of a running list; returns how many still wait."""

    def send(batch: RefundBatch, row: RefundBatchRow, moment: datetime) -> MoneyOperation:
        return refund_payment(
            _command(batch, row), actor=giver_of(batch), gateway=gateway, now=moment
        )

    return LISTS.work(batch_id, send, now=now)


def _judge(given: Sequence[GivenRow], *, now: datetime) -> list[RefundBatchRow]:
    rows: list[RefundBatchRow] = []
    seen: set[int] = set()
    holidays = closed_days()
    for one in given:
        row = RefundBatchRow(
            position=one.line,
            given=one.text,
            currency=Money(0).currency,
            state=RowState.WAITING,
            problem=one.problem,
            problem_values={},
        )
        if not one.problem:
            _judge_one(row, one, seen, holidays=holidays, now=now)
        if row.problem:
            row.state = RowState.BLOCKED
        rows.append(row)
    return rows


def _judge_one(
    row: RefundBatchRow,
    one: GivenRow,
    seen: set[int],
    *,
    holidays: frozenset[date],
    now: datetime,
) -> None:
    payments = find_payments(one.number)
    paid = [payment for payment in payments if payment.snapshot().took_money]
    if len(paid) > 1:
        row.problem = N_("Several payments carry this order number; give the payment number.")
        return
    payment = paid[0] if paid else payments[0] if payments else None
    if payment is None:
        row.problem = N_("We know no payment of this number.")
        return
    policy = refund_policy(
        payment.snapshot(), escrow=payment.escrow_state, now=now, holidays=holidays
    )
    row.payment_id, row.currency = payment.id, payment.currency
    row.seen_minor = policy.left.minor
    row.amount_minor = policy.left.minor if one.amount is None else one.amount
    row.problem = _problem(payment, row, seen, policy_says=policy.why_not or "")
    if not row.problem and policy.needs_account:
        row.problem = N_("It is paid out to a bank account; refund it on its own page.")
    if not row.problem and row.amount_minor < policy.left.minor and not policy.part_allowed:
        row.problem = policy.why_not_part or ""
    if not row.amount_minor:
        row.amount_minor = None
    seen.add(payment.id)


def _problem(payment: Payment, row: RefundBatchRow, seen: set[int], *, policy_says: str) -> str:
    if payment.id in seen:
        return N_("This payment stands in the list already.")
    if policy_says:
        return policy_says
    if find_open(payment.imp_uid) is not None:
        return N_("An operation on this payment has no known outcome yet.")
    if not row.amount_minor:
        return N_("Enter an amount of at least 1.")
    if row.amount_minor > (row.seen_minor or 0):
        row.problem_values = {"left": str(Money(row.seen_minor or 0, row.currency))}
        return N_("Only %(left)s is left to refund. Enter that or less.")
    return ""


def _command(batch: RefundBatch, row: RefundBatchRow) -> RefundCommand:
    return RefundCommand(
        payment_id=row.payment_id or 0,
        amount=Money(row.amount_minor or 0, row.currency),
        seen=Money(row.seen_minor or 0, row.currency),
        reason=batch.reason,
        note=batch.note,
        form_key=f"batch:{batch.id}:{row.position}",
        agreed=batch.word is SecondWord.AGREED,
    )


def _awaited(batch_id: int) -> RefundBatch:
    batch = LISTS.locked(batch_id)
    if batch.state is not BatchState.NEEDS_APPROVAL:
        raise AlreadyDecided()
    return batch


def _drop(batch: RefundBatch, word: SecondWord, *, actor: Actor, now: datetime) -> None:
    _decide(batch, word, actor=actor, now=now)
    batch.state, batch.ended_at = BatchState.DROPPED, now
    LISTS.record(batch, word.value, actor=actor, now=now)


def _decide(batch: RefundBatch, word: SecondWord, *, actor: Actor, now: datetime) -> None:
    batch.word = word
    batch.decided_by_id, batch.decided_by, batch.decided_at = actor.operator_id, actor.name, now


def _fingerprint(reason: str, rows: Sequence[RefundBatchRow]) -> str:
    """Exactly these lines for this reason."""
    lines = [[row.position, row.payment_id, row.amount_minor, row.seen_minor] for row in rows]
    return hashlib.sha256(json.dumps([reason, lines]).encode()).hexdigest()
