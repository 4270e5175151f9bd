"""Every payment window, and the page behind it, by keyboard, small, dark and to a screen reader."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from sandbox.facts.kcp import SHOP_NAME
from tests.journeys.visitor import AXE, SIDEWAYS
from tests.sandbox.browser.buyer import ORDER, PHONE, Sit

pytestmark = pytest.mark.browser

RUN_AXE = """() => axe.run(document, {runOnly: {type: "tag",
  values: ["wcag2a", "wcag2aa", "wcag21aa"]}, resultTypes: ["violations"]})
  .then((found) => found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${node.target.join(" ")}`)))"""
HANGUL = re.compile("[가-힣]+")
KINDS: dict[str, dict[str, Any]] = {
    "card": {"amount": 120_000},
    "direct": {"amount": 120_000, "card": {"direct": {"code": "367", "quota": 83}}},
    "vbank": {"pay_method": "vbank", "escrow": True},
    "phone": {"pay_method": "phone", "bypass": {"shop_user_id": "ABCD123"}},
    "wallet": {"pay_method": "kakaopay"},
    "billing": {"pg": "kcp_billing", "customer_uid": "cust-1", "amount": 0},
}


def test_the_keyboard_alone_pays(sit: Sit) -> None:
    buyer = sit()
    buyer.orders()
    expect(buyer.window.get_by_role("heading", name="신용카드")).to_be_focused()
    for key in ("Tab", "Tab", "ArrowRight", "Tab", "Tab", "Tab", "Tab"):
        buyer.page.keyboard.press(key)
    expect(buyer.window.get_by_role("button", name="10,040원 결제하기")).to_be_focused()
    buyer.page.keyboard.press("Enter")

    assert buyer.told()["card_name"] == "KB국민카드"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_window_is_well_made(sit: Sit, language: str, scheme: str) -> None:
    buyer = sit(PHONE, color_scheme=scheme)
    wrong = []
    for kind, params in KINDS.items():
        back = f"{buyer.shop.url}/done"
        buyer.orders(**params, merchant_uid=kind, language=language, m_redirect_url=back)
        buyer.page.wait_for_url("**/window/*")
        buyer.page.evaluate(AXE)
        wrong += [f"{kind}: {one}" for one in buyer.page.evaluate(RUN_AXE)]
        if buyer.page.evaluate(SIDEWAYS) > 0:
            wrong.append(f"{kind} scrolls sideways")
        words = buyer.page.locator("main").inner_text().replace(ORDER["name"], "")
        if language == "en" and (korean := set(HANGUL.findall(words)) - {SHOP_NAME}):
            wrong.append(f"{kind} says {korean}")
    assert wrong == []
    window = buyer.page.url
    buyer.page.locator("[data-act=close]").click()
    buyer.page.wait_for_url("**/done?*")
    buyer.page.goto(window)
    buyer.page.evaluate(AXE)
    assert buyer.page.evaluate(RUN_AXE) == []


def test_the_opening_page_stays_well_made_behind_the_window(sit: Sit) -> None:
    buyer = sit()
    buyer.orders()
    expect(buyer.window.get_by_role("heading", name="신용카드")).to_be_visible()
    dialog = buyer.page.get_by_role("dialog", name="결제창")
    expect(dialog).to_be_visible()

    buyer.page.evaluate(AXE)
    assert buyer.page.evaluate(RUN_AXE) == []
