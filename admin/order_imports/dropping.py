"""Delete the rows of files that nobody takes: thrown away by a person, or past their time."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.order_intake import ImportState
from admin.domain.permissions import Permission
from admin.models import OrderImport, OrderImportRow, db, transaction
from admin.order_imports.steps import delete_rows, locked, record_step


def drop(import_id: int, *, actor: Actor, now: datetime) -> OrderImport:
    """Delete the rows that were not taken. Raises NotItsTurn while they are being taken."""
    actor.require(Permission.ORDERS_IMPORT)
    with transaction():
        brought = locked(import_id, ImportState.MATCHING, ImportState.JUDGING, ImportState.JUDGED)
        _drop(brought, now=now)
        record_step(brought, "dropped", actor=actor, now=now)
    return brought


def forget(*, now: datetime) -> int:
    """Delete the rows of files past their time; returns of how many files."""
    left = sa.exists().where(OrderImportRow.import_id == OrderImport.id)
    query = sa.select(OrderImport.id).where(
        OrderImport.expires_at <= now, OrderImport.state != ImportState.TAKING, left
    )
    overdue = list(db.session.scalars(query))
    for import_id in overdue:
        with transaction():
            brought = locked(import_id, *ImportState)
            if brought.state is ImportState.TAKING:
                continue
            if brought.state is ImportState.DONE:
                delete_rows(import_id)
            else:
                _drop(brought, now=now)
            record_step(brought, "expired", actor=Actor.system("order imports"), now=now)
    return len(overdue)


def _drop(brought: OrderImport, *, now: datetime) -> None:
    brought.state, brought.ended_at = ImportState.DROPPED, now
    brought.previews = []
    delete_rows(brought.id)
