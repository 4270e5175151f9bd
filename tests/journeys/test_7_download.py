"""Job 7: the search result as CSV and XLSX, with a passport, and a copy of it checked."""

from __future__ import annotations

import csv
import io

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Download

from admin.domain.permissions import Role
from tests.journeys.conftest import Enter
from tests.journeys.house import House
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

FOUND = "/payments/?period=all&method=vbank"
COUNT = "SELECT count(*) FROM payments WHERE pay_method = 'vbank'"


def export(visitor: Visitor, kind: str) -> Download:
    """From the list to the file: it comes by itself once the passport stands."""
    visitor.visit(FOUND)
    visitor.click("내보내기", "link")
    page = visitor.page
    page.get_by_label(kind, exact=True).check()
    page.get_by_label("용도").fill("월말 장부 대조")
    with page.expect_download() as taken:
        visitor.click("파일 만들기")
    visitor.reads("받기가 저절로 시작돼요.")
    return taken.value


def test_what_is_filtered_is_what_is_downloaded(finance: Visitor, house: House) -> None:
    file = export(finance, "CSV")
    assert file.suggested_filename.endswith(".csv")
    with file.path().open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.reader(opened))
    assert len(rows) - 1 == house.one(COUNT) > 0
    assert "주문번호" in rows[0]
    finance.page.reload()
    again = finance.download("받기")
    assert again.path().read_bytes() == file.path().read_bytes()

    file = export(finance, "엑셀")
    assert file.suggested_filename.endswith(".xlsx")
    book = load_workbook(io.BytesIO(file.path().read_bytes()), read_only=True)
    assert sum(1 for _ in book.worksheets[0].iter_rows()) == len(rows)


def test_a_changed_copy_is_found_out(finance: Visitor, house: House) -> None:
    file = export(finance, "CSV")
    number = house.one("SELECT merchant_uid FROM payments WHERE pay_method = 'vbank' LIMIT 1")
    changed = file.path().read_text(encoding="utf-8-sig").replace(number, "ORD-CHANGED")
    page = finance.visit("/exports/check")
    copy = {"name": "copy.csv", "mimeType": "text/csv", "buffer": changed.encode()}
    page.get_by_label("파일", exact=True).set_input_files(copy)  # type: ignore[arg-type]
    finance.click("확인하기")
    finance.reads("여기서 만들었지만 바뀌었어요")
    finance.reads("주문번호")


def test_somebody_who_may_not_download_is_not_offered_it(enter: Enter) -> None:
    viewer = enter(Role.VIEWER)
    page = viewer.visit(FOUND)
    assert page.get_by_role("link", name="내보내기", exact=True).count() == 0
    assert page.request.get(f"{viewer.home}/exports/new?list=payments").status == 403
