"""Rehearse a list of deliveries, have it agreed to, and register them line by line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from admin.delivery_batches.queries import Number, payments_of, payments_under
from admin.domain.actor import Actor
from admin.domain.approval import AlreadyDecided
from admin.domain.batch import BatchState, NothingToSend, RowState
from admin.domain.delivery_batch import GivenParcel, fingerprint_of
from admin.domain.errors import N_, Conflict, DomainError
from admin.domain.escrow import COURIERS, DeliveryAlreadyRegistered
from admin.domain.permissions import Permission
from admin.escrow_orders.service import DeliveryCommand, register_delivery, rehearse_delivery
from admin.gateway.client import Gateway
from admin.models import (
    DeliveryBatch,
    DeliveryBatchRow,
    MoneyOperation,
    Payment,
    transaction,
)
from admin.operations.batches import BatchKind, giver_of
from admin.operations.intent import find_by_form_key

RUN = "delivery_batches.run"
LISTS = BatchKind(batch=DeliveryBatch, row=DeliveryBatchRow, job=RUN, noun="delivery_batch")

NOT_TICKED = N_("Other parcels have this invoice number, and it was not ticked.")


class NumberTakenMeanwhile(Conflict):
    """The number was free, or another's as the person saw it, when the list was rehearsed."""

    message = N_(
        "Another order went out under this invoice number since the list was looked over. "
        "Nothing was sent."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchCommand:
    """What a person gave: the lines, and where they come from."""

    name: str
    rows: Sequence[GivenParcel]
    form_key: str


def rehearse(command: BatchCommand, *, actor: Actor, now: datetime) -> DeliveryBatch:
    """Judge every line by what we hold, and keep the list. Nothing is sent.

    The same form sent twice gives the same list.
    """
    actor.require(Permission.DELIVERIES_CREATE)
    rows = _judge(command.rows, actor=actor, now=now)  # it takes its time; nobody waits for it

    def make() -> DeliveryBatch:
        return DeliveryBatch(
            form_key=command.form_key,
            name=command.name,
            fingerprint=fingerprint_of(command.rows),
            state=BatchState.REHEARSED,
            created_by_id=actor.operator_id,
            created_by=actor.name,
            created_at=now,
            rows=rows,
        )

    return LISTS.keep(command.form_key, make, actor=actor, now=now)


def start(batch_id: int, ticked: Collection[int], *, actor: Actor, now: datetime) -> DeliveryBatch:
    """Register the list; a parcel whose number others have goes only if its line is in `ticked`.

    Only the person who gave the list starts it. Raises AlreadyDecided or NothingToSend.
    """
    actor.require(Permission.DELIVERIES_CREATE)
    with transaction():
        batch = LISTS.locked(batch_id)
        if batch.state is not BatchState.REHEARSED or batch.created_by_id != actor.operator_id:
            raise AlreadyDecided()
        for row in batch.rows:
            if row.state is RowState.WAITING and row.is_shared:
                row.is_ticked = row.position in ticked
                if not row.is_ticked:
                    row.state, row.problem = RowState.BLOCKED, NOT_TICKED
        if not any(row.state is RowState.WAITING for row in batch.rows):
            raise NothingToSend()
        LISTS.run(batch, actor=actor, now=now)
    return batch


def discard(batch_id: int, *, actor: Actor, now: datetime) -> DeliveryBatch:
    """Throw one's own list away; nothing is sent. Raises AlreadyDecided."""
    actor.require(Permission.DELIVERIES_CREATE)
    with transaction():
        batch = LISTS.locked(batch_id)
        if batch.state is not BatchState.REHEARSED or batch.created_by_id != actor.operator_id:
            raise AlreadyDecided()
        batch.state, batch.ended_at = BatchState.DROPPED, now
        LISTS.record(batch, "discarded", actor=actor, now=now)
    return batch


def stop(batch_id: int, *, actor: Actor, now: datetime) -> DeliveryBatch:
    """Register no further parcel; KCP keeps what it has. Raises AlreadyDecided."""
    actor.require(Permission.DELIVERIES_CREATE)
    return LISTS.stop(batch_id, actor=actor, now=now)


def go_on(batch_id: int, *, actor: Actor, now: datetime) -> DeliveryBatch:
    """Go on with a stopped list from where it stands. Raises AlreadyDecided."""
    actor.require(Permission.DELIVERIES_CREATE)
    return LISTS.go_on(batch_id, actor=actor, now=now)


def work(batch_id: int, *, gateway: Gateway, now: datetime) -> int:
    """Register the next parcels of a running list; returns how many still wait."""

    def send(batch: DeliveryBatch, row: DeliveryBatchRow, moment: datetime) -> MoneyOperation:
        command = _command(batch, row)
        if find_by_form_key(command.form_key) is None:
            _check_number(row)
        return register_delivery(command, actor=giver_of(batch), gateway=gateway, now=moment)

    return LISTS.work(batch_id, send, now=now)


def _command(batch: DeliveryBatch, row: DeliveryBatchRow) -> DeliveryCommand:
    return DeliveryCommand(
        payment_id=row.payment_id or 0,
        notice=row.notice(),
        form_key=f"delivery_batch:{batch.id}:{row.position}",
    )


def _check_number(row: DeliveryBatchRow) -> None:
    """Raise where other orders have this number than those the person saw and ticked."""
    notice = row.notice()
    others = payments_under([notice]).get((notice.company, notice.invoice), set())
    seen = set(row.shared_with) if row.is_ticked else set()
    if others - seen - {row.payment_id}:
        raise NumberTakenMeanwhile()


def _judge(given: Sequence[GivenParcel], *, actor: Actor, now: datetime) -> list[DeliveryBatchRow]:
    rows: list[DeliveryBatchRow] = []
    seen: set[int] = set()
    known = payments_of([one.number for one in given if one.number])
    for one in given:
        row = DeliveryBatchRow(
            position=one.line,
            given=one.text,
            company=one.company,
            invoice=one.invoice,
            sent_at=None if one.problem else one.sent_at(now),
            is_shared=False,
            shared_with=[],
            is_ticked=False,
            state=RowState.WAITING,
            problem=one.problem,
            problem_values={},
        )
        if not one.problem:
            _judge_one(row, known.get(one.number, []), seen, actor=actor, now=now)
        if row.problem:
            row.state = RowState.BLOCKED
        rows.append(row)
    _mark_shared(rows)
    return rows


def _judge_one(
    row: DeliveryBatchRow,
    payments: Sequence[Payment],
    seen: set[int],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    escrow = [payment for payment in payments if payment.escrow_order is not None]
    paid = [payment for payment in escrow if payment.snapshot().took_money]
    if not payments:
        row.problem = N_("We know no payment of this number.")
    elif not escrow:
        row.problem = N_("This is no escrow payment; its delivery is not registered at KCP.")
    elif len(paid) > 1:
        row.problem = N_("Several payments carry this order number; give the payment number.")
    else:
        payment = paid[0] if paid else escrow[0]
        row.payment_id = payment.id
        _judge_parcel(row, payment, actor=actor, now=now)
        if payment.id in seen:
            row.problem, row.problem_values = N_("This payment stands in the list already."), {}
        seen.add(payment.id)


def _judge_parcel(row: DeliveryBatchRow, payment: Payment, *, actor: Actor, now: datetime) -> None:
    command = DeliveryCommand(payment_id=payment.id, notice=row.notice(), form_key="")
    try:
        rehearse_delivery(command, actor=actor, now=now)
    except DeliveryAlreadyRegistered as error:
        order = payment.escrow_order
        held = order.delivery if order is not None else None
        if held is None:
            row.problem = error.message
        elif (held.company, held.invoice) == (row.company, row.invoice):
            row.problem = N_("This very parcel is registered already.")
        else:
            name = COURIERS.get(held.company, held.company)
            row.problem = N_("Another parcel is registered already: %(parcel)s")
            row.problem_values = {"parcel": f"{name} {held.invoice}"}
    except DomainError as error:
        row.problem = error.message
        row.problem_values = {name: str(value) for name, value in error.values.items()}


def _mark_shared(rows: Sequence[DeliveryBatchRow]) -> None:
    """Find the parcels whose number other orders or other lines have."""
    numbered = [row for row in rows if row.invoice and row.company]
    elsewhere = payments_under([row.notice() for row in numbered if row.sent_at])
    in_list: dict[Number, list[DeliveryBatchRow]] = defaultdict(list)
    for row in numbered:
        in_list[row.company, row.invoice].append(row)
    for row in numbered:
        number = row.company, row.invoice
        beside = [
            one
            for one in in_list[number]
            if one is not row and (one.payment_id is None or one.payment_id != row.payment_id)
        ]
        payments = {one.payment_id for one in beside if one.payment_id}
        others = (elsewhere.get(number, set()) | payments) - {row.payment_id}
        row.is_shared, row.shared_with = bool(others or beside), sorted(others)
