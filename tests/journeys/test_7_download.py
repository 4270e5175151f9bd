"""Job 7: the search result as CSV and XLSX."""

from __future__ import annotations

import csv
import io

import pytest
from openpyxl import load_workbook

from admin.domain.permissions import Role
from tests.journeys.conftest import Enter
from tests.journeys.house import House
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

FOUND = "/payments/?period=all&method=vbank"
COUNT = "SELECT count(*) FROM payments WHERE pay_method = 'vbank'"


def test_what_is_filtered_is_what_is_downloaded(finance: Visitor, house: House) -> None:
    finance.visit(FOUND)
    file = finance.download("CSV")
    assert file.suggested_filename.endswith(".csv")
    with file.path().open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.reader(opened))
    assert len(rows) - 1 == house.one(COUNT) > 0
    assert "주문번호" in rows[0]

    file = finance.download("엑셀")
    assert file.suggested_filename.endswith(".xlsx")
    sheet = load_workbook(io.BytesIO(file.path().read_bytes()), read_only=True).active
    assert sheet is not None
    assert sum(1 for _ in sheet.iter_rows()) == len(rows)


def test_somebody_who_may_not_download_is_not_offered_it(enter: Enter) -> None:
    viewer = enter(Role.VIEWER)
    page = viewer.visit(FOUND)
    assert page.get_by_role("link", name="CSV").count() == 0
    assert page.request.get(f"{viewer.home}/payments/export.csv").status == 403
