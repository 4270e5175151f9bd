"""Job 4: open a customer, see the billing keys, charge one, see it paid or declined.

And charge one later: schedule it, see that it holds the key, take it back.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from admin.domain.permissions import Role
from tests.journeys.conftest import Enter
from tests.journeys.house import House
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

KEYS = "SELECT customer_uid, id, customer_id FROM billing_keys ORDER BY id"


def keys(house: House, *, declining: bool) -> list[tuple[int, int]]:
    """Billing keys that the gateway will charge, or decline: (key, customer)."""
    import sqlite3
    from contextlib import closing

    address = f"file:{house.data / 'sandbox' / 'sandbox.db'}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as gateway:
        known = dict(gateway.execute("SELECT customer_uid, decline FROM customers"))
    return [
        (key, customer)
        for uid, key, customer in house.ask(KEYS)
        if uid in known and bool(known[uid]) is declining
    ]


def fill(visitor: Visitor, customer: int, amount: str) -> None:
    page = visitor.visit(f"/customers/{customer}")
    visitor.reads("빌링키")
    visitor.click("청구", "link")
    page.get_by_label("청구 금액").fill(amount)
    page.get_by_label("무엇을 위한 청구인가요").fill("11월 정기배송")


def test_a_customer_is_found_by_name(finance: Visitor, house: House) -> None:
    name = house.one("SELECT name FROM customers ORDER BY id LIMIT 1 OFFSET 3")
    page = finance.visit("/customers/")
    page.locator("#q").fill(name)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q="))
    expect(page.locator("main .row-link").first).to_contain_text(name)
    finance.look()
    with finance.opens():
        page.locator("main .row-link").first.click()
    finance.heading(name)


def test_a_charge_is_paid(finance: Visitor, house: House) -> None:
    _, customer = keys(house, declining=False)[0]
    fill(finance, customer, "15000")
    with finance.opens():
        finance.page.get_by_role("button", name="15,000원 청구").click()
    finance.heading("15,000원을 청구했어요")
    finance.page.reload()
    finance.look()
    finance.visit(f"/customers/{customer}")
    finance.reads("11월 정기배송")


def test_a_declined_charge_says_what_the_card_company_said(finance: Visitor, house: House) -> None:
    _, customer = keys(house, declining=True)[0]
    fill(finance, customer, "15000")
    with finance.opens():
        finance.page.get_by_role("button", name="15,000원 청구").click()
    finance.heading("15,000원 청구가 되지 않았어요")
    finance.reads("포트원의 답")


def test_a_charge_without_amount_or_purpose_is_told_at_its_fields(
    finance: Visitor, house: House
) -> None:
    key, _ = keys(house, declining=False)[0]
    page = finance.visit(f"/customers/keys/{key}/charges/new")
    with finance.opens():
        page.get_by_role("button", name=re.compile("청구$")).click()
    expect(page.get_by_label("청구 금액")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("무엇을 위한 청구인가요")).to_have_attribute("aria-invalid", "true")


def test_the_keys_are_looked_up_at_the_gateway(finance: Visitor, house: House) -> None:
    _, customer = keys(house, declining=False)[1]
    finance.visit(f"/customers/{customer}")
    finance.click("조회")
    expect(finance.page.locator(".flash").first).to_be_visible()


def test_a_charge_is_scheduled_holds_its_key_and_is_taken_back(enter: Enter, house: House) -> None:
    key, customer = keys(house, declining=False)[2]
    finance = enter(Role.FINANCE, locale="en-US", viewport={"width": 390, "height": 844})
    page = finance.visit(f"/customers/{customer}")
    page.goto(f"{house.url}/customers/keys/{key}/schedules/new")
    page.get_by_label("Amount to charge").fill("15000")
    page.get_by_label("What it is for").fill("12월 정기배송")
    number = page.get_by_label("Order no.").input_value()
    with finance.opens():
        page.get_by_role("button", name="Schedule 15,000 KRW").click()
    finance.heading("The charge of 15,000 KRW is scheduled")
    finance.look()

    page = finance.visit(f"/customers/keys/{key}/deletion")
    expect(page.get_by_text(number)).to_be_visible()
    expect(page.get_by_role("button", name="Delete key")).to_have_attribute("aria-disabled", "true")

    page = finance.visit(f"/customers/keys/{key}/schedules/")
    with finance.opens():
        page.get_by_role("listitem").filter(has_text=number).get_by_role("link").click()
    finance.look()
    with finance.opens():
        page.get_by_role("button", name="Take back").click()
    finance.heading("The scheduled charge was taken back")
