"""Take the shop's orders in, as the shop believes them: added, changed, or left as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.clock import KST
from admin.domain.order_input import (
    PERSONAL,
    ItemInput,
    OrderDraft,
    OrderField,
    OrderInput,
    OrderRefused,
    gather_rows,
)
from admin.domain.order_intake import OrderOrigin, Taken, TakenAs
from admin.models import LineItem, Order, db, transaction
from admin.orders.csv_file import ImportReport, read_rows

COLUMNS = tuple(one.value for one in OrderField)
BATCH = 1000  # orders a transaction
# The attribute that holds a field of the same thing.
ATTRIBUTES = {
    OrderField.ORDERED_AT: "ordered_at",
    OrderField.ORDER_NAME: "order_name",
    OrderField.BUYER_NAME: "buyer_name",
    OrderField.BUYER_EMAIL: "buyer_email",
    OrderField.BUYER_TEL: "buyer_tel",
    OrderField.CURRENCY: "currency",
    OrderField.PAY_METHOD: "pay_method",
    OrderField.STATUS: "status",
    OrderField.AMOUNT: "amount_minor",
    OrderField.CANCELLED: "cancelled_minor",
    OrderField.PAID_AT: "paid_at",
    OrderField.IMP_UID: "imp_uid",
    OrderField.ESCROW: "escrow",
}
ITEMS = "items"  # the name under which a change of the items is told


def import_orders(path: Path, *, actor: Actor, now: datetime) -> ImportReport:
    """Read orders.csv: one line an item, the order's columns repeated.

    The same file twice adds nothing. A bad line refuses its whole order and no other; the
    report names it. Raises BadRow when the heading is not the expected one.
    """
    report = ImportReport()
    batch: list[OrderInput] = []
    for draft in gather_rows(read_rows(path, COLUMNS)):
        try:
            batch.append(draft.read())
        except OrderRefused as refused:
            report.refused.append(_told(draft, refused))
            continue
        if len(batch) == BATCH:
            _count(report, take(batch, origin=OrderOrigin.COMMAND_LINE, actor=actor, now=now))
            batch = []
    _count(report, take(batch, origin=OrderOrigin.COMMAND_LINE, actor=actor, now=now))
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


def take(
    orders: Sequence[OrderInput],
    *,
    origin: OrderOrigin,
    source_id: int | None = None,
    actor: Actor,
    now: datetime,
    tell: Callable[[Sequence[Taken]], None] | None = None,
) -> list[Taken]:
    """Take orders in one transaction; each number stands once among them. In their order.

    The same order again changes nothing; a changed one leaves an audit entry of what changed.
    `tell` writes what else belongs to the same transaction.
    """
    for attempt in (1, 2):
        try:
            with transaction():
                taken = take_in(orders, origin=origin, source_id=source_id, actor=actor, now=now)
                if tell is not None:
                    tell(taken)
            return taken
        except IntegrityError:  # somebody brought one of them at this very moment
            if attempt == 2:
                raise
    raise AssertionError("unreachable")


def take_in(
    orders: Sequence[OrderInput],
    *,
    origin: OrderOrigin,
    source_id: int | None = None,
    actor: Actor,
    now: datetime,
) -> list[Taken]:
    """As `take`, inside the caller's transaction."""
    if not orders:
        return []
    known = _known([order.order_number for order in orders], is_locked=True)
    taken: list[Taken] = []
    fresh: list[OrderInput] = []
    for order in orders:
        row = known.get(order.order_number)
        if row is None:
            fresh.append(order)
            taken.append(Taken(order.order_number, TakenAs.ADDED))
        elif changes := _changes(row, order):
            _change(row, order, origin=origin, source_id=source_id, now=now)
            _record_change(row, changes, actor=actor, now=now)
            taken.append(Taken(order.order_number, TakenAs.CHANGED, changes))
        else:
            taken.append(Taken(order.order_number, TakenAs.UNCHANGED))
    _add(fresh, origin=origin, source_id=source_id, now=now)
    db.session.flush()
    for row in known.values():
        db.session.expunge(row)
    return taken


def foresee(orders: Sequence[OrderInput]) -> list[Taken]:
    """What `take` would do just now. Writes nothing."""
    known = _known([order.order_number for order in orders])
    foreseen = []
    for order in orders:
        row = known.get(order.order_number)
        changes = _changes(row, order) if row is not None else {}
        result = TakenAs.CHANGED if changes else TakenAs.UNCHANGED
        foreseen.append(
            Taken(order.order_number, TakenAs.ADDED if row is None else result, changes)
        )
    return foreseen


def _known(numbers: Sequence[str], *, is_locked: bool = False) -> dict[str, Order]:
    query = (
        sa.select(Order)
        .where(Order.order_number.in_(numbers))
        .options(selectinload(Order.items))
        .order_by(Order.id)  # two who change the same orders lock them in the same order
        .execution_options(populate_existing=True)
    )
    if is_locked:
        query = query.with_for_update()
    return {order.order_number: order for order in db.session.scalars(query)}


def _add(
    orders: Sequence[OrderInput],
    *,
    origin: OrderOrigin,
    source_id: int | None,
    now: datetime,
) -> None:
    """Insert new orders in two statements: half a year of trade comes in at once."""
    if not orders:
        return
    rows = [
        {
            "order_number": order.order_number,
            **{name: getattr(order, name) for name in ATTRIBUTES.values()},
            "origin": origin,
            "source_id": source_id,
            "came_at": now,
        }
        for order in orders
    ]
    made = sa.insert(Order).returning(Order.order_number, Order.id)
    ids = dict(db.session.execute(made, rows).all())
    items = [
        {"order_id": ids[order.order_number], "position": place, **_columns(item)}
        for order in orders
        for place, item in enumerate(order.items)
    ]
    if items:
        db.session.execute(sa.insert(LineItem), items)


def _columns(item: ItemInput) -> dict[str, str | int]:
    return {
        "item_order_number": item.item_order_number,
        "name": item.name,
        "quantity": item.quantity,
        "amount_minor": item.amount_minor,
    }


def _changes(row: Order, order: OrderInput) -> dict[str, tuple[str, str]]:
    """What differs, field by field; the order in which items came is no difference."""
    changes = {
        field.value: (_text(getattr(row, name)), _text(getattr(order, name)))
        for field, name in ATTRIBUTES.items()
        if order.has(field) and getattr(row, name) != getattr(order, name)
    }
    if not order.has(OrderField.ITEM_NAME):
        return changes
    ours = sorted(
        ItemInput(
            item_order_number=item.item_order_number,
            name=item.name,
            quantity=item.quantity,
            amount_minor=item.amount_minor,
        )
        for item in row.items
    )
    if ours != (theirs := sorted(order.items)):
        changes[ITEMS] = (_lines(ours), _lines(theirs))
    return changes


def _change(
    row: Order,
    order: OrderInput,
    *,
    origin: OrderOrigin,
    source_id: int | None,
    now: datetime,
) -> None:
    for field, name in ATTRIBUTES.items():
        if order.has(field):
            setattr(row, name, getattr(order, name))
    row.origin, row.source_id, row.changed_at = origin, source_id, now
    if not order.has(OrderField.ITEM_NAME):
        return
    row.items = []
    db.session.flush()
    row.items = [
        LineItem(position=place, **_columns(item)) for place, item in enumerate(order.items)
    ]


def _record_change(
    row: Order, changes: dict[str, tuple[str, str]], *, actor: Actor, now: datetime
) -> None:
    """The trail is never deleted, so of the buyer's data it says only that they changed."""
    personal = {field.value for field in PERSONAL}
    facts = {
        name: "changed" if name in personal else f"{before[:500]} → {after[:500]}"
        for name, (before, after) in changes.items()
    }
    record(actor, "order.changed", f"order:{row.id}", now=now, **facts)


def _text(value: object) -> str:
    """A value of an order as a change tells it."""
    if value is None:
        return ""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.astimezone(KST).isoformat(" ") if isinstance(value, datetime) else str(value)


def _lines(items: Sequence[ItemInput]) -> str:
    return ", ".join(f"{item.name} × {item.quantity} = {item.amount_minor}" for item in items)


def _count(report: ImportReport, taken: Sequence[Taken]) -> None:
    results = [one.result for one in taken]
    report.added += results.count(TakenAs.ADDED)
    report.changed += results.count(TakenAs.CHANGED)
    report.unchanged += results.count(TakenAs.UNCHANGED)


def _told(draft: OrderDraft, refused: OrderRefused) -> tuple[int, str]:
    """The line of the first reason, and every reason in a sentence."""
    lines = [draft.line_of(reason) for reason in refused.reasons]
    texts = [
        f"{reason.field}: {reason.message % reason.values if reason.values else reason.message}"
        for reason in refused.reasons
    ]
    return min(lines), "; ".join(texts)
