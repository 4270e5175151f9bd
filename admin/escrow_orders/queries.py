"""Read escrow orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from admin.domain.business_days import last_start
from admin.domain.clock import kst_day
from admin.domain.escrow import (
    HELD,
    SHIP_WITHIN,
    EscrowState,
    Stage,
    Starts,
    due_by,
    starts_of,
)
from admin.domain.money import Money
from admin.models import Delivery, EscrowDecision, EscrowOrder, Payment, db

Place = EscrowState | Stage  # a column of the board
MOST_CONFIRMED = 500  # a round; the rest waits for the next one
LEFT = Payment.amount_minor - Payment.cancelled_minor
REGISTERED = sa.func.coalesce(Delivery.applied_at, Delivery.sent_at, type_=Delivery.sent_at.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How many orders, and the money in them."""

    count: int
    money: Money


def select_escrow_orders(
    state: EscrowState | None, text: str, *, within: sa.ColumnElement[bool] | None = None
) -> sa.Select[EscrowOrder]:
    """Escrow orders for newest-first paging by payment id; `within` narrows a state further."""
    query = (
        sa.select(EscrowOrder)
        .join(Payment, Payment.id == EscrowOrder.payment_id)
        .outerjoin(Delivery, Delivery.payment_id == EscrowOrder.payment_id)
        .options(
            selectinload(EscrowOrder.payment),
            selectinload(EscrowOrder.delivery),
            selectinload(EscrowOrder.decisions),
        )
    )
    if state is not None:
        query = query.where(EscrowOrder.state == state)
    if within is not None:
        query = query.where(within)
    if text:
        columns = (
            Payment.merchant_uid,
            Payment.imp_uid,
            Payment.buyer_name,
            Payment.order_name,
            Delivery.invoice,
        )
        query = query.where(sa.or_(*[one.icontains(text, autoescape=True) for one in columns]))
    return query


def count_by_state() -> dict[EscrowState, int]:
    """How many orders stand in each state."""
    query = sa.select(EscrowOrder.state, sa.func.count()).group_by(EscrowOrder.state)
    return dict(db.session.execute(query).all())


def held_by_state() -> dict[Place, Held]:
    """What KCP holds, by the state of its orders."""
    query = (
        sa.select(EscrowOrder.state, sa.func.count(), sa.func.sum(LEFT))
        .join(Payment, Payment.id == EscrowOrder.payment_id)
        .where(EscrowOrder.state.in_(HELD))
        .group_by(EscrowOrder.state)
    )
    return {
        state: Held(count=many, money=Money(int(minor or 0)))
        for state, many, minor in db.session.execute(query)
    }


def within_stage(stage: Stage, *, today: date, holidays: frozenset[date]) -> sa.ColumnElement[bool]:
    """The condition for shipped orders of one stage, over deliveries."""
    due = _started_by(starts_of(due_by(today, holidays=holidays), holidays=holidays))
    arrived = Delivery.arrived_on.is_not(None)
    return {
        Stage.DUE: due,
        Stage.ARRIVED: sa.and_(arrived, sa.not_(due)),
        Stage.ON_THE_WAY: sa.and_(sa.not_(arrived), sa.not_(due)),
    }[stage]


def held_by_stage(*, today: date, holidays: frozenset[date]) -> dict[Place, Held]:
    """What KCP holds for shipped orders, by how near their decision is."""
    within = {one: within_stage(one, today=today, holidays=holidays) for one in Stage}
    sums = [
        part
        for condition in within.values()
        for part in (
            sa.func.count(sa.case((condition, 1))),
            sa.func.sum(sa.case((condition, LEFT), else_=0)),
        )
    ]
    query = (
        sa.select(*sums)
        .select_from(EscrowOrder)
        .join(Payment, Payment.id == EscrowOrder.payment_id)
        .join(Delivery, Delivery.payment_id == EscrowOrder.payment_id)
        .where(EscrowOrder.state == EscrowState.SHIPPED)
    )
    row = db.session.execute(query).one()
    return {
        stage: Held(count=row[2 * place], money=Money(int(row[2 * place + 1] or 0)))
        for place, stage in enumerate(within)
    }


def to_ship_by(day: date, *, holidays: frozenset[date]) -> Held:
    """Paid orders that are to be sent by `day` at the latest."""
    _, end = kst_day(last_start(day, SHIP_WITHIN, holidays=holidays))
    query = (
        sa.select(sa.func.count(), sa.func.sum(LEFT))
        .select_from(EscrowOrder)
        .join(Payment, Payment.id == EscrowOrder.payment_id)
        .where(EscrowOrder.state == EscrowState.TO_SHIP, Payment.paid_at < end)
    )
    many, minor = db.session.execute(query).one()
    return Held(count=many, money=Money(int(minor or 0)))


def returned_since(moment: datetime) -> Held:
    """Orders given back after they were shipped, and what was given back."""
    query = (
        sa.select(sa.func.count(), sa.func.sum(Payment.cancelled_minor))
        .select_from(EscrowOrder)
        .join(Payment, Payment.id == EscrowOrder.payment_id)
        .where(EscrowOrder.state == EscrowState.RETURNED, Payment.cancelled_at >= moment)
    )
    many, minor = db.session.execute(query).one()
    return Held(count=many, money=Money(int(minor or 0)))


def most_urgent(state: EscrowState, *, most: int) -> list[EscrowOrder]:
    """To ship: paid the longest ago first. Denied: denied the longest ago first."""
    decided = (
        sa.select(sa.func.max(EscrowDecision.decided_on))
        .where(EscrowDecision.payment_id == EscrowOrder.payment_id)
        .scalar_subquery()
    )
    order = Payment.paid_at if state is EscrowState.TO_SHIP else decided
    query = select_escrow_orders(state, "").order_by(order, EscrowOrder.payment_id)
    return list(db.session.scalars(query.limit(most)))


def most_urgent_shipped(
    stage: Stage, *, today: date, holidays: frozenset[date], most: int
) -> list[EscrowOrder]:
    """Shipped orders of one stage: up to `most` by arrival, then as many by registration."""
    query = select_escrow_orders(
        EscrowState.SHIPPED, "", within=within_stage(stage, today=today, holidays=holidays)
    )
    arrived = query.where(Delivery.arrived_on.is_not(None)).order_by(Delivery.arrived_on)
    others = query.where(Delivery.arrived_on.is_(None)).order_by(REGISTERED)
    return [*db.session.scalars(arrived.limit(most)), *db.session.scalars(others.limit(most))]


def latest_returned(moment: datetime, *, most: int) -> list[EscrowOrder]:
    """Orders given back after they were shipped, the latest first."""
    query = select_escrow_orders(EscrowState.RETURNED, "", within=Payment.cancelled_at >= moment)
    newest = query.order_by(Payment.cancelled_at.desc(), EscrowOrder.payment_id)
    return list(db.session.scalars(newest.limit(most)))


def shared_invoices(orders: Sequence[EscrowOrder]) -> set[tuple[str, str]]:
    """Courier and number of those parcels that stand under more than one order."""
    numbers = {one.delivery.invoice for one in orders if one.delivery is not None}
    if not numbers:
        return set()
    query = (
        sa.select(Delivery.company, Delivery.invoice)
        .where(Delivery.invoice.in_(numbers))
        .group_by(Delivery.company, Delivery.invoice)
        .having(sa.func.count() > 1)
    )
    return {(company, invoice) for company, invoice in db.session.execute(query)}


def overdue_orders(yesterday: date, *, holidays: frozenset[date]) -> list[int]:
    """Shipped orders without any record of a decision whose deadline was `yesterday` or before."""
    query = (
        sa.select(EscrowOrder.payment_id)
        .join(Delivery, Delivery.payment_id == EscrowOrder.payment_id)
        .where(
            EscrowOrder.state == EscrowState.SHIPPED,
            _started_by(starts_of(yesterday, holidays=holidays)),
            ~sa.exists().where(EscrowDecision.payment_id == EscrowOrder.payment_id),
        )
        .order_by(EscrowOrder.payment_id)
        .limit(MOST_CONFIRMED)
    )
    return list(db.session.scalars(query))


def _started_by(starts: Starts) -> sa.ColumnElement[bool]:
    _, end = kst_day(starts.registered)
    return sa.or_(
        sa.and_(Delivery.arrived_on.is_not(None), Delivery.arrived_on <= starts.arrived),
        sa.and_(Delivery.arrived_on.is_(None), end > REGISTERED),
    )


def find_escrow_order(payment_id: int) -> EscrowOrder | None:
    """One escrow order with its payment and delivery."""
    query = (
        sa.select(EscrowOrder)
        .where(EscrowOrder.payment_id == payment_id)
        .options(
            selectinload(EscrowOrder.payment).selectinload(Payment.cancellations),
            selectinload(EscrowOrder.payment).selectinload(Payment.operations),
            selectinload(EscrowOrder.delivery),
            selectinload(EscrowOrder.decisions),
        )
    )
    return db.session.scalars(query).one_or_none()
