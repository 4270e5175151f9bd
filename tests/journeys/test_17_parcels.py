"""Job 17: the parcels of a day as one file, looked over, ticked, registered and taken home."""

from __future__ import annotations

import csv
import re

import pytest
from playwright.sync_api import expect

from admin.domain.permissions import Role
from tests.journeys.conftest import Enter
from tests.journeys.house import House
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

EN = {"locale": "en-US"}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
TO_SHIP = """SELECT p.id, p.imp_uid FROM escrow_orders e JOIN payments p ON p.id = e.payment_id
    WHERE e.state = 'to_ship' ORDER BY p.id DESC"""
REGISTERED = "SELECT count(*) FROM deliveries WHERE invoice LIKE ?"
OPERATIONS = "SELECT count(*) FROM operations WHERE kind = 'delivery'"


def orders(visitor: Visitor, house: House, count: int) -> list[str]:
    """Orders that the gateway, too, says are not shipped."""
    found: list[str] = []
    for key, imp_uid in house.ask(TO_SHIP):
        visitor.visit(f"/escrow-orders/{key}")
        visitor.click("Look up again")
        if visitor.page.locator("#company").count():
            found.append(imp_uid)
        if len(found) == count:
            return found
    raise AssertionError("too few orders wait for their delivery")


def test_a_file_of_parcels_is_looked_over_ticked_and_registered(enter: Enter, house: House) -> None:
    support = enter(Role.SUPPORT, **EN)
    page = support.page
    first, second, third = orders(support, house, 3)
    before = house.one(OPERATIONS)
    lines = [
        "주문번호,택배사,송장번호",
        f"{first},CJ대한통운,7700-0000-0001",
        f"{second},HANJIN,770000000002",
        f"{third},HANJIN,770000000002",
        "ORD-nothing,EPOST,770000000003",
        f"{first},EPOST,6.81235E+11",
    ]
    support.visit("/escrow-orders/")
    support.click("Deliveries by the list", "link")
    page.get_by_role("link", name="New list").first.click()
    support.heading("New list of deliveries")
    content = "\r\n".join(lines).encode("cp949")
    page.locator("#file").set_input_files(
        {"name": "parcels.csv", "mimeType": "text/csv", "buffer": content}
    )
    support.click("Rehearse")

    support.heading("parcels.csv")
    support.reads("KCP has no API to correct an invoice number")
    support.reads("The same number stands in line 4")
    support.reads("We know no payment of this number")
    support.reads("cut this invoice number short")
    assert house.one(OPERATIONS) == before
    page.get_by_label("Line 3 goes all the same").check()
    support.click("Register 1 and what is ticked")
    expect(page.locator("#batch header .badge")).to_have_text("Done", timeout=30_000)
    support.look()
    assert house.one(REGISTERED, "77000000000%") == 2
    assert house.one(OPERATIONS) == before + 2
    support.reads("it was not ticked")

    with support.download("CSV").path().open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["Outcome"] for row in rows] == [
        "Registered",
        "Registered",
        *["Cannot go"] * 3,
    ]
    with support.opens():
        page.get_by_role("row").filter(has_text="770000000002").first.get_by_role("link").click()
    support.heading("The delivery is registered")


@pytest.mark.parametrize("look", [PHONE, {**EN, "color_scheme": "dark"}], ids=["phone", "dark"])
def test_the_same_list_given_again_in_another_look(
    enter: Enter, house: House, look: dict[str, object]
) -> None:
    visitor = enter(Role.FINANCE, **look)
    page = visitor.page
    (_, one), (_, other) = house.ask(TO_SHIP)[-2:]
    for _ in range(2):
        visitor.visit("/escrow-orders/deliveries/new")
        page.locator("#lines").fill(f"{one}\tCJGLS\t770000000011\n{other}\tCJGLS\t770000000011")
        with visitor.opens():
            page.locator("form[enctype] button[type=submit]").click()
    expect(page.get_by_role("checkbox")).to_have_count(2)
    link = page.locator("#batch .notice a")
    expect(link).to_have_attribute("href", re.compile(r"/escrow-orders/deliveries/\d+"))
    with visitor.opens():
        page.locator("form[action$='/refusal/'] button").click()
    expect(page.get_by_role("checkbox")).to_have_count(0)
    assert house.one(REGISTERED, "770000000011") == 0
