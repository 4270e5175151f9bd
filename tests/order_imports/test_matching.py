"""Two people match the columns of files with the same headings at the same moment."""

from __future__ import annotations

import io
import threading
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask

from admin.domain.actor import Actor
from admin.domain.order_intake import ImportState
from admin.domain.order_mapping import OrderColumns, guess_columns
from admin.models import OrderImport, OrderMapping, db
from admin.order_imports import matching, staging, steps
from tests.conftest import is_postgresql
from tests.order_imports.shop import HEADINGS, a_row, as_csv


def test_of_two_who_match_the_first_such_file_at_once_the_last_one_wins(
    app: Flask, actor: Actor, now: datetime
) -> None:
    def bring(number: str, word: str) -> OrderImport:
        content = as_csv([a_row(number, **{"주문상태": word})])
        return staging.stage(io.BytesIO(content), number, actor=actor, now=now)

    def match(import_id: int, who: str, words: dict[str, str]) -> None:
        wanted = OrderColumns(columns=guess_columns(HEADINGS), words=words)
        matching.match(import_id, wanted, actor=replace(actor, name=who), now=now)

    mine, theirs = bring("ORD-1", "결제완료").id, bring("ORD-2", "취소완료").id

    def match_theirs() -> None:
        with app.app_context():
            match(theirs, "colleague", {"취소완료": "cancelled"})
            db.session.remove()

    colleague = threading.Thread(target=match_theirs)

    def meanwhile(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        """Between our look at what is kept and our keeping it, theirs is kept."""
        if colleague.ident is None and statement.startswith("INSERT INTO order_mappings"):
            colleague.start()
            if is_postgresql():  # SQLite has them wait until ours is kept
                colleague.join(timeout=30)

    sa.event.listen(db.engine, "before_cursor_execute", meanwhile)
    try:
        match(mine, "person", {"결제완료": "paid"})
        colleague.join(timeout=30)
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", meanwhile)

    db.session.rollback()  # what was read before the colleague was done is read anew
    assert [steps.get_import(one).state for one in (mine, theirs)] == [ImportState.JUDGED] * 2
    kept = db.session.scalars(sa.select(OrderMapping)).one()
    assert kept.words == {"결제완료": "paid", "취소완료": "cancelled"}
    assert kept.changed_by == ("person" if is_postgresql() else "colleague")
