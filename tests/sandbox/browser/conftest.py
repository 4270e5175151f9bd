"""The system's Chromium, a shop, and people who sit down before its page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from scripts.servers import find_chromium
from tests.sandbox.browser.buyer import DESK, Buyer, Sit
from tests.sandbox.conftest import Api
from tests.sandbox.shopfront import Shopfront, shopfront


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    program = os.environ.get("CHROMIUM") or find_chromium() or "/usr/bin/chromium"
    return {"executable_path": program, "args": ["--no-sandbox", "--disable-quic"]}


@pytest.fixture
def shop(api: Api) -> Iterator[Shopfront]:
    with shopfront(api.server.url) as one:
        yield one


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
