"""Figures agree to the won with the rows behind them."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from werkzeug.datastructures import MultiDict

from admin.domain.clock import KST, kst_day
from admin.domain.money import Money
from admin.models import TimeBasis
from admin.payments.finding import plan
from admin.payments.listing import gathered, read_search
from admin.payments.sums import total
from admin.reports.figures import day_lines, method_lines
from admin.reports.queries import Sales, sales_by_day, sales_by_method, sales_of
from tests.payments.trade import a_payment, awaiting, failed, refunded, take_in

EN = {"headers": {"Accept-Language": "en"}}
DAY = date(2026, 3, 10)
START, END = kst_day(DAY)
NOON = datetime(2026, 3, 10, 12, tzinfo=KST)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture
def trade(stand_in, gateway, now):
    """Three Korean days with midnights between them."""
    take_in(
        stand_in,
        gateway,
        a_payment(1, START - SECOND, amount=1_000),
        a_payment(2, START, amount=20_000),
        a_payment(3, END - SECOND, amount=300_000, emb_pg_provider="kakaopay"),
        a_payment(4, END, amount=4_000_000),
        refunded(5, NOON, 3_000, cancelled_at=END + HOUR),
        refunded(6, NOON - timedelta(days=1), 10_000, cancelled_at=NOON),
        refunded(7, NOON, 10_000),
        failed(8, NOON, amount=555_555),
        awaiting(9, NOON, due=END, amount=666_666),
        a_payment(10, NOON, pay_method="vbank", amount=70_000),
        now=now,
    )


def test_days_are_korean_days_from_midnight_to_midnight(trade):
    days = sales_by_day(START - timedelta(days=1), END + timedelta(days=2))

    told = {
        day: (one.gross.minor, one.cancelled.minor, one.count, one.cancelled_count)
        for day, one in days.items()
    }
    assert told == {
        DAY - timedelta(days=1): (11_000, 0, 2, 0),
        DAY: (410_000, 20_000, 5, 2),
        DAY + timedelta(days=1): (4_000_000, 3_000, 1, 1),
        DAY + timedelta(days=2): (0, 0, 0, 0),
    }


def test_methods_and_days_add_up_to_the_same_sum(trade):
    span = (START - timedelta(days=1), END + timedelta(days=1))

    by_day = sum(sales_by_day(*span).values(), Sales())
    methods = sales_by_method(*span)

    assert by_day == sum(methods.values(), Sales()) == sales_of(*span)
    assert by_day.net == Money(4_421_000 - 23_000)
    assert methods["kakaopay"].gross == Money(300_000)
    assert methods["vbank"].gross == Money(70_000)
    assert next(iter(methods)) == "card"  # the largest first


def test_every_figure_is_the_sum_of_the_rows_it_leads_to(app, trade, now):
    for line in day_lines_of(app, now):
        asked = MultiDict(parse_qs(urlsplit(line.href).query))
        asked["q"] = gathered(asked) or ""
        with app.test_request_context():
            search = read_search(asked, now=now)
        assert search.filter.basis is TimeBasis.APPROVED
        assert not search.form.parsed.problems
        rows = total(plan(search.filter, now=now))
        assert (rows.gross, rows.count) == (line.gross, line.count), line


def day_lines_of(app, now):
    with app.test_request_context():
        days = day_lines(sales_by_day(START - timedelta(days=1), END), now=now)
        methods = method_lines(sales_by_method(START, END), DAY, DAY)
    return [*days, *[line for line in methods if line.count]]


def test_nothing_sold_is_zero_and_no_error(app):
    assert sales_of(START, END) == Sales()
    assert sales_by_method(START, END) == {}
    assert sum(sales_by_day(START, END).values(), Sales()) == Sales()


def test_the_page_shows_the_period_and_its_sums(viewer, trade):
    page = viewer.get("/reports/?from_day=2026-03-10&to_day=2026-03-10", **EN).text

    for text in ("410,000", "20,000", "390,000", "300,000"):
        assert text in page


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("from_day=2026-03-11&to_day=2026-03-10", "before the first one"),
        ("from_day=2020-01-01&to_day=2026-03-10", "at most one year"),
        ("from_day=x&to_day=2026-03-10", "Enter a day as"),
        ("from_day=0001-01-01&to_day=0001-01-02", "Enter a day as"),
        ("period=nonsense", ""),
    ],
)
def test_a_period_that_cannot_be_is_told(viewer, query, sentence):
    answer = viewer.get(f"/reports/?{query}", **EN)

    assert answer.status_code == 200
    assert sentence in answer.text


def test_the_files_add_up(finance, trade):
    address = "/reports/export.{}?from_day=2026-03-09&to_day=2026-03-11"

    answer = finance.get(address.format("csv"), **EN)
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    book = openpyxl.load_workbook(io.BytesIO(finance.get(address.format("xlsx"), **EN).data))
    cells = list(book.active.iter_rows(values_only=True))

    sums = {
        group: [
            sum(int(row[name]) for row in rows if row["By"] == group)
            for name in ("Count", "Approved", "Cancelled", "Net (KRW)")
        ]
        for group in ("Day", "Method", "Total")
    }
    assert sums["Day"] == sums["Method"] == sums["Total"] == [8, 4_421_000, 23_000, 4_398_000]
    assert [list(row) for row in cells[1:]] == [
        [row["By"], row["Day or method"], *map(int, list(row.values())[2:])] for row in rows
    ]


def test_who_may_not_export_gets_no_file(support):
    assert support.get("/reports/export.csv").status_code == 403
