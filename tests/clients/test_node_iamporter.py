"""iamporter from npm: a bare token kept while it lives; an HTTP 404 is no error but empty data."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.driver import Client
from tests.conftest import KEY
from tests.stand_in import StandIn

pytestmark = pytest.mark.clients

NO_KEY = "요청하신 customer_uid(nobody)로 등록된 정보를 찾을 수 없습니다."
NO_PAYMENT = "존재하지 않는 결제정보입니다."
NOTHING_TO_CANCEL = "취소할 결제건이 존재하지 않습니다."
CARD = {"card_number": "4518-4200-0000-1093", "expiry": "2030-12", "birth": "900101"}


def test_one_bare_token_serves_while_it_lives(node_iamporter: Client, shop: StandIn) -> None:
    shop.paid()
    first = node_iamporter.call("findByImpUid", "imp_100000000001")
    assert [one.operation for one in first.sent] == [
        "POST /users/getToken",
        "GET /payments/{imp_uid}",
    ]
    assert len(first.last.authorization or "") == 40
    second = node_iamporter.call("findByImpUid", "imp_100000000001")
    assert [one.operation for one in second.sent] == ["GET /payments/{imp_uid}"]


def test_a_token_is_asked_for_by_hand(node_iamporter: Client, shop: StandIn) -> None:
    assert len(node_iamporter.call("getToken").value["data"]["access_token"]) == 40
    done = node_iamporter.call("getToken", KEY, "wrong")
    assert (done.error, done.status) == ("IamporterError", 401)
    assert done.message == "아임포트 API 인증에 실패하였습니다."


def test_a_payment_is_found(node_iamporter: Client, shop: StandIn) -> None:
    planted = shop.paid()
    by_id = node_iamporter.call("findByImpUid", "imp_100000000001")
    by_order = node_iamporter.call("findByMerchantUid", "ORD-000001")
    assert by_id.value["data"] == by_order.value["data"] == planted
    assert by_id.value["message"] is None


def test_payments_are_listed(node_iamporter: Client, shop: StandIn) -> None:
    planted = shop.paid()
    page = {"total": 1, "previous": 0, "next": 0, "list": [planted]}
    by_order = node_iamporter.call("findAllByMerchantUid", "ORD-000001")
    assert by_order.last.path == "/payments/findAll/ORD-000001/"
    assert by_order.value["data"] == page
    paid = node_iamporter.call("findAllByMerchantUid", "ORD-000001", {"status": "paid"})
    assert paid.value["data"] == page
    by_status = node_iamporter.call("findAllByStatus", "paid", {"page": 1})
    assert by_status.value["data"] == page


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("findByImpUid", NO_PAYMENT),
        ("findByMerchantUid", NO_PAYMENT),
        ("findAllByMerchantUid", NO_PAYMENT),
        ("getPreparedPayment", "사전등록된 결제정보가 존재하지 않습니다."),
    ],
)
def test_what_is_not_there_is_empty_data_and_a_message(
    node_iamporter: Client, shop: StandIn, method: str, message: str
) -> None:
    done = node_iamporter.call(method, "nothing")
    assert (done.value["status"], done.value["data"]) == (404, None)
    assert done.value["message"] == message


@pytest.mark.parametrize(
    ("method", "arguments", "status", "code", "message"),
    [
        ("findAllByStatus", ["nonsense"], 400, -1, "지원되지 않는 상태값입니다."),
        ("cancel", [{"imp_uid": "nothing"}], 200, 1, NOTHING_TO_CANCEL),
        ("cancelByImpUid", ["nothing", {}], 200, 1, NOTHING_TO_CANCEL),
        ("cancelByMerchantUid", ["nothing", {}], 200, 1, NOTHING_TO_CANCEL),
        ("getSubscription", ["nobody"], 200, 1, NO_KEY),
        ("deleteSubscription", ["nobody"], 200, 1, NO_KEY),
        (
            "paySubscription",
            [{"customer_uid": "nobody", "merchant_uid": "S-1", "amount": 9_900}],
            200,
            1,
            "등록되지 않은 구매자입니다.",
        ),
        (
            "createSubscription",
            [CARD | {"customer_uid": "cust-1", "card_number": "4518-4200-0000-0000"}],
            200,
            -1,
            "카드정보 인증 및 빌키 발급에 실패하였습니다. [CC14|카드번호 오류]",
        ),
    ],
)
def test_a_refusal_is_an_error_in_the_gateways_words(
    node_iamporter: Client,
    shop: StandIn,
    method: str,
    arguments: list[Any],
    status: int,
    code: int,
    message: str,
) -> None:
    done = node_iamporter.call(method, *arguments)
    assert (done.error, done.status, done.code) == ("IamporterError", status, code)
    assert done.message == message
    assert shop.effects() == []


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("cancel", [{"imp_uid": "imp_100000000001", "amount": 4_000}]),
        ("cancelByImpUid", ["imp_100000000001", {"amount": 4_000}]),
        ("cancelByMerchantUid", ["ORD-000001", {"amount": 4_000}]),
    ],
)
def test_a_part_is_cancelled(
    node_iamporter: Client, shop: StandIn, method: str, arguments: list[Any]
) -> None:
    shop.paid()
    done = node_iamporter.call(method, *arguments)
    assert done.value["data"] == shop.payment("imp_100000000001")
    assert [(one["kind"], one["amount"]) for one in shop.effects()] == [("cancel", 4_000)]


def test_an_amount_is_registered_once_and_read(node_iamporter: Client, shop: StandIn) -> None:
    entry = {"merchant_uid": "ORD-9", "amount": 12_000}
    created = node_iamporter.call("createPreparedPayment", entry)
    assert created.value["data"] == {**entry, "currency": None}
    assert node_iamporter.call("getPreparedPayment", "ORD-9").value["data"]["amount"] == 12_000
    again = node_iamporter.call("createPreparedPayment", entry)
    assert (again.error, again.status, again.code) == ("IamporterError", 200, 1)


def test_a_billing_key_is_issued_read_charged_and_deleted(
    node_iamporter: Client, shop: StandIn
) -> None:
    issued = node_iamporter.call("createSubscription", CARD | {"customer_uid": "cust-1"})
    assert issued.value["data"]["card_number"] == "451842******1093"
    assert node_iamporter.call("getSubscription", "cust-1").value["data"] == issued.value["data"]
    charged = node_iamporter.call(
        "paySubscription", {"customer_uid": "cust-1", "merchant_uid": "S-1", "amount": 9_900}
    )
    assert charged.value["data"] == shop.payment(charged.value["data"]["imp_uid"])
    assert node_iamporter.call("deleteSubscription", "cust-1").value["data"] == issued.value["data"]
    assert [one["kind"] for one in shop.effects()] == ["key_issue", "charge", "key_delete"]


def test_a_declined_charge_is_known_by_its_state(node_iamporter: Client, shop: StandIn) -> None:
    shop.control("customers", {"customer_uid": "cust-1", "decline": "CC10"})
    done = node_iamporter.call(
        "paySubscription", {"customer_uid": "cust-1", "merchant_uid": "S-1", "amount": 9_900}
    )
    assert (done.last.status, done.last.code) == (200, 0)
    assert (done.error, done.message) == ("IamporterError", "[CC10|통장 잔액부족]")
    assert [one["kind"] for one in shop.effects()] == ["key_issue", "decline"]


def test_the_withdrawn_charge_of_a_foreign_card_is_not_offered(
    node_iamporter: Client, shop: StandIn
) -> None:
    """The gateway's description no longer has this path; the client stumbles over the 404."""
    done = node_iamporter.call("payForeign", CARD | {"merchant_uid": "F-1", "amount": 9_900})
    assert (done.ok, done.last.status, done.reached) == (False, 404, None)
    assert shop.effects() == []
