"""Read the shop's own orders."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from admin.models import Order, db


def find_order(order_number: str) -> Order | None:
    """The order of this number in the shop's books, with its items."""
    query = (
        sa.select(Order)
        .where(Order.order_number == order_number)
        .options(selectinload(Order.items))
    )
    return db.session.scalars(query).one_or_none()


def orders_of(order_numbers: list[str]) -> dict[str, Order]:
    """The orders of these numbers with their items, by number."""
    query = (
        sa.select(Order)
        .where(Order.order_number.in_(order_numbers))
        .options(selectinload(Order.items))
    )
    return {order.order_number: order for order in db.session.scalars(query)}
