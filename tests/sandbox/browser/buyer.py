"""Somebody who buys at a shop's page of another origin, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import FrameLocator, Page, expect

from tests.sandbox import windows
from tests.sandbox.conftest import Api
from tests.sandbox.shopfront import Shopfront, fragment
from tests.sandbox.windows import CODE

DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "user_agent": "Mozilla/5.0 (Linux; Android 14; SM-S921N) AppleWebKit/537.36 Mobile",
    "has_touch": True,
    "is_mobile": True,
}
ORDER: dict[str, Any] = windows.ORDER | {
    "buyer_email": "a@b.example",
    "buyer_tel": "010-1234-5678",
}


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
        self.page.goto("about:blank")  # another fragment alone would load nothing
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

    def attempts(self) -> list[dict[str, Any]]:
        """Every payment of the order."""
        answer = self.api.get(f"/payments/findAll/{ORDER['merchant_uid']}")
        return [] if answer.status_code == 404 else answer.json()["response"]["list"]


Sit = Callable[..., Buyer]
