"""Job 13: the clock board, and what a buyer decided on its way from the page to the refund."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from admin.domain.permissions import Role
from tests.journeys.conftest import Enter
from tests.journeys.house import House
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

EN = {"locale": "en-US"}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
COLUMNS = [
    "To ship",
    "On the way",
    "Awaiting the buyer",
    "Confirmation due",
    "Purchase denied",
    "Returned",
]
WITH_ITEMS = """SELECT p.id FROM escrow_orders e JOIN payments p ON p.id = e.payment_id
    WHERE e.state = 'to_ship' AND p.paid_at > datetime('now', '-80 days') ORDER BY p.paid_at"""


def column(visitor: Visitor, name: str) -> Locator:
    return visitor.page.get_by_role("region", name=name, exact=True)


def test_the_board_shows_each_column_with_its_money(enter: Enter, house: House) -> None:
    manager = enter(Role.MANAGER, **EN)
    page = manager.visit("/escrow-orders/")
    with manager.opens():
        page.get_by_role("group", name="View").get_by_role("link", name="Clock board").click()
    expect(page.locator(".board h2")).to_have_text(COLUMNS)

    many, money = house.ask(
        "SELECT count(*), sum(amount_minor - cancelled_minor) FROM escrow_orders e"
        " JOIN payments p ON p.id = e.payment_id WHERE e.state = 'to_ship'"
    )[0]
    to_ship = column(manager, "To ship")
    expect(to_ship).to_contain_text(f"{money:,}")
    shown = to_ship.get_by_role("listitem").count()
    assert shown == min(many, 8)
    with manager.opens():
        to_ship.get_by_role("listitem").first.get_by_role("link").click()
    manager.reads("Decision of the buyer")


@pytest.mark.parametrize("look", [PHONE, {**EN, "color_scheme": "dark"}], ids=["phone", "dark"])
def test_the_board_in_another_look(enter: Enter, look: dict[str, object]) -> None:
    page = enter(Role.FINANCE, **look).visit("/escrow-orders/board")
    expect(page.locator(".board__column")).to_have_count(6)


def ship(visitor: Visitor, house: House) -> int:
    """Send the parcel of an order that the gateway, too, says is not shipped."""
    page = visitor.page
    for (key,) in house.ask(WITH_ITEMS):
        visitor.visit(f"/escrow-orders/{key}")
        visitor.click("Look up again")
        if not page.locator("#company").count():
            continue
        page.locator("#company").select_option("HANJIN")
        page.locator("#invoice").fill("510712345678")
        visitor.click("Look it over")
        visitor.heading("Is this parcel right?")
        visitor.reads("5107 1234 5678")
        visitor.click("Change something")
        expect(page.locator("#invoice")).to_have_value("510712345678")
        page.locator("#invoice").fill(f"5{key % 10**11:011d}")
        visitor.click("Look it over")
        visitor.click("Register the delivery")
        visitor.heading("The delivery is registered")
        return int(key)
    raise AssertionError("no order waits for its delivery")


def record(visitor: Visitor, summary: str, decision: str, note: str) -> None:
    page = visitor.page
    page.get_by_text(summary, exact=True).click()
    page.locator("#decision[name]").select_option(label=decision)
    page.locator("#evidence").select_option(label="The buyer told us")
    page.locator("#note").fill(note)
    visitor.click("Record it")


def test_a_denial_is_recorded_seen_on_the_board_and_corrected(enter: Enter, house: House) -> None:
    support = enter(Role.SUPPORT, **EN)
    page = support.page
    key = ship(support, house)
    address = f"/escrow-orders/{key}"

    support.visit(address)
    link = page.get_by_role("link", name="Follow the parcel at the courier")
    expect(link).to_have_attribute("href", re.compile(r"^https://www\.hanjin\.com/"))
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    support.reads("6 business days after the registration")
    support.click("Note the arrival")  # without a day it is told at the field
    expect(page.locator("#arrived_on")).to_have_attribute("aria-invalid", "true")
    day = house.one("SELECT date('now', '+9 hours')")
    page.locator("#arrived_on").fill(day)
    support.click("Note the arrival")
    support.reads("3 business days after arrival")

    record(support, "Record what the buyer decided", "The buyer denied the purchase", "바퀴가 휨")
    support.reads("must be given back in full")
    support.visit("/escrow-orders/board")
    denied = column(support, "Purchase denied")
    expect(denied.locator(f'a[href="{address}"]')).to_be_visible()

    support.visit(f"/payments/{key}/refunds/new")
    support.reads("must be given back in full")
    support.visit(address)
    record(support, "Correct the decision", "The buyer confirmed the purchase", "다시 전화함")
    support.reads("Corrected: The buyer confirmed the purchase")
    records = house.ask(
        "SELECT decision FROM escrow_decisions WHERE payment_id = ? ORDER BY id", key
    )
    assert records == [("denied",), ("confirmed",)]


def test_a_holiday_named_late_moves_the_deadline(enter: Enter, house: House) -> None:
    manager = enter(Role.MANAGER, **EN)
    page = manager.visit("/escrow-orders/board")
    manager.click("Holidays", "link")
    day = "2027-04-12"
    page.get_by_label("Day", exact=True).fill(day)
    page.get_by_label("Name of the day").fill("임시공휴일")
    manager.click("Add")
    manager.reads("12 Apr 2027")
    assert house.one("SELECT count(*) FROM holidays WHERE day = ?", day) == 1
    row = page.get_by_role("listitem").filter(has_text="12 Apr 2027")
    manager.click("Remove", within=row)
    assert house.one("SELECT count(*) FROM holidays WHERE day = ?", day) == 0
