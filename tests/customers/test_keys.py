"""Deleting a billing key from its page: what is shown first, what stops it, who may."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from admin.domain.operation import OperationState
from admin.gateway.circuit import OPENS_AFTER
from admin.gateway.errors import GatewayError
from admin.models import BillingKey, db, transaction
from tests.operations.conftest import connect, keep_key
from tests.operations.desk import every_operation

__all__ = ["connect"]

KEY = "/subscribe/customers/cus_1"
EN = {"headers": {"Accept-Language": "en"}}
Q = OperationState


def deletions(stand_in) -> int:
    return len(stand_in.requests(path=KEY, method="DELETE"))


def page(person, key) -> str:
    return person.get(f"/customers/keys/{key.id}/deletion", **EN).text


def press(person, key, *, hidden=None, **fields):
    hidden = hidden or person.hidden_fields(f"/customers/keys/{key.id}/deletion")
    return person.post(f"/customers/keys/{key.id}/deletions/", {**hidden, **fields}, **EN)


def failed(stand_in, desk, number, amount, *, days, status="failed"):
    moment = int(time.time()) - days * 86_400
    state = {"failed_at": moment, "paid_at": 0, "fail_reason": "한도 초과", "status": "failed"}
    paid = {"paid_at": moment, "status": "paid"}
    stand_in.paid(
        f"imp_{number:012d}",
        merchant_uid=f"SUB-{number}",
        amount=amount,
        customer_uid="cus_1",
        name=f"정기배송 {number}월",
        started_at=moment,
        **(state if status == "failed" else paid),
    )
    desk.know(f"imp_{number:012d}")


def test_a_key_is_deleted_once_its_tick_is_set(finance, key, stand_in):
    unticked = press(finance, key)
    assert unticked.status_code == 422
    assert "Tick this to delete the key." in unticked.text
    assert deletions(stand_in) == 0

    hidden = finance.hidden_fields(f"/customers/keys/{key.id}/deletion")
    answers = [press(finance, key, hidden=hidden, understood="y") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert len({answer.location for answer in answers}) == 1
    assert "The billing key is deleted" in finance.get(answers[0].location, **EN).text
    assert deletions(stand_in) == 1
    customer = finance.get(f"/customers/{key.customer_id}", **EN).text
    assert "The gateway does not know this key any more." in customer
    assert "/deletion" not in customer


def test_fault_f56_scheduled_charges_are_listed_and_nothing_can_be_pressed(
    finance, desk, key, stand_in
):
    before = finance.hidden_fields(f"/customers/keys/{key.id}/deletion")
    desk.schedule(key, 12_000, within=timedelta(days=40))

    shown = page(finance, key)
    assert "12,000 KRW" in shown
    assert "SUB-1" in shown
    assert 'name="understood"' not in shown
    assert "revocations/new?merchant_uid=SUB-1" in shown

    answer = press(finance, key, hidden=before, understood="y")  # a form opened before
    outcome = finance.get(answer.location, **EN).text
    assert "The billing key was not deleted" in outcome
    assert "Charges are still scheduled with this key" in outcome
    assert "12,000 KRW" in outcome
    assert deletions(stand_in) == 0


def test_what_goes_with_it_is_shown(finance, desk, key, stand_in):
    with transaction():
        other = BillingKey(customer_uid="cus_2", customer_id=key.customer_id, label="회사 카드")
        db.session.add(other)
    failed(stand_in, desk, 1, 11_000, days=90)
    failed(stand_in, desk, 2, 22_000, days=60)
    failed(stand_in, desk, 3, 22_000, days=59, status="paid")

    db.session.expire_all()

    shown = page(finance, key)

    assert "회사 카드" in shown
    assert "정기배송 1월" in shown, "failed, and never paid since"
    assert "정기배송 2월" not in shown, "paid a day later"


def test_when_the_gateway_does_not_say_what_is_scheduled_nothing_is_deleted(finance, key, stand_in):
    hidden = finance.hidden_fields(f"/customers/keys/{key.id}/deletion")
    stand_in.fail_next(f"{KEY}/schedules", "status", status=500, times=-1)

    assert 'name="understood"' not in page(finance, key)
    answer = press(finance, key, hidden=hidden, understood="y")

    assert "The billing key was not deleted" in finance.get(answer.location, **EN).text
    assert [one.state for one in every_operation()] == [Q.NOT_EXECUTED]
    assert deletions(stand_in) == 0


def test_fault_f09_no_deletion_is_offered_while_the_gateway_does_not_answer(
    finance, key, stand_in, gateway
):
    hidden = finance.hidden_fields(f"/customers/keys/{key.id}/deletion")
    stand_in.fail_next("*", "status", status=503, times=-1)
    for _ in range(OPENS_AFTER):
        with pytest.raises(GatewayError):
            gateway.get_billing_key("cus_1")

    shown = page(finance, key)
    assert "has stopped answering" in shown
    assert 'name="understood"' not in shown
    assert press(finance, key, hidden=hidden, understood="y").status_code == 409
    assert every_operation() == []


def test_the_form_of_one_key_deletes_no_other(finance, key, stand_in, now):
    stand_in.control("customers", {"customers": [{"customer_uid": "cus_2"}]})
    other = keep_key("cus_2", now=now)
    hidden = finance.hidden_fields(f"/customers/keys/{other.id}/deletion")

    for wrong in (hidden, {**hidden, "seen": ""}, {**hidden, "form_key": "made-up"}):
        assert press(finance, key, hidden=wrong, understood="y").status_code == 409
    assert every_operation() == []


def test_a_lost_answer_is_never_called_deleted(finance, key, stand_in):
    stand_in.fail_next(KEY, "drop", method="DELETE", when="after_commit")

    outcome = finance.get(press(finance, key, understood="y").location, **EN).text

    assert "Finding out whether the billing key was deleted" in outcome
    assert "The billing key is deleted" not in outcome
    assert "Other operations on this billing key are locked." in outcome


def test_only_who_may_delete_keys_sees_and_sends_the_form(support, key, stand_in):
    assert support.get(f"/customers/keys/{key.id}/deletion").status_code == 403
    answer = support.post(f"/customers/keys/{key.id}/deletions/", {"understood": "y"})
    assert answer.status_code == 403
    assert "/deletion" not in support.get(f"/customers/{key.customer_id}").text
    assert deletions(stand_in) == 0
