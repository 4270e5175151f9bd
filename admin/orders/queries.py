"""Read the shop's own orders."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from admin.domain.order_intake import OrderOrigin
from admin.models import AuditEntry, Order, OrderSource, Payment, db


class OrderTab(Enum):
    """What the list is narrowed to."""

    ALL = "all"
    WITHOUT_PAYMENT = "unpaid"
    WITH_PAYMENT = "paid"
    ESCROW = "escrow"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """What the list asks for. `source_id` narrows OrderOrigin.API to one program."""

    tab: OrderTab = OrderTab.ALL
    text: str = ""
    origin: OrderOrigin | None = None
    source_id: int | None = None


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


def find_order_by_id(order_id: int) -> Order | None:
    """One order with its items."""
    query = sa.select(Order).where(Order.id == order_id).options(selectinload(Order.items))
    return db.session.scalars(query).one_or_none()


def select_orders(wanted: OrderFilter) -> sa.Select[Order]:
    """Orders for newest-first paging by the moment they were placed, then by id."""
    query = sa.select(Order)
    paid = sa.exists().where(Payment.merchant_uid == Order.order_number)
    if wanted.tab is OrderTab.WITH_PAYMENT:
        query = query.where(paid)
    elif wanted.tab is OrderTab.WITHOUT_PAYMENT:
        query = query.where(~paid)
    elif wanted.tab is OrderTab.ESCROW:
        query = query.where(Order.escrow)
    if wanted.origin is not None:
        query = query.where(Order.origin == wanted.origin)
    if wanted.source_id is not None:
        query = query.where(Order.source_id == wanted.source_id)
    if wanted.text:
        columns = (Order.order_number, Order.buyer_name, Order.order_name)
        matches = [one.icontains(wanted.text, autoescape=True) for one in columns]
        query = query.where(sa.or_(*matches))
    return query


def payments_of(order_numbers: list[str]) -> dict[str, list[Payment]]:
    """The payments of these orders by order number, oldest first."""
    query = (
        sa.select(Payment)
        .where(Payment.merchant_uid.in_(order_numbers))
        .order_by(Payment.started_at, Payment.id)
    )
    found: dict[str, list[Payment]] = {}
    for payment in db.session.scalars(query):
        found.setdefault(payment.merchant_uid, []).append(payment)
    return found


def changes_of(order_id: int) -> list[AuditEntry]:
    """What changed in an order and by whom, newest first."""
    query = (
        sa.select(AuditEntry)
        .where(AuditEntry.subject == f"order:{order_id}", AuditEntry.action == "order.changed")
        .order_by(AuditEntry.id.desc())
        .limit(50)
    )
    return list(db.session.scalars(query))


def source_names() -> dict[int, str]:
    """Every program that brings or brought orders, by id."""
    query = sa.select(OrderSource.id, OrderSource.name).order_by(OrderSource.name)
    return dict(db.session.execute(query).all())
