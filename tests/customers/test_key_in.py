"""Cards typed in on pages: who may, behind which code, and that nothing of them is left."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from admin.app import build_app
from admin.config import Settings
from admin.domain.clock import utc_now
from admin.domain.operation import OperationState
from admin.domain.permissions import Role
from admin.models import AuditEntry, BillingKey, Customer, db, transaction
from admin.web.security import limiter
from tests.conftest import add_operator
from tests.operations.cards import CARD, DECLINED, everything_written, found_in
from tests.operations.conftest import connect
from tests.operations.desk import Network, every_operation
from tests.people import AuthenticatorApp, Browser, Person

pytestmark = pytest.mark.slow

__all__ = ["connect"]

EN = {"headers": {"Accept-Language": "en"}}
ONCE = "/subscribe/payments/onetime"
VALUE = re.compile(r'<input[^>]*name="(?:number|expiry|birth|password_2_digits|code)"[^>]*>')
Q = OperationState


class Typist:
    """A person with an authenticator app, before the forms of one customer."""

    def __init__(self, person: Person, customer: Customer) -> None:
        assert person.operator is not None
        self.person = person
        self.app = AuthenticatorApp(person.operator.id)
        self.at = f"/customers/{customer.id}"

    def pay(self, **fields: Any) -> Any:
        """Send the form of a payment."""
        return self._send("card-payments", {"amount": "10000", "order_name": "전화 주문"} | fields)

    def store(self, **fields: Any) -> Any:
        """Send the form of a card to be stored."""
        return self._send("cards", fields)

    def page(self, path: str) -> str:
        text: str = self.person.get(f"{self.at}/{path}", **EN).text
        return text

    def _send(self, what: str, fields: dict[str, Any]) -> Any:
        path = f"{self.at}/{what}/new"
        shown = self.person.get(path).text
        filled = {
            name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', shown)
            for name in ("merchant_uid", "customer_uid")
        }
        body = {
            **self.person.hidden_fields(path),
            **{name: found[1] for name, found in filled.items() if found},
            "number": CARD.number,
            "expiry": CARD.expiry,
            "birth": CARD.birth,
            "password_2_digits": CARD.password_2_digits,
            "code": self.app.code(utc_now()),
            **fields,
        }
        return self.person.post(f"{self.at}/{what}/", body, **EN)


@pytest.fixture
def _on(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation that types cards in."""
    monkeypatch.setitem(app.extensions, "settings", replace(settings, key_in=True))


@pytest.fixture
def counting(app: Flask, settings: Settings) -> Iterator[Flask]:
    """An installation that counts tries, as the suite's own does not.

    The counter is one for every application of a process; it is put back afterwards.
    """
    before = dict(vars(limiter))
    made = build_app(replace(settings, key_in=True, testing=False))
    made.test_client_class = Browser
    with made.app_context():
        yield made
        db.session.remove()
        db.engine.dispose()
    vars(limiter).clear()
    vars(limiter).update(before)


@pytest.fixture
def customer(app: Flask) -> Customer:
    with transaction():
        person = Customer(customer_number="C-1", name="이도윤", since=utc_now(), billing_keys=[])
        db.session.add(person)
    return person


@pytest.fixture
def typist(_on: None, sign_in: Callable[[Role], Person], customer: Customer) -> Typist:
    """A manager who types."""
    return Typist(sign_in(Role.MANAGER), customer)


def sent(stand_in: Any) -> int:
    posted = stand_in.requests(method="POST")
    return len([one for one in posted if one["path"].startswith("/subscribe")])


class TestWho:
    @pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMIN])
    def test_switched_off_there_is_no_page_and_no_link(self, sign_in, customer, role) -> None:
        person = sign_in(role)
        assert person.get(f"/customers/{customer.id}/cards/new").status_code == 404
        assert person.get(f"/customers/{customer.id}/card-payments/new").status_code == 404
        assert person.post(f"/customers/{customer.id}/cards/").status_code == 404
        assert person.post(f"/customers/{customer.id}/card-payments/").status_code == 404
        shown = person.get(f"/customers/{customer.id}").text
        assert "/cards/new" not in shown
        assert "/card-payments/new" not in shown

    def test_switched_on_the_customers_page_leads_there(self, typist) -> None:
        shown = typist.person.get(typist.at).text
        assert f"{typist.at}/cards/new" in shown
        assert f"{typist.at}/card-payments/new" in shown

    @pytest.mark.usefixtures("_on")
    def test_who_may_not_type_cards_in_sees_no_link_and_sends_nothing(
        self, finance, customer, stand_in
    ) -> None:
        assert "/cards/new" not in finance.get(f"/customers/{customer.id}").text
        assert finance.get(f"/customers/{customer.id}/cards/new").status_code == 403
        assert finance.post(f"/customers/{customer.id}/cards/").status_code == 403
        assert finance.post(f"/customers/{customer.id}/card-payments/").status_code == 403
        assert sent(stand_in) == 0

    @pytest.mark.usefixtures("_on")
    def test_who_has_no_app_is_told_to_set_one_up(self, sign_in, customer, stand_in) -> None:
        person = sign_in(Role.MANAGER)
        for what in ("cards", "card-payments"):
            shown = person.get(f"/customers/{customer.id}/{what}/new", **EN).text
            assert "Set up an authenticator app" in shown
            assert 'href="/profile/"' in shown
            assert 'name="number"' not in shown
        fields = {"number": CARD.number, "expiry": CARD.expiry, "code": "123456"}
        more = {"amount": "10000", "order_name": "x", "merchant_uid": "K-1", "form_key": "f"}
        answer = person.post(f"/customers/{customer.id}/card-payments/", fields | more, **EN)
        assert answer.status_code == 403
        assert found_in(answer.text) == []
        assert (every_operation(), sent(stand_in)) == ([], 0)

    def test_security_s58_a_person_has_ten_tries_an_hour(self, counting, customer) -> None:
        """Whatever became of them; another person has tries of their own."""
        path = f"/customers/{customer.id}/card-payments/"
        people = [Person(counting.test_client(), add_operator(Role.MANAGER)) for _ in range(2)]
        first, second = (person.sign_in() for person in people)

        assert [first.post(path).status_code for _ in range(11)] == [422] * 10 + [429]
        assert second.post(path).status_code == 422


class TestPay:
    def test_a_payment_is_made_once_and_its_page_can_be_reloaded(self, typist, stand_in) -> None:
        answer = typist.pay()

        assert answer.status_code == 303
        shown = typist.person.get(answer.location, **EN).text
        assert "10,000 KRW was taken from the card" in shown
        assert "전화 주문" in typist.person.get(typist.at).text
        assert [one.state for one in every_operation()] == [Q.SUCCEEDED]
        assert sent(stand_in) == 1

    def test_with_the_tick_the_card_is_a_key_that_can_be_charged(self, typist, stand_in) -> None:
        answer = typist.pay(keep="y", customer_uid="cus-typed", label="업무용")

        assert answer.status_code == 303
        key = db.session.scalars(sa.select(BillingKey)).one()
        assert (key.customer_uid, key.label, key.known_to_gateway) == ("cus-typed", "업무용", True)
        assert f"/customers/keys/{key.id}/charges/new" in typist.person.get(typist.at).text

    def test_a_decline_is_asked_for_once_more_with_a_number_of_its_own(self, typist) -> None:
        answer = typist.pay(number=DECLINED.number, expiry=DECLINED.expiry, note="어머니 카드")
        shown = typist.person.get(answer.location, **EN).text
        assert "typed again" in shown
        again = re.search(r'href="([^"]*card-payments/new[^"]*)"', shown)
        assert again
        form = typist.person.get(again[1].replace("&amp;", "&"), **EN).text
        assert '-r2"' in form
        assert "어머니 카드" in form
        assert found_in(form) == []

    def test_the_form_sent_twice_is_one_payment_though_its_code_is_used(
        self, typist, stand_in
    ) -> None:
        path = f"{typist.at}/card-payments/new"
        hidden = typist.person.hidden_fields(path)
        code = typist.app.code(utc_now())
        answers = [typist.pay(**hidden, code=code, merchant_uid="K-1") for _ in range(2)]
        assert [one.status_code for one in answers] == [303, 303]
        assert len({one.location for one in answers}) == 1
        assert sent(stand_in) == 1

    def test_a_wrong_code_sends_nothing_says_so_and_is_audited(self, typist, stand_in) -> None:
        right = int(typist.app.code(utc_now()))
        answer = typist.pay(code=f"{(right + 7) % 1_000_000:06}")

        assert answer.status_code == 422
        assert "This code is wrong, or was used already. Nothing was sent" in answer.text
        assert (every_operation(), sent(stand_in)) == ([], 0)
        query = sa.select(AuditEntry).where(AuditEntry.action == "second_factor.refused")
        assert db.session.scalars(query).one().operator_id == typist.person.operator.id

    def test_half_a_won_is_told_at_the_amount(self, typist, stand_in) -> None:
        answer = typist.pay(amount="1000.5")
        assert answer.status_code == 422
        assert 'id="amount-error"' in answer.text
        assert 'id="number-error"' not in answer.text
        assert sent(stand_in) == 0

    def test_a_code_that_was_used_is_refused(self, typist, stand_in) -> None:
        code = typist.app.code(utc_now())
        assert typist.pay(code=code).status_code == 303
        assert typist.pay(code=code, amount="20000").status_code == 422
        assert typist.store(code=code).status_code == 422
        assert sent(stand_in) == 1

    def test_an_unknown_outcome_says_so_and_offers_no_second_sending(
        self, typist, stand_in
    ) -> None:
        stand_in.fail_next(ONCE, "drop", method="POST", when="after_commit")
        answer = typist.pay()
        shown = typist.person.get(answer.location, **EN).text
        assert "Finding out what became of the card payment" in shown
        assert "was taken from the card" not in shown
        assert "card-payments/new" not in shown
        assert sent(stand_in) == 1


class TestStore:
    def test_a_card_is_stored_under_its_address(self, typist, stand_in) -> None:
        answer = typist.store(label="가족 카드")

        assert answer.status_code == 303
        assert "The card is stored" in typist.person.get(answer.location, **EN).text
        key = db.session.scalars(sa.select(BillingKey)).one()
        assert (key.label, key.card_number[-4:]) == ("가족 카드", "1093")

    def test_a_telephone_without_a_dash_writes_the_expiry_in_six_digits(self, typist) -> None:
        assert typist.store(expiry="203107").status_code == 303

    def test_a_key_that_holds_a_card_is_replaced_only_when_ticked(self, typist) -> None:
        assert typist.store(customer_uid="cus-a").status_code == 303
        assert typist.store(customer_uid="cus-a").status_code == 409
        assert typist.store(customer_uid="cus-a", replaces="y").status_code == 303


WRONG = [
    {"number": "4518-4212-3458-1092"},
    {"expiry": "2020-01"},
    {"birth": "881341"},
    {"password_2_digits": "731"},
    {"code": "000000"},
    {"order_name": ""},
    {"amount": "0"},
    {"merchant_uid": "no number"},
    {"keep": "y", "customer_uid": ""},
    {"note": CARD.number},
    {"label": CARD.number},
    {"csrf_token": "made up"},
]


class TestNothingIsLeft:
    @pytest.mark.parametrize("fields", WRONG, ids=lambda one: next(iter(one)))
    def test_security_s67_no_field_comes_back_after_an_error(
        self, typist, stand_in, fields
    ) -> None:
        answer = typist.pay(**fields)

        assert answer.status_code in (400, 422)
        typed = {CARD.number, CARD.expiry, CARD.birth, *fields.values()} - {"y", "", "0"}
        shown = [one for one in typed if one in answer.text and one != "no number"]
        assert shown == []
        for control in VALUE.findall(answer.text):
            assert " value" not in control
            assert 'autocomplete="off"' in control
            assert 'inputmode="numeric"' in control
        assert (every_operation(), sent(stand_in)) == ([], 0)

    def test_security_s67_no_field_ever_holds_a_value(self, typist) -> None:
        for what in ("cards", "card-payments"):
            controls = VALUE.findall(typist.page(f"{what}/new"))
            assert len(controls) == 5
            assert [one for one in controls if " value" in one] == []

    def test_security_s67_a_card_in_the_address_is_not_read(self, typist) -> None:
        shown = typist.page(f"card-payments/new?number={CARD.number}&expiry={CARD.expiry}")
        assert CARD.number not in shown
        assert [one for one in VALUE.findall(shown) if " value" in one] == []

    def test_security_s66_the_card_is_in_no_place_whatever_became_of_it(
        self, app, typist, stand_in, settings, monkeypatch, connect, caplog, capfd
    ) -> None:
        for chatty in ("", "httpx", "httpcore", "admin", "sqlalchemy.engine", "werkzeug"):
            caplog.set_level(logging.DEBUG, logger=chatty)
        pages = []

        def keep(answer: Any) -> None:
            pages.append(answer.text)
            if answer.status_code == 303:
                pages.append(typist.person.get(answer.location).text)

        keep(typist.pay(number=CARD.number))
        stand_in.fail_next(ONCE, "drop", method="POST", when="after_commit")
        unknown = typist.pay(number=CARD.digits, amount="20000", keep="y")
        keep(unknown)
        keep(typist.person.post(f"{unknown.location}/looks/"))
        assert every_operation()[-1].state is Q.SUCCEEDED
        keep(typist.pay(number=DECLINED.number, amount="30000"))  # its outcome is told apart
        self._wait_for_codes(typist)
        stand_in.fail_next("/subscribe/customers/*", "status", method="POST", status=500)
        keep(typist.store())

        def broken(request, forward):
            forward(request)
            raise RuntimeError("a fault of ours, with the card in hand")

        self._wait_for_codes(typist)
        faulty = connect(network=Network("POST", ONCE, broken))
        monkeypatch.setitem(app.extensions, "gateway", faulty)
        failed = typist.pay(amount="40000", number=CARD.number, merchant_uid="K-500")
        keep(failed)
        for path in ("/audit/", "/operations/?state=", "/jobs/", typist.at):
            pages.append(typist.person.get(path).text)

        assert failed.status_code == 500
        states = [one.state for one in every_operation()]
        assert {Q.SUCCEEDED, Q.FAILED, Q.UNKNOWN, Q.SENDING} <= set(states), states
        records = [logging.getLogger().handlers[0].format(one) for one in caplog.records]
        captured = capfd.readouterr()
        places = (
            everything_written(settings),
            caplog.text,
            "\n".join(records),
            captured.out + captured.err,
            "\n".join(pages),
            repr(stand_in.requests()),
        )
        assert [found_in(place) for place in places] == [[]] * len(places)
        assert "K-500" in places[0], "the scan reads what is written"

    @staticmethod
    def _wait_for_codes(typist: Typist) -> None:
        """As if the minutes had passed until the app shows codes that are not used yet."""
        with transaction():
            typist.person.operator.last_code_counter = None

    def test_security_s66_the_scan_would_find_a_card(self, customer, settings) -> None:
        with transaction():
            customer.email = CARD.number
        assert found_in(everything_written(settings)) == [CARD.number]
        assert found_in('{"pwd_2digit": "73"}') == ["73"]
