"""Charges of a card in hand and scheduled charges, by every client that offers them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.driver import Client
from tests.stand_in import StandIn

pytestmark = pytest.mark.clients

CARD = {"card_number": "4518-4200-0000-1093", "expiry": "2030-12", "birth": "900101"}
SECRETS = {"pwd_2digit": "12"}
REFUSED = CARD | {"card_number": "4518-4200-0000-0000"}
DECLINED = CARD | {"card_number": "4518-4200-0000-0010"}
ORDER = {"merchant_uid": "ONE-1", "amount": 9_900, "name": "원목 책장"}
NOT_AUTHENTICATED = "카드정보 인증에 실패하였습니다."
NO_CUSTOMER = "등록된 고객정보가 없습니다."
NOTHING_TO_REVOKE = "취소할 예약결제 기록이 존재하지 않습니다."
HOUR, DAY = 3_600, 86_400


def now(shop: StandIn) -> int:
    """The gateway's own time."""
    return int(shop.control("clock", {"advance_seconds": 0})["now"])


def kinds(shop: StandIn) -> list[str]:
    return [one["kind"] for one in shop.effects()]


def plan(shop: StandIn, merchant_uid: str = "PLAN-1", customer_uid: str = "cust-1") -> Any:
    """One charge in an hour, as a request of any client."""
    entry = {"merchant_uid": merchant_uid, "schedule_at": now(shop) + HOUR, "amount": 9_900}
    return {"customer_uid": customer_uid, "schedules": [entry | {"name": "정기구독"}]}


@pytest.fixture
def subscriber(shop: StandIn) -> StandIn:
    """A shop with one billing key, `cust-1`."""
    shop.control("customers", {"customer_uid": "cust-1"})
    return shop


def test_python_client_charges_a_card(python_client: Client, shop: StandIn) -> None:
    done = python_client.call("pay_onetime", **ORDER, **CARD, **SECRETS)
    assert done.reached == "POST /subscribe/payments/onetime"
    assert (done.value["status"], done.value["amount"]) == ("paid", 9_900)
    assert done.value == shop.payment(done.value["imp_uid"])
    assert kinds(shop) == ["charge"]


def test_python_client_is_refused_a_bad_card(python_client: Client, shop: StandIn) -> None:
    done = python_client.call("pay_onetime", **ORDER, **REFUSED, **SECRETS)
    assert (done.error, done.code) == ("ResponseError", -1)
    assert NOT_AUTHENTICATED in str(done.message)
    assert kinds(shop) == []


def test_python_iamporter_charges_a_card_by_form_and_keeps_it(
    python_iamporter: Client, shop: StandIn
) -> None:
    done = python_iamporter.call("create_payment", **ORDER, **CARD, customer_uid="cust-1")
    assert done.reached == "POST /subscribe/payments/onetime"
    assert done.last.body["amount"] == "9900"
    assert done.value["status"] == "paid"
    assert set(kinds(shop)) == {"charge", "key_issue"}
    assert python_iamporter.call("find_billkey", "cust-1").value["customer_uid"] == "cust-1"


def test_python_iamporter_is_refused_a_bad_card(python_iamporter: Client, shop: StandIn) -> None:
    done = python_iamporter.call("create_payment", **ORDER, **REFUSED)
    assert (done.error, done.status, done.code) == ("ImpApiError", 200, -1)
    assert kinds(shop) == []


def test_the_floor_below_python_iamporter_charges_a_card(
    python_iamporter: Client, shop: StandIn
) -> None:
    done = python_iamporter.call("Subscribe.post_payments_onetime", **ORDER, **CARD)
    assert done.value["response"] == shop.payment(done.value["response"]["imp_uid"])
    refused = python_iamporter.call(
        "Subscribe.post_payments_onetime", **(ORDER | {"merchant_uid": "ONE-2"}), **REFUSED
    )
    assert (refused.value["status"], refused.value["code"]) == (200, -1)
    assert kinds(shop) == ["charge"]


def test_node_client_charges_a_card(node_client: Client, shop: StandIn) -> None:
    done = node_client.call("Subscribe.onetime", ORDER | CARD)
    assert (done.value["response"]["status"], done.value["response"]["amount"]) == ("paid", 9_900)
    assert shop.payment(done.value["response"]["imp_uid"])["merchant_uid"] == "ONE-1"


def test_node_client_is_refused_a_bad_card(node_client: Client, shop: StandIn) -> None:
    done = node_client.call("Subscribe.onetime", ORDER | REFUSED)
    assert (done.error, done.code) == ("ResponseError", -1)
    assert NOT_AUTHENTICATED in str(done.message)
    assert kinds(shop) == []


def test_node_iamporter_charges_a_card(node_iamporter: Client, shop: StandIn) -> None:
    done = node_iamporter.call("payOnetime", ORDER | CARD)
    assert done.value["data"] == shop.payment(done.value["data"]["imp_uid"])
    assert kinds(shop) == ["charge"]


def test_node_iamporter_is_refused_a_bad_card(node_iamporter: Client, shop: StandIn) -> None:
    done = node_iamporter.call("payOnetime", ORDER | REFUSED)
    assert (done.error, done.status, done.code) == ("IamporterError", 200, -1)
    assert kinds(shop) == []


def test_node_iamporter_knows_a_declined_card_by_its_state(
    node_iamporter: Client, shop: StandIn
) -> None:
    done = node_iamporter.call("payOnetime", ORDER | DECLINED)
    assert (done.last.status, done.last.code) == (200, 0)
    assert (done.error, done.message) == ("IamporterError", "[CC10|통장 잔액부족]")
    assert kinds(shop) == ["decline"]


def test_python_client_schedules_and_the_charge_is_made(
    python_client: Client, subscriber: StandIn
) -> None:
    done = python_client.call("pay_schedule", **plan(subscriber))
    assert [one["schedule_status"] for one in done.value] == ["scheduled"]
    assert python_client.call("pay_schedule_get", "PLAN-1").value == done.value[0]
    subscriber.control("clock", {"advance_seconds": HOUR + 1})
    executed = python_client.call("pay_schedule_get", "PLAN-1").value
    assert (executed["schedule_status"], executed["payment_status"]) == ("executed", "paid")
    assert subscriber.payment(executed["imp_uid"])["merchant_uid"] == "PLAN-1"


def test_python_client_schedules_nothing_without_a_key(
    python_client: Client, shop: StandIn
) -> None:
    done = python_client.call("pay_schedule", **plan(shop, customer_uid="nobody"))
    assert (done.error, done.code, done.message) == ("ResponseError", 1, NO_CUSTOMER)
    assert kinds(shop) == []


def test_python_client_finds_no_schedule_under_an_unknown_order(
    python_client: Client, shop: StandIn
) -> None:
    done = python_client.call("pay_schedule_get", "nothing")
    assert (done.error, done.status) == ("HttpError", 404)


def test_python_client_lists_schedules_of_a_range(
    python_client: Client, subscriber: StandIn
) -> None:
    planned = python_client.call("pay_schedule", **plan(subscriber)).value
    since = now(subscriber)
    listed = python_client.call(
        "pay_schedule_get_between", schedule_from=since, schedule_to=since + DAY
    )
    assert listed.reached == "GET /subscribe/payments/schedule"
    assert listed.value["list"] == planned


def test_python_client_may_not_list_more_than_three_months(
    python_client: Client, shop: StandIn
) -> None:
    done = python_client.call("pay_schedule_get_between", schedule_from=0, schedule_to=100 * DAY)
    assert (done.error, done.status) == ("HttpError", 400)


@pytest.mark.parametrize("merchant_uid", ["PLAN-1", ["PLAN-1"], None])
def test_python_client_revokes_by_one_order_by_a_list_or_all(
    python_client: Client, subscriber: StandIn, merchant_uid: str | list[str] | None
) -> None:
    python_client.call("pay_schedule", **plan(subscriber))
    named = {} if merchant_uid is None else {"merchant_uid": merchant_uid}
    done = python_client.call("pay_unschedule", customer_uid="cust-1", **named)
    assert [one["schedule_status"] for one in done.value] == ["revoked"]
    assert python_client.call("pay_schedule_get", "PLAN-1").value == done.value[0]


def test_python_client_is_told_that_nothing_is_scheduled(
    python_client: Client, subscriber: StandIn
) -> None:
    done = python_client.call("pay_unschedule", customer_uid="cust-1")
    assert (done.error, done.code, done.message) == ("ResponseError", 1, NOTHING_TO_REVOKE)


def test_node_client_schedules_reads_and_revokes(node_client: Client, subscriber: StandIn) -> None:
    planned = node_client.call("Subscribe.schedule", plan(subscriber)).value["response"]
    assert [one["schedule_status"] for one in planned] == ["scheduled"]
    read = node_client.call("Subscribe.getScheduled", {"merchant_uid": "PLAN-1"})
    assert read.value["response"] == planned[0]
    revoked = node_client.call(
        "Subscribe.unschedule", {"customer_uid": "cust-1", "merchant_uid": "PLAN-1"}
    )
    assert [one["schedule_status"] for one in revoked.value["response"]] == ["revoked"]


@pytest.mark.parametrize(
    ("method", "operation"),
    [
        (
            "Subscribe.getScheduleds",
            "GET /subscribe/payments/schedule/customers/{customer_uid}",
        ),
        ("Customers.getScheduleds", "GET /subscribe/customers/{customer_uid}/schedules"),
    ],
)
def test_node_client_lists_the_schedules_of_a_customer(
    node_client: Client, subscriber: StandIn, method: str, operation: str
) -> None:
    planned = node_client.call("Subscribe.schedule", plan(subscriber)).value["response"]
    since = now(subscriber)
    asked: dict[str, Any] = {"customer_uid": "cust-1", "from": since, "to": since + DAY, "page": 1}
    done = node_client.call(method, asked | {"schedule-status": "scheduled"})
    assert done.reached == operation
    assert (done.value["response"]["total"], done.value["response"]["list"]) == (1, planned)
    revoked = node_client.call(method, asked | {"schedule-status": "revoked"})
    assert revoked.value["response"]["total"] == 0
    too_long = node_client.call(method, asked | {"to": since + 100 * DAY})
    assert (too_long.error, too_long.status) == ("HttpError", 400)


def test_node_client_is_refused_in_words(node_client: Client, subscriber: StandIn) -> None:
    planned = node_client.call("Subscribe.schedule", plan(subscriber, customer_uid="nobody"))
    assert (planned.error, planned.code, planned.message) == ("ResponseError", 1, NO_CUSTOMER)
    revoked = node_client.call("Subscribe.unschedule", {"customer_uid": "cust-1"})
    assert (revoked.error, revoked.code, revoked.message) == (
        "ResponseError",
        1,
        NOTHING_TO_REVOKE,
    )
    absent = node_client.call("Subscribe.getScheduled", {"merchant_uid": "nothing"})
    assert (absent.error, absent.status) == ("HttpError", 404)
