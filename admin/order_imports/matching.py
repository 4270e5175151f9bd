"""Say which column of a file is which; the next file with its headings is read alike."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

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
    wanted = headings_hash(brought.headings)
    query = sa.select(OrderMapping).where(OrderMapping.headings_hash == wanted)
    kept = db.session.scalars(query.with_for_update()).one_or_none()
    words = dict(brought.words)
    if kept is None:
        kept = OrderMapping(headings_hash=wanted)
        db.session.add(kept)
    else:
        words = {**kept.words, **words}  # a word that this file lacks may come with the next
    kept.columns, kept.words = dict(brought.columns), words
    kept.changed_by, kept.changed_at = actor.name, now
