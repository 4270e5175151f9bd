"""Read escrow orders."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from admin.domain.escrow import EscrowState
from admin.domain.money import Money
from admin.models import Delivery, EscrowOrder, Payment, db

HELD = (EscrowState.TO_SHIP, EscrowState.SHIPPED)


def select_escrow_orders(state: EscrowState | None, text: str) -> sa.Select[EscrowOrder]:
    """Escrow orders for newest-first paging by payment id."""
    query = (
        sa.select(EscrowOrder)
        .join(Payment, Payment.id == EscrowOrder.payment_id)
        .outerjoin(Delivery, Delivery.payment_id == EscrowOrder.payment_id)
        .options(selectinload(EscrowOrder.payment), selectinload(EscrowOrder.delivery))
    )
    if state is not None:
        query = query.where(EscrowOrder.state == state)
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


def held_by_state() -> dict[EscrowState, Money]:
    """Money that KCP holds, by the state of its orders."""
    query = (
        sa.select(EscrowOrder.state, sa.func.sum(Payment.amount_minor - Payment.cancelled_minor))
        .join(Payment, Payment.id == EscrowOrder.payment_id)
        .where(EscrowOrder.state.in_(HELD))
        .group_by(EscrowOrder.state)
    )
    return {state: Money(int(minor or 0)) for state, minor in db.session.execute(query)}


def find_escrow_order(payment_id: int) -> EscrowOrder | None:
    """One escrow order with its payment and delivery."""
    query = (
        sa.select(EscrowOrder)
        .where(EscrowOrder.payment_id == payment_id)
        .options(
            selectinload(EscrowOrder.payment).selectinload(Payment.cancellations),
            selectinload(EscrowOrder.payment).selectinload(Payment.operations),
            selectinload(EscrowOrder.delivery),
        )
    )
    return db.session.scalars(query).one_or_none()
