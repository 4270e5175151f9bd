"""POST /subscribe/payments/onetime: charging a card that comes with the request."""

import logging

import pytest

from tests.sandbox.conftest import Api
from tests.sandbox.contract import Contract

PATH = "/subscribe/payments/onetime"
CARD = {"card_number": "4518-4212-3456-1093", "expiry": "2031-12", "birth": "820213",
        "pwd_2digit": "97", "cvc": "918"}  # fmt: skip


def charge(api: Api, **fields: object) -> dict[str, object]:
    body = CARD | {"merchant_uid": "ONE-1", "amount": 59_000, "name": "린넨 침구"} | fields
    answer = api.post(PATH, json=body)
    assert answer.status_code == 200
    return dict(answer.json())


def test_paid_with_a_card_in_hand(api: Api, contract: Contract) -> None:
    envelope = charge(api, buyer_name="한예린", custom_data="덤")

    contract.check("POST /subscribe/payments/onetime", envelope)
    payment = envelope["response"]
    assert (payment["status"], payment["channel"], payment["pay_method"]) == ("paid", "api", "card")
    assert payment["imp_uid"].startswith("imps_")
    assert (payment["card_number"], payment["buyer_name"]) == ("451842******1093", "한예린")
    assert (payment["customer_uid"], payment["customer_uid_usage"]) == (None, None)
    assert api.get(f"/payments/{payment['imp_uid']}").json()["response"] == payment
    (entry,) = api.control("ledger", method="GET")
    assert (entry["kind"], entry["source"], entry["amount"]) == ("charge", "api", 59_000)


def test_customer_uid_keeps_the_key_for_later_charges(api: Api, contract: Contract) -> None:
    payment = charge(api, customer_uid="person-1")["response"]
    body = {"customer_uid": "person-1", "merchant_uid": "SUB-1", "amount": 1_000}
    again = api.post("/subscribe/payments/again", json=body).json()["response"]
    key = api.get("/subscribe/customers/person-1").json()

    contract.check("GET /subscribe/customers/{customer_uid}", key)
    assert payment["customer_uid"] == "person-1"
    assert (again["status"], again["card_number"]) == ("paid", payment["card_number"])


def test_customer_uid_that_is_taken_gets_the_new_card(api: Api) -> None:
    charge(api, customer_uid="person-1")
    charge(api, customer_uid="person-1", merchant_uid="ONE-2", card_number="9999-8888-7777-6666")

    key = api.get("/subscribe/customers/person-1").json()["response"]
    assert key["card_number"] == "999988******6666"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"card_number": "1234"}, "유효하지않은 카드번호를 입력하셨습니다."),
        ({"card_number": "1234-1234-1234-0000"}, "카드정보 인증에 실패하였습니다. [CC14|"),
        ({"expiry": "2020-01"}, "카드정보 인증에 실패하였습니다. [CC54|"),
        ({"expiry": "1231"}, "카드정보 인증에 실패하였습니다. [CC54|"),
    ],
)
def test_card_refused_at_authentication_makes_no_payment(
    api: Api, fields: dict[str, object], message: str
) -> None:
    envelope = charge(api, customer_uid="person-1", **fields)

    assert (envelope["code"], envelope["response"]) == (-1, None)
    assert str(envelope["message"]).startswith(message)
    assert api.get("/payments/find/ONE-1").status_code == 404
    assert api.get("/subscribe/customers/person-1").json()["code"] == 1
    assert api.control("ledger", method="GET") == []


def test_decline_at_approval_is_a_success_of_the_api(api: Api, contract: Contract) -> None:
    envelope = charge(api, card_number="4518-4212-3456-0010")

    contract.check("POST /subscribe/payments/onetime", envelope)
    payment = envelope["response"]
    assert (payment["status"], payment["paid_at"]) == ("failed", 0)
    assert payment["fail_reason"] == "[CC10|통장 잔액부족]"


@pytest.mark.parametrize(
    ("amount", "quota", "code"),
    [(99, 0, "8135"), (49_999, 3, "CC34"), (50_000, 13, "8125"), (50_000, 12, None)],
)
def test_minimum_and_instalments(api: Api, amount: int, quota: int, code: str | None) -> None:
    payment = charge(api, amount=amount, card_quota=quota)["response"]

    assert (payment["status"], payment["card_quota"]) == ("failed" if code else "paid", quota)
    assert code is None or code in payment["fail_reason"]


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"card_number": None}, "누락"),
        ({"expiry": ""}, "누락"),
        ({"merchant_uid": None}, "누락"),
        ({"amount": 0}, "올바르지"),
        ({"customer_uid": "x" * 81}, "80자"),
        ({"merchant_uid": "x" * 41}, "40자"),
    ],
)
def test_refusals_are_http_200_with_code_1(api: Api, fields: dict[str, object], part: str) -> None:
    envelope = charge(api, **fields)

    assert envelope["code"] == 1
    assert part in str(envelope["message"])


def test_order_number_is_paid_once(api: Api) -> None:
    charge(api, card_number="4518-4212-3456-0010")
    assert charge(api)["response"]["status"] == "paid"

    envelope = charge(api)
    assert (envelope["code"], envelope["message"]) == (1, "이미 결제가 완료된 merchant_uid입니다.")


def test_form_body_with_a_slash_at_the_end(api: Api) -> None:
    body = CARD | {"merchant_uid": "ONE-1", "amount": "59000", "card_quota": "3"}

    payment = api.post(f"{PATH}/", data=body).json()["response"]
    assert (payment["status"], payment["amount"], payment["card_quota"]) == ("paid", 59_000, 3)


def test_nothing_of_the_card_is_kept(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    charge(api, customer_uid="person-1")
    charge(api, merchant_uid="ONE-2", card_number="4518-4212-3456-0000")
    nested = {"reason[card_number]": CARD["card_number"], "schedules[0][cvc]": CARD["cvc"],
              "schedules[0][merchant_uid]": "ONE-3"}  # fmt: skip
    api.post(PATH, data=CARD | nested)
    with api.server.sandbox.store.reading() as db:
        dump = "\n".join(db.iterdump())
    seen = str(api.control("requests", method="GET"))

    assert "ONE-3" in seen
    # The short ones as whole values: moments and ids hold such digits by chance.
    for secret in ("4518-4212", "451842123456", "820213", "'97'", '"97"', "'918'", '"918"'):
        assert secret not in dump
        assert secret not in seen
        assert secret not in caplog.text


def test_choice_declined_card_is_not_kept(api: Api) -> None:
    """A onetime charge stores its key only when the charge was paid."""
    charge(api, customer_uid="person-1", card_number="4518-4212-3456-0010")

    assert api.get("/subscribe/customers/person-1").json()["code"] == 1


def test_choice_buyer_of_a_onetime_charge_is_the_keys_customer(api: Api) -> None:
    """A key stored by a onetime charge has the buyer as its customer."""
    charge(api, customer_uid="person-1", buyer_name="한예린", buyer_tel="010-1000-0001")

    key = api.get("/subscribe/customers/person-1").json()["response"]
    assert (key["customer_name"], key["customer_tel"]) == ("한예린", "010-1000-0001")


def test_choice_onetime_with_a_key_reads_as_its_use(api: Api) -> None:
    """A onetime charge that stores a key reads customer_uid_usage `payment`, not `issue`."""
    assert charge(api, customer_uid="person-1")["response"]["customer_uid_usage"] == "payment"


def test_choice_onetime_sends_a_webhook_only_to_its_own_address(api: Api) -> None:
    """Onetime charges are silent towards the console's address; their notice_url is told."""
    api.control("settings", {"webhook_url": "http://127.0.0.1:9/console"})
    before = len(api.control("webhooks", method="GET"))
    charge(api)
    charge(api, merchant_uid="ONE-2", notice_url="http://127.0.0.1:9/own")

    sent = api.control("webhooks", method="GET")[before:]
    assert [(one["url"], one["body"]["merchant_uid"]) for one in sent] == [
        ("http://127.0.0.1:9/own", "ONE-2")
    ]
