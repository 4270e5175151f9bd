"""The payment window in a real browser, opened by a page of another origin."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from sandbox.facts.kcp import SHOP_NAME
from scripts.servers import find_chromium
from tests.architecture.source import ROOT
from tests.sandbox.conftest import Api
from tests.sandbox.shopfront import Shopfront, fragment, shopfront

pytestmark = pytest.mark.browser

AXE = (ROOT / "tests/vendor/axe/axe.min.js").read_text(encoding="utf-8")
RUN_AXE = """() => axe.run(document, {runOnly: {type: "tag",
  values: ["wcag2a", "wcag2aa", "wcag21aa"]}, resultTypes: ["violations"]})
  .then((found) => found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${node.target.join(" ")}`)))"""
SIDEWAYS = "() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "user_agent": "Mozilla/5.0 (Linux; Android 14; SM-S921N) AppleWebKit/537.36 Mobile",
    "has_touch": True,
    "is_mobile": True,
}
HANGUL = re.compile("[가-힣]+")
CODE = "imp12345678"
ORDER: dict[str, Any] = {
    "pg": "kcp", "pay_method": "card", "merchant_uid": "ORD-1", "name": "주문명:결제테스트",
    "amount": 10_040, "buyer_name": "최수아", "buyer_email": "a@b.example",
    "buyer_tel": "010-1234-5678",
}  # fmt: skip


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    program = os.environ.get("CHROMIUM") or find_chromium() or "/usr/bin/chromium"
    return {"executable_path": program, "args": ["--no-sandbox", "--disable-quic"]}


@pytest.fixture
def shop(api: Api) -> Iterator[Shopfront]:
    with shopfront(api.server.url) as one:
        yield one


class Buyer:
    """Somebody before the shop's page, who notices every complaint of the browser."""

    def __init__(self, page: Page, shop: Shopfront, api: Api) -> None:
        self.page = page
        self.shop = shop
        self.api = api
        self.complaints: list[str] = []
        page.on(
            "console",
            lambda said: said.type == "error" and self.complaints.append(said.text),
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def orders(self, *, silent: bool = False, **params: Any) -> None:
        """Press the shop's button with these parameters."""
        asked = {"code": CODE, "params": ORDER | params, "silent": silent}
        self.page.goto("about:blank")  # another fragment alone would load nothing
        self.page.goto(f"{self.shop.url}/#{fragment(asked)}")
        self.page.get_by_role("button", name="결제", exact=True).click()

    @property
    def window(self) -> FrameLocator:
        return self.page.frame_locator("dialog iframe")

    def told(self) -> dict[str, Any]:
        """What the callback got, once it was called."""
        expect(self.page.locator("#said")).not_to_be_empty()
        result: dict[str, Any] = json.loads(self.page.locator("#said").inner_text())
        return result

    def payment(self, result: dict[str, Any]) -> dict[str, Any]:
        """The payment as the API has it."""
        answer = self.api.get(f"/payments/{result['imp_uid']}").json()["response"]
        assert isinstance(answer, dict)
        return answer

    def attempts(self) -> list[dict[str, Any]]:
        """Every payment of the order."""
        answer = self.api.get(f"/payments/findAll/{ORDER['merchant_uid']}")
        return [] if answer.status_code == 404 else answer.json()["response"]["list"]


Sit = Callable[..., Buyer]


@pytest.fixture
def sit(browser: Browser, shop: Shopfront, api: Api) -> Iterator[Sit]:
    opened: list[BrowserContext] = []
    buyers: list[Buyer] = []

    def one(look: dict[str, Any] = DESK, **more: Any) -> Buyer:
        context = browser.new_context(**{"locale": "ko-KR", **look, **more})
        context.set_default_timeout(10_000)
        opened.append(context)
        buyers.append(Buyer(context.new_page(), shop, api))
        return buyers[-1]

    yield one
    complaints = [text for buyer in buyers for text in buyer.complaints]
    for context in opened:
        context.close()
    assert complaints == []


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


def test_the_keyboard_alone_pays(sit: Sit) -> None:
    buyer = sit()
    buyer.orders()
    expect(buyer.window.get_by_role("heading", name="신용카드")).to_be_focused()
    for key in ("Tab", "Tab", "ArrowRight", "Tab", "Tab", "Tab", "Tab"):
        buyer.page.keyboard.press(key)
    expect(buyer.window.get_by_role("button", name="10,040원 결제하기")).to_be_focused()
    buyer.page.keyboard.press("Enter")

    assert buyer.told()["card_name"] == "KB국민카드"


KINDS: dict[str, dict[str, Any]] = {
    "card": {"amount": 120_000},
    "direct": {"amount": 120_000, "card": {"direct": {"code": "367", "quota": 83}}},
    "vbank": {"pay_method": "vbank", "escrow": True},
    "phone": {"pay_method": "phone", "bypass": {"shop_user_id": "ABCD123"}},
    "wallet": {"pay_method": "kakaopay"},
    "billing": {"pg": "kcp_billing", "customer_uid": "cust-1", "amount": 0},
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_window_is_well_made(sit: Sit, language: str, scheme: str) -> None:
    buyer = sit(PHONE, color_scheme=scheme)
    wrong = []
    for kind, params in KINDS.items():
        back = f"{buyer.shop.url}/done"
        buyer.orders(**params, merchant_uid=kind, language=language, m_redirect_url=back)
        buyer.page.wait_for_url("**/window/*")
        buyer.page.evaluate(AXE)
        wrong += [f"{kind}: {one}" for one in buyer.page.evaluate(RUN_AXE)]
        if buyer.page.evaluate(SIDEWAYS) > 0:
            wrong.append(f"{kind} scrolls sideways")
        words = buyer.page.locator("main").inner_text().replace(ORDER["name"], "")
        if language == "en" and (korean := set(HANGUL.findall(words)) - {SHOP_NAME}):
            wrong.append(f"{kind} says {korean}")
    assert wrong == []
    window = buyer.page.url
    buyer.page.locator("[data-act=close]").click()
    buyer.page.wait_for_url("**/done?*")
    buyer.page.goto(window)
    buyer.page.evaluate(AXE)
    assert buyer.page.evaluate(RUN_AXE) == []


def test_the_opening_page_stays_well_made_behind_the_window(sit: Sit) -> None:
    buyer = sit()
    buyer.orders()
    expect(buyer.window.get_by_role("heading", name="신용카드")).to_be_visible()
    dialog = buyer.page.get_by_role("dialog", name="결제창")
    expect(dialog).to_be_visible()

    buyer.page.evaluate(AXE)
    assert buyer.page.evaluate(RUN_AXE) == []
