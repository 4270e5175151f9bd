"""What every step of a file of orders shares: the file under lock, its rows, its work and trail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.errors import N_, Conflict, NotFound
from admin.domain.order_intake import ImportState
from admin.jobs.service import enqueue
from admin.models import OrderImport, OrderImportRow, db, lock

AT_ONCE = 5_000  # rows; more are worked by a job
BATCH = 500  # orders a transaction
SECOND_TRY = timedelta(minutes=2)

Report = Callable[[int, int], None]  # what is done, of how much
Part = TypeVar("Part")


class NotItsTurn(Conflict):
    """The file is not at the step that this belongs to."""

    message = N_("This file is at another step by now. Look again.")


def get_import(import_id: int) -> OrderImport:
    """One file as it stands in the database, or NotFound."""
    brought = db.session.get(OrderImport, import_id, populate_existing=True)
    if brought is None:
        raise NotFound()
    return brought


def locked(import_id: int, *states: ImportState) -> OrderImport:
    """One file to be judged and changed. Raises NotFound, or NotItsTurn outside `states`."""
    brought = lock(OrderImport, import_id)
    if brought is None:
        raise NotFound()
    if brought.state not in states:
        raise NotItsTurn()
    return brought


def ask(name: str, brought: OrderImport, *, now: datetime) -> bool:
    """Have a worker do it: now when it is long, else later, should this process die at it.

    Returns whether it is long.
    """
    waiting = sa.select(sa.func.count()).where(OrderImportRow.import_id == brought.id)
    is_long = db.session.execute(waiting).scalar_one() > AT_ONCE
    enqueue(
        name,
        unique_key=f"{name}:{brought.id}:{now.isoformat()}",
        payload={"import_id": brought.id},
        due_at=now if is_long else now + SECOND_TRY,
        actor=Actor.system("order imports"),
        now=now,
    )
    return is_long


def delete_rows(import_id: int, lines: Sequence[int] | None = None) -> int:
    """Delete these rows of a file, or all; returns how many there were."""
    statement = (
        sa.delete(OrderImportRow)
        .where(OrderImportRow.import_id == import_id)
        .returning(OrderImportRow.line)
        .execution_options(synchronize_session=False)
    )
    if lines is None:
        return len(db.session.execute(statement).all())
    deleted = 0
    for part in batches(lines):
        deleted += len(db.session.execute(statement.where(OrderImportRow.line.in_(part))).all())
    return deleted


def batches(parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """What one transaction, or one statement, works at a time."""
    for start in range(0, len(parts), BATCH):
        yield parts[start : start + BATCH]


def record_step(
    brought: OrderImport, what: str, *, actor: Actor, now: datetime, **facts: object
) -> None:
    """Write in the audit trail what became of a file."""
    record(actor, f"order_import.{what}", f"order_import:{brought.id}", now=now, **facts)
