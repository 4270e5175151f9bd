"""Job 16: a customer reads their card out on the telephone. Type it in, once, behind a code.

The admin sets an authenticator app up through the pages. No other journey sits down as the admin:
a changed factor ends every other session of the person.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from admin.domain.permissions import Role
from tests.accounts.test_sign_in import KEY, code_at
from tests.journeys.conftest import DESK
from tests.journeys.house import House
from tests.journeys.visitor import Visitor
from tests.operations.cards import CARD, DECLINED, found_in

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}


class Codes:
    """The app on the admin's telephone."""

    def __init__(self, key: str, house: House) -> None:
        self._key = key
        self._file = house.data / "jangbu.db"

    def next(self) -> str:
        """A code that is taken, as if half a minute had passed since the one before."""
        with closing(sqlite3.connect(self._file, timeout=10)) as database, database:
            database.execute("UPDATE operators SET last_code_counter = NULL")
        return self.now()

    def now(self) -> str:
        """The code that shows now, used or not."""
        return code_at(self._key, datetime.now(UTC))


@pytest.fixture(scope="module")
def admin(house: House, browser: Browser) -> tuple[Any, Codes]:
    """What the admin's browser holds once their app is set up, and the app."""
    context = browser.new_context(locale="en-US", viewport=DESK)
    visitor = Visitor(context.new_page(), house.url)
    page = visitor.visit("/sign-in")
    email, password = house.people()[Role.ADMIN]
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()
    customer = house.one("SELECT id FROM customers ORDER BY id LIMIT 1")
    visitor.visit(f"/customers/{customer}/cards/new")
    visitor.reads("you have none yet")
    codes = enrol(visitor, house)
    state = context.storage_state()
    context.close()
    return state, codes


def enrol(visitor: Visitor, house: House) -> Codes:
    """Set the app up as a person does."""
    page = visitor.visit("/profile/authenticator")
    visitor.click("Set up")
    found = KEY.search(page.content())
    assert found, page.content()
    codes = Codes(found[1], house)
    page.locator('input[name="code"]').fill(codes.next())
    visitor.click("Finish")
    return codes


@pytest.fixture
def sit(house: House, browser: Browser, admin: tuple[Any, Codes]) -> Iterator[Callable[..., Any]]:
    """Sit down as the admin."""
    opened = []

    def down(**look: Any) -> tuple[Visitor, Codes]:
        state, codes = admin
        options = {"locale": "en-US", "viewport": DESK, "storage_state": state, **look}
        context = browser.new_context(**options)
        context.set_default_timeout(10_000)
        opened.append(context)
        return Visitor(context.new_page(), house.url), codes

    yield down
    house.behave()
    for context in opened:
        context.close()


def customer_of(house: House, place: int) -> int:
    found: int = house.one(f"SELECT id FROM customers ORDER BY id LIMIT 1 OFFSET {place}")
    return found


def fill_card(page: Page, code: str, number: str = CARD.number) -> None:
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry").fill("203107")
    page.get_by_label("First two digits of the password").fill(CARD.password_2_digits or "")
    page.get_by_label("Birth date or business number").fill(CARD.birth or "")
    page.get_by_label("Your code").fill(code)


def test_a_card_is_charged_once_and_kept_and_charged_again(sit, house: House) -> None:
    visitor, codes = sit()
    customer = customer_of(house, 5)
    page = visitor.visit(f"/customers/{customer}")
    visitor.click("One payment with a typed card", "link")
    page.get_by_label("Amount to charge").fill("23000")
    page.get_by_label("What it is for").fill("전화 주문")
    page.get_by_label("Keep this card").check()
    fill_card(page, codes.next())
    assert found_in(page.content()) == [], "what is typed stands in no attribute"
    with visitor.opens():
        page.get_by_role("button", name="Charge 23,000 KRW").click()
    visitor.heading("23,000 KRW was taken from the card")
    page.reload()
    visitor.look()

    visitor.visit(f"/customers/{customer}")
    visitor.reads("전화 주문")
    key = house.one("SELECT max(id) FROM billing_keys WHERE customer_id = ?", customer)
    page = visitor.visit(f"/customers/keys/{key}/charges/new")
    page.get_by_label("Amount to charge").fill("12000")
    page.get_by_label("What it is for").fill("정기배송")
    with visitor.opens():
        page.get_by_role("button", name="Charge 12,000 KRW").click()
    visitor.heading("12,000 KRW was charged")


def test_a_slip_and_a_wrong_code_are_told_at_their_fields_and_nothing_comes_back(
    sit, house: House
) -> None:
    visitor, codes = sit(viewport=PHONE, color_scheme="dark")
    customer = customer_of(house, 6)
    page = visitor.visit(f"/customers/{customer}/card-payments/new")
    page.get_by_label("Amount to charge").fill("23000")
    page.get_by_label("What it is for").fill("전화 주문")
    fill_card(page, "000000", CARD.number[:-1] + "4")
    with visitor.opens():
        page.get_by_role("button", name=re.compile("^Charge")).click()
    expect(page.get_by_label("Card number")).to_have_attribute("aria-invalid", "true")
    for name in ("Card number", "Expiry", "Birth date or business number", "Your code"):
        expect(page.get_by_label(name)).to_have_value("")

    fill_card(page, "000000")
    with visitor.opens():
        page.get_by_role("button", name=re.compile("^Charge")).click()
    expect(page.get_by_label("Your code")).to_have_attribute("aria-invalid", "true")
    visitor.reads("Nothing was sent")
    assert found_in(page.content()) == []

    fill_card(page, codes.next(), DECLINED.number)
    with visitor.opens():
        page.get_by_role("button", name=re.compile("^Charge")).click()
    visitor.heading("The card payment of 23,000 KRW was not made")
    visitor.click("Do it again", "link")
    expect(page.get_by_label("Order no.")).to_have_value(re.compile("-r2$"))
    expect(page.get_by_label("Card number")).to_have_value("")


def test_a_card_is_stored_by_the_keyboard_alone(sit, house: House) -> None:
    visitor, codes = sit()
    customer = customer_of(house, 7)
    page = visitor.visit(f"/customers/{customer}/cards/new")
    page.get_by_label("Card number").focus()
    for text in (CARD.digits, CARD.expiry, CARD.password_2_digits, CARD.birth, codes.next()):
        page.keyboard.type(str(text))
        page.keyboard.press("Tab")
    with visitor.opens():
        page.keyboard.press("Enter")
    visitor.heading("The card is stored")
    key = house.ask("SELECT card_number FROM billing_keys WHERE customer_id = ?", customer)
    assert any(number and number.endswith("1093") for (number,) in key)


def test_a_lost_answer_is_followed_and_never_sent_again(sit, house: House) -> None:
    visitor, codes = sit(viewport=PHONE)
    customer = customer_of(house, 8)
    page = visitor.visit(f"/customers/{customer}/card-payments/new")
    page.get_by_label("Amount to charge").fill("31000")
    page.get_by_label("What it is for").fill("전화 주문")
    fill_card(page, codes.next())
    house.script("/subscribe/payments/onetime", "drop", method="POST", when="after_commit")
    with visitor.opens():
        page.get_by_role("button", name="Charge 31,000 KRW").click()
    visitor.heading("Finding out what became of the card payment of 31,000 KRW")
    visitor.click("Look now")
    visitor.heading("31,000 KRW was taken from the card")
