"""One house, one browser and one sign-in a role for all journeys."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from admin.domain.permissions import Role
from scripts.servers import find_chromium
from tests.journeys.house import House, started
from tests.journeys.visitor import Visitor

QUIET = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-sync",
    "--no-first-run",
    "--disable-component-update",
]
DESK = {"width": 1440, "height": 900}
Enter = Callable[..., Visitor]


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """The system's Chromium, which asks nobody anything."""
    program = os.environ.get("CHROMIUM") or find_chromium() or "/usr/bin/chromium"
    return {"executable_path": program, "args": QUIET}


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The installation."""
    with started(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture(scope="session")
def keys(house: House, browser: Browser) -> Callable[[Role], Any]:
    """What a browser holds after a person of this role signed in, once for all journeys."""
    held: dict[Role, Any] = {}

    def key(role: Role) -> Any:
        if role not in held:
            context = browser.new_context(locale="ko-KR", viewport=DESK)
            sign_in(Visitor(context.new_page(), house.url), *house.people()[role])
            held[role] = context.storage_state()
            context.close()
        return held[role]

    return key


@pytest.fixture
def enter(house: House, browser: Browser, keys: Callable[[Role], Any]) -> Iterator[Enter]:
    """Sit down as somebody of a role; None is a stranger."""
    opened: list[BrowserContext] = []

    def sit(role: Role | None, **look: Any) -> Visitor:
        options = {"locale": "ko-KR", "viewport": DESK, **look}
        if role is not None:
            options["storage_state"] = keys(role)
        context = browser.new_context(**options)
        context.set_default_timeout(10_000)
        opened.append(context)
        return Visitor(context.new_page(), house.url)

    yield sit
    house.behave()
    for context in opened:
        context.close()


@pytest.fixture
def finance(enter: Enter) -> Visitor:
    """A finance person, Korean, at a desk."""
    return enter(Role.FINANCE)


def sign_in(visitor: Visitor, email: str, password: str) -> None:
    """Sign in through the page."""
    page = visitor.visit("/sign-in")
    page.get_by_label("이메일").fill(email)
    page.get_by_label("비밀번호").fill(password)
    with page.expect_navigation():
        page.get_by_role("button", name="로그인").click()
