"""Remember which columns of a list a person chose, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.models import ColumnChoice, db, in_transaction, transaction


def chosen_columns(operator_id: int | None, list_name: str) -> list[str]:
    """The columns this person chose last, in their order; nothing when they never chose.

    The list may have lost some of them since.
    """
    if operator_id is None:
        return []
    choice = db.session.get(ColumnChoice, (operator_id, list_name))
    return [*choice.columns] if choice is not None else []


def remember_columns(
    operator_id: int | None, list_name: str, columns: Sequence[str], *, now: datetime
) -> None:
    """Keep a choice, in the caller's transaction. Nobody in particular has none."""
    if not in_transaction():
        raise RuntimeError("a choice is kept in the transaction of what it was made for")
    if operator_id is None:
        return
    choice = db.session.get(ColumnChoice, (operator_id, list_name))
    if choice is None:
        choice = ColumnChoice(operator_id=operator_id, list_name=list_name)
        db.session.add(choice)
    choice.columns, choice.changed_at = list(columns), now


def choose_columns(list_name: str, columns: Sequence[str], *, actor: Actor, now: datetime) -> None:
    """Show these from now on."""
    with transaction():
        remember_columns(actor.operator_id, list_name, columns, now=now)
        facts = {"columns": " ".join(columns)}
        record(actor, "columns.chosen", f"list:{list_name}", now=now, **facts)


def forget_columns(list_name: str, *, actor: Actor, now: datetime) -> None:
    """Show what the list shows by itself again."""
    with transaction():
        mine = sa.and_(
            ColumnChoice.operator_id == actor.operator_id, ColumnChoice.list_name == list_name
        )
        db.session.execute(sa.delete(ColumnChoice).where(mine))
        record(actor, "columns.reset", f"list:{list_name}", now=now)
