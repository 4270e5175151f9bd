"""Take the shop's books in: orders with their items, as the shop believes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.money import Currency
from admin.domain.reconciliation.records import BookedStatus
from admin.models import LineItem, Order, db, transaction
from admin.orders.csv_file import (
    BadRow,
    ImportReport,
    moment,
    no_cards,
    optional,
    read_rows,
    required,
    whole,
)

COLUMNS = (
    "order_number",
    "ordered_at",
    "order_name",
    "buyer_name",
    "buyer_email",
    "buyer_tel",
    "currency",
    "pay_method",
    "believed_status",
    "believed_amount",
    "believed_cancelled",
    "paid_at",
    "imp_uid",
    "escrow",
    "item_order_number",
    "item_name",
    "item_quantity",
    "item_amount",
)
BATCH = 1000  # orders a transaction


@dataclass(slots=True)
class _Group:
    """All lines of one order."""

    line: int
    values: dict[str, Any]
    items: list[dict[str, Any]] = field(default_factory=list)


def import_orders(path: Path, *, actor: Actor, now: datetime) -> ImportReport:
    """Read orders.csv: one line an item, the order's columns repeated.

    The same file twice adds nothing. A bad line refuses its whole order and no other; the
    report names it. Raises BadRow when the heading is not the expected one.
    """
    report = ImportReport()
    batch: list[_Group] = []
    for group in _groups(path, report):
        batch.append(group)
        if len(batch) == BATCH:
            _take(batch, report)
            batch = []
    _take(batch, report)
    with transaction():
        record(
            actor,
            "orders.imported",
            "orders:file",
            now=now,
            added=report.added,
            changed=report.changed,
            refused=len(report.refused),
        )
    return report


def _groups(path: Path, report: ImportReport) -> Iterator[_Group]:
    current: _Group | None = None
    broken: str | None = None  # the order number whose lines are being refused
    for line, row in read_rows(path, COLUMNS):
        number = row["order_number"]
        if number and number == broken:
            continue
        try:
            no_cards(row)
            values, item = _order(row), _item(row)
        except BadRow as error:
            report.refused.append((line, str(error)))
            broken = number
            if current is not None and current.values["order_number"] != number:
                yield current
            current = None
            continue
        if current is None or current.values["order_number"] != number:
            if current is not None:
                yield current
            current = _Group(line=line, values=values)
        if item is not None:
            current.items.append(item)
    if current is not None:
        yield current


def _order(row: dict[str, str]) -> dict[str, Any]:
    amount = whole(row, "believed_amount")
    cancelled = whole(row, "believed_cancelled")
    if cancelled > amount:
        raise BadRow("believed_cancelled is more than believed_amount")
    try:
        status = BookedStatus(row["believed_status"])
        currency = Currency(row["currency"])
    except ValueError as error:
        raise BadRow(str(error)) from None
    if row["escrow"].lower() not in ("true", "false", "1", "0", ""):
        raise BadRow("escrow is neither true nor false")
    return {
        "order_number": required(row, "order_number"),
        "ordered_at": moment(row, "ordered_at"),
        "order_name": required(row, "order_name"),
        "buyer_name": row["buyer_name"] or None,
        "buyer_email": row["buyer_email"] or None,
        "buyer_tel": row["buyer_tel"] or None,
        "currency": currency,
        "pay_method": row["pay_method"] or None,
        "status": status,
        "amount_minor": amount,
        "cancelled_minor": cancelled,
        "paid_at": optional(row, "paid_at", moment),
        "imp_uid": row["imp_uid"] or None,
        "escrow": row["escrow"].lower() in ("true", "1"),
    }


def _item(row: dict[str, str]) -> dict[str, Any] | None:
    if not row["item_name"]:
        return None
    return {
        "item_order_number": row["item_order_number"],
        "name": row["item_name"],
        "quantity": whole(row, "item_quantity", least=1),
        "amount_minor": whole(row, "item_amount"),
    }


def _take(batch: list[_Group], report: ImportReport) -> None:
    if not batch:
        return
    numbers = [group.values["order_number"] for group in batch]
    with transaction():
        query = (
            sa.select(Order)
            .where(Order.order_number.in_(numbers))
            .options(selectinload(Order.items))
        )
        known = {order.order_number: order for order in db.session.scalars(query)}
        fresh: dict[str, _Group] = {}
        for group in batch:
            number = group.values["order_number"]
            order = known.get(number)
            if order is None:
                fresh[number] = group  # a number that comes twice in one file: the later one holds
            elif _same(order, group):
                report.unchanged += 1
            else:
                _change(order, group)
                report.changed += 1
        _add(list(fresh.values()))
        report.added += len(fresh)
    db.session.expunge_all()


def _add(groups: list[_Group]) -> None:
    """Insert new orders in two statements: half a year of trade comes in at once."""
    if not groups:
        return
    rows = [group.values for group in groups]
    made = sa.insert(Order).returning(Order.order_number, Order.id)
    ids = dict(db.session.execute(made, rows).all())
    items = [
        {"order_id": ids[group.values["order_number"]], "position": place, **item}
        for group in groups
        for place, item in enumerate(group.items)
    ]
    if items:
        db.session.execute(sa.insert(LineItem), items)


def _change(order: Order, group: _Group) -> None:
    for name, value in group.values.items():
        setattr(order, name, value)
    order.items = []
    db.session.flush()
    order.items = [LineItem(position=place, **item) for place, item in enumerate(group.items)]


def _same(order: Order, group: _Group) -> bool:
    if any(getattr(order, name) != value for name, value in group.values.items()):
        return False
    ours = [
        (item.item_order_number, item.name, item.quantity, item.amount_minor)
        for item in order.items
    ]
    theirs = [tuple(item.values()) for item in group.items]
    return ours == theirs
