"""Job 6: run a day, see what matched and each discrepancy with both sides."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.house import House
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

# The day whose paid orders the books and the mirror disagree about most.
PLANTED = """SELECT substr(datetime(o.paid_at, '+9 hours'), 1, 10) AS day, count(*) FROM orders o
    LEFT JOIN payments p ON p.merchant_uid = o.order_number AND p.amount_minor = o.amount_minor
    WHERE p.id IS NULL AND o.paid_at IS NOT NULL GROUP BY day ORDER BY count(*) DESC, day LIMIT 1"""


def test_a_day_is_run_and_a_difference_shows_both_sides(finance: Visitor, house: House) -> None:
    day, _ = house.ask(PLANTED)[0]
    page = finance.visit("/reconciliation/")
    page.get_by_text("하루 돌리기").click()
    page.get_by_label("날짜").fill(day)
    finance.look()
    with finance.opens():
        page.get_by_role("button", name="이날 돌리기").click()
    expect(page.locator(".flash").first).to_contain_text("맞고")

    with finance.opens():
        page.locator("main .row-link").first.click()
    for side in ("장부", "포트원"):
        expect(page.get_by_role("main")).to_contain_text(side)

    page.locator(".choice-list summary").click()
    page.locator(".choice-list__form textarea").fill("가게 장부에 두 번 적었어요.")
    with finance.opens():
        page.locator(".choice-list__form button[type=submit]").click()
    expect(page).to_have_url(re.compile("/reconciliation/"))


def test_a_day_that_is_none_is_told_at_its_field(finance: Visitor) -> None:
    page = finance.visit("/reconciliation/")
    page.get_by_text("하루 돌리기").click()
    page.get_by_label("날짜").fill("")
    page.get_by_label("날짜").evaluate("(one) => { one.form.noValidate = true }")
    with finance.opens():
        page.get_by_role("button", name="이날 돌리기").click()
    expect(page.get_by_label("날짜")).to_have_attribute("aria-invalid", "true")


def test_a_gateway_that_cannot_be_read_calls_nothing_missing(
    finance: Visitor, house: House
) -> None:
    day, _ = house.ask(PLANTED)[0]
    before = house.one("SELECT count(*) FROM discrepancies")
    page = finance.visit("/reconciliation/")
    house.script("/payments/*", "html", times=-1)
    page.get_by_text("하루 돌리기").click()
    page.get_by_label("날짜").fill(day)
    with finance.opens():
        page.get_by_role("button", name="이날 돌리기").click()
    house.behave()
    expect(page.locator(".flash, .notice").first).to_be_visible()
    assert house.one("SELECT count(*) FROM discrepancies") == before
