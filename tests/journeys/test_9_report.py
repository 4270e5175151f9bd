"""Job 9: the sales report of a period, its chart with its table, and its exports."""

from __future__ import annotations

import csv
import io
import re

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser


def test_a_report_adds_up_and_is_downloaded(finance: Visitor) -> None:
    page = finance.visit("/reports/?period=last_month")
    finance.heading("매출")
    expect(page.locator("canvas, .chart svg").first).to_be_visible()
    for caption in ("날짜별", "수단별"):
        table = page.locator("table", has=page.locator("caption", has_text=caption)).first
        expect(table).to_be_visible()
    by_day, by_method = (
        page.locator("table", has=page.locator("caption", has_text=caption))
        .first.locator("tfoot .ledger__total, .ledger__total")
        .last.inner_text()
        for caption in ("날짜별", "수단별")
    )
    figures = [set(re.findall(r"\d{1,3}(?:,\d{3})+", text)) for text in (by_day, by_method)]
    assert figures[0] & figures[1], "both tables close with the same sums"

    file = finance.download("CSV")
    with file.path().open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.reader(opened))
    assert len(rows) > 10
    workbook = finance.download("엑셀").path().read_bytes()
    sheet = load_workbook(io.BytesIO(workbook), read_only=True).active
    assert sheet is not None
    assert sum(1 for _ in sheet.iter_rows()) == len(rows)


def test_an_empty_period_says_so(finance: Visitor) -> None:
    finance.visit("/reports/?from_day=2020-01-01&to_day=2020-01-02")
    expect(finance.page.get_by_role("main")).to_contain_text("없")
