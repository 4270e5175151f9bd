"""A file of orders is brought: what can be read is kept, and nothing of what may not be."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.errors import InvalidInput
from admin.domain.order_input import OrderField
from admin.domain.permissions import Role
from admin.models import Operator, OrderImport, db
from admin.order_imports import dropping, mending, staging, steps, taking
from tests.order_imports.outcome import judged, rows_left, the_books
from tests.order_imports.shop import a_row, as_csv, as_xlsx
from tests.people import Person

CARD = "4111-1111-1111-1111"


def test_a_workbooks_own_times_and_numbers_are_read(bring: Callable[..., OrderImport]) -> None:
    cells = {"주문일시": datetime(2026, 3, 10, 12, 30), "결제금액(원)": 30_000, "수량": 2.0}  # noqa: DTZ001 - as a sheet has it
    brought = bring(as_xlsx([a_row("ORD-1", **cells)]))
    assert judged(brought) == (1, 0, 0, 0)


UNREADABLE: dict[str, bytes] = {
    "nothing": b"",
    "headings alone": as_csv([]),
    "an open quote": b'"a,b\n1,2',
    "zeros": b"\x00\x00",
    "an old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 20,
    "half a zip": as_xlsx([a_row()])[:200],
    "too many columns": (",".join(f"c{n}" for n in range(150)) + "\n1\n").encode(),
    "too many rows": b"a\n" + b"1\n" * (staging.MOST_ROWS + 1),
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_file_of_orders_is_told_and_leaves_nothing(
    content: bytes, actor: Actor, now: datetime
) -> None:
    with pytest.raises(InvalidInput) as refused:
        staging.stage(io.BytesIO(content), "orders", actor=actor, now=now)
    assert refused.value.field == "file"
    assert db.session.query(OrderImport).count() == rows_left() == 0


def test_a_file_that_is_too_large_is_not_read(finance: Person) -> None:
    large = io.BytesIO(b"a" * (staging.MOST_BYTES + 100_000))
    made = finance.post(
        "/orders/imports/", {"file": (large, "a.csv")}, content_type="multipart/form-data"
    )
    assert made.status_code == 413


def test_a_card_number_in_a_file_is_kept_nowhere(
    bring: Callable[..., OrderImport], finance: Person, actor: Actor, now: datetime
) -> None:
    brought = bring(
        as_csv([a_row("ORD-1", **{"주문자명": CARD}), a_row("ORD-2", **{"메모": CARD})])
    )
    assert judged(brought) == (1, 0, 0, 1), "in a column that nobody reads it harms none"
    mending.mend(brought.id, {(2, OrderField.BUYER_NAME): CARD}, actor=actor, now=now)
    assert judged(steps.get_import(brought.id)) == (1, 0, 0, 1)
    with db.engine.connect() as connection:
        for table in db.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                assert "1111-1111" not in str(tuple(row)), table.name
    assert "1111-1111" not in finance.get(f"/orders/imports/{brought.id}").text
    mending.mend(brought.id, {(2, OrderField.BUYER_NAME): "이도윤"}, actor=actor, now=now)
    assert judged(steps.get_import(brought.id)) == (2, 0, 0, 0)


def test_whoever_lost_the_right_brings_nothing(
    bring: Callable[..., OrderImport], now: datetime
) -> None:
    brought = bring(as_csv([a_row("ORD-1")]))
    viewer = Actor(name="viewer", role=Role.VIEWER)
    content = io.BytesIO(as_csv([a_row("ORD-1")]))
    for verb in (
        lambda: staging.stage(content, "a", actor=viewer, now=now),
        lambda: taking.agree(brought.id, actor=viewer, now=now),
        lambda: mending.mend(brought.id, {}, actor=viewer, now=now),
        lambda: dropping.drop(brought.id, actor=viewer, now=now),
    ):
        with pytest.raises(Exception, match="You may not"):
            verb()
    assert db.session.query(Operator).count() == 1
    assert the_books() == []
