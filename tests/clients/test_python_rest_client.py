"""iamport-rest-client from PyPI: a token for every call, sent bare, and JSON bodies."""

from __future__ import annotations

import pytest

from tests.clients.driver import Client
from tests.stand_in import StandIn

pytestmark = pytest.mark.clients

NO_KEY = "요청하신 customer_uid(nobody)로 등록된 정보를 찾을 수 없습니다."
CARD = {"card_number": "4518-4200-0000-1093", "expiry": "2030-12", "birth": "900101"}


def test_every_call_fetches_a_token_and_sends_it_bare(python_client: Client, shop: StandIn) -> None:
    shop.paid()
    for _ in range(2):
        done = python_client.call("find_by_imp_uid", "imp_100000000001")
        assert [one.operation for one in done.sent] == [
            "POST /users/getToken",
            "GET /payments/{imp_uid}",
        ]
        assert done.sent[0].content_type == "application/json"
        assert len(done.last.authorization or "") == 40


def test_a_wrong_secret_is_an_http_error(python_client: Client, shop: StandIn) -> None:
    shop.paid()
    done = python_client.call_as("wrong", "find_by_imp_uid", "imp_100000000001")
    assert (done.error, done.status) == ("HttpError", 401)
    assert [one.operation for one in done.sent] == ["POST /users/getToken"]


def test_a_payment_is_found_by_its_id(python_client: Client, shop: StandIn) -> None:
    planted = shop.paid()
    assert python_client.call("find_by_imp_uid", "imp_100000000001").value == planted
    assert python_client.call("find", imp_uid="imp_100000000001").value == planted


def test_a_payment_is_found_by_its_order_number(python_client: Client, shop: StandIn) -> None:
    planted = shop.paid()
    for done in (
        python_client.call("find_by_merchant_uid", "ORD-000001"),
        python_client.call("find", merchant_uid="ORD-000001"),
    ):
        assert done.value == planted
        assert done.last.path == "/payments/find/ORD-000001"


@pytest.mark.parametrize("method", ["find_by_imp_uid", "find_by_merchant_uid"])
def test_a_payment_that_is_not_there_is_an_http_error(
    python_client: Client, shop: StandIn, method: str
) -> None:
    done = python_client.call(method, "nothing")
    assert (done.error, done.status) == ("HttpError", 404)


@pytest.mark.parametrize("name", ["imp_uid", "merchant_uid"])
def test_find_of_a_payment_that_is_not_there_is_an_http_error(
    python_client: Client, shop: StandIn, name: str
) -> None:
    done = python_client.call("find", **{name: "nothing"})
    assert (done.error, done.status) == ("HttpError", 404)


def test_find_by_status_fails_in_the_client_before_its_search_is_sent(
    python_client: Client, shop: StandIn
) -> None:
    """The release passes on a keyword that its own `_get` does not take."""
    done = python_client.call("find_by_status", "paid")
    assert done.error == "TypeError"
    assert done.sent == ()


def test_is_paid_compares_state_and_amount(python_client: Client, shop: StandIn) -> None:
    shop.paid()
    assert python_client.call("is_paid", 10_000, imp_uid="imp_100000000001").value is True
    assert python_client.call("is_paid", 9_000, merchant_uid="ORD-000001").value is False
    assert python_client.call("is_paid", 10_000, imp_uid="nothing").status == 404


@pytest.mark.parametrize(
    ("method", "arguments", "options"),
    [
        ("cancel_by_imp_uid", ["imp_100000000001", "변심"], {"amount": 4_000, "checksum": 10_000}),
        ("cancel_by_merchant_uid", ["ORD-000001", "변심"], {"amount": 4_000}),
        ("cancel", ["변심"], {"imp_uid": "imp_100000000001", "amount": 4_000}),
        ("cancel", ["변심"], {"merchant_uid": "ORD-000001", "amount": 4_000}),
    ],
)
def test_a_part_is_cancelled(
    python_client: Client,
    shop: StandIn,
    method: str,
    arguments: list[str],
    options: dict[str, object],
) -> None:
    shop.paid()
    done = python_client.call(method, *arguments, **options)
    assert done.reached == "POST /payments/cancel"
    assert done.value == shop.payment("imp_100000000001")
    assert (done.value["cancel_amount"], done.value["cancel_reason"]) == (4_000, "변심")
    assert [(one["kind"], one["amount"]) for one in shop.effects()] == [("cancel", 4_000)]


@pytest.mark.parametrize(
    ("method", "arguments", "options", "message"),
    [
        ("cancel_by_imp_uid", ["nothing", "변심"], {}, "취소할 결제건이 존재하지 않습니다."),
        ("cancel_by_merchant_uid", ["nothing", "변심"], {}, "취소할 결제건이 존재하지 않습니다."),
        ("cancel", ["변심"], {"imp_uid": "imp_100000000001"}, "이미 전액취소된 주문입니다."),
    ],
)
def test_a_refused_cancel_is_a_response_error(
    python_client: Client,
    shop: StandIn,
    method: str,
    arguments: list[str],
    options: dict[str, object],
    message: str,
) -> None:
    shop.paid(status="cancelled", cancel_amount=10_000)
    done = python_client.call(method, *arguments, **options)
    assert (done.error, done.code, done.message) == ("ResponseError", 1, message)
    assert shop.effects() == []


def test_a_billing_key_is_issued_with_its_uid_in_path_and_body(
    python_client: Client, shop: StandIn
) -> None:
    done = python_client.call("customer_create", customer_uid="cust-1", **CARD)
    assert done.value["card_number"] == "451842******1093"
    assert done.last.path == "/subscribe/customers/cust-1"
    assert done.last.body["customer_uid"] == "cust-1"
    assert [one["kind"] for one in shop.effects()] == ["key_issue"]


def test_a_refused_card_gets_no_billing_key(python_client: Client, shop: StandIn) -> None:
    refused = CARD | {"card_number": "4518-4200-0000-0000"}
    done = python_client.call("customer_create", customer_uid="cust-1", **refused)
    assert (done.error, done.code) == ("ResponseError", -1)
    assert "카드정보 인증 및 빌키 발급에 실패하였습니다." in str(done.message)
    assert shop.effects() == []


def test_a_billing_key_is_read_and_deleted(python_client: Client, shop: StandIn) -> None:
    shop.control("customers", {"customer_uid": "cust-1"})
    read = python_client.call("customer_get", "cust-1")
    assert read.value["customer_uid"] == "cust-1"
    deleted = python_client.call("customer_delete", "cust-1")
    assert deleted.value == read.value
    assert [one["kind"] for one in shop.effects()] == ["key_issue", "key_delete"]


@pytest.mark.parametrize("method", ["customer_get", "customer_delete"])
def test_an_unknown_billing_key_is_a_response_error(
    python_client: Client, shop: StandIn, method: str
) -> None:
    done = python_client.call(method, "nobody")
    assert (done.error, done.code, done.message) == ("ResponseError", 1, NO_KEY)


def test_a_billing_key_is_charged_without_a_name(python_client: Client, shop: StandIn) -> None:
    shop.control("customers", {"customer_uid": "cust-1"})
    done = python_client.call("pay_again", customer_uid="cust-1", merchant_uid="S-1", amount=9_900)
    assert (done.value["status"], done.value["amount"]) == ("paid", 9_900)
    assert shop.payment(done.value["imp_uid"])["merchant_uid"] == "S-1"


def test_an_unknown_billing_key_is_not_charged(python_client: Client, shop: StandIn) -> None:
    done = python_client.call("pay_again", customer_uid="nobody", merchant_uid="S-1", amount=9_900)
    assert (done.error, done.code, done.message) == (
        "ResponseError",
        1,
        "등록되지 않은 구매자입니다.",
    )
    assert shop.effects() == []


def test_an_amount_is_registered_and_compared(python_client: Client, shop: StandIn) -> None:
    done = python_client.call("prepare", "ORD-9", 12_000)
    assert done.value == {"merchant_uid": "ORD-9", "amount": 12_000, "currency": None}
    assert python_client.call("prepare_validate", "ORD-9", 12_000).value is True
    assert python_client.call("prepare_validate", "ORD-9", 1_000).value is False


def test_an_amount_is_registered_once(python_client: Client, shop: StandIn) -> None:
    python_client.call("prepare", "ORD-9", 12_000)
    done = python_client.call("prepare", "ORD-9", 15_000)
    assert (done.error, done.code) == ("ResponseError", 1)
    assert python_client.call("prepare_validate", "ORD-9", 12_000).value is True


def test_an_amount_that_was_not_registered_is_an_http_error(
    python_client: Client, shop: StandIn
) -> None:
    done = python_client.call("prepare_validate", "ORD-9", 12_000)
    assert (done.error, done.status) == ("HttpError", 404)


def test_the_withdrawn_charge_of_a_foreign_card_is_not_offered(
    python_client: Client, shop: StandIn
) -> None:
    """The gateway's description no longer has this path."""
    done = python_client.call("pay_foreign", merchant_uid="F-1", amount=9_900, **CARD)
    assert (done.error, done.status, done.reached) == ("HttpError", 404, None)
    assert shop.effects() == []
