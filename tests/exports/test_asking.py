"""A list taken away at once: what is in the file, in which order, and what is refused."""

from __future__ import annotations

import csv
import io
import stat

import openpyxl
import pytest
import sqlalchemy as sa

from admin.columns.service import chosen_columns
from admin.domain.export import ExportKind, ExportState
from admin.exports.steps import MAKE
from admin.models import Export, Job, db
from tests.exports.inside import actions, the_export
from tests.exports.taking import ask, fill_in, take

EN = {"headers": {"Accept-Language": "en"}}


def test_a_short_list_is_handed_over_at_once_with_what_it_adds_up_to(finance, shop, folder):
    answer = ask(finance, "period=all")
    page = finance.get(answer.location)
    export = the_export()

    assert export.state is ExportState.READY
    assert (export.count, export.gross_minor, export.cancelled_minor) == (40, 390_000, 52_000)
    assert export.written == export.sums
    assert f'http-equiv="refresh" content="0; url=/exports/{export.id}/file"' in page.text
    assert "http-equiv" not in finance.get(answer.location).text, "it begins by itself only once"
    assert "338,000원" in page.text
    file = folder.file(export.token, ExportKind.CSV)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert finance.get(f"/exports/{export.id}/file", buffered=True).data == file.read_bytes()
    assert actions() == [
        "export.asked",
        "export.made",
        "export.viewed",
        "export.viewed",
        "export.downloaded",
    ]
    assert db.session.scalars(sa.select(Job).where(Job.name == MAKE)).all() == []


def test_a_workbook_holds_the_data_first_and_its_passport_second(finance, shop, folder):
    body = take(finance, "period=all&state=paid", kind="xlsx", language="en").data
    book = openpyxl.load_workbook(io.BytesIO(body))
    data, cover = book.worksheets

    assert data.max_row == 1 + 26
    passport = {row[0]: row[1] for row in cover.iter_rows(values_only=True)}
    assert passport["Reason"] == "month-end books"
    assert passport["Made by"] == finance.operator.name
    assert passport["Status"] == "Paid"
    assert passport["Rows"].startswith("26 ")
    assert passport["Gross"].startswith("260,000 KRW ")
    assert passport["Mark"].startswith(f"jangbu:export:{the_export().id}:")


def test_the_passport_of_a_csv_is_a_text_beside_it(finance, shop, folder):
    take(finance, "period=all")
    answer = finance.get(f"/exports/{the_export().id}/passport.txt")
    assert answer.mimetype == "text/plain"
    assert the_export().sha256 in answer.text
    assert "month-end books" in answer.text


def test_columns_come_in_the_order_chosen_and_are_remembered(finance, shop, folder):
    chosen = ["amount_minor", "imp_uid", "pg_tid"]
    file = take(finance, "period=all", columns=chosen, language="en").data.decode("utf-8-sig")
    assert file.splitlines()[0] == "Amount,Payment id,KCP transaction no."
    assert chosen_columns(finance.operator.id, "payments") == chosen
    page = finance.get("/exports/new?list=payments").text
    assert page.index("column-amount_minor") < page.index("column-imp_uid")
    assert page.index("column-pg_tid") < page.index("column-merchant_uid")


def test_a_column_moves_up_and_nothing_is_made(finance, shop):
    answer = finance.post("/exports/", fill_in(finance, columns=["imp_uid", "left"], up="left"))
    assert answer.status_code == 200
    assert answer.text.index("column-left") < answer.text.index("column-imp_uid")
    assert db.session.scalars(sa.select(Export)).all() == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"columns": []}, "Choose at least one column."),
        ({"columns": ["password"]}, "Choose at least one column."),
        ({"reason": "abcd"}, "at least 5 characters"),
        ({"reason": "card 4111111111111111"}, "looks like a card number"),
    ],
)
def test_what_cannot_be_taken_away_says_why(finance, shop, changed, sentence):
    answer = ask(finance, "period=all", language="en", **changed)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert db.session.scalars(sa.select(Export)).all() == []


def test_without_personal_columns_no_reason_is_asked(finance, shop, folder):
    take(finance, "period=all", columns=["imp_uid", "amount_minor"], reason="")
    assert not the_export().is_personal


def test_a_search_that_cannot_be_read_never_becomes_the_whole_list(finance, shop, folder):
    for query in ("from_day=nonsense", "from_day=2026-11-02&to_day=2026-11-01", "q=" + "x" * 201):
        page = finance.get(f"/exports/new?list=payments&{query}", **EN)
        assert "The list cannot be asked like that" in page.text
        assert ask(finance, query).status_code == 422
    assert db.session.scalars(sa.select(Export)).all() == []


def test_the_same_form_sent_twice_is_one_file(finance, shop, folder):
    form = fill_in(finance, "period=all")
    first, second = (finance.post("/exports/", form).location for _ in range(2))
    assert first == second
    assert the_export().attempt == 1


@pytest.mark.parametrize(
    "query",
    [
        "period=all",
        "period=all&sort=amount&order=up",
        "period=all&basis=cancelled",
        "period=all&state=part_refunded&sort=order",
        "q=원목+책장",
        "q=ORD-00001",
        "q=method%3Acard+책장&order=up",
        "method=card&q=책장",
        "q=nothing-like-it",
    ],
)
def test_the_file_holds_what_the_list_shows_in_its_order(finance, shop, folder, query):
    list_query = query.replace("method=card&q=책장", "q=책장+method%3Acard")
    listed = finance.get(f"/payments/list.json?{list_query}&sums=all").json
    body = take(finance, query, columns=["imp_uid"], reason="").data.decode("utf-8-sig")
    assert body.splitlines()[1:] == [one["imp_uid"] for one in listed["payments"]]
    assert the_export().count == listed["count"]
    assert the_export().gross_minor == listed["gross_minor"]


def test_a_condition_that_cannot_be_read_makes_no_file(finance, shop, folder):
    assert ask(finance, "q=amount%3Amany").status_code == 422
    assert db.session.scalars(sa.select(Export)).all() == []


def test_the_command_line_writes_the_same_file_with_its_passport(app, shop, folder, tmp_path):
    out = tmp_path / "file.csv"
    runner = app.test_cli_runner()
    words = ["export", "payments", "--query", "state=paid&period=all", "--out", str(out)]
    refused = runner.invoke(args=words)
    assert refused.exit_code == 1
    assert "at least 5 characters" in refused.output

    result = runner.invoke(args=[*words, "--reason", "month-end books"])
    assert result.exit_code == 0, result.output
    assert the_export().sha256 in result.output
    rows = list(csv.reader(io.StringIO(out.read_text(encoding="utf-8-sig"), newline="")))
    assert len(rows) == 27
    assert stat.S_IMODE(out.stat().st_mode) == 0o600

    assert "unchanged" in runner.invoke(args=["export", "check", str(out)]).output
    out.write_text(out.read_text().replace("ORD-000001", "ORD-999999"))
    changed = runner.invoke(args=["export", "check", str(out)]).output
    assert changed.startswith("changed")
    assert "주문번호" in changed
