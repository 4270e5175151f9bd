"""Files as a Korean shop system writes them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook

HEADINGS = (
    "주문번호",
    "주문일시",
    "주문자명",
    "휴대폰",
    "주문상태",
    "결제금액(원)",
    "상품명",
    "수량",
    "상품금액",
    "메모",
)
PAID = {"결제완료": "paid", "취소완료": "cancelled"}


def a_row(number: str = "ORD-1", **cells: Any) -> dict[str, Any]:
    """One line: paid, 30,000 won, one item."""
    return {
        "주문번호": number,
        "주문일시": "2026-03-10 12:00",
        "주문자명": "이도윤",
        "휴대폰": "010-1234-4821",
        "주문상태": "결제완료",
        "결제금액(원)": "30,000원",
        "상품명": "원목 책장",
        "수량": "1",
        "상품금액": "30,000",
        "메모": "",
        **cells,
    }


def as_csv(
    rows: Iterable[dict[str, Any]],
    headings: Sequence[str] = HEADINGS,
    encoding: str = "cp949",
) -> bytes:
    """As Excel in Korea saves it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, headings)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def as_xlsx(rows: Iterable[dict[str, Any]], headings: Sequence[str] = HEADINGS) -> bytes:
    """A workbook of one sheet."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(headings))
    for row in rows:
        sheet.append([row[name] for name in headings])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
