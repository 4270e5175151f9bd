"""Scheduling a charge and taking one back from the pages of a billing key."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from admin.domain.clock import KST
from admin.domain.operation import OperationState
from admin.gateway.circuit import OPENS_AFTER
from admin.gateway.errors import GatewayError
from tests.operations.conftest import connect, keep_key
from tests.operations.desk import Network, every_operation

__all__ = ["connect"]

SCHEDULE, UNSCHEDULE = "/subscribe/payments/schedule", "/subscribe/payments/unschedule"
EN = {"headers": {"Accept-Language": "en"}}
Q = OperationState


def typed(now, **fields) -> dict[str, str]:
    day = (now + timedelta(days=7)).astimezone(KST)
    return {
        "amount": "12,000",
        "day": f"{day:%Y-%m-%d}",
        "at": "09:30",
        "order_name": "정기배송 12월",
        "merchant_uid": "SUB-1",
        "note": "",
        **fields,
    }


def press(person, key, now, *, hidden=None, **fields):
    hidden = hidden or person.hidden_fields(f"/customers/keys/{key.id}/schedules/new")
    form = {**hidden, **typed(now, **fields)}
    return person.post(f"/customers/keys/{key.id}/schedules/", form, **EN)


def confirm(person, key, number="SUB-1"):
    return f"/customers/keys/{key.id}/revocations/new?merchant_uid={number}"


def take_back(person, key, *, hidden=None, **fields):
    hidden = hidden or person.hidden_fields(confirm(person, key))
    return person.post(f"/customers/keys/{key.id}/revocations/", {**hidden, **fields}, **EN)


def test_a_charge_is_scheduled_once_at_the_korean_time_that_was_typed(
    finance, key, stand_in, gateway, now
):
    hidden = finance.hidden_fields(f"/customers/keys/{key.id}/schedules/new")

    answers = [press(finance, key, now, hidden=hidden) for _ in range(2)]

    assert len({answer.location for answer in answers}) == 1
    outcome = finance.get(answers[0].location, **EN).text
    assert "The charge of 12,000 KRW is scheduled" in outcome
    assert "It is charged on" in outcome
    assert "12,000 KRW sent" not in outcome, "nothing has moved yet"
    found = gateway.get_schedule("SUB-1").schedule_at.astimezone(KST)
    assert f"{found:%H:%M}" == "09:30"
    assert found.date() == (now + timedelta(days=7)).astimezone(KST).date()
    assert stand_in.sent(SCHEDULE) == 1


def test_the_list_says_how_each_stands_and_offers_to_take_back_what_waits(
    finance, desk, key, stand_in
):
    desk.schedule(key, 10_000, number="SUB-1", within=timedelta(days=3))
    desk.schedule(key, 20_000, number="SUB-2", within=timedelta(days=4))
    desk.unschedule(key, "SUB-2")

    shown = finance.get(f"/customers/keys/{key.id}/schedules/", **EN).text

    assert "Scheduled" in shown
    assert "Taken back" in shown
    assert "revocations/new?merchant_uid=SUB-1" in shown
    assert "revocations/new?merchant_uid=SUB-2" not in shown
    customer = finance.get(f"/customers/{key.customer_id}", **EN).text
    assert f"/customers/keys/{key.id}/schedules/" in customer
    assert "Taking a schedule back" in customer
    assert "Scheduling a charge · 정기배송 12월" in customer, "no charge has been made"


def test_a_form_that_cannot_be_is_refused_before_anything_is_sent(finance, key, stand_in, now):
    today = now.astimezone(KST)
    wrong = [
        *[{"amount": one} for one in ("0", "-1", "", "99", "1,00", "10.5")],
        *[{"day": one} for one in ("", "tomorrow", f"{today - timedelta(days=1):%Y-%m-%d}")],
        {"day": f"{today + timedelta(days=400):%Y-%m-%d}"},
        {"day": f"{today:%Y-%m-%d}", "at": f"{today:%H:%M}"},
        *[{"at": one} for one in ("", "25:00")],
        *[{"merchant_uid": one} for one in ("", "a/b", "x" * 33)],
        *[{"order_name": one} for one in ("", "가" * 41, "4111 1111 1111 1111")],
    ]
    for fields in wrong:
        answer = press(finance, key, now, **fields)
        assert answer.status_code == 422, fields
        assert 'aria-invalid="true"' in answer.text, fields

    assert stand_in.sent(SCHEDULE) == 0
    assert every_operation() == []


def test_a_schedule_is_taken_back_after_a_question(finance, desk, key, stand_in, gateway):
    desk.schedule(key, 10_000, within=timedelta(days=3))
    question = finance.get(confirm(finance, key), **EN).text
    assert "10,000 KRW" in question
    assert "less than ten minutes" not in question
    hidden = finance.hidden_fields(confirm(finance, key))

    answers = [take_back(finance, key, hidden=hidden) for _ in range(2)]

    assert len({answer.location for answer in answers}) == 1
    assert "was taken back" in finance.get(answers[0].location, **EN).text
    assert gateway.get_schedule("SUB-1").is_revoked
    assert stand_in.sent(UNSCHEDULE) == 1
    assert "button--locked" in finance.get(confirm(finance, key), **EN).text


def test_fault_f54_a_form_without_a_name_takes_nothing_back(finance, desk, key, stand_in, gateway):
    desk.schedule(key, within=timedelta(days=3))
    hidden = finance.hidden_fields(confirm(finance, key))

    for empty in ({"merchant_uid": ""}, {"merchant_uid": "  "}):
        answer = take_back(finance, key, hidden=hidden, **empty)
        assert answer.status_code == 422
        assert "Name the scheduled charges" in answer.text
    without = {name: value for name, value in hidden.items() if name != "merchant_uid"}
    assert take_back(finance, key, hidden=without).status_code == 422

    assert stand_in.sent(UNSCHEDULE) == 0
    assert gateway.get_schedule("SUB-1").is_waiting


def test_the_form_of_one_schedule_takes_no_other_back(finance, desk, key, stand_in, now):
    stand_in.control("customers", {"customers": [{"customer_uid": "cus_2"}]})
    desk.schedule(key, number="SUB-1")
    desk.schedule(keep_key("cus_2", now=now), number="SUB-2")
    hidden = finance.hidden_fields(confirm(finance, key))

    assert finance.get(confirm(finance, key, "SUB-2")).status_code == 404
    assert finance.get(confirm(finance, key, "")).status_code == 404
    assert take_back(finance, key, hidden=hidden, merchant_uid="SUB-2").status_code == 404
    desk.schedule(key, 5_000, number="SUB-3")
    assert take_back(finance, key, hidden=hidden, merchant_uid="SUB-3").status_code == 409
    assert stand_in.sent(UNSCHEDULE) == 0


def test_within_ten_minutes_the_question_warns(finance, desk, key, stand_in, gateway):
    moment = int(desk.now.timestamp()) + 500
    entry = {"merchant_uid": "SUB-1", "amount": 7_000, "schedule_at": moment, "name": "곧"}
    stand_in.ask(SCHEDULE, {"customer_uid": "cus_1", "schedules": [entry]})

    assert "less than ten minutes" in finance.get(confirm(finance, key), **EN).text


def test_fault_f53_the_outcome_says_that_the_charge_came_first(
    finance, desk, key, stand_in, connect
):
    desk.schedule(key, 7_000, within=timedelta(days=1))
    jumps = [2 * 86_400]

    def its_moment(request, forward):
        while jumps:
            stand_in.control("clock", {"advance_seconds": jumps.pop()})

    desk.gateway = connect(network=Network("POST", UNSCHEDULE, its_moment))

    operation = desk.unschedule(key, "SUB-1")

    outcome = finance.get(f"/operations/{operation.id}", **EN).text
    assert "The scheduled charge was not taken back" in outcome
    assert "Its moment came first, so it was charged and not taken back: 7,000 KRW" in outcome
    assert "Paid" in outcome


@pytest.mark.parametrize(
    ("skew", "said"), [(60, r"differ by (59|60|61) seconds"), (400, "more than five minutes")]
)
def test_fault_f51_the_form_tells_of_clocks_that_differ(
    app, finance, key, stand_in, now, connect, skew, said
):
    stand_in.control("clock", {"gateway_skew_s": skew})
    apart = connect()
    apart.get_billing_key("cus_1")
    known, app.extensions["gateway"] = app.extensions["gateway"], apart
    try:
        shown = finance.get(f"/customers/keys/{key.id}/schedules/new", **EN).text
        answer = press(finance, key, now)
    finally:
        app.extensions["gateway"] = known

    assert re.search(said, shown)
    assert ("button--locked" in shown) is (skew > 300)
    assert answer.status_code == (409 if skew > 300 else 303)
    assert stand_in.sent(SCHEDULE) == (0 if skew > 300 else 1)


def test_fault_f09_nothing_is_offered_while_the_gateway_does_not_answer(
    finance, key, stand_in, gateway
):
    stand_in.fail_next("*", "status", status=503, times=-1)
    for _ in range(OPENS_AFTER):
        with pytest.raises(GatewayError):
            gateway.get_billing_key("cus_1")

    for path in ("schedules/", "schedules/new"):
        shown = finance.get(f"/customers/keys/{key.id}/{path}", **EN)
        assert shown.status_code == 200
        assert "has stopped answering" in shown.text
        assert 'type="submit"><span data-shows="verb"' not in shown.text


def test_support_sees_the_list_and_changes_nothing(support, desk, key, stand_in):
    desk.schedule(key)

    shown = support.get(f"/customers/keys/{key.id}/schedules/", **EN).text

    assert "SUB-1" in shown
    assert "revocations/new" not in shown
    assert "schedules/new" not in shown
    assert support.get(f"/customers/keys/{key.id}/schedules/new").status_code == 403
    assert support.post(f"/customers/keys/{key.id}/schedules/").status_code == 403
    assert support.get(confirm(support, key)).status_code == 403
    assert support.post(f"/customers/keys/{key.id}/revocations/").status_code == 403


def test_in_korean_the_pages_are_read_too(finance, desk, key):
    desk.schedule(key)
    for path in ("schedules/", "schedules/new", "deletion", "revocations/new?merchant_uid=SUB-1"):
        answer = finance.get(f"/customers/keys/{key.id}/{path}")
        assert answer.status_code == 200, path
        assert 'lang="ko"' in answer.text
