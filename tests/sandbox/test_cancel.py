"""POST /payments/cancel: the gateway's rules, then KCP's."""

import threading

import pytest

from tests.sandbox.conftest import Api
from tests.sandbox.contract import Contract

REFUSED = "결제취소에 실패하였습니다. "
ACCOUNT = {"refund_holder": "임지호", "refund_bank": "BK88", "refund_account": "110123456789"}


def test_part_of_a_payment(api: Api, contract: Contract) -> None:
    paid = api.plant()
    envelope = api.cancel(
        imp_uid=paid["imp_uid"], amount=3_000, checksum=10_000, reason="R7K2M9QX 상품 누락"
    )

    contract.check("POST /payments/cancel", envelope)
    payment = envelope["response"]
    assert (payment["amount"], payment["cancel_amount"]) == (10_000, 3_000)
    assert payment["status"] == "cancelled"
    assert payment["cancel_reason"] == "R7K2M9QX 상품 누락"
    (entry,) = payment["cancel_history"]
    assert (entry["amount"], entry["reason"]) == (3_000, "R7K2M9QX 상품 누락")
    assert entry["cancelled_at"] == payment["cancelled_at"] > 0
    assert entry["cancellation_id"]
    assert payment["cancel_receipt_urls"] == [entry["receipt_url"]]


def test_later_cancels_overwrite_the_reason_and_keep_the_history(api: Api) -> None:
    paid = api.plant()
    api.cancel(imp_uid=paid["imp_uid"], amount=1_000, reason="first")
    payment = api.cancel(imp_uid=paid["imp_uid"], amount=9_000, reason="rest")["response"]

    assert payment["cancel_reason"] == "rest"
    assert [entry["reason"] for entry in payment["cancel_history"]] == ["first", "rest"]
    assert payment["cancel_amount"] == payment["amount"]
    assert len({entry["cancellation_id"] for entry in payment["cancel_history"]}) == 2


@pytest.mark.parametrize("fields", [{}, {"amount": 0}, {"amount": "0"}, {"amount": None}])
def test_no_amount_is_everything(api: Api, fields: dict[str, object]) -> None:
    paid = api.plant()

    assert api.cancel(imp_uid=paid["imp_uid"], **fields)["response"]["cancel_amount"] == 10_000


@pytest.mark.parametrize(("reading", "expected"), [("cancelled", "cancelled"), ("paid", "paid")])
def test_both_readings_of_a_partial_cancel(api: Api, reading: str, expected: str) -> None:
    """Papers disagree; the switch changes rows that are there already, too."""
    before, after = api.plant(), api.plant()
    api.cancel(imp_uid=before["imp_uid"], amount=1)
    api.control("settings", {"partial_reading": reading})
    api.cancel(imp_uid=after["imp_uid"], amount=1)

    for paid in (before, after):
        payment = api.get(f"/payments/{paid['imp_uid']}").json()["response"]
        assert payment["status"] == expected
        assert payment["cancelled_at"] > 0
    assert api.get(f"/payments/status/{expected}").json()["response"]["total"] == 2


def test_full_cancel_reads_cancelled_under_both(api: Api) -> None:
    api.control("settings", {"partial_reading": "paid"})
    paid = api.plant()

    assert api.cancel(imp_uid=paid["imp_uid"])["response"]["status"] == "cancelled"


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({}, "지정해주셔야합니다."),
        ({"imp_uid": "imp_none"}, "취소할 결제건이 존재하지 않습니다."),
        ({"merchant_uid": "NONE"}, "취소할 결제건이 존재하지 않습니다."),
        ({"imp_uid": "$", "amount": 10_001}, "초과"),
        ({"imp_uid": "$", "amount": -1}, "올바르지 않습니다."),
        ({"imp_uid": "$", "amount": 1.5}, "올바르지 않습니다."),
        ({"imp_uid": "$", "amount": "1,000"}, "숫자여야"),
        ({"imp_uid": "$", "amount": "NaN"}, "숫자여야"),
        ({"imp_uid": "$", "amount": True}, "숫자여야"),
        ({"imp_uid": "$", "amount": 1, "checksum": 9_999}, "checksum"),
        ({"imp_uid": "$", "amount": 1, "checksum": 0}, "checksum"),
        ({"imp_uid": "$", "reason": "x" * 257}, "256"),
    ],
)
def test_gateway_refusals_are_http_200_with_code_1(
    api: Api, fields: dict[str, object], part: str
) -> None:
    paid = api.plant()
    if fields.get("imp_uid") == "$":
        fields = fields | {"imp_uid": paid["imp_uid"]}
    envelope = api.cancel(**fields)

    assert envelope["code"] == 1
    assert part in envelope["message"]
    assert envelope["response"] is None
    assert api.control("ledger", method="GET") == []


def test_null_checksum_is_no_check(api: Api) -> None:
    paid = api.plant()

    assert api.cancel(imp_uid=paid["imp_uid"], amount=1, checksum=None)["code"] == 0


def test_a_wrong_imp_uid_is_not_made_good_by_the_order_number(api: Api) -> None:
    paid = api.plant()
    envelope = api.cancel(imp_uid="imp_none", merchant_uid=paid["merchant_uid"])

    assert envelope["message"] == "취소할 결제건이 존재하지 않습니다."


def test_by_order_number_the_paid_one_is_found(api: Api) -> None:
    now = api.now
    paid = api.plant(merchant_uid="TWO")
    api.plant(merchant_uid="TWO", status="failed", paid_at=0, failed_at=now, started_at=now)

    assert api.cancel(merchant_uid="TWO")["response"]["imp_uid"] == paid["imp_uid"]


@pytest.mark.parametrize("amount", [None, 1])
def test_nothing_left(api: Api, amount: int | None) -> None:
    paid = api.plant()
    api.cancel(imp_uid=paid["imp_uid"])
    envelope = api.cancel(imp_uid=paid["imp_uid"], amount=amount)

    assert (envelope["code"], envelope["message"]) == (1, "이미 전액취소된 주문입니다.")


def test_plain_full_cancel_after_a_part_is_refused_by_kcp(api: Api) -> None:
    paid = api.plant()
    api.cancel(imp_uid=paid["imp_uid"], amount=1_000)
    envelope = api.cancel(imp_uid=paid["imp_uid"])

    assert envelope["code"] == -1
    assert envelope["message"].startswith(f"{REFUSED}[8040|")
    assert api.cancel(imp_uid=paid["imp_uid"], amount=9_000)["code"] == 0


def test_cancelled_at_kcp_already(api: Api) -> None:
    paid = api.plant()
    answer = api.control("pg/cancel", {"imp_uid": paid["imp_uid"]})
    assert (answer["status"], answer["cancel_amount"]) == ("paid", 0)

    envelope = api.cancel(imp_uid=paid["imp_uid"], amount=1_000)
    assert envelope["code"] == -1
    assert envelope["message"] == f"{REFUSED}[500626|기 취소 거래]"


@pytest.mark.parametrize("status", ["ready", "failed"])
def test_never_paid(api: Api, status: str) -> None:
    paid = api.plant(status=status, paid_at=0)

    assert api.cancel(imp_uid=paid["imp_uid"])["code"] == 1


def test_virtual_account_without_a_deposit(api: Api) -> None:
    paid = api.plant(status="ready", paid_at=0, pay_method="vbank", vbank_num="56211112222333")
    envelope = api.cancel(imp_uid=paid["imp_uid"])

    assert envelope["code"] == -1
    assert "입금된 내역이 없습니다" in envelope["message"]


def test_virtual_account_pays_back_to_a_kcp_account(api: Api) -> None:
    paid = api.plant(pay_method="vbank", vbank_num="56211112222333")

    assert api.cancel(imp_uid=paid["imp_uid"])["code"] == 1
    three_digits = ACCOUNT | {"refund_bank": "088"}
    assert api.cancel(imp_uid=paid["imp_uid"], **three_digits)["code"] == 1
    assert api.cancel(imp_uid=paid["imp_uid"], **ACCOUNT)["code"] == 0


def test_phone_in_its_month_and_later(api: Api) -> None:
    now = api.now
    old = api.plant(pay_method="phone", paid_at=now - 40 * 86_400)
    new, part = (
        api.plant(pay_method="phone", paid_at=now),
        api.plant(pay_method="phone", paid_at=now),
    )

    assert api.cancel(imp_uid=new["imp_uid"])["code"] == 0
    assert "8392" in api.cancel(imp_uid=part["imp_uid"], amount=100)["message"]
    assert api.cancel(imp_uid=old["imp_uid"])["code"] == 1
    assert api.cancel(imp_uid=old["imp_uid"], **ACCOUNT)["code"] == 0


def test_escrow_goes_back_whole_before_confirmation(api: Api) -> None:
    paid = api.plant(pay_method="trans", escrow=True)

    assert api.cancel(imp_uid=paid["imp_uid"], amount=1_000)["code"] == -1
    assert api.cancel(imp_uid=paid["imp_uid"], amount=10_000)["code"] == 0


def test_confirmed_escrow_needs_the_flag(api: Api) -> None:
    paid = api.plant(pay_method="trans", escrow=True, escrow_decision="confirmed")

    assert "8E02" in api.cancel(imp_uid=paid["imp_uid"], amount=1_000)["message"]
    part = api.cancel(imp_uid=paid["imp_uid"], amount=1_000, escrow_confirmed=True)
    assert part["code"] == 0


def test_tax_free_part_must_be_named(api: Api) -> None:
    paid = api.plant(tax_free=4_000)

    assert "8098" in api.cancel(imp_uid=paid["imp_uid"], amount=7_000)["message"]
    assert "8099" in api.cancel(imp_uid=paid["imp_uid"], amount=7_000, tax_free=5_000)["message"]
    assert api.cancel(imp_uid=paid["imp_uid"], amount=7_000, tax_free=4_000)["code"] == 0
    assert api.cancel(imp_uid=paid["imp_uid"], amount=3_000, tax_free=0)["code"] == 0


def test_of_two_cancels_with_one_checksum_one_wins(api: Api) -> None:
    paid = api.plant()
    codes: list[int] = []

    def cancel() -> None:
        body = {"imp_uid": paid["imp_uid"], "amount": 2_000, "checksum": 10_000}
        codes.append(api.post("/payments/cancel", json=body).json()["code"])

    threads = [threading.Thread(target=cancel) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(codes) == [0, *[1] * 7]
    (entry,) = api.control("ledger", method="GET")
    assert (entry["kind"], entry["amount"]) == ("cancel", 2_000)


def test_foreign_money_has_decimals(api: Api) -> None:
    paid = api.plant(currency="USD", amount=12.5)

    assert api.cancel(imp_uid=paid["imp_uid"], amount=2.25)["response"]["cancel_amount"] == 2.25
