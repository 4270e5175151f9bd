"""Every kind of page on the phone, in the dark and in English; the keyboard; leaving."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from admin.domain.permissions import Role
from tests.journeys.conftest import Enter, sign_in
from tests.journeys.house import House

pytestmark = pytest.mark.browser

ANY = {
    "payment": "SELECT id FROM payments WHERE status = 'paid' AND pay_method = 'card' "
    "AND NOT escrow ORDER BY paid_at DESC LIMIT 1 OFFSET 30",
    "account": "SELECT id FROM payments WHERE status = 'paid' AND pay_method = 'vbank' LIMIT 1",
    "customer": "SELECT customer_id FROM billing_keys LIMIT 1",
    "key": "SELECT id FROM billing_keys LIMIT 1",
    "escrow": "SELECT payment_id FROM escrow_orders LIMIT 1",
}
PAGES = [
    "/",
    "/payments/",
    "/payments/{payment}",
    "/payments/{payment}/looks?same=1",
    "/payments/{payment}/refunds/new",
    "/payments/{account}/refunds/new",
    "/refunds/",
    "/refunds/rules/",
    "/refunds/batches/",
    "/refunds/batches/new",
    "/operations/?state=",
    "/customers/",
    "/customers/{customer}",
    "/customers/keys/{key}/charges/new",
    "/customers/keys/{key}/schedules/",
    "/customers/keys/{key}/schedules/new",
    "/customers/keys/{key}/deletion",
    "/escrow-orders/",
    "/escrow-orders/board",
    "/escrow-orders/deliveries/",
    "/escrow-orders/deliveries/new",
    "/escrow-orders/holidays/",
    "/escrow-orders/{escrow}",
    "/reconciliation/",
    "/inquiries/?state=all",
    "/inquiries/new",
    "/reports/",
    "/exports/",
    "/exports/new?list=payments",
    "/exports/check",
    "/jobs/",
    "/audit/",
    "/search/",
    "/search/?q=10,000",
    "/search/paste",
    "/profile/",
    "/nowhere",
]
LOOKS: dict[str, dict[str, Any]] = {
    "phone": {"viewport": {"width": 390, "height": 844}},
    "dark": {"color_scheme": "dark"},
    "english": {"locale": "en-US"},
}
HANGUL = re.compile("[가-힣]")


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_well_made_in_every_look(look: str, enter: Enter, house: House) -> None:
    manager = enter(Role.MANAGER, **LOOKS[look])
    if look == "english":  # in the same colours as the Korean pages
        manager.rules = {"color-contrast": {"enabled": False}}
    wrong = []
    for path in PAGES:
        known = {name: house.one(query) for name, query in ANY.items()}
        try:
            manager.visit(path.format(**known))
        except AssertionError as error:
            wrong.append(str(error))
    assert not wrong, "\n\n".join(wrong)


def test_an_english_reader_refunds_in_english(enter: Enter, house: House) -> None:
    finance = enter(Role.FINANCE, locale="en-US")
    page = finance.visit(f"/payments/{house.one(ANY['payment'])}")
    finance.click("Refund", "link")
    page.get_by_label("Refund amount").fill("1000")
    with finance.opens():
        page.get_by_role("button", name="Refund 1,000 KRW").click()
    finance.heading("1,000 KRW was refunded")
    words = page.locator("h1, h2, button:visible, label").all_inner_texts()
    korean = {word for word in words if HANGUL.search(word)} - {"한국어"}
    assert korean == set()


def test_the_main_button_is_reached_by_the_keyboard_alone(enter: Enter, house: House) -> None:
    finance = enter(Role.FINANCE)
    page = finance.visit(f"/payments/{house.one(ANY['payment'])}/refunds/new")
    page.get_by_label("환불 금액").focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        focused = page.evaluate("() => document.activeElement?.innerText ?? ''")
        if "환불" in focused:
            break
    assert re.search(r"[\d,]+원 환불", focused)


def test_the_first_tab_skips_to_the_content(enter: Enter) -> None:
    finance = enter(Role.FINANCE)
    page = finance.visit("/payments/")
    page.evaluate("() => document.activeElement?.blur?.()")
    page.keyboard.press("Tab")
    expect(page.locator(".frame__skip")).to_be_focused()


def test_security_s23_after_signing_out_the_back_button_shows_the_sign_in(
    enter: Enter, house: House
) -> None:
    person = enter(None)
    sign_in(person, *house.people()[Role.SUPPORT])
    page = person.visit("/payments/")
    page.locator(".operator summary").click()
    with page.expect_navigation():
        page.get_by_role("button", name="로그아웃").click()
    expect(page).to_have_url(re.compile("/sign-in"))

    page.go_back()

    expect(page).to_have_url(re.compile("/sign-in"))
    assert page.get_by_label("비밀번호").count() == 1


def test_security_s40_no_page_loads_anything_from_elsewhere(enter: Enter, house: House) -> None:
    """The visitor refuses foreign requests on every page; this proves that it would see one."""
    finance = enter(Role.FINANCE)
    page = finance.visit("/")
    page.evaluate(
        "() => { const one = new Image(); one.src = 'http://127.0.0.2:9/x.png'; "
        "return new Promise((done) => { one.onerror = done; one.onload = done; }) }"
    )
    with pytest.raises(AssertionError) as caught:
        finance.look()
    assert "policy: img-src" in str(caught.value)
