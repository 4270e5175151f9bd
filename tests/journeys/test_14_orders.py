"""Job 14: bring the shop's orders as a file, mend what was refused, and give a program a token."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from admin.domain.permissions import Role
from tests.journeys.conftest import Enter
from tests.journeys.house import House
from tests.journeys.visitor import Visitor
from tests.order_imports.shop import a_row, as_csv

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LOOKS: list[dict[str, Any]] = [
    {"locale": "en-US", "color_scheme": "dark"},
    {**PHONE, "color_scheme": "light"},
]
COUNT = "SELECT count(*) FROM orders WHERE order_number LIKE ?"


def bring(visitor: Visitor, content: bytes, name: str) -> Page:
    """From the list of orders to the page that matches the file's columns."""
    visitor.visit("/orders/")
    visitor.click("파일 올리기", "link")
    file = {"name": name, "mimeType": "text/csv", "buffer": content}
    visitor.page.get_by_label("파일", exact=True).set_input_files(file)  # type: ignore[arg-type]
    visitor.click("올리기")
    visitor.heading("열 맞추기")
    return visitor.page


def test_a_file_comes_in_and_its_refused_rows_are_mended(finance: Visitor, house: House) -> None:
    rows = [
        a_row("JRN-1"),
        a_row("JRN-2", **{"수량": "많이"}),
        a_row("JRN-3", **{"주문상태": "마감", "주문일시": "2026.3.11 오후 2:05"}),
    ]
    page = bring(finance, as_csv(rows), "주문.csv")
    expect(page.get_by_label("결제 시각")).to_have_value("")
    expect(page.get_by_label("주문 금액")).to_have_value("결제금액(원)")
    finance.click("바뀔 내용 보기")
    finance.reads("상태 단어마다 뜻을 골라 주세요.")
    page.get_by_label("마감").select_option("paid")
    finance.click("바뀔 내용 보기")
    finance.heading("주문.csv")
    finance.reads(re.compile(r"추가될 주문\s*2"))
    assert house.one(COUNT, "JRN-%") == 0, "nothing is taken before it was agreed to"

    finance.click("주문 받기")
    assert house.one(COUNT, "JRN-%") == 2
    cell = page.get_by_role("textbox", name="수량")
    expect(cell).to_have_value("많이")
    assert finance.page.get_by_role("link", name="거부된 줄 CSV").is_visible()
    cell.fill("2")
    finance.click("고친 줄 다시 확인")
    finance.click("주문 받기")
    assert house.one(COUNT, "JRN-%") == 3

    page = bring(finance, as_csv(rows), "다시.csv")
    expect(page.get_by_label("마감")).to_have_value("paid")
    finance.click("바뀔 내용 보기")
    finance.reads("똑같은 파일을 이미 받았어요")
    finance.reads("새로운 내용이 없어요.")
    assert house.one(COUNT, "JRN-%") == 3


def test_an_order_is_found_and_leads_to_its_payment(finance: Visitor, house: House) -> None:
    (number,) = house.ask(
        "SELECT order_number FROM orders JOIN payments ON merchant_uid = order_number LIMIT 1"
    )[0]
    page = finance.visit("/orders/")
    page.get_by_label("이 목록에서 찾기").fill(number)
    with finance.opens():
        page.keyboard.press("Enter")
    with finance.opens():
        page.locator("main tbody .row-link").click()
    finance.reads(number)
    with finance.opens():
        page.locator("main .rules a").first.click()
    assert re.search(r"/payments/\d+$", page.url)
    finance.reads(number)


def test_a_program_gets_a_token_brings_an_order_and_loses_it(enter: Enter, house: House) -> None:
    manager = enter(Role.MANAGER)
    page = manager.visit("/orders/sources/")
    page.get_by_label("프로그램 이름").fill("카페 주문")
    manager.click("토큰 만들기")
    token = page.locator(".order-token .ids").inner_text()
    order = {
        "order_number": "JRN-API",
        "ordered_at": "2026-03-10T12:00:00+09:00",
        "order_name": "원목 책장",
        "believed_status": "paid",
        "believed_amount": 30_000,
    }

    def send() -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        address = f"{house.url}/api/orders"
        return httpx.post(address, json=order, headers=headers, timeout=20, trust_env=False)

    assert send().json() == {"results": [{"order_number": "JRN-API", "result": "added"}]}
    assert send().json()["results"][0]["result"] == "unchanged"
    manager.visit("/orders/?source=api")
    manager.reads("카페 주문")
    page = manager.visit("/orders/sources/")
    assert token not in page.content()
    manager.click("카페 주문 토큰 회수")
    assert send().status_code == 401


@pytest.mark.parametrize("look", LOOKS, ids=["english in the dark", "on the phone"])
def test_the_pages_of_orders_are_well_in_every_look(
    look: dict[str, Any], finance: Visitor, enter: Enter, house: House
) -> None:
    bring(finance, as_csv([a_row("JRN-9"), a_row("JRN-10", **{"수량": "0"})]), "화면.csv")
    finance.click("바뀔 내용 보기")
    judged = finance.page.url.removeprefix(house.url)
    order = house.one("SELECT min(id) FROM orders")
    manager = enter(Role.MANAGER, **look)
    paths = ["/orders/", f"/orders/{order}", "/orders/imports/", judged, f"{judged}/mapping"]
    for path in [*paths, "/orders/sources/"]:
        manager.visit(path)
