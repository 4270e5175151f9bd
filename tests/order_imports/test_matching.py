"""Columns are matched with fields: guessed, asked for, remembered; by two people at once."""

from __future__ import annotations

import io
import threading
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from admin.domain.actor import Actor
from admin.domain.order_input import OrderField
from admin.domain.order_intake import ImportState
from admin.domain.order_mapping import NotMatched, OrderColumns, guess_columns, guess_word
from admin.domain.reconciliation.records import BookedStatus
from admin.models import OrderImport, OrderMapping, db
from admin.order_imports import matching, staging, steps
from tests.conftest import is_postgresql
from tests.order_imports.outcome import judged
from tests.order_imports.shop import HEADINGS, PAID, a_row, as_csv
from tests.people import Person

COLUMNS = guess_columns(HEADINGS)


def test_headings_are_guessed_in_both_languages() -> None:
    assert COLUMNS["believed_amount"] == "결제금액(원)"
    assert set(COLUMNS.values()) == set(HEADINGS) - {"메모"}
    own = [field.value for field in OrderField]
    assert guess_columns(own) == {name: name for name in own}
    assert guess_columns(["Order No.", "QTY", "Unrelated"]) == {
        "order_number": "Order No.",
        "item_quantity": "QTY",
    }
    assert guess_word(" 결제 완료 ") is BookedStatus.PAID
    assert guess_word("알 수 없음") is None


@pytest.mark.parametrize(
    "left_out", ["order_number", "ordered_at", "believed_status", "believed_amount", "item_amount"]
)
def test_a_field_that_must_be_there_asks_for_its_column(
    left_out: str, actor: Actor, now: datetime
) -> None:
    staged = staging.stage(io.BytesIO(as_csv([a_row()])), "a", actor=actor, now=now)
    columns = {name: heading for name, heading in COLUMNS.items() if name != left_out}
    with pytest.raises(NotMatched) as refused:
        matching.match(staged.id, OrderColumns(columns=columns, words=PAID), actor=actor, now=now)
    assert refused.value.field == left_out
    assert steps.get_import(staged.id).state is ImportState.MATCHING


def test_a_mapping_is_kept_and_offered_the_next_time(
    finance: Person, actor: Actor, now: datetime
) -> None:
    odd = ("번호", "때", "상태", "금액", "물건", "수", "값")
    names = ("주문번호", "주문일시", "주문상태", "결제금액(원)", "상품명", "수량", "상품금액")
    rows = [dict(zip(odd, (a_row(**{"주문상태": "끝남"})[name] for name in names), strict=True))]

    staged = staging.stage(io.BytesIO(as_csv(rows, odd)), "a", actor=actor, now=now)
    here = f"/orders/imports/{staged.id}/mapping"
    assert finance.post(here, {"column-order_number": "번호"}).status_code == 422
    chosen = {
        "column-order_number": "번호",
        "column-ordered_at": "때",
        "column-believed_status": "상태",
        "column-believed_amount": "금액",
        "column-item_name": "물건",
        "column-item_quantity": "수",
        "column-item_amount": "값",
    }
    asked = finance.post(here, chosen)
    assert asked.status_code == 422
    assert 'name="words" value="끝남"' in asked.text, "a word that nobody knows is asked about"
    assert finance.post(here, {**chosen, "words": "끝남", "word-0": "paid"}).status_code == 303
    assert judged(steps.get_import(staged.id)) == (1, 0, 0, 0)

    turned = tuple(reversed(odd))
    second = staging.stage(io.BytesIO(as_csv(rows, turned)), "b", actor=actor, now=now)
    page = finance.get(f"/orders/imports/{second.id}/mapping").text
    for heading in odd:
        assert f'<option value="{heading}" selected>' in page
    assert '<option value="paid" selected>' in page
    kept = db.session.scalars(sa.select(OrderMapping)).one()
    assert (kept.words, kept.columns["order_number"]) == ({"끝남": "paid"}, "번호")


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
