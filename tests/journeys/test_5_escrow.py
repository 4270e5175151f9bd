"""Job 5: an escrow order's items against the paid amount, and its delivery."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.house import House
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

# Waiting for its delivery, its items adding up to what was paid or not.
TO_SHIP = """SELECT p.id, p.amount_minor, sum(i.amount_minor) FROM escrow_orders e
    JOIN payments p ON p.id = e.payment_id JOIN orders o ON o.order_number = p.merchant_uid
    JOIN line_items i ON i.order_id = o.id WHERE e.state = 'to_ship' GROUP BY p.id
    HAVING sum(i.amount_minor) {} p.amount_minor ORDER BY p.paid_at DESC"""


def test_the_items_stand_against_the_paid_amount(finance: Visitor, house: House) -> None:
    page = finance.visit("/escrow-orders/")
    with finance.opens():
        page.locator("main .row-link").first.click()
    finance.reads("상품 합계")

    key, paid, items = house.ask(TO_SHIP.format("="))[0]
    finance.visit(f"/escrow-orders/{key}")
    finance.reads(f"{paid:,}")
    assert paid == items


SENDING = "form:has(#company) button[type=submit]"


def first_to_ship(visitor: Visitor, house: House) -> int:
    """Open an order that the gateway, too, says is not shipped; some were shipped elsewhere."""
    for key, _, _ in house.ask(TO_SHIP.format("=")):
        visitor.visit(f"/escrow-orders/{key}")
        visitor.click("다시 조회")
        if visitor.page.locator(SENDING).count():
            return int(key)
    raise AssertionError("no order waits for its delivery")


def test_a_delivery_is_registered_once(finance: Visitor, house: House) -> None:
    key = first_to_ship(finance, house)
    page = finance.page
    page.get_by_label("택배사").select_option(index=1)
    page.get_by_label("송장번호").fill("123456789012")
    with finance.opens():
        page.locator(SENDING).click()
    finance.reads("1234 5678 9012")
    finance.click("배송 등록")

    finance.heading("배송을 등록했어요")
    page.reload()
    finance.look()
    finance.visit(f"/escrow-orders/{key}")
    finance.reads("123456789012")
    expect(page.locator(SENDING)).to_have_count(0)


def test_a_wrong_invoice_number_is_told_at_its_field(finance: Visitor, house: House) -> None:
    first_to_ship(finance, house)
    page = finance.page
    for company, invoice in ((0, "123456789012"), (1, ""), (1, "12"), (1, "송장")):
        page.get_by_label("택배사").select_option(index=company)
        page.get_by_label("송장번호").fill(invoice)
        with finance.opens():
            page.locator(SENDING).click()
        expect(page.locator("main [aria-invalid=true]").first).to_be_visible()
    page.get_by_label("송장번호").fill("4111 1111 1111 1111")
    with finance.opens():
        page.locator(SENDING).click()
    assert "4111" not in page.content()


def test_a_search_finds_an_order_by_its_number(finance: Visitor, house: House) -> None:
    number = house.one("SELECT merchant_uid FROM payments WHERE escrow ORDER BY paid_at DESC")
    page = finance.visit(f"/escrow-orders/?q={number}&state=all")
    expect(page).to_have_url(re.compile("q="))
