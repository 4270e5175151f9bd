"""Composing a request: its amount is registered first, and its link is a secret."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from admin.domain.money import Money
from admin.domain.operation import QUIET_PERIOD, OperationKind, OperationState
from admin.domain.payment_request import RequestState
from admin.models import Customer, MoneyOperation, PaymentRequest, db, transaction
from admin.operations.resolver import sweep
from admin.payment_requests.queries import state_of
from tests.people import Person

EN = {"headers": {"Accept-Language": "en"}}
PREPARE = "/payments/prepare"
FORM = {
    "name": "전화 주문 책장",
    "amount": "60,000",
    "method": "card",
    "merchant_uid": "REQ-1",
    "buyer_name": "김하나",
    "quota_limit": "default",
    "direct_code": "",
    "direct_quota": "0",
    "language": "ko",
    "life": "1d",
}
ITEMS = {
    "items-0-order_number": "A-1",
    "items-0-name": "상품A",
    "items-0-quantity": "3",
    "items-0-amount": "20,000",
    "items-1-order_number": "A-2",
    "items-1-name": "상품B",
    "items-1-quantity": "2",
    "items-1-amount": "40,000",
}


def compose(person: Person, kind: str = "payment", customer: int | None = None, **changes: str):
    query = f"kind={kind}" + (f"&customer={customer}" if customer else "")
    hidden = person.hidden_fields(f"/payment-requests/new?{query}")
    form = {key: value for key, value in hidden.items() if key == "form_key"}
    return person.post(f"/payment-requests/?{query}", {**form, **FORM, **changes}, **EN)


def the_request() -> PaymentRequest:
    db.session.expire_all()
    return db.session.scalars(sa.select(PaymentRequest)).one()


def operations() -> list[MoneyOperation]:
    query = sa.select(MoneyOperation).where(MoneyOperation.kind == OperationKind.PREPARE)
    return list(db.session.scalars(query.order_by(MoneyOperation.id)))


def test_a_request_registers_its_amount_and_shows_its_link(support, gateway, now):
    answer = compose(support, **{"tax_free": "10,000", "shown_cards": "366"})

    assert answer.status_code == 303
    kept = the_request()
    assert state_of(kept, now=now) is RequestState.OPEN
    assert gateway.get_prepared_amount("REQ-1").amount == Money(60_000)
    assert kept.parameters["card"]["detail"][1] == {"card_code": "366", "enabled": True}
    page = support.get(answer.location, **EN).text
    assert f"/pay/{kept.token}" in page
    assert "merchant_uid: &#34;REQ-1&#34;" in page


def test_the_link_is_unreadable_in_the_database(support):
    compose(support)

    kept = the_request()
    stored = db.session.execute(sa.text("SELECT token, token_hash FROM payment_requests")).one()
    assert len(kept.token) >= 32
    assert kept.token not in (stored.token, stored.token_hash)


def test_the_same_form_twice_is_one_request(support, stand_in):
    compose(support, form_key="once")
    again = compose(support, form_key="once")

    assert again.status_code == 303
    the_request()
    assert len(stand_in.requests(PREPARE, "POST")) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"amount": "999"}, "at least 1,000 KRW"),
        ({"amount": ""}, "at least"),
        ({"amount": "abc"}, "digits only"),
        ({"method": "cultureland"}, "member id of the shop"),
        ({"method": "trans", "app_card": "y"}, "for cards alone"),
        ({"name": ""}, "Say what is paid for"),
        ({"merchant_uid": "주문 1"}, "letters, digits"),
        ({"name": "4111 1111 1111 1111"}, "card number"),
    ],
)
def test_a_bad_request_is_told_and_loses_nothing(support, stand_in, changes, said):
    answer = compose(support, **{"buyer_tel": "010-1234-5678", **changes})

    assert answer.status_code == 422
    assert said in answer.text
    assert "010-1234-5678" in answer.text
    assert "4111 1111" not in answer.text
    assert stand_in.requests(PREPARE) == []
    assert db.session.scalars(sa.select(PaymentRequest)).all() == []


def test_an_order_number_is_used_once(support, stand_in):
    compose(support)
    again = compose(support)

    assert again.status_code == 422
    assert "used already" in again.text
    the_request()


def test_escrow_lines_are_compared_with_the_amount(support):
    short = compose(support, "escrow", **{**ITEMS, "items-1-amount": "30,000"})
    assert short.status_code == 422
    assert "add up to 50,000 KRW" in short.text
    assert 'value="상품B"' in short.text

    meant = compose(
        support, "escrow", **{**ITEMS, "items-1-amount": "30,000"}, items_may_differ="y"
    )
    assert meant.status_code == 303
    assert the_request().parameters["kcpProducts"][1]["amount"] == 30_000


def test_more_lines_can_be_had_without_losing_what_was_typed(support):
    page = compose(support, "escrow", **ITEMS, more="1").text

    assert page.count('-quantity"') > len(ITEMS) / 4 * 2
    assert 'value="상품B"' in page


def test_the_parameters_can_be_seen_before_anything_is_kept(support, stand_in):
    page = compose(support, look="1").text

    assert re.search(r"IMP\.request_pay\(\{\s+pg: &#34;kcp&#34;", page)
    assert stand_in.requests(PREPARE) == []


def test_an_unknown_registration_is_settled_by_looking(support, stand_in, gateway, now):
    stand_in.fail_next(PREPARE, "drop", method="POST", when="after_commit")
    answer = compose(support)
    kept = the_request()
    assert state_of(kept, now=now) is RequestState.PREPARING
    assert kept.token in support.get(answer.location, **EN).text

    sweep(gateway=gateway, now=now + timedelta(seconds=60))
    assert [one.state for one in operations()] == [OperationState.SUCCEEDED]
    assert state_of(the_request(), now=now) is RequestState.OPEN
    assert len(stand_in.requests(PREPARE, "POST")) == 1


def test_silence_is_believed_after_the_quiet_period_alone(support, stand_in, gateway, now):
    stand_in.fail_next(PREPARE, "drop", method="POST", when="before_commit")
    compose(support)

    sweep(gateway=gateway, now=now + timedelta(minutes=6))
    assert [one.state for one in operations()] == [OperationState.UNKNOWN]
    sweep(gateway=gateway, now=now + QUIET_PERIOD + timedelta(minutes=3))
    assert [one.state for one in operations()] == [OperationState.NOT_EXECUTED]
    assert len(stand_in.requests(PREPARE, "POST")) == 1


def test_another_amount_than_ours_is_a_persons_to_look_at(support, stand_in, gateway, now):
    stand_in.fail_next(PREPARE, "drop", method="POST", when="before_commit")
    compose(support)
    gateway.prepare_amount("REQ-1", Money(100))

    sweep(gateway=gateway, now=now + timedelta(seconds=60))
    assert [one.state for one in operations()] == [OperationState.MISMATCH]
    assert state_of(the_request(), now=now) is RequestState.PREPARING


def test_what_was_not_registered_can_be_registered_again(support, stand_in, now):
    stand_in.fail_next(PREPARE, "code", method="POST", code=1, message="점검 중")
    answer = compose(support)
    page = support.get(answer.location, **EN)
    assert "did not register the amount" in page.text
    assert the_request().token not in page.text

    support.post(f"{answer.location}/preparations/", {"form_key": "again"})
    assert [one.state for one in operations()] == [OperationState.FAILED, OperationState.SUCCEEDED]
    assert state_of(the_request(), now=now) is RequestState.OPEN


def test_another_amount_under_the_number_is_never_overwritten(support, gateway, stand_in, now):
    gateway.prepare_amount("REQ-1", Money(100))
    compose(support)

    assert [one.state for one in operations()] == [OperationState.REJECTED]
    assert len(stand_in.requests(PREPARE, "POST")) == 1
    assert state_of(the_request(), now=now) is RequestState.NOT_PREPARED


def test_a_link_is_taken_back_once(support, stranger):
    shown = compose(support).location
    link = f"/pay/{the_request().token}"

    assert support.post(f"{shown}/revocation/").status_code == 303
    assert "taken this link back" in stranger.get(link + "?lang=en").text
    assert support.post(f"{shown}/revocation/").status_code == 409


def test_a_card_is_registered_for_a_customer_without_any_amount(finance, stand_in, now):
    with transaction():
        customer = Customer(customer_number="C-7", name="이도윤", tel="010-1", since=now)
        db.session.add(customer)
    card = {"amount": "", "customer_uid": "C-7-1", "method": "card"}
    answer = compose(finance, "card", customer.id, **card)

    assert answer.status_code == 303, answer.text
    kept = the_request()
    assert (kept.customer_uid, kept.amount_minor) == ("C-7-1", 0)
    assert kept.parameters["pg"] == "kcp_billing"
    assert stand_in.requests(PREPARE) == []
    assert compose(finance, "card").status_code == 404  # a card belongs to somebody
