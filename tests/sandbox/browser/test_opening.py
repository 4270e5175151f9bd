"""How a shop's page opens the payment window, and what it is told at its end."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import expect

from tests.sandbox.browser.buyer import ORDER, PHONE, Sit
from tests.sandbox.windows import CODE

pytestmark = pytest.mark.browser


def test_a_card_pays_on_a_desk_and_the_callback_is_told(sit: Sit) -> None:
    buyer = sit()
    buyer.orders()
    buyer.window.get_by_role("radio", name="현대카드").check()
    buyer.window.get_by_role("button", name="10,040원 결제하기").click()
    result = buyer.told()

    payment = buyer.payment(result)
    assert (result["success"], result["status"], result["paid_amount"]) == (True, "paid", 10_040)
    assert (payment["status"], payment["card_code"], payment["channel"]) == ("paid", "367", "pc")
    assert {name: result[name] for name in ("apply_num", "pg_tid", "receipt_url")} == {
        name: payment[name] for name in ("apply_num", "pg_tid", "receipt_url")
    }
    assert buyer.page.locator("dialog").count() == 0
    expect(buyer.page.get_by_role("button", name="결제", exact=True)).to_be_focused()


def test_closing_tells_the_callback_and_fails_the_payment(sit: Sit) -> None:
    buyer = sit()
    buyer.orders()
    buyer.window.get_by_role("button", name="결제 취소").click()
    result = buyer.told()

    assert (result["success"], result["error_code"]) == (False, "3001")
    assert buyer.payment(result)["status"] == "failed"


@pytest.mark.parametrize("focus", ["in the frame", "on the dialog"])
def test_escape_closes(sit: Sit, focus: str) -> None:
    buyer = sit()
    buyer.orders()
    heading = buyer.window.get_by_role("heading", name="신용카드")
    expect(heading).to_be_focused()
    if focus == "on the dialog":
        buyer.page.evaluate("() => document.activeElement.blur()")
    buyer.page.keyboard.press("Escape")

    result = buyer.told()
    assert result["error_code"] == "3001"
    assert buyer.payment(result)["fail_reason"] == "[3001|사용자 취소]"


def test_a_phone_goes_to_the_window_and_comes_back_with_its_query(sit: Sit) -> None:
    buyer = sit(PHONE)
    buyer.orders(m_redirect_url=f"{buyer.shop.url}/done?cart=7&x=%EA%B0%80")
    buyer.page.get_by_role("button", name="10,040원 결제하기").click()
    buyer.page.wait_for_url("**/done?*")

    query = parse_qsl(urlsplit(buyer.page.url).query)
    assert query[:2] == [("cart", "7"), ("x", "가")]
    told = dict(query)
    assert (told["merchant_uid"], told["imp_success"]) == ("ORD-1", "true")
    assert buyer.payment(told)["channel"] == "mobile"
    assert "error_code" not in told


def test_a_phone_may_go_back_and_try_again(sit: Sit) -> None:
    buyer = sit(PHONE)
    buyer.orders(m_redirect_url=f"{buyer.shop.url}/done")
    expect(buyer.page.get_by_role("heading", name="신용카드")).to_be_visible()
    buyer.page.go_back()
    buyer.page.get_by_role("button", name="결제", exact=True).click()
    buyer.page.get_by_role("button", name="결제 취소").click()
    buyer.page.wait_for_url("**/done?*")

    told = dict(parse_qsl(urlsplit(buyer.page.url).query))
    assert (told["imp_success"], told["error_code"]) == ("false", "3001")
    statuses = {one["status"] for one in buyer.attempts()}
    assert statuses == {"ready", "failed"}


def test_a_page_that_is_still_there_may_ask_again(sit: Sit) -> None:
    """As one that the phone's back button brings back just as it was left."""
    buyer = sit(PHONE)
    windows = "**/window/*"
    buyer.page.route(windows, lambda route: route.fulfill(status=204), times=1)
    with buyer.page.expect_event("requestfailed", lambda one: "/window/" in one.url):
        buyer.orders(m_redirect_url=f"{buyer.shop.url}/done")
    buyer.page.get_by_role("button", name="결제", exact=True).click()

    expect(buyer.page.get_by_role("heading", name="신용카드")).to_be_visible()
    assert buyer.page.locator("#said").count() == 0


def test_a_narrow_screen_under_a_finger_is_a_phone(sit: Sit) -> None:
    look = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    buyer = sit(look)
    buyer.orders(m_redirect_url=f"{buyer.shop.url}/done")
    expect(buyer.page.get_by_role("heading", name="신용카드")).to_be_visible()

    assert urlsplit(buyer.page.url).path.startswith("/window/")


def test_a_request_cannot_choose_to_be_a_phones(sit: Sit) -> None:
    buyer = sit()
    buyer.orders(m_redirect_url=f"{buyer.shop.url}/done", mobile=True)
    buyer.window.get_by_role("button", name="10,040원 결제하기").click()

    assert buyer.payment(buyer.told())["channel"] == "pc"


def test_a_refused_request_of_a_phone_calls_back_where_there_is_a_callback(sit: Sit) -> None:
    buyer = sit(PHONE)
    buyer.orders(amount="10040", m_redirect_url=f"{buyer.shop.url}/done")
    assert buyer.told()["error_code"] == "9009"

    buyer.orders(amount="10040", m_redirect_url=f"{buyer.shop.url}/done?a=1", silent=True)
    buyer.page.wait_for_url("**/done?a=1&*")
    assert "error_code=9009" in buyer.page.url


def test_a_message_from_elsewhere_is_no_result(sit: Sit) -> None:
    buyer = sit()
    buyer.orders()
    expect(buyer.window.get_by_role("heading", name="신용카드")).to_be_visible()
    forged = """() => {
      const id = document.querySelector("iframe").src.split("/").pop();
      postMessage({window: id, result: {success: true, imp_uid: "imp_forged"}}, "*");
    }"""
    buyer.page.evaluate(forged)
    buyer.window.get_by_role("button", name="결제 취소").click()

    assert buyer.told()["error_code"] == "3001"


def test_init_is_called_once_and_with_a_code(sit: Sit) -> None:
    buyer = sit()
    buyer.page.goto(f"{buyer.shop.url}/")
    buyer.page.evaluate("() => { IMP.init('imp123'); IMP.request_pay({}); }")
    buyer.page.evaluate("() => { IMP.init('imp12345678'); IMP.init('imp87654321'); }")

    assert [text.partition(":")[0] for text in buyer.complaints] == [
        "IMP.init", "IMP.request_pay", "IMP.init"]  # fmt: skip
    buyer.complaints.clear()


def test_an_agency_names_its_tier(sit: Sit) -> None:
    buyer = sit()
    buyer.page.goto(f"{buyer.shop.url}/")
    asked = json.dumps(ORDER)
    buyer.page.evaluate(f"() => {{ IMP.agency('{CODE}', '001'); IMP.request_pay({asked}); }}")
    expect(buyer.window.get_by_role("heading", name="신용카드")).to_be_visible()
    (kept,) = buyer.api.control("windows/ORD-1", method="GET")

    assert (kept["user_code"], kept["tier"]) == (CODE, "001")


def test_a_second_window_waits_for_the_first(sit: Sit) -> None:
    buyer = sit()
    buyer.orders()
    expect(buyer.window.get_by_role("heading", name="신용카드")).to_be_visible()
    second = "(order) => new Promise((done) => IMP.request_pay(order, done))"
    result = buyer.page.evaluate(second, ORDER | {"merchant_uid": "ORD-2"})

    assert (result["imp_uid"], result["merchant_uid"]) == (None, "ORD-2")
    assert buyer.page.locator("dialog").count() == 1
    buyer.complaints.clear()


def test_a_callback_may_ask_again_at_once(sit: Sit) -> None:
    buyer = sit()
    buyer.page.goto(f"{buyer.shop.url}/")
    asked = json.dumps(ORDER)
    buyer.page.evaluate(
        f"""() => {{
          const order = {asked};
          IMP.init("{CODE}");
          IMP.request_pay(order, () => IMP.request_pay(order, (result) => {{
            document.getElementById("said").textContent = JSON.stringify(result);
          }}));
        }}"""
    )
    buyer.window.get_by_role("button", name="결제 취소").click()
    buyer.window.get_by_role("button", name="10,040원 결제하기").click()

    assert buyer.told()["status"] == "paid"
    assert len(buyer.attempts()) == 2


def test_a_gateway_that_does_not_answer_is_told_to_the_callback(sit: Sit) -> None:
    buyer = sit()
    buyer.api.control("script", {"path": "/v1/requests", "action": "drop", "times": -1})
    buyer.orders()

    assert (buyer.told()["imp_uid"], buyer.told()["error_code"]) == (None, "F400")
    buyer.complaints.clear()
