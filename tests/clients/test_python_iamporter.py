"""iamporter from PyPI: one token that is never renewed, and bodies sent as forms."""

from __future__ import annotations

import pytest

from tests.clients.driver import Client
from tests.stand_in import StandIn

pytestmark = pytest.mark.clients

FORM = "application/x-www-form-urlencoded"
NO_KEY = "요청하신 customer_uid(nobody)로 등록된 정보를 찾을 수 없습니다."
NO_PAYMENT = "존재하지 않는 결제정보입니다."
NOTHING_TO_CANCEL = "취소할 결제건이 존재하지 않습니다."
CARD = ["4518-4200-0000-1093", "2030-12", "900101"]
REFUSED_CARD = ["4518-4200-0000-0000", "2030-12", "900101"]


def test_one_token_is_fetched_as_a_form_and_sent_bare(
    python_iamporter: Client, shop: StandIn
) -> None:
    shop.paid()
    first = python_iamporter.call("find_payment", imp_uid="imp_100000000001")
    assert first.sent[0].operation == "POST /users/getToken"
    assert first.sent[0].content_type == FORM
    assert len(first.last.authorization or "") == 40
    second = python_iamporter.call("find_payment", imp_uid="imp_100000000001")
    assert [one.operation for one in second.sent] == ["GET /payments/{imp_uid}"]


def test_a_wrong_secret_is_told_in_the_gateways_words(
    python_iamporter: Client, shop: StandIn
) -> None:
    done = python_iamporter.call_as("wrong", "find_payment", imp_uid="imp_100000000001")
    assert done.error == "ImpUnAuthorized"
    assert done.message == "인증에 실패하였습니다. API키와 SECRET을 확인하세요."


def test_a_token_is_dead_after_half_an_hour(python_iamporter: Client, shop: StandIn) -> None:
    shop.paid()
    python_iamporter.call("find_payment", imp_uid="imp_100000000001")
    shop.control("clock", {"advance_seconds": 1_801})
    done = python_iamporter.call("find_payment", imp_uid="imp_100000000001")
    assert (done.error, done.message, done.last.status) == ("ImpUnAuthorized", "Unauthorized", 401)
    renewed = python_iamporter.without_token()
    assert renewed.call("find_payment", imp_uid="imp_100000000001").ok


def test_a_payment_is_found(python_iamporter: Client, shop: StandIn) -> None:
    planted = shop.paid()
    found = [
        python_iamporter.call("find_payment", imp_uid="imp_100000000001"),
        python_iamporter.call("find_payment", merchant_uid="ORD-000001"),
    ]
    assert [one.value for one in found] == [planted, planted]
    assert [one.last.path for one in found] == [
        "/payments/imp_100000000001",
        "/payments/find/ORD-000001",
    ]


@pytest.mark.parametrize("name", ["imp_uid", "merchant_uid"])
def test_a_payment_that_is_not_there_is_an_error(
    python_iamporter: Client, shop: StandIn, name: str
) -> None:
    done = python_iamporter.call("find_payment", **{name: "nothing"})
    assert (done.error, done.status, done.message) == ("ImpApiError", 404, NO_PAYMENT)


def test_a_part_is_cancelled_by_an_amount_in_a_form(
    python_iamporter: Client, shop: StandIn
) -> None:
    shop.paid()
    done = python_iamporter.call(
        "cancel_payment", imp_uid="imp_100000000001", amount=4_000, tax_free=0, reason="변심"
    )
    assert done.last.content_type == FORM
    assert done.last.body["amount"] == "4000"
    assert done.value == shop.payment("imp_100000000001")
    assert [(one["kind"], one["amount"]) for one in shop.effects()] == [("cancel", 4_000)]


def test_a_refused_cancel_is_an_error_with_status_200(
    python_iamporter: Client, shop: StandIn
) -> None:
    done = python_iamporter.call("cancel_payment", merchant_uid="nothing", reason="변심")
    assert (done.error, done.status, done.code) == ("ImpApiError", 200, 1)
    assert done.message == NOTHING_TO_CANCEL


def test_a_billing_key_is_issued_read_and_deleted(python_iamporter: Client, shop: StandIn) -> None:
    issued = python_iamporter.call(
        "create_billkey", "cust-1", *CARD, pwd_2digit="12", customer_info={"name": "이도윤"}
    )
    assert issued.value["customer_name"] == "이도윤"
    assert python_iamporter.call("find_billkey", "cust-1").value == issued.value
    assert python_iamporter.call("delete_billkey", "cust-1").value == issued.value
    assert [one["kind"] for one in shop.effects()] == ["key_issue", "key_delete"]


def test_a_refused_card_gets_no_billing_key(python_iamporter: Client, shop: StandIn) -> None:
    done = python_iamporter.call("create_billkey", "cust-1", *REFUSED_CARD)
    assert (done.error, done.status, done.code) == ("ImpApiError", 200, -1)
    assert shop.effects() == []


@pytest.mark.parametrize("method", ["find_billkey", "delete_billkey"])
def test_an_unknown_billing_key_is_an_error(
    python_iamporter: Client, shop: StandIn, method: str
) -> None:
    done = python_iamporter.call(method, "nobody")
    assert (done.error, done.status, done.code) == ("ImpApiError", 200, 1)
    assert done.message == NO_KEY


def test_a_billing_key_is_charged(python_iamporter: Client, shop: StandIn) -> None:
    shop.control("customers", {"customer_uid": "cust-1"})
    done = python_iamporter.call(
        "create_payment", "S-1", customer_uid="cust-1", name="정기구독", amount=9_900
    )
    assert done.reached == "POST /subscribe/payments/again"
    assert (done.value["status"], done.value["amount"]) == ("paid", 9_900)
    assert shop.payment(done.value["imp_uid"])["name"] == "정기구독"


def test_an_unknown_billing_key_is_not_charged(python_iamporter: Client, shop: StandIn) -> None:
    done = python_iamporter.call(
        "create_payment", "S-1", customer_uid="nobody", name="정기구독", amount=9_900
    )
    assert (done.error, done.code) == ("ImpApiError", 1)
    assert done.message == "등록되지 않은 구매자입니다."
    assert shop.effects() == []


def test_the_floor_below_reads_payments(python_iamporter: Client, shop: StandIn) -> None:
    planted = shop.paid()
    one = python_iamporter.call("Payments.get", "imp_100000000001")
    assert one.value == {"status": 200, "code": 0, "message": None, "response": planted}
    found = python_iamporter.call("Payments.get_find", "ORD-000001", "paid", sorting="-paid")
    assert found.value["response"] == planted
    assert found.reached == "GET /payments/find/{merchant_uid}/{payment_status}"


def test_the_floor_below_lists_payments(python_iamporter: Client, shop: StandIn) -> None:
    planted = shop.paid()
    page = {"total": 1, "previous": 0, "next": 0, "list": [planted]}
    by_order = python_iamporter.call("Payments.get_findall", "ORD-000001", page=1)
    assert by_order.value["response"] == page
    since = planted["paid_at"]
    by_status = python_iamporter.call(
        "Payments.get_status", "paid", 1, 100, since, since + 1, "paid"
    )
    assert by_status.value["response"] == page
    assert ("from", str(since)) in by_status.last.query


@pytest.mark.parametrize(
    ("method", "arguments", "status", "message"),
    [
        ("Payments.get", ["nothing"], 404, NO_PAYMENT),
        ("Payments.get_find", ["nothing"], 404, NO_PAYMENT),
        ("Payments.get_findall", ["nothing"], 404, NO_PAYMENT),
        ("Payments.get_status", ["nonsense"], 400, "지원되지 않는 상태값입니다."),
        ("Payments.post_cancel", ["nothing"], 200, NOTHING_TO_CANCEL),
        ("Subscribe.get_customers", ["nobody"], 200, NO_KEY),
        ("Subscribe.delete_customers", ["nobody"], 200, NO_KEY),
        ("Subscribe.get_customers_payments", ["nobody"], 200, NO_KEY),
        (
            "Subscribe.post_payments_again",
            ["nobody", "S-1", 9_900, "정기구독"],
            200,
            "등록되지 않은 구매자입니다.",
        ),
    ],
)
def test_the_floor_below_hands_refusals_on(
    python_iamporter: Client,
    shop: StandIn,
    method: str,
    arguments: list[object],
    status: int,
    message: str,
) -> None:
    """It raises nothing: whoever calls it reads status, code and message."""
    done = python_iamporter.call(method, *arguments)
    assert (done.value["status"], done.value["message"]) == (status, message)
    assert done.value["code"] != 0
    assert done.value["response"] is None
    assert shop.effects() == []


def test_the_floor_below_cancels(python_iamporter: Client, shop: StandIn) -> None:
    shop.paid()
    done = python_iamporter.call(
        "Payments.post_cancel", "imp_100000000001", checksum=10_000, reason="변심"
    )
    assert done.value["response"]["cancel_amount"] == 10_000
    assert shop.payment("imp_100000000001")["status"] == "cancelled"


def test_the_floor_below_keeps_billing_keys(python_iamporter: Client, shop: StandIn) -> None:
    issued = python_iamporter.call("Subscribe.post_customers", "cust-1", *CARD, pg="kcp_billing")
    assert issued.value["response"]["pg_provider"] == "kcp_billing"
    read = python_iamporter.call("Subscribe.get_customers", "cust-1")
    assert read.value == issued.value
    charged = python_iamporter.call(
        "Subscribe.post_payments_again", "cust-1", "S-1", 9_900, "정기구독"
    )
    payments = python_iamporter.call("Subscribe.get_customers_payments", "cust-1", page=1)
    assert payments.value["response"]["list"] == [charged.value["response"]]
    deleted = python_iamporter.call("Subscribe.delete_customers", "cust-1")
    assert deleted.value == issued.value
    assert [one["kind"] for one in shop.effects()] == ["key_issue", "charge", "key_delete"]


def test_the_floor_below_gets_no_key_for_a_refused_card(
    python_iamporter: Client, shop: StandIn
) -> None:
    done = python_iamporter.call("Subscribe.post_customers", "cust-1", *REFUSED_CARD)
    assert (done.value["status"], done.value["code"]) == (200, -1)
    assert shop.effects() == []
