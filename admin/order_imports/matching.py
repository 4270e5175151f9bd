"""Say which column of a file is which; the next file with its headings is read alike."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from admin.domain.actor import Actor
from admin.domain.order_intake import ImportState
from admin.domain.order_mapping import OrderColumns, headings_hash
from admin.domain.permissions import Permission
from admin.models import OrderImport, OrderMapping, db, transaction
from admin.order_imports.judging import ask_to_judge, judge
from admin.order_imports.steps import get_import, locked, record_step


def match(import_id: int, wanted: OrderColumns, *, actor: Actor, now: datetime) -> OrderImport:
    """Say which column is which, and have the orders judged. Raises NotMatched or NotItsTurn.

    How it was matched is kept for the next file with these headings.
    """
    actor.require(Permission.ORDERS_IMPORT)
    with transaction():
        brought = locked(import_id, ImportState.MATCHING, ImportState.JUDGED)
        wanted.check(brought.headings)
        brought.columns, brought.words = dict(wanted.columns), dict(wanted.words)
        _keep_mapping(brought, actor=actor, now=now)
        is_long = ask_to_judge(brought, now=now)
        record_step(brought, "matched", actor=actor, now=now)
    if not is_long:
        judge(import_id)
    return get_import(import_id)


def _keep_mapping(brought: OrderImport, *, actor: Actor, now: datetime) -> None:
    """The last to match wins; a word that their file lacks may come with the next."""
    wanted = headings_hash(brought.headings)
    query = sa.select(OrderMapping).where(OrderMapping.headings_hash == wanted).with_for_update()
    kept = db.session.scalars(query).one_or_none()
    if kept is None:
        kept = OrderMapping(headings_hash=wanted, columns={}, words={})
        _write(kept, brought, actor=actor, now=now)
        try:
            with db.session.begin_nested():
                db.session.add(kept)
            return
        except IntegrityError:  # somebody matched the first such file at this very moment
            kept = db.session.scalars(query).one()
    _write(kept, brought, actor=actor, now=now)


def _write(kept: OrderMapping, brought: OrderImport, *, actor: Actor, now: datetime) -> None:
    kept.columns, kept.words = dict(brought.columns), {**kept.words, **brought.words}
    kept.changed_by, kept.changed_at = actor.name, now
