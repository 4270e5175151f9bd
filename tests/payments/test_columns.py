"""Columns of the list: each person's own, in their order, and the same look until they choose."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa

from admin.columns.service import chosen_columns
from admin.models import AuditEntry, ColumnChoice, db
from admin.payments.columns import LIST, USUAL, all_columns
from tests.payments.trade import a_payment, failed, refunded, take_in

EN = {"headers": {"Accept-Language": "en"}}
HOUR = timedelta(hours=1)
PEOPLE = {"buyer_tel": "010-1234-4821", "buyer_email": "doyun@mail.example"}


@pytest.fixture
def shop(stand_in, gateway, now):
    rows = [
        a_payment(1, now - HOUR, apply_num="30001234", pg_id="T0000", **PEOPLE),
        refunded(2, now - 2 * HOUR, 4_000, cancel_reason="변심", **PEOPLE),
        failed(3, now - 3 * HOUR, **PEOPLE),
    ]
    take_in(stand_in, gateway, *rows, now=now)


def choose(person, *names: str, **more: str):
    places = [*names, *[one for one in every() if one not in names]]
    data = {"columns": [one for one in names if one != "order"], "places": places, **more}
    return person.post("/payments/columns/", data)


def every() -> list[str]:
    return [one.name for one in all_columns("Time")]


def table(page: str) -> list[list[str]]:
    """Headings and rows of the list as texts."""
    whole = page[page.index('<table class="table-frame') : page.index("</table>")]
    rows = re.findall(r"<tr>(.*?)</tr>", whole, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    plain = [[unescape(re.sub(r"<[^>]+>", " ", cell)) for cell in row] for row in cells]
    return [[" ".join(cell.split()) for cell in row] for row in plain]


def kept(person) -> list[str]:
    db.session.rollback()
    return chosen_columns(person.operator.id, LIST)


def test_chosen_columns_stand_in_their_order_and_others_are_not_there(viewer, shop):
    names = ("status", "order", "left", "cancelled", "phone", "email", "apply_num", "mid")
    assert choose(viewer, *names).status_code == 303
    head, *rows = table(viewer.get("/payments/", **EN).text)
    assert head == [
        "Status",
        "Order",
        "Left (KRW)",
        "Cancelled (KRW)",
        "Phone",
        "Email",
        "Approval no.",
        "KCP site code",
    ]
    people = ["010-••••-4821", "do••••@mail.example"]
    assert rows[0][1:] == ["원목 책장", "10,000", "", *people, "30001234", "T0000"]
    assert rows[1][1:4] == ["원목 책장", "6,000", "−4,000"]
    assert rows[2][1:4] == ["원목 책장", "", ""]


def test_every_column_at_once_is_no_error(finance, shop):
    assert choose(finance, *every()).status_code == 303
    for address in (
        "/payments/",
        "/payments/?sort=amount",
        "/payments/?q=책장",
        "/payments/?q=없음",
    ):
        assert finance.get(address, **EN).status_code == 200
    head, *rows = table(finance.get("/payments/", **EN).text)
    assert len(head) == len(every()) + 1
    assert {len(row) for row in rows} == {len(head)}
    assert rows[1][-4] == ""
    assert "변심" in rows[1]
    assert any("한도초과" in cell for cell in rows[2])


def test_the_usual_columns_are_the_usual_page(viewer, shop):
    before = table(viewer.get("/payments/", **EN).text)
    assert choose(viewer, *USUAL).status_code == 303
    page = viewer.get("/payments/", **EN).text
    assert table(page) == before
    assert "table-frame--chosen" not in page


def test_nobody_else_sees_ones_choice_and_it_can_be_taken_back(viewer, support, shop):
    choose(viewer, "order", "mid")
    assert table(viewer.get("/payments/", **EN).text)[0] == ["Order", "KCP site code"]
    assert "KCP site code" not in support.get("/payments/", **EN).text
    assert choose(viewer, "order", reset="y").status_code == 303
    assert kept(viewer) == []
    assert len(table(viewer.get("/payments/", **EN).text)[0]) == len(USUAL)
    actions = sa.select(AuditEntry.action).where(AuditEntry.action.startswith("columns."))
    assert list(db.session.scalars(actions.order_by(AuditEntry.id))) == [
        "columns.chosen",
        "columns.reset",
    ]


def test_the_order_column_stays_and_unknown_ones_are_dropped(viewer, shop):
    viewer.post("/payments/columns/", {"columns": ["mid", "mid", "password"], "places": ["mid"]})
    assert kept(viewer) == ["mid", "order"]
    assert 'class="row-link"' in viewer.get("/payments/").text


def test_a_column_moves_before_anything_is_kept(viewer, shop):
    choose(viewer, "time", "order", "mid")
    answer = choose(viewer, "time", "order", "mid", up="mid")
    assert answer.status_code == 200
    assert kept(viewer) == ["time", "order", "mid"]
    places = re.findall(r'name="places" value="(\w+)"', answer.text)
    assert places[:3] == ["time", "mid", "order"]
    assert 'value="mid" checked' in answer.text
    answer = choose(viewer, *places[:3], down="time")
    places = re.findall(r'name="places" value="(\w+)"', answer.text)
    assert places[:3] == ["mid", "time", "order"]
    choose(viewer, *places[:3])
    assert kept(viewer) == ["mid", "time", "order"]


def test_one_comes_back_to_the_list_as_it_was_asked(viewer, shop):
    form = viewer.get("/payments/columns/?state=failed&period=all&cursor=x", **EN).text
    query = unescape(re.search(r'name="query"[^>]*value="([^"]*)"', form)[1])
    assert query == "state=failed&period=all"
    answer = choose(viewer, "order", query=query)
    assert answer.location == "/payments/?state=failed&period=all"
    answer = choose(viewer, "order", query="q=4111+1111+1111+1111")
    assert answer.location == "/payments/"


def test_a_file_has_a_choice_of_its_own(finance, shop):
    choose(finance, "order", "mid")
    page = finance.get("/exports/new?list=payments").text
    assert 'value="merchant_uid" checked' in page
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ColumnChoice)) == 1
