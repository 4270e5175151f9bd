"""Record what the buyer decided and when the parcel arrived; confirm by the rule what is due.

None of it is sent to the gateway, which has no such call: these are our records of what happened
between the buyer and KCP, and what refunds are judged by.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.card_guard import holds_card_number
from admin.domain.clock import kst_date
from admin.domain.errors import N_, Conflict, InvalidInput, NotFound
from admin.domain.escrow import (
    Decision,
    EscrowState,
    Evidence,
    check_arrival,
    check_decision,
    confirmation_deadline,
)
from admin.domain.permissions import Permission
from admin.escrow_orders.queries import overdue_orders
from admin.holidays.queries import closed_days
from admin.mirror.escrow import hold_escrow_order, stand_of
from admin.models import Delivery, EscrowDecision, EscrowOrder, Payment, db, lock, transaction
from admin.operations.intent import find_open

LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionCommand:
    """What a person says the buyer decided, and how they know."""

    payment_id: int
    decision: Decision
    decided_on: date  # a Korean day
    evidence: Evidence
    note: str
    seen: int  # id of the latest record the person saw; 0 for none


class DecidedMeanwhile(Conflict):
    """Somebody recorded a decision since the form was shown."""

    message = N_("Another decision was recorded while you were looking. Look at it first.")


def record_decision(command: DecisionCommand, *, actor: Actor, now: datetime) -> EscrowDecision:
    """Keep a decision; where one was kept before, the new one corrects it and says so.

    The same form sent twice keeps one record. Raises NotFound, DecisionNotAllowed,
    DecidedMeanwhile or InvalidInput.
    """
    actor.require(Permission.ESCROW_DECIDE)
    note = _read_note(command.note)
    with transaction():
        payment, order = _hold(command.payment_id)
        earlier = order.decisions[-1] if order.decisions else None
        if earlier is not None and _is_same(earlier, command, note, actor):
            return earlier
        if command.seen != (earlier.id if earlier is not None else 0):
            raise DecidedMeanwhile()
        check_decision(
            stand_of(order, payment, now=now),
            command.decision,
            evidence=command.evidence,
            decided_on=command.decided_on,
            earlier=earlier.decision if earlier is not None else None,
            since=kst_date(_start(order, payment)),
            today=kst_date(now),
        )
        return _keep(
            EscrowDecision(
                payment_id=payment.id,
                decision=command.decision,
                decided_on=command.decided_on,
                evidence=command.evidence,
                note=note,
                corrects_id=earlier.id if earlier is not None else None,
            ),
            payment,
            order,
            actor=actor,
            now=now,
        )


def record_arrival(
    payment_id: int, arrived_on: date | None, *, actor: Actor, now: datetime
) -> None:
    """Keep the Korean day on which the parcel arrived; None takes an earlier day back.

    Raises NotFound, ArrivalNotAllowed or InvalidInput.
    """
    actor.require(Permission.ESCROW_DECIDE)
    with transaction():
        payment, order = _hold(payment_id)
        delivery = order.delivery
        if delivery is None:
            raise NotFound()
        today = kst_date(now)
        state = stand_of(order, payment, now=now)
        sent_on = kst_date(delivery.sent_at)
        check_arrival(state, arrived_on or sent_on, sent_on=sent_on, today=today)
        before = delivery.arrived_on
        if before == arrived_on:
            return
        delivery.arrived_on = arrived_on
        delivery.arrival_by, delivery.arrival_at = actor.name, now
        record(
            actor,
            "escrow.arrival_noted" if arrived_on else "escrow.arrival_removed",
            f"payment:{payment_id}",
            now=now,
            day=arrived_on or before,
        )


def confirm_what_is_due(*, now: datetime) -> int:
    """Record the confirmations of the rule whose deadline is over; returns how many.

    An order on which an operation is open waits: its outcome may change everything.
    """
    holidays = closed_days()
    yesterday = kst_date(now) - timedelta(days=1)
    done = 0
    for payment_id in overdue_orders(yesterday, holidays=holidays):
        with transaction():
            done += _confirm(payment_id, holidays=holidays, now=now)
    return done


def _confirm(payment_id: int, *, holidays: frozenset[date], now: datetime) -> bool:
    """Judged again over the rows as they are now: somebody may have been quicker."""
    payment, order = _hold(payment_id)
    delivery = order.delivery
    if stand_of(order, payment, now=now) is not EscrowState.SHIPPED or order.decisions:
        return False
    if delivery is None or find_open(payment.imp_uid) is not None:
        return False
    deadline = confirmation_deadline(
        arrived_on=delivery.arrived_on, registered_on=delivery.registered_on, holidays=holidays
    )
    if kst_date(now) <= deadline.day:
        return False
    made = EscrowDecision(
        payment_id=payment_id,
        decision=Decision.AUTOMATIC,
        decided_on=deadline.day,
        evidence=deadline.rule,
        note=deadline.start.isoformat(),
        corrects_id=None,
    )
    _keep(made, payment, order, actor=Actor.system("escrow_orders"), now=now)
    return True


def _hold(payment_id: int) -> tuple[Payment, EscrowOrder]:
    payment = lock(Payment, payment_id)
    order = hold_escrow_order(payment_id)
    if payment is None or order is None:
        raise NotFound()
    return payment, order


def _keep(
    made: EscrowDecision, payment: Payment, order: EscrowOrder, *, actor: Actor, now: datetime
) -> EscrowDecision:
    made.recorded_by, made.operator_id, made.created_at = actor.name, actor.operator_id, now
    order.decisions.append(made)
    order.state = stand_of(order, payment, now=now)
    db.session.flush()
    record(
        actor,
        "escrow.decided",
        f"payment:{payment.id}",
        now=now,
        decision=made.decision.value,
        decided_on=made.decided_on,
        evidence=made.evidence.value,
        note=made.note,
        corrects=made.corrects_id or "",
    )
    return made


def _is_same(kept: EscrowDecision, command: DecisionCommand, note: str, actor: Actor) -> bool:
    """Whether this very form was taken in a moment ago."""
    return (kept.corrects_id or 0) == command.seen and (
        (kept.decision, kept.decided_on, kept.evidence, kept.note, kept.operator_id)
        == (command.decision, command.decided_on, command.evidence, note, actor.operator_id)
    )


def _start(order: EscrowOrder, payment: Payment) -> datetime:
    delivery: Delivery | None = order.delivery
    return delivery.sent_at if delivery is not None else payment.paid_at or payment.started_at


def _read_note(typed: str) -> str:
    note = typed.strip()
    if not note:
        raise InvalidInput(N_("Say what was said or seen; it is the evidence."), field="note")
    if len(note) > LONGEST_NOTE:
        raise InvalidInput(N_("That is too long."), field="note")
    if holds_card_number(note):
        raise InvalidInput(
            N_("That looks like a card number. It was not searched, kept or logged."), field="note"
        )
    return note
