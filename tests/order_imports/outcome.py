"""What became of a file of orders."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from admin.models import Order, OrderImport, OrderImportRow, db


def judged(brought: OrderImport) -> tuple[int, int, int, int]:
    """To add, to change, the same, refused: orders."""
    return brought.to_add, brought.to_change, brought.same, brought.refused


def taken(brought: OrderImport) -> tuple[int, int, int, int]:
    """Added, changed, unchanged, refused: orders."""
    return brought.added, brought.changed, brought.unchanged, brought.refused


def rows_left() -> int:
    """Rows that are still kept, of all files."""
    return db.session.execute(sa.select(sa.func.count(OrderImportRow.line))).scalar_one()


def the_books() -> list[tuple[Any, ...]]:
    """Every order with its items, in an order that does not hang on how they came."""
    db.session.expire_all()
    return sorted(
        (
            order.order_number,
            order.buyer_name,
            order.amount_minor,
            order.status.value,
            sorted((item.name, item.quantity, item.amount_minor) for item in order.items),
        )
        for order in db.session.scalars(sa.select(Order))
    )
