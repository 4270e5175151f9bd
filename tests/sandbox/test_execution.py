"""Scheduled charges whose time has come: what they make of the world."""

import time
from typing import Any

import pytest

from sandbox.app import create_app
from tests.sandbox.conftest import Api

PATH = "/subscribe/payments/schedule"
HOUR = 3_600


@pytest.fixture(autouse=True)
def keys(api: Api) -> None:
    api.control(
        "customers", [{"customer_uid": "good"}, {"customer_uid": "poor", "decline": "CC10"}]
    )


def schedule(api: Api, number: str = "SUB-1", uid: str = "good", **fields: object) -> int:
    """Schedule one charge in ten minutes and return its moment."""
    at = api.now + 600
    entry = {"merchant_uid": number, "schedule_at": at, "amount": 59_000, "name": "정기구독",
             "currency": "KRW"} | fields  # fmt: skip
    body = {"customer_uid": uid, "schedules": [entry]}
    assert api.post(PATH, json=body).json()["code"] == 0
    return at


def shown(api: Api, number: str = "SUB-1") -> dict[str, Any]:
    return dict(api.get(f"{PATH}/{number}").json()["response"])


def payments(api: Api, number: str = "SUB-1") -> list[dict[str, Any]]:
    """Every payment of the order number; none before it is charged."""
    page = api.get(f"/payments/findAll/{number}").json()["response"]
    return list(page["list"]) if page else []


def test_moving_the_clock_charges_at_once(api: Api) -> None:
    at = schedule(api, custom_data="덤", buyer_name="한예린")
    api.control("clock", {"now": at - 60})
    assert payments(api) == []
    api.control("clock", {"now": at})

    (payment,) = payments(api)
    assert (payment["status"], payment["amount"], payment["channel"]) == ("paid", 59_000, "api")
    assert payment["customer_uid_usage"] == "payment.scheduled"
    assert payment["imp_uid"].startswith("imps_")
    assert (payment["custom_data"], payment["buyer_name"]) == ("덤", "한예린")
    done = shown(api)
    assert (done["schedule_status"], done["payment_status"]) == ("executed", "paid")
    assert (done["imp_uid"], done["fail_reason"]) == (payment["imp_uid"], None)
    charge = api.control("ledger", method="GET")[-1]
    assert (charge["kind"], charge["source"]) == ("charge", "schedule")


def test_decline_makes_a_failed_payment(api: Api) -> None:
    schedule(api, uid="poor")
    api.control("clock", {"advance_seconds": 601})

    (payment,) = payments(api)
    assert (payment["status"], payment["fail_reason"]) == ("failed", "[CC10|통장 잔액부족]")
    done = shown(api)
    assert (done["schedule_status"], done["payment_status"]) == ("executed", "failed")
    assert done["fail_reason"] == "[CC10|통장 잔액부족]"


def test_each_is_charged_once(api: Api) -> None:
    schedule(api)
    for _ in range(3):
        api.control("clock", {"advance_seconds": 400})

    assert len(payments(api)) == 1


def test_key_deleted_meanwhile_fails_the_charge(api: Api) -> None:
    schedule(api)
    api.delete("/subscribe/customers/good", params={"reason": "탈퇴", "extra[requester]": "admin"})
    assert shown(api)["schedule_status"] == "scheduled"
    api.control("clock", {"advance_seconds": 601})

    done = shown(api)
    assert (done["schedule_status"], done["payment_status"]) == ("executed", "failed")
    assert done["fail_reason"] == "등록되지 않은 구매자입니다."
    assert payments(api)[0]["card_number"] is None


def test_key_that_was_overwritten_charges_the_new_card(api: Api) -> None:
    schedule(api)
    card = {"card_number": "9999-8888-7777-6666", "expiry": "2031-12"}
    api.post("/subscribe/customers/good", json=card)
    api.control("clock", {"advance_seconds": 601})

    assert payments(api)[0]["card_number"] == "999988******6666"


def test_cancel_of_the_payment_shows_on_the_schedule(api: Api) -> None:
    schedule(api)
    api.control("clock", {"advance_seconds": 601})
    api.cancel(imp_uid=shown(api)["imp_uid"])

    assert shown(api)["payment_status"] == "cancelled"


def test_next_request_charges_what_time_alone_made_due(api: Api) -> None:
    """Nobody moves the clock here: the application has no ticker of its own."""
    app = create_app()
    with app.test_client() as client:
        client.post("/_sandbox/customers", json={"customer_uid": "good"})
        pair = {"imp_key": api.server.config.key, "imp_secret": api.server.config.secret}
        token = client.post("/users/getToken", json=pair).get_json()["response"]["access_token"]
        entry = {"merchant_uid": "SUB-1", "schedule_at": int(time.time()) + 60, "amount": 1_000}
        body = {"customer_uid": "good", "schedules": [entry]}
        client.post(PATH, json=body, headers={"Authorization": token})
        app.extensions["sandbox"].clock.shift = 61
        ledger = client.get("/_sandbox/ledger").get_json()["response"]

    assert [entry["kind"] for entry in ledger] == ["key_issue", "schedule", "charge"]


def test_choice_charge_is_dated_at_its_moment(api: Api) -> None:
    """A scheduled charge bears the moment it was scheduled for, however far the clock jumped."""
    at = schedule(api)
    api.control("clock", {"advance_seconds": HOUR})
    api.sign_in()

    assert shown(api)["executed_at"] == at
    (payment,) = payments(api)
    assert (payment["started_at"], payment["paid_at"]) == (at, at)


def test_choice_order_paid_meanwhile_is_not_paid_twice(api: Api) -> None:
    """A schedule whose order number was paid in another way is executed and failed."""
    schedule(api)
    body = {"customer_uid": "good", "merchant_uid": "SUB-1", "amount": 59_000}
    api.post("/subscribe/payments/again", json=body)
    api.control("clock", {"advance_seconds": 601})

    assert shown(api)["payment_status"] == "failed"
    assert shown(api)["fail_reason"] == "이미 결제가 완료된 merchant_uid입니다."
    assert sorted(one["status"] for one in payments(api)) == ["failed", "paid"]
