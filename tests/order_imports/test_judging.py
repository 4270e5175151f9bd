"""Rows are judged before anything is taken: refused ones are told, given back and mended."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from admin.domain.order_intake import ImportState
from admin.models import Order, OrderImport, db
from admin.order_imports import steps
from tests.order_imports.outcome import judged, rows_left, taken, the_books
from tests.order_imports.shop import HEADINGS, a_row, as_csv
from tests.people import Person


def test_a_bad_row_refuses_its_order_alone_and_is_mended_on_the_page(
    bring: Callable[..., OrderImport], finance: Person
) -> None:
    rows = [
        a_row("ORD-1"),
        a_row("ORD-2", **{"수량": "많이"}),
        a_row("ORD-2", **{"상품명": "선반"}),
        a_row("ORD-3", **{"주문일시": "언젠가", "결제금액(원)": "1.5"}),
        a_row("ORD-4"),
    ]
    brought = bring(as_csv(rows))
    assert judged(brought) == (2, 0, 0, 2)
    here = f"/orders/imports/{brought.id}"
    page = html.unescape(finance.get(here).text)
    controls = set(re.findall(r'name="(cell-[^"]+)"', page))
    assert controls == {"cell-3-item_quantity", "cell-5-ordered_at", "cell-5-believed_amount"}
    assert 'value="많이"' in page

    assert finance.post(f"{here}/taking/").status_code == 303
    assert [one[0] for one in the_books()] == ["ORD-1", "ORD-4"]
    assert rows_left() == 3, "the refused rows wait for mending"

    mended = {"cell-3-item_quantity": "3", "cell-5-ordered_at": "2026.3.11 오후 2:05"}
    assert finance.post(f"{here}/cells/", mended).status_code == 303
    again = steps.get_import(brought.id)
    assert (again.state, judged(again)) == (ImportState.JUDGED, (1, 0, 0, 1))
    finance.post(f"{here}/taking/")
    assert [one[0] for one in the_books()] == ["ORD-1", "ORD-2", "ORD-4"]
    finance.post(f"{here}/cells/", {"cell-5-believed_amount": "30,000"})
    finance.post(f"{here}/taking/")
    assert len(the_books()) == 4
    third = db.session.scalars(sa.select(Order).where(Order.order_number == "ORD-3")).one()
    assert third.ordered_at == datetime(2026, 3, 11, 5, 5, tzinfo=UTC)
    assert taken(steps.get_import(brought.id)) == (4, 0, 0, 0)
    assert rows_left() == 0


def test_refused_rows_leave_as_they_came_with_their_reason(
    bring: Callable[..., OrderImport], finance: Person
) -> None:
    brought = bring(as_csv([a_row("ORD-1"), a_row("ORD-2", **{"수량": "0", "메모": "=1+1"})]))
    answer = finance.get(f"/orders/imports/{brought.id}/refused.csv")
    (row,) = csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig")))
    assert list(row)[:-1] == list(HEADINGS)
    assert (row["주문번호"], row["수량"], row["메모"]) == ("ORD-2", "0", "'=1+1")
    assert list(row.values())[-1]


def test_what_would_change_is_said_before(
    take: Callable[..., Any], bring: Callable[..., OrderImport], finance: Person
) -> None:
    take([a_row("ORD-1")])
    brought = bring(
        as_csv([a_row("ORD-1", **{"결제금액(원)": "29,000", "휴대폰": "010-0000-0000"})])
    )
    assert judged(brought) == (0, 1, 0, 0)
    page = finance.get(f"/orders/imports/{brought.id}").text
    assert "30000 → 29000" in page
    assert "010-0000-0000" not in page
    assert the_books()[0][2] == 30_000
