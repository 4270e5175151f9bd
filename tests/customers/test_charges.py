"""Charging a billing key: what is refused before anything is sent, and what the pages say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from admin.customers.service import (
    ChargeInProgress,
    JustCharged,
    KeyNotUsable,
    check_billing_keys,
    new_order_number,
)
from admin.domain.actor import Actor
from admin.domain.errors import InvalidInput, NotAllowed, NotFound
from admin.domain.operation import OperationState
from admin.domain.permissions import Role
from admin.gateway.errors import GatewayError
from admin.models import BillingKey, db
from tests.operations.conftest import keep_key
from tests.operations.desk import audited, every_operation

AGAIN = "/subscribe/payments/again"
EN = {"headers": {"Accept-Language": "en"}}
Q = OperationState


def press(person, key, amount="12,000", **fields):
    hidden = person.hidden_fields(f"/customers/keys/{key.id}/charges/new")
    form = {**hidden, "amount": amount, "order_name": "정기배송 11월", "note": "", **fields}
    form.setdefault("merchant_uid", "CHG-1")
    return person.post(f"/customers/keys/{key.id}/charges/", form, follow_redirects=True, **EN)


def charges(stand_in) -> list[dict]:
    return [one for one in stand_in.effects() if one["kind"] == "charge"]


def test_a_charge_from_the_page_is_paid_once_however_often_it_is_sent(finance, key, stand_in):
    hidden = finance.hidden_fields(f"/customers/keys/{key.id}/charges/new")
    form = {**hidden, "amount": "12,000", "order_name": "정기배송", "merchant_uid": "CHG-1"}

    answers = [finance.post(f"/customers/keys/{key.id}/charges/", form) for _ in range(2)]

    assert len({answer.location for answer in answers}) == 1
    assert [one["amount"] for one in charges(stand_in)] == [12_000]
    page = finance.get(answers[0].location, **EN).text
    assert "12,000 KRW was charged" in page
    assert "12,000" in finance.get(f"/customers/{key.customer_id}", **EN).text


def test_what_was_never_sent_is_tried_again_under_its_own_number(finance, key, stand_in):
    stand_in.fail_next(AGAIN, "status", method="POST", status=403)
    press(finance, key)
    (first,) = every_operation()
    assert first.state is Q.NOT_EXECUTED

    path = f"/customers/keys/{key.id}/charges/new?again={first.id}"
    assert path in finance.get(f"/operations/{first.id}", **EN).text
    page = finance.get(path, **EN).text
    assert 'value="CHG-1"' in page
    assert 'value="12,000"' in page
    form = {**finance.hidden_fields(path), "amount": "12,000", "order_name": "정기배송 11월"}
    finance.post(f"/customers/keys/{key.id}/charges/", {**form, "merchant_uid": "CHG-1"})
    assert [(one.state, one.retry_of_id) for one in every_operation()] == [
        (Q.NOT_EXECUTED, None),
        (Q.SUCCEEDED, first.id),
    ]
    assert len(charges(stand_in)) == 1


def test_what_was_declined_is_tried_again_under_the_next_number(finance, key, stand_in):
    stand_in.control("customers", {"customers": [{"customer_uid": "cus_1", "decline": "CC54"}]})
    press(finance, key)
    (first,) = every_operation()
    page = finance.get(f"/customers/keys/{key.id}/charges/new?again={first.id}", **EN).text
    assert 'value="CHG-1-r2"' in page
    press(finance, key, merchant_uid="CHG-1-r2")
    second = every_operation()[-1]
    page = finance.get(f"/customers/keys/{key.id}/charges/new?again={second.id}", **EN).text
    assert 'value="CHG-1-r3"' in page


def test_a_decline_shows_the_card_companys_words(finance, key, stand_in):
    stand_in.control("customers", {"customers": [{"customer_uid": "cus_1", "decline": "CC54"}]})

    page = press(finance, key).text

    assert "was not made" in page
    assert "CC54" in page


def test_a_lost_answer_is_never_called_paid_or_failed(finance, key, stand_in):
    stand_in.fail_next(AGAIN, "drop", method="POST", when="after_commit")

    page = press(finance, key).text

    assert "Finding out what became of the charge" in page
    assert "was charged" not in page
    assert "was not made" not in page
    assert [one.state for one in every_operation()] == [Q.UNKNOWN]


def test_a_form_that_cannot_be_is_refused_before_anything_is_sent(finance, key, stand_in):
    card = "4111 1111 1111 1111"
    wrong = [
        *[{"amount": typed} for typed in ("0", "-1", "", "99", "1,00", "10.5", "1e3", "abc")],
        *[{"order_name": typed} for typed in ("", "가" * 41, card)],
        *[{"merchant_uid": typed} for typed in ("", "a/b", "x" * 33)],
        {"note": card},
    ]
    hidden = finance.hidden_fields(f"/customers/keys/{key.id}/charges/new")
    right = {**hidden, "amount": "12,000", "order_name": "정기배송", "merchant_uid": "CHG-1"}

    for fields in wrong:
        answer = finance.post(f"/customers/keys/{key.id}/charges/", {**right, **fields})
        assert answer.status_code == 422, fields
        assert "1111" not in answer.text

    assert stand_in.requests(path=AGAIN) == []
    assert every_operation() == []


def test_the_same_amount_again_within_ten_minutes_is_held_back(desk, key):
    desk.charge(key, number="CHG-1")

    with pytest.raises(JustCharged):
        desk.charge(key, number="CHG-2", after=timedelta(minutes=9))
    assert desk.charge(key, 20_000, number="CHG-3").state is Q.SUCCEEDED
    again = desk.charge(key, number="CHG-4", after=timedelta(minutes=11))
    assert again.state is Q.SUCCEEDED


def test_an_order_number_is_charged_once(desk, key):
    desk.charge(key, number="CHG-1")

    with pytest.raises(InvalidInput) as refusal:
        desk.charge(key, 20_000, number="CHG-1")

    assert refusal.value.field == "merchant_uid"


def test_a_declined_order_number_is_used_up_too(desk, key, stand_in):
    stand_in.control("customers", {"customers": [{"customer_uid": "cus_1", "decline": "CC10"}]})
    desk.charge(key, number="CHG-1")

    with pytest.raises(InvalidInput):
        desk.charge(key, number="CHG-1")
    assert desk.charge(key, number="CHG-2").state is Q.FAILED


def test_an_order_number_of_a_known_payment_is_not_charged(desk, key, stand_in):
    stand_in.paid("imp_900000000001", merchant_uid="CHG-1")
    desk.know("imp_900000000001")

    with pytest.raises(InvalidInput):
        desk.charge(key, number="CHG-1")
    assert stand_in.requests(path=AGAIN) == []


def test_while_one_charge_is_open_no_other_is_sent(desk, key, stand_in):
    stand_in.fail_next(AGAIN, "drop", method="POST")
    desk.charge(key, number="CHG-1")

    with pytest.raises(ChargeInProgress) as refusal:
        desk.charge(key, 20_000, number="CHG-2")

    assert refusal.value.values["who"] == desk.actor.name
    assert len(stand_in.requests(path=AGAIN)) == 1


def test_a_key_the_gateway_does_not_know_any_more_is_not_charged(desk, key, stand_in, now):
    gone = keep_key("cus_gone", now=now)
    check_billing_keys(gone.customer_id, actor=desk.actor, gateway=desk.gateway, now=now)
    assert gone.known_to_gateway is False

    with pytest.raises(KeyNotUsable):
        desk.charge(gone)
    assert stand_in.requests(path=AGAIN) == []


def test_a_key_never_looked_up_is_refused_by_the_gateway_in_its_words(desk, now):
    operation = desk.charge(keep_key("cus_gone", now=now))

    assert (operation.state, operation.outcome) == (Q.FAILED, "등록되지 않은 구매자입니다.")


def test_a_look_keeps_what_the_gateway_says_of_each_key(desk, key, stand_in):
    check_billing_keys(key.customer_id, actor=desk.actor, gateway=desk.gateway, now=desk.now)

    assert (key.known_to_gateway, key.card_number) == (True, "451842******1093")
    assert key.checked_at == desk.now
    assert "billing_keys.checked" in audited()


def test_a_look_that_fails_leaves_the_keys_as_they_were(desk, key, stand_in):
    stand_in.fail_next("/subscribe/customers/cus_1", "code", code=-1, message="점검 중")

    with pytest.raises(GatewayError):
        check_billing_keys(key.customer_id, actor=desk.actor, gateway=desk.gateway, now=desk.now)

    db.session.expire_all()
    assert db.session.get_one(BillingKey, key.id).checked_at is None


def test_only_who_may_charge_charges(desk, key, support, stand_in):
    desk.actor = Actor(name="Support", operator_id=support.operator.id, role=Role.SUPPORT)

    with pytest.raises(NotAllowed):
        desk.charge(key)
    assert support.get(f"/customers/keys/{key.id}/charges/new").status_code == 403
    assert press_blindly(support, key).status_code == 403
    assert charges(stand_in) == []


def test_a_key_that_is_not_there_is_not_found(desk):
    with pytest.raises(NotFound):
        desk.charge(BillingKey(id=999))


def test_customers_are_found_by_what_people_know_of_them(finance, key):
    for text, there in {"이도윤": True, "cus_1": True, "C-cus": True, "없음": False}.items():
        page = finance.get("/customers/", query_string={"q": text}).text
        assert (f"/customers/{key.customer_id}" in page) is there, text
    refused = finance.get("/customers/", query_string={"q": "4111 1111 1111 1111"}).text
    assert "1111" not in refused


def test_order_numbers_of_ours_fit_the_gateway_and_differ(now):
    numbers = {new_order_number(now) for _ in range(50)}

    assert len(numbers) == 50
    assert all(len(number) <= 32 for number in numbers)


def press_blindly(person, key):
    return person.post(f"/customers/keys/{key.id}/charges/", {"amount": "1000"})
