"""POST /subscribe/payments/again: charging a stored key."""

import pytest

from tests.sandbox.conftest import Api
from tests.sandbox.contract import Contract

PATH = "/subscribe/payments/again"


@pytest.fixture(autouse=True)
def keys(api: Api) -> None:
    api.control(
        "customers",
        [
            {"customer_uid": "good", "customer_name": "한예린", "customer_tel": "010-1000-0001"},
            {"customer_uid": "poor", "decline": "CC10"},
        ],
    )


def charge(api: Api, **fields: object) -> dict[str, object]:
    body = {"customer_uid": "good", "merchant_uid": "SUB-1", "amount": 59_000} | fields
    answer = api.post(PATH, json=body)
    assert answer.status_code == 200
    return dict(answer.json())


def test_paid(api: Api, contract: Contract) -> None:
    envelope = charge(api, name="정기구독 프리미엄 12월", buyer_name="한예린")

    contract.check("POST /subscribe/payments/again", envelope)
    payment = envelope["response"]
    assert payment["status"] == "paid"
    assert payment["imp_uid"].startswith("imps_")
    assert (payment["channel"], payment["pay_method"]) == ("api", "card")
    assert (payment["customer_uid"], payment["customer_uid_usage"]) == ("good", "payment")
    assert len(payment["apply_num"]) == 8
    assert len(payment["pg_tid"]) == 14
    stored = api.get(f"/payments/{payment['imp_uid']}").json()["response"]
    assert stored == payment


def test_buyer_falls_back_to_the_keys_customer(api: Api) -> None:
    payment = charge(api)["response"]

    assert (payment["buyer_name"], payment["buyer_tel"]) == ("한예린", "010-1000-0001")


def test_decline_is_a_success_of_the_api(api: Api, contract: Contract) -> None:
    envelope = charge(api, customer_uid="poor")

    contract.check("POST /subscribe/payments/again", envelope)
    payment = envelope["response"]
    assert (payment["status"], payment["paid_at"]) == ("failed", 0)
    assert payment["fail_reason"] == "[CC10|통장 잔액부족]"
    assert payment["failed_at"] > 0


def test_order_number_may_be_tried_again_after_a_decline_but_not_after_a_payment(api: Api) -> None:
    assert charge(api, customer_uid="poor")["response"]["status"] == "failed"
    assert charge(api)["response"]["status"] == "paid"
    envelope = charge(api)

    assert (envelope["code"], envelope["response"]) == (1, None)
    assert api.get("/payments/findAll/SUB-1").json()["response"]["total"] == 2


def test_form_body_carries_numbers_as_text(api: Api) -> None:
    body = {"customer_uid": "good", "merchant_uid": "SUB-1", "amount": "59000"}

    assert api.post(f"{PATH}/", data=body).json()["response"]["amount"] == 59_000


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"customer_uid": "nobody"}, "등록되지 않은 구매자입니다."),
        ({"customer_uid": ""}, "누락"),
        ({"merchant_uid": None}, "누락"),
        ({"amount": None}, "누락"),
        ({"amount": 0}, "올바르지"),
        ({"amount": -5}, "올바르지"),
        ({"amount": "9e999"}, "숫자여야"),
        ({"merchant_uid": "x" * 41}, "40자"),
        ({"name": "x" * 41}, "40자"),
    ],
)
def test_refusals_are_http_200_with_code_1(api: Api, fields: dict[str, object], part: str) -> None:
    envelope = charge(api, **fields)

    assert envelope["code"] == 1
    assert part in str(envelope["message"])


@pytest.mark.parametrize(
    ("amount", "quota", "code"),
    [
        (999, 0, "8135"),
        (49_999, 3, "CC34"),
        (50_000, 13, "8125"),
        (50_000, 12, None),
        (1_000, 0, None),
    ],
)
def test_minimum_and_instalments(api: Api, amount: int, quota: int, code: str | None) -> None:
    payment = charge(api, amount=amount, card_quota=quota)["response"]

    assert payment["status"] == ("failed" if code else "paid")
    assert code is None or code in payment["fail_reason"]


def test_ledger_knows_charges_and_declines(api: Api) -> None:
    charge(api)
    charge(api, customer_uid="poor", merchant_uid="SUB-2")
    kinds = [entry["kind"] for entry in api.control("ledger", method="GET")]

    assert kinds == ["key_issue", "key_issue", "charge", "decline"]


def test_choice_name_of_a_charge_may_be_left_out(api: Api) -> None:
    """The papers want a name to charge a key; KCP's own sample and a client send none."""
    payment = charge(api)["response"]

    assert (payment["status"], payment["name"]) == ("paid", None)
