"""iamport-rest-client-nodejs from npm: a Bearer token kept while it lives, brackets in queries."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.clients.driver import Client
from tests.conftest import KEY, SECRET
from tests.stand_in import StandIn

pytestmark = pytest.mark.clients

NO_KEY = "요청하신 customer_uid(nobody)로 등록된 정보를 찾을 수 없습니다."
NO_PAYMENT = "존재하지 않는 결제정보입니다."
CARD = {"card_number": "4518-4200-0000-1093", "expiry": "2030-12", "birth": "900101"}
DELIVERY = {
    "imp_uid": "imp_100000000001",
    "sender": {"name": "이음상점", "tel": "02-1234-5678", "addr": "서울", "postcode": "04524"},
    "receiver": {"name": "이도윤", "tel": "010-1234-4821", "addr": "부산", "postcode": "48058"},
    "logis": {"company": "CJGLS", "invoice": "1234567890", "sent_at": 1_700_000_000},
}


def date(seconds: int) -> str:
    """A moment as this client's own Date objects are written."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_one_bearer_token_serves_while_it_lives(node_client: Client, shop: StandIn) -> None:
    shop.paid()
    first = node_client.call("Payments.getByImpUid", {"imp_uid": "imp_100000000001"})
    assert [one.operation for one in first.sent] == [
        "POST /users/getToken",
        "GET /payments/{imp_uid}",
    ]
    assert (first.last.authorization or "").startswith("Bearer ")
    second = node_client.call("Payments.getByImpUid", {"imp_uid": "imp_100000000001"})
    assert [one.operation for one in second.sent] == ["GET /payments/{imp_uid}"]


def test_a_token_is_asked_for_by_hand(node_client: Client, shop: StandIn) -> None:
    done = node_client.call("Authenticate.getToken", {"imp_key": KEY, "imp_secret": SECRET})
    assert len(done.value["response"]["access_token"]) == 40
    assert done.last.authorization is None


@pytest.mark.parametrize(
    ("pair", "status", "message"),
    [
        (
            {"imp_key": KEY, "imp_secret": "wrong"},
            401,
            "인증에 실패하였습니다. API키와 SECRET을 확인하세요.",
        ),
        ({"imp_key": KEY}, 400, "imp_key, imp_secret 파라메터가 누락되었습니다."),
    ],
)
def test_no_token_for_a_wrong_or_missing_secret(
    node_client: Client, shop: StandIn, pair: dict[str, str], status: int, message: str
) -> None:
    done = node_client.call("Authenticate.getToken", pair)
    assert (done.error, done.status, done.message) == ("HttpError", status, message)


def test_a_payment_is_found(node_client: Client, shop: StandIn) -> None:
    planted = shop.paid()
    by_id = node_client.call("Payments.getByImpUid", {"imp_uid": "imp_100000000001"})
    by_order = node_client.call(
        "Payments.getByMerchantUid", {"merchant_uid": "ORD-000001", "status": "paid"}
    )
    assert by_id.value["response"] == by_order.value["response"]
    assert by_id.value["response"]["amount"] == planted["amount"]
    assert by_id.value["response"]["paid_at"] == date(planted["paid_at"])


def test_a_payment_is_found_when_the_state_is_left_out(node_client: Client, shop: StandIn) -> None:
    """The client then writes `undefined` into the path."""
    shop.paid()
    one = node_client.call("Payments.getByMerchantUid", {"merchant_uid": "ORD-000001"})
    assert one.last.path == "/payments/find/ORD-000001/undefined"
    assert one.value["response"]["imp_uid"] == "imp_100000000001"
    every = node_client.call("Payments.getByMerchantUids", {"merchant_uid": "ORD-000001"})
    assert every.last.path == "/payments/findAll/ORD-000001/undefined"
    assert every.value["response"]["total"] == 1


def test_several_payments_are_fetched_and_the_missing_ones_named(
    node_client: Client, shop: StandIn
) -> None:
    shop.paid()
    done = node_client.call("Payments.getByImpUids", {"imp_uid": ["imp_100000000001", "nothing"]})
    assert done.value["status"] == 207
    assert [one["imp_uid"] for one in done.value["response"]] == ["imp_100000000001"]
    assert done.value["failed"] == ["nothing"]
    assert done.last.query == [("imp_uid[]", "imp_100000000001"), ("imp_uid[]", "nothing")]


def test_payments_are_searched_by_state(node_client: Client, shop: StandIn) -> None:
    since = shop.paid()["paid_at"]
    done = node_client.call(
        "Payments.getByStatus",
        {"status": "paid", "page": 1, "limit": 50, "from": since, "to": since, "sorting": "-paid"},
    )
    page = done.value["response"]
    assert (page["total"], page["previous"], page["next"]) == (1, 0, 0)
    assert page["list"][0]["imp_uid"] == "imp_100000000001"


@pytest.mark.parametrize(
    ("method", "params", "status", "message"),
    [
        ("Payments.getByImpUid", {"imp_uid": "nothing"}, 404, NO_PAYMENT),
        ("Payments.getByImpUids", {"imp_uid": ["nothing"]}, 404, NO_PAYMENT),
        ("Payments.getByMerchantUid", {"merchant_uid": "nothing"}, 404, NO_PAYMENT),
        ("Payments.getByMerchantUids", {"merchant_uid": "nothing"}, 404, NO_PAYMENT),
        ("Payments.getByStatus", {"status": "nonsense"}, 400, "지원되지 않는 상태값입니다."),
        (
            "Prepare.getAmount",
            {"merchant_uid": "nothing"},
            404,
            "사전등록된 결제정보가 존재하지 않습니다.",
        ),
        ("Customers.getBillingKeys", {"customer_uid": ["nobody"]}, 404, NO_KEY),
        ("Cards.getCard", {"code": "999"}, 404, "존재하지 않는 코드입니다."),
        ("Banks.getBank", {"code": "999"}, 404, "존재하지 않는 코드입니다."),
        ("Escrows.postEscrow", DELIVERY, 404, NO_PAYMENT),
        ("Escrows.putEscrow", DELIVERY, 404, NO_PAYMENT),
    ],
)
def test_what_is_not_there_is_an_http_error(
    node_client: Client,
    shop: StandIn,
    method: str,
    params: dict[str, Any],
    status: int,
    message: str,
) -> None:
    done = node_client.call(method, params)
    assert (done.error, done.status, done.message) == ("HttpError", status, message)


@pytest.mark.parametrize(
    ("method", "params", "code", "message"),
    [
        (
            "Payments.cancel",
            {"imp_uid": "nothing", "merchant_uid": "ORD-000001"},
            1,
            "취소할 결제건이 존재하지 않습니다.",
        ),
        (
            "Subscribe.again",
            {"customer_uid": "nobody", "merchant_uid": "S-1", "amount": 9_900, "name": "정기구독"},
            1,
            "등록되지 않은 구매자입니다.",
        ),
        ("Customers.getBillingKey", {"customer_uid": "nobody"}, 1, NO_KEY),
        ("Customers.deleteBillingKey", {"customer_uid": "nobody"}, 1, NO_KEY),
        ("Customers.getPayments", {"customer_uid": "nobody"}, 1, NO_KEY),
        (
            "Customers.postBillingKey",
            CARD | {"customer_uid": "cust-1", "card_number": "4518-4200-0000-0000"},
            -1,
            "카드정보 인증 및 빌키 발급에 실패하였습니다. [CC14|카드번호 오류]",
        ),
    ],
)
def test_a_business_refusal_is_a_response_error(
    node_client: Client,
    shop: StandIn,
    method: str,
    params: dict[str, Any],
    code: int,
    message: str,
) -> None:
    shop.paid()
    done = node_client.call(method, params)
    assert (done.error, done.code, done.message) == ("ResponseError", code, message)
    assert shop.effects() == []


def test_a_payment_is_cancelled(node_client: Client, shop: StandIn) -> None:
    shop.paid()
    done = node_client.call(
        "Payments.cancel",
        {"imp_uid": "imp_100000000001", "amount": 4_000, "checksum": 10_000, "reason": "변심"},
    )
    assert done.value["response"]["cancel_amount"] == 4_000
    assert shop.payment("imp_100000000001")["cancel_reason"] == "변심"
    assert [(one["kind"], one["amount"]) for one in shop.effects()] == [("cancel", 4_000)]


def test_an_amount_is_registered_once_and_read(node_client: Client, shop: StandIn) -> None:
    entry = {"merchant_uid": "ORD-9", "amount": 12_000}
    assert node_client.call("Prepare.postAmount", entry).value["response"]["amount"] == 12_000
    read = node_client.call("Prepare.getAmount", {"merchant_uid": "ORD-9"})
    assert read.value["response"]["amount"] == 12_000
    again = node_client.call("Prepare.postAmount", entry)
    assert (again.error, again.code) == ("ResponseError", 1)
    assert again.message == "결제정보 사전등록에 실패하였습니다(이미 등록된 merchant_uid입니다)."


def test_a_billing_key_is_issued_read_charged_and_deleted(
    node_client: Client, shop: StandIn
) -> None:
    issued = node_client.call("Customers.postBillingKey", CARD | {"customer_uid": "cust-1"})
    assert issued.value["response"]["card_number"] == "451842******1093"
    read = node_client.call("Customers.getBillingKey", {"customer_uid": "cust-1"})
    assert read.value["response"] == issued.value["response"]
    charged = node_client.call(
        "Subscribe.again",
        {"customer_uid": "cust-1", "merchant_uid": "S-1", "amount": 9_900, "name": "정기구독"},
    )
    assert charged.value["response"]["status"] == "paid"
    payments = node_client.call("Customers.getPayments", {"customer_uid": "cust-1", "page": 1})
    assert payments.value["response"]["list"] == [charged.value["response"]]
    node_client.call("Customers.deleteBillingKey", {"customer_uid": "cust-1"})
    assert [one["kind"] for one in shop.effects()] == ["key_issue", "charge", "key_delete"]


def test_several_billing_keys_are_fetched(node_client: Client, shop: StandIn) -> None:
    for customer_uid in ("cust-1", "cust-2"):
        shop.control("customers", {"customer_uid": customer_uid})
    both = node_client.call("Customers.getBillingKeys", {"customer_uid": ["cust-1", "cust-2"]})
    assert [one["customer_uid"] for one in both.value["response"]] == ["cust-1", "cust-2"]
    one = node_client.call("Customers.getBillingKeys", {"customer_uid": ["cust-1", "nobody"]})
    assert one.value["status"] == 207
    assert [key["customer_uid"] for key in one.value["response"]] == ["cust-1"]


def test_a_delivery_is_registered_once_and_changed(node_client: Client, shop: StandIn) -> None:
    shop.paid(pay_method="trans", escrow=True)
    registered = node_client.call("Escrows.postEscrow", DELIVERY)
    assert registered.value["response"]["invoice"] == "1234567890"
    again = node_client.call("Escrows.postEscrow", DELIVERY)
    assert (again.error, again.status) == ("HttpError", 409)
    changed = node_client.call(
        "Escrows.putEscrow",
        DELIVERY | {"logis": {"company": "HANJIN", "invoice": "99", "sent_at": 1_700_000_000}},
    )
    assert changed.value["response"]["company"] == "HANJIN"
    assert [one["kind"] for one in shop.effects()] == ["delivery", "delivery_change"]


@pytest.mark.parametrize(
    ("every", "one", "code", "name"),
    [
        ("Cards.getCards", "Cards.getCard", "361", "BC카드"),
        ("Banks.getBanks", "Banks.getBank", "004", "국민은행"),
    ],
)
def test_cards_and_banks_are_named(
    node_client: Client, shop: StandIn, every: str, one: str, code: str, name: str
) -> None:
    listed = {entry["code"]: entry["name"] for entry in node_client.call(every).value["response"]}
    assert listed[code] == name
    assert node_client.call(one, {"code": code}).value["response"] == {"code": code, "name": name}


@pytest.mark.parametrize("method", ["Cards.getCards", "Banks.getBanks"])
def test_a_token_that_the_client_believes_in_and_the_gateway_does_not_is_an_http_error(
    node_client: Client, shop: StandIn, method: str
) -> None:
    """The client goes by the clock of its own computer."""
    assert node_client.call(method).ok
    shop.control("clock", {"advance_seconds": 1_801})
    done = node_client.call(method)
    assert (done.error, done.status, done.message) == ("HttpError", 401, "Unauthorized")
