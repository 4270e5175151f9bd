"""What KCP does by itself on a business day: escrow confirmations and registered refunds."""

from datetime import datetime
from typing import Any

import pytest

from sandbox.business_days import business_days_after
from tests.sandbox.conftest import Api

ACCOUNT = {"refund_holder": "임지호", "refund_bank": "BK88", "refund_account": "110123456789"}


def kst(written: str) -> int:
    return int(datetime.fromisoformat(f"{written}+09:00").timestamp())


def shipped(api: Api, company: str = "CJGLS") -> dict[str, Any]:
    paid = api.plant(pay_method="trans", escrow=True)
    logis = {"company": company, "invoice": "6812", "sent_at": api.now}
    assert api.post(f"/escrows/logis/{paid['imp_uid']}", json={"logis": logis}).status_code == 200
    return paid


def kinds(api: Api) -> list[str]:
    return [entry["kind"] for entry in api.control("ledger", method="GET")]


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-23T10:00", 1, "2026-11-24T10:00"),
        ("2026-11-20T23:59", 1, "2026-11-23T23:59"),  # over a weekend
        ("2026-09-23T10:00", 3, "2026-09-30T10:00"),  # over Chuseok and its weekend
        ("2025-10-02T10:00", 1, "2025-10-10T10:00"),  # a whole week of holidays
        ("2027-02-05T10:00", 1, "2027-02-10T10:00"),  # Seollal and its substitute day
        ("2026-12-31T10:00", 1, "2027-01-04T10:00"),
    ],
)
def test_business_days_know_weekends_and_holidays(start: str, days: int, end: str) -> None:
    assert business_days_after(kst(start), days) == kst(end)


def test_delivered_order_counts_as_confirmed_after_three_business_days(api: Api) -> None:
    api.control("clock", {"now": "2026-11-26T10:00:00+09:00"})  # a Thursday
    api.sign_in()
    paid = shipped(api)
    api.control("courier/delivered", {"imp_uid": paid["imp_uid"]})

    api.control("clock", {"now": "2026-12-01T09:59:00+09:00"})
    assert "confirm" not in kinds(api)
    api.control("clock", {"now": "2026-12-01T10:00:10+09:00"})
    last = api.control("ledger", method="GET")[-1]
    assert (last["kind"], last["source"]) == ("confirm", "pg")
    assert last["at"] == pytest.approx(kst("2026-12-01T10:00"), abs=5)
    api.sign_in()
    assert "8E02" in api.cancel(imp_uid=paid["imp_uid"])["message"]


def test_parcel_nobody_can_track_counts_after_six_business_days(api: Api) -> None:
    api.control("clock", {"now": "2026-11-26T10:00:00+09:00"})
    api.sign_in()
    shipped(api, "DHL")
    (deadline,) = api.control("deadlines", method="GET")

    assert deadline["due_at"] == pytest.approx(kst("2026-12-04T10:00"), abs=5)
    api.control("clock", {"now": "2026-12-04T10:00:10+09:00"})
    assert kinds(api)[-1] == "confirm"


def test_tracked_parcel_that_never_arrives_is_never_confirmed(api: Api) -> None:
    shipped(api)
    api.control("clock", {"advance_seconds": 60 * 86_400})

    assert kinds(api) == ["delivery"]


@pytest.mark.parametrize("decision", ["confirmed", "denied"])
def test_buyers_decision_comes_before_the_automatic_one(api: Api, decision: str) -> None:
    paid = shipped(api, "ETC")
    api.control("buyer/escrow", {"imp_uid": paid["imp_uid"], "decision": decision})

    assert api.control("deadlines", method="GET") == []
    late = api.post("/_sandbox/courier/delivered", json={"imp_uid": paid["imp_uid"]})
    assert late.status_code == 409


def test_confirmed_order_cannot_be_denied_any_more(api: Api) -> None:
    body = {"imp_uid": shipped(api)["imp_uid"], "decision": "confirmed"}
    api.control("buyer/escrow", body)

    denied = api.post("/_sandbox/buyer/escrow", json=body | {"decision": "denied"})
    assert denied.status_code == 409


def test_cancelled_order_is_not_confirmed(api: Api) -> None:
    paid = shipped(api, "ETC")
    assert api.cancel(imp_uid=paid["imp_uid"])["code"] == 0

    assert api.control("deadlines", method="GET") == []


def test_refund_of_a_virtual_account_is_paid_the_next_business_day(api: Api) -> None:
    api.control("clock", {"now": "2026-11-27T15:00:00+09:00"})  # a Friday
    api.sign_in()
    paid = api.plant(pay_method="vbank", vbank_num="5620")
    payment = api.cancel(imp_uid=paid["imp_uid"], amount=4_000, **ACCOUNT)["response"]
    assert payment["cancel_amount"] == 4_000

    api.control("clock", {"now": "2026-11-29T15:00:00+09:00"})
    assert kinds(api) == ["cancel"]
    api.control("clock", {"now": "2026-11-30T15:00:10+09:00"})
    last = api.control("ledger", method="GET")[-1]
    assert (last["kind"], last["amount"], last["source"]) == ("refund_paid", 4_000, "pg")


def test_phone_bill_of_an_earlier_month_is_paid_back_the_next_business_day(api: Api) -> None:
    old = api.plant(pay_method="phone", paid_at=api.now - 40 * 86_400)
    new = api.plant(pay_method="phone", paid_at=api.now)
    for paid in (old, new):
        assert api.cancel(imp_uid=paid["imp_uid"], **ACCOUNT)["code"] == 0

    (deadline,) = api.control("deadlines", method="GET")
    assert (deadline["kind"], deadline["imp_uid"]) == ("refund_paid", old["imp_uid"])


def test_deposit_the_console_made_up_cannot_be_refunded(api: Api) -> None:
    body = {"merchant_uid": "V", "amount": 10_000, "pay_method": "vbank"}
    issued = api.control("buyer/pay", body)
    told = api.control("console/deposit", {"imp_uid": issued["imp_uid"]})
    assert (told["status"], kinds(api)) == ("paid", ["fake_deposit"])

    envelope = api.cancel(imp_uid=issued["imp_uid"], **ACCOUNT)
    assert envelope["code"] == -1
    assert "입금된 내역이 없습니다" in envelope["message"]
