"""What a buyer finds in the payment window, and what pressing there leads to."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.sandbox.browser.buyer import Sit

pytestmark = pytest.mark.browser


def test_a_decline_comes_back_with_its_code(sit: Sit) -> None:
    buyer = sit()
    buyer.orders()
    buyer.window.get_by_label("카드사 응답").select_option("CC61 거래금액 한도초과")
    buyer.window.get_by_role("button", name="10,040원 결제하기").click()
    result = buyer.told()

    assert (result["error_code"], result["status"]) == ("CC61", "failed")
    assert buyer.payment(result)["fail_reason"] == result["error_msg"]


def test_a_lost_answer_is_asked_for_again_and_pays_once(sit: Sit) -> None:
    buyer = sit()
    buyer.orders()
    fault = {"path": "/window/*", "action": "html", "when": "after_commit"}
    buyer.api.control("script", fault)
    buyer.window.get_by_role("button", name="10,040원 결제하기").click()
    expect(buyer.window.get_by_role("status")).to_have_text(re.compile("다시 눌러"))
    buyer.window.get_by_role("button", name="10,040원 결제하기").click()

    assert buyer.told()["status"] == "paid"
    assert [one["kind"] for one in buyer.api.control("ledger", method="GET")] == ["charge"]
    (complaint,) = buyer.complaints
    assert "502" in complaint
    buyer.complaints.clear()


def test_only_the_chosen_card_companies_are_offered(sit: Sit) -> None:
    buyer = sit()
    detail = [{"card_code": "*", "enabled": False}, {"card_code": "366", "enabled": True}]
    buyer.orders(card={"detail": detail})
    cards = buyer.window.get_by_role("group", name="카드사").get_by_role("radio")
    expect(cards).to_have_count(1)
    buyer.window.get_by_role("button", name="10,040원 결제하기").click()

    assert buyer.told()["card_name"] == "신한카드"


def test_a_direct_card_is_not_chosen_again(sit: Sit) -> None:
    buyer = sit()
    buyer.orders(amount=50_000, card={"direct": {"code": "367", "quota": 3}})
    expect(buyer.window.get_by_text("현대카드")).to_be_visible()
    expect(buyer.window.get_by_role("group", name="카드사").get_by_role("radio")).to_have_count(0)
    expect(buyer.window.get_by_label("할부")).to_have_count(0)
    buyer.window.get_by_role("button", name="50,000원 결제하기").click()
    result = buyer.told()

    assert (result["card_name"], result["card_quota"]) == ("현대카드", 3)


def test_instalments_up_to_the_longest_of_the_list(sit: Sit) -> None:
    buyer = sit()
    buyer.orders(amount=50_000, display={"card_quota": [4]})
    quota = buyer.window.get_by_label("할부")
    expect(quota.locator("option")).to_have_text(["일시불", "2개월", "3개월", "4개월"])
    quota.select_option("3개월")
    buyer.window.get_by_role("button", name="50,000원 결제하기").click()

    assert buyer.payment(buyer.told())["card_quota"] == 3


def test_only_the_card_app_is_offered(sit: Sit) -> None:
    buyer = sit()
    buyer.orders(appCard=True)
    flows = buyer.window.get_by_role("group", name="인증 방법").get_by_role("radio")
    expect(flows).to_have_count(1)
    buyer.window.get_by_role("button", name="10,040원 결제하기").click()

    assert buyer.told()["status"] == "paid"


def test_a_key_from_the_window_pays_over_the_api(sit: Sit) -> None:
    buyer = sit()
    buyer.orders(pg="kcp_billing", amount=0, customer_uid="cust-1")
    buyer.window.get_by_role("radio", name="삼성카드").check()
    buyer.window.get_by_label("연습용 카드").select_option("정상 카드")
    buyer.window.get_by_role("button", name="카드 등록하기").click()
    assert buyer.told()["success"] is True

    body = {"customer_uid": "cust-1", "merchant_uid": "ORD-2", "amount": 3_000}
    charged = buyer.api.post("/subscribe/payments/again", json=body).json()["response"]
    assert (charged["status"], charged["card_name"]) == ("paid", "삼성카드")
    kinds = [one["kind"] for one in buyer.api.control("ledger", method="GET")]
    assert kinds == ["key_issue", "charge"]


def test_an_account_is_issued_and_its_deposit_pays(sit: Sit) -> None:
    buyer = sit()
    buyer.orders(pay_method="vbank", vbank_due="20301231")
    expect(buyer.window.get_by_text("2030.12.31 23:59")).to_be_visible()
    buyer.window.get_by_label("은행").select_option("국민은행")
    buyer.window.get_by_role("button", name="계좌 발급받기").click()
    result = buyer.told()
    assert (result["success"], result["status"], result["vbank_name"]) == (
        True, "ready", "국민은행")  # fmt: skip

    buyer.api.control("buyer/deposit", {"imp_uid": result["imp_uid"]})
    assert buyer.payment(result)["status"] == "paid"


def test_a_gift_certificate_without_a_member_opens_nothing(sit: Sit) -> None:
    buyer = sit()
    buyer.orders(pay_method="cultureland")
    result = buyer.told()
    assert (result["imp_uid"], result["error_code"]) == (None, "9055")
    assert buyer.page.locator("dialog").count() == 0

    buyer.orders(pay_method="cultureland", bypass={"shop_user_id": "ABCD123"})
    expect(buyer.window.get_by_text("ABCD123")).to_be_visible()
    buyer.window.get_by_role("button", name="10,040원 결제하기").click()
    assert buyer.told()["pay_method"] == "cultureland"


def test_an_escrow_order_keeps_its_items_for_those_who_ask(sit: Sit) -> None:
    buyer = sit()
    items = [{"orderNumber": "xxxx", "name": "상품A", "quantity": 3, "amount": 1_000}]
    buyer.orders(pay_method="trans", escrow=True, kcpProducts=items)
    expect(buyer.window.get_by_text("에스크로")).to_be_visible()
    buyer.window.get_by_role("button", name="10,040원 결제하기").click()

    assert buyer.payment(buyer.told())["escrow"] is True
    (kept,) = buyer.api.control("windows/ORD-1", method="GET")
    assert kept["params"]["kcpProducts"] == items


def test_an_amount_changed_after_its_preparation_opens_nothing(sit: Sit) -> None:
    buyer = sit()
    buyer.api.post("/payments/prepare", json={"merchant_uid": "ORD-1", "amount": 10_040})
    buyer.orders(amount=1_004)

    assert buyer.told()["imp_uid"] is None
    assert buyer.attempts() == []
