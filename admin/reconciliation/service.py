"""Run one day: read both sides, compare, keep the run and its discrepancies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.clock import kst_day
from admin.domain.errors import N_, InvalidInput, NotFound
from admin.domain.payment import PaymentSnapshot, PaymentStatus
from admin.domain.reconciliation.engine import reconcile
from admin.domain.reconciliation.records import (
    BookedOrder,
    BookedStatus,
    FoundDiscrepancy,
    ReconciliationResult,
)
from admin.gateway.calls.base import LARGEST_PAGE
from admin.gateway.calls.payments import LONGEST_WINDOW
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayError
from admin.mirror import service as mirror
from admin.models import Discrepancy, ReconciliationRun, db, lock, transaction
from admin.models.reconciliation import DiscrepancyState, RunState
from admin.reconciliation.queries import booked_on, orders_named

VANISHED = N_("no longer differs")


@dataclass(slots=True)
class _Theirs:
    """The gateway's side of one day, and whether all of it could be read."""

    payments: dict[str, PaymentSnapshot]
    unreadable: int = 0

    def add(self, payments: Iterable[PaymentSnapshot]) -> None:
        self.payments.update({payment.imp_uid: payment for payment in payments})


def run_day(day: date, *, actor: Actor, gateway: Gateway, now: datetime) -> ReconciliationRun:
    """Compare the books with the gateway for one Korean day, by approval.

    A run whose sides could not be read whole is INCOMPLETE: it keeps nothing it found and says
    why. Running a day again changes nothing but what changed in the world: a discrepancy is the
    same row from run to run, and one that is gone closes as "no longer differs". Raises
    InvalidInput for a day that has not come yet.
    """
    start, end = kst_day(day)
    if start > now:
        raise InvalidInput(N_("That day has not come yet."), field="day")
    run_id = _begin(day, actor=actor, now=now)
    seq = mirror.next_fetch_seq(now=now)
    ours = booked_on(start, end)
    try:
        theirs = _read_theirs(ours, start=start, end=end, gateway=gateway, now=now)
    except GatewayError as error:
        return _incomplete(run_id, str(error), now=now)
    if theirs.unreadable:
        return _incomplete(run_id, f"{theirs.unreadable} rows could not be read", now=now)
    ours = _with_orders_of(theirs, ours)
    result = reconcile(ours, theirs.payments.values())
    return _keep(
        run_id, day, ours=ours, theirs=theirs, result=result, fetch_seq=seq, actor=actor, now=now
    )


def explain(discrepancy_id: int, text: str, *, actor: Actor, now: datetime) -> Discrepancy:
    """Settle a discrepancy by saying why it is right as it is. Raises NotFound, InvalidInput."""
    reason = text.strip()
    if len(reason) < 5:
        raise InvalidInput(N_("Say in a few words why this is right as it is."), field="reason")
    with transaction():
        row = lock(Discrepancy, discrepancy_id)
        if row is None:
            raise NotFound()
        row.state = DiscrepancyState.RESOLVED
        row.resolution = reason
        row.resolved_at = now
        record(
            actor,
            "discrepancy.explained",
            f"discrepancy:{discrepancy_id}",
            now=now,
            kind=row.kind.value,
            reason=reason,
        )
    return row


def _begin(day: date, *, actor: Actor, now: datetime) -> int:
    with transaction():
        run = ReconciliationRun(
            day=day, state=RunState.RUNNING, started_at=now, started_by=actor.name
        )
        db.session.add(run)
        db.session.flush()
        record(actor, "reconciliation.started", f"run:{run.id}", now=now, day=day)
        return run.id


def _read_theirs(
    ours: list[BookedOrder], *, start: datetime, end: datetime, gateway: Gateway, now: datetime
) -> _Theirs:
    """Everything approved on the day, and every payment our books name for it.

    The gateway's time column depends on the present status: a payment approved on the day and
    cancelled later stands in the window of its cancellation, so cancelled rows are read up to
    now and filtered by approval.
    """
    theirs = _Theirs({})
    for status, until in ((PaymentStatus.PAID, end), (PaymentStatus.CANCELLED, now)):
        _read_window(status, theirs, start=start, end=end, until=until, gateway=gateway)
    known = theirs.payments
    numbers = {payment.merchant_uid for payment in known.values()}
    by_uid = [order.imp_uid for order in ours if order.imp_uid and order.imp_uid not in known]
    by_number = [
        order.order_number
        for order in ours
        if not order.imp_uid and order.order_number not in numbers
    ]
    if by_uid or by_number:
        page = gateway.get_payments(imp_uids=by_uid, merchant_uids=by_number)
        theirs.add(page.payments)
        theirs.unreadable += len(page.unreadable)
    return theirs


def _read_window(
    status: PaymentStatus,
    theirs: _Theirs,
    *,
    start: datetime,
    end: datetime,
    until: datetime,
    gateway: Gateway,
) -> None:
    window = start
    while window < until:
        last = min(window + LONGEST_WINDOW - timedelta(days=1), until)
        number = 1
        while number:
            page = gateway.list_payments(
                status, start=window, end=last, page=number, limit=LARGEST_PAGE
            )
            theirs.unreadable += len(page.unreadable)
            theirs.add(one for one in page.payments if _approved_between(one, start, end))
            number = page.next
        window = last


def _approved_between(payment: PaymentSnapshot, start: datetime, end: datetime) -> bool:
    return payment.paid_at is not None and start <= payment.paid_at < end


def _with_orders_of(theirs: _Theirs, ours: list[BookedOrder]) -> list[BookedOrder]:
    """Add the orders that the gateway's payments name but whose books have another day."""
    have = {order.order_number for order in ours}
    numbers = {payment.merchant_uid for payment in theirs.payments.values()} - have
    return [*ours, *orders_named(numbers)]


def _keep(
    run_id: int,
    day: date,
    *,
    ours: list[BookedOrder],
    theirs: _Theirs,
    result: ReconciliationResult,
    fetch_seq: int,
    actor: Actor,
    now: datetime,
) -> ReconciliationRun:
    payments = list(theirs.payments.values())
    system = Actor.system("reconciliation")
    with transaction():
        mirror.apply(payments, fetch_seq=fetch_seq, source="reconciliation", actor=system, now=now)
        run = lock(ReconciliationRun, run_id)
        if run is None:
            raise RuntimeError("the run's row is gone")
        run.state = RunState.DONE
        run.finished_at = now
        run.ours_count = len(ours)
        run.theirs_count = len(payments)
        run.matched_count = len(result.matched)
        run.differing_count = len(result.discrepancies)
        run.ours_minor = sum(_booked_net(order) for order in ours)
        run.theirs_minor = sum(one.cancellable.minor for one in payments if one.took_money)
        _keep_discrepancies(run, day, result.discrepancies, now=now)
        record(
            actor,
            "reconciliation.done",
            f"run:{run_id}",
            now=now,
            day=day,
            matched=run.matched_count,
            differing=run.differing_count,
        )
    return run


def _keep_discrepancies(
    run: ReconciliationRun, day: date, found: Iterable[FoundDiscrepancy], *, now: datetime
) -> None:
    here = {one.key: one for one in found}
    same_day = sa.select(Discrepancy).where(
        sa.or_(Discrepancy.day == day, Discrepancy.key.in_(list(here)))
    )
    known = {row.key: row for row in db.session.scalars(same_day)}
    for key, one in here.items():
        row = known.get(key)
        if row is None:
            db.session.add(_new_row(run, day, one, now=now))
            continue
        row.last_seen_at = now
        row.last_run_id = run.id
        row.times_seen += 1
        changed = row.at_risk_minor != one.at_risk.minor
        row.at_risk_minor = one.at_risk.minor
        row.ours = _told_order(one.ours)
        row.theirs = [_told_payment(payment) for payment in one.theirs]
        if row.state is DiscrepancyState.RESOLVED and (changed or row.resolution == VANISHED):
            row.state = DiscrepancyState.OPEN  # it is back, or it is another difference now
            row.resolution = ""
            row.resolved_at = None
    for key, row in known.items():
        if key not in here and row.day == day and row.state is DiscrepancyState.OPEN:
            row.state = DiscrepancyState.RESOLVED
            row.resolution = VANISHED
            row.resolved_at = now


def _new_row(
    run: ReconciliationRun, day: date, one: FoundDiscrepancy, *, now: datetime
) -> Discrepancy:
    return Discrepancy(
        key=one.key,
        kind=one.kind,
        severity=one.kind.severity,
        day=day,
        order_number=one.order_number,
        imp_uid=one.imp_uid,
        currency=one.at_risk.currency,
        at_risk_minor=one.at_risk.minor,
        ours=_told_order(one.ours),
        theirs=[_told_payment(payment) for payment in one.theirs],
        state=DiscrepancyState.OPEN,
        first_seen_at=now,
        last_seen_at=now,
        first_run_id=run.id,
        last_run_id=run.id,
    )


def _told_order(order: BookedOrder | None) -> dict[str, Any] | None:
    """Our side as it was seen, in plain values that JSON keeps."""
    if order is None:
        return None
    return {
        "order_number": order.order_number,
        "imp_uid": order.imp_uid,
        "status": order.status.value,
        "amount_minor": order.amount.minor,
        "cancelled_minor": order.cancelled.minor,
        "paid_at": order.paid_at.isoformat() if order.paid_at else None,
        "escrow": order.escrow,
        "items_minor": order.items_total.minor if order.items_total else None,
    }


def _told_payment(payment: PaymentSnapshot) -> dict[str, Any]:
    """The gateway's side as it was seen."""
    return {
        "order_number": payment.merchant_uid,
        "imp_uid": payment.imp_uid,
        "status": payment.status.value,
        "amount_minor": payment.amount.minor,
        "cancelled_minor": payment.cancelled.minor,
        "paid_at": payment.paid_at.isoformat() if payment.paid_at else None,
        "cancelled_at": payment.cancelled_at.isoformat() if payment.cancelled_at else None,
        "escrow": payment.escrow,
        "pay_method": payment.pay_method,
        "took_money": payment.took_money,
    }


def _booked_net(order: BookedOrder) -> int:
    if order.status not in (BookedStatus.PAID, BookedStatus.CANCELLED):
        return 0
    return order.amount.minor - order.cancelled.minor


def _incomplete(run_id: int, problem: str, *, now: datetime) -> ReconciliationRun:
    """A side is not whole, so nothing may be called missing."""
    with transaction():
        run = lock(ReconciliationRun, run_id)
        if run is None:
            raise RuntimeError("the run's row is gone")
        run.state = RunState.INCOMPLETE
        run.finished_at = now
        run.problem = problem
        record(
            Actor.system("reconciliation"),
            "reconciliation.incomplete",
            f"run:{run_id}",
            now=now,
            problem=problem,
        )
    return run
