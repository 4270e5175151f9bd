"""The payment window in a real browser, opened by a page of another origin."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from scripts.servers import find_chromium
from tests.architecture.source import ROOT
from tests.sandbox.conftest import Api
from tests.sandbox.shopfront import Shopfront, fragment, shopfront

pytestmark = pytest.mark.browser

AXE = (ROOT / "tests/vendor/axe/axe.min.js").read_text(encoding="utf-8")
RUN_AXE = """() => axe.run(document, {runOnly: {type: "tag",
  values: ["wcag2a", "wcag2aa", "wcag21aa"]}, resultTypes: ["violations"]})
  .then((found) => found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${node.target.join(" ")}`)))"""
SIDEWAYS = "() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "user_agent": "Mozilla/5.0 (Linux; Android 14; SM-S921N) AppleWebKit/537.36 Mobile",
    "has_touch": True,
    "is_mobile": True,
}
CODE = "imp12345678"
ORDER: dict[str, Any] = {
    "pg": "kcp", "pay_method": "card", "merchant_uid": "ORD-1", "name": "주문명:결제테스트",
    "amount": 10_040, "buyer_name": "최수아", "buyer_email": "a@b.example",
    "buyer_tel": "010-1234-5678",
}  # fmt: skip


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    program = os.environ.get("CHROMIUM") or find_chromium() or "/usr/bin/chromium"
    return {"executable_path": program, "args": ["--no-sandbox", "--disable-quic"]}


@pytest.fixture
def shop(api: Api) -> Iterator[Shopfront]:
    with shopfront(api.server.url) as one:
        yield one


class Buyer:
    """Somebody before the shop's page, who notices every complaint of the browser."""

    def __init__(self, page: Page, shop: Shopfront, api: Api) -> None:
        self.page = page
        self.shop = shop
        self.api = api
        self.complaints: list[str] = []
        page.on(
            "console",
            lambda said: said.type == "error" and self.complaints.append(said.text),
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def orders(self, *, silent: bool = False, **params: Any) -> None:
        """Press the shop's button with these parameters."""
        asked = {"code": CODE, "params": ORDER | params, "silent": silent}
        self.page.goto(f"{self.shop.url}/#{fragment(asked)}")
        self.page.get_by_role("button", name="결제", exact=True).click()

    @property
    def window(self) -> FrameLocator:
        return self.page.frame_locator("dialog iframe")

    def told(self) -> dict[str, Any]:
        """What the callback got, once it was called."""
        expect(self.page.locator("#said")).not_to_be_empty()
        result: dict[str, Any] = json.loads(self.page.locator("#said").inner_text())
        return result

    def payment(self, result: dict[str, Any]) -> dict[str, Any]:
        """The payment as the API has it."""
        answer = self.api.get(f"/payments/{result['imp_uid']}").json()["response"]
        assert isinstance(answer, dict)
        return answer


Sit = Callable[..., Buyer]


@pytest.fixture
def sit(browser: Browser, shop: Shopfront, api: Api) -> Iterator[Sit]:
    opened: list[BrowserContext] = []
    buyers: list[Buyer] = []

    def one(look: dict[str, Any] = DESK, **more: Any) -> Buyer:
        context = browser.new_context(**{"locale": "ko-KR", **look, **more})
        context.set_default_timeout(10_000)
        opened.append(context)
        buyers.append(Buyer(context.new_page(), shop, api))
        return buyers[-1]

    yield one
    complaints = [text for buyer in buyers for text in buyer.complaints]
    for context in opened:
        context.close()
    assert complaints == []


def test_a_card_pays_on_a_desk_and_the_callback_is_told(sit: Sit) -> None:
    buyer = sit()
    buyer.orders()
    buyer.window.get_by_role("radio", name="현대카드").check()
    buyer.window.get_by_role("button", name="10,040원 결제하기").click()
    result = buyer.told()

    payment = buyer.payment(result)
    assert (result["success"], result["status"], result["paid_amount"]) == (True, "paid", 10_040)
    assert (payment["status"], payment["card_code"], payment["channel"]) == ("paid", "367", "pc")
    assert {name: result[name] for name in ("apply_num", "pg_tid", "receipt_url")} == {
        name: payment[name] for name in ("apply_num", "pg_tid", "receipt_url")
    }
    assert buyer.page.locator("dialog").count() == 0
    expect(buyer.page.get_by_role("button", name="결제", exact=True)).to_be_focused()


def test_closing_tells_the_callback_and_fails_the_payment(sit: Sit) -> None:
    buyer = sit()
    buyer.orders()
    buyer.window.get_by_role("button", name="결제 취소").click()
    result = buyer.told()

    assert (result["success"], result["error_code"]) == (False, "3001")
    assert buyer.payment(result)["status"] == "failed"


@pytest.mark.parametrize("focus", ["in the frame", "on the dialog"])
def test_escape_closes(sit: Sit, focus: str) -> None:
    buyer = sit()
    buyer.orders()
    heading = buyer.window.get_by_role("heading", name="신용카드")
    expect(heading).to_be_focused()
    if focus == "on the dialog":
        buyer.page.evaluate("() => document.activeElement.blur()")
    buyer.page.keyboard.press("Escape")

    result = buyer.told()
    assert result["error_code"] == "3001"
    assert buyer.payment(result)["fail_reason"] == "[3001|사용자 취소]"


def test_a_phone_goes_to_the_window_and_comes_back_with_its_query(sit: Sit) -> None:
    buyer = sit(PHONE)
    buyer.orders(m_redirect_url=f"{buyer.shop.url}/done?cart=7&x=%EA%B0%80")
    buyer.page.get_by_role("button", name="10,040원 결제하기").click()
    buyer.page.wait_for_url("**/done?*")

    query = parse_qsl(urlsplit(buyer.page.url).query)
    assert query[:2] == [("cart", "7"), ("x", "가")]
    told = dict(query)
    assert (told["merchant_uid"], told["imp_success"]) == ("ORD-1", "true")
    assert buyer.payment(told)["channel"] == "mobile"
    assert "error_code" not in told
