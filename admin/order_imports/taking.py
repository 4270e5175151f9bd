"""Take what was judged good, batch by batch, each row in the transaction that takes its order.

A worker that dies, or two of them, take nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.order_input import OrderDraft, OrderInput
from admin.domain.order_intake import ImportState, OrderOrigin, TakenAs
from admin.domain.permissions import Permission
from admin.models import Operator, OrderImport, db, transaction
from admin.order_imports.judging import judge_waiting
from admin.order_imports.steps import (
    Report,
    ask,
    batches,
    delete_rows,
    get_import,
    locked,
    record_step,
)
from admin.orders.service import take_in

TAKE = "order_imports.take"


def agree(import_id: int, *, actor: Actor, now: datetime) -> OrderImport:
    """Take what was judged good: at once, or by a worker when it is long. Raises NotItsTurn."""
    actor.require(Permission.ORDERS_IMPORT)
    with transaction():
        brought = locked(import_id, ImportState.JUDGED)
        brought.state, brought.done = ImportState.TAKING, 0
        record_step(brought, "agreed", actor=actor, now=now)
        is_long = ask(TAKE, brought, now=now)
    if not is_long:
        take_all(import_id, now=now)
    return get_import(import_id)


def take_all(import_id: int, *, now: datetime, report: Report | None = None) -> None:
    """Take what waits, batch by batch; each row goes in the transaction that takes its order.

    Should another worker be at it, whoever comes second to a batch looks anew at what is left.
    """
    actor = _actor_of(get_import(import_id))
    while get_import(import_id).state is ImportState.TAKING:
        judged = judge_waiting(get_import(import_id))
        if not judged.good:
            _end(import_id, actor=actor, now=now)
            return
        for batch in batches(judged.good):
            try:
                _take_batch(import_id, batch, actor=actor, now=now)
            except _TakenElsewhere:
                break
            if report is not None:
                brought = get_import(import_id)
                report(brought.done, brought.row_count)


class _TakenElsewhere(Exception):
    """Rows of this batch are gone: another worker took them."""


def _take_batch(
    import_id: int,
    batch: Sequence[tuple[OrderDraft, OrderInput]],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    with transaction():
        if locked(import_id, *ImportState).state is not ImportState.TAKING:
            raise _TakenElsewhere
        lines = [line for draft, _ in batch for line in draft.lines]
        if delete_rows(import_id, lines) != len(lines):
            raise _TakenElsewhere
        orders = [order for _, order in batch]
        taken = take_in(orders, origin=OrderOrigin.FILE, actor=actor, now=now)
        results = [one.result for one in taken]
        counts = {
            "added": OrderImport.added + results.count(TakenAs.ADDED),
            "changed": OrderImport.changed + results.count(TakenAs.CHANGED),
            "unchanged": OrderImport.unchanged + results.count(TakenAs.UNCHANGED),
            "done": OrderImport.done + len(lines),
        }
        db.session.execute(
            sa.update(OrderImport)
            .where(OrderImport.id == import_id)
            .values(**counts)
            .execution_options(synchronize_session=False)
        )


def _end(import_id: int, *, actor: Actor, now: datetime) -> None:
    with transaction():
        brought = locked(import_id, *ImportState)
        if brought.state is not ImportState.TAKING:
            return
        brought.state, brought.ended_at = ImportState.DONE, now
        record_step(
            brought,
            "taken",
            actor=actor,
            now=now,
            added=brought.added,
            changed=brought.changed,
            unchanged=brought.unchanged,
            refused=brought.refused,
        )


def _actor_of(brought: OrderImport) -> Actor:
    """Whoever brought the file, with the rights they have today."""
    operator = db.session.get(Operator, brought.created_by_id) if brought.created_by_id else None
    role = operator.role if operator is not None and operator.active else None
    return Actor(name=brought.created_by, operator_id=brought.created_by_id, role=role)
