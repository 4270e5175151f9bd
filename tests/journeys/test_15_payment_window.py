"""A request is composed, its link sent, and the customer pays in the window, each way there is.

What comes of it is asked of the gateway and read on the pages of both.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from admin.domain.permissions import Role
from tests.journeys.conftest import Enter
from tests.journeys.house import House
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "user_agent": "Mozilla/5.0 (Linux; Android 14; SM-S921N) AppleWebKit/537.36 Mobile",
    "has_touch": True,
    "is_mobile": True,
}
AMOUNT = "60,000"
NEWEST = "SELECT parameters FROM payment_requests ORDER BY id DESC LIMIT 1"


@pytest.fixture
def staff(enter: Enter) -> Visitor:
    return enter(Role.FINANCE)


@pytest.fixture
def customer(enter: Enter, house: House) -> Visitor:
    return a_customer(enter, house)


def a_customer(enter: Enter, house: House, **look: Any) -> Visitor:
    visitor = enter(None, **look)
    visitor.also = (house.sandbox_url + "/",)
    return visitor


def fill(page: Page, fields: dict[str, str]) -> None:
    """Fill in the composer by the names of its fields; a tick is any text."""
    for name, value in fields.items():
        field = page.locator(f'form.compose [name="{name}"]')
        fold = page.locator("details", has=page.locator(f'[name="{name}"]'))
        if fold.count() and fold.get_attribute("open") is None:
            fold.locator("summary").click()
        kind = field.first.evaluate("(one) => one.type")
        if kind == "select-one":
            field.select_option(value)
        elif kind == "checkbox":
            page.locator(f'form.compose [name="{name}"][value="{value}"]').check()
        else:
            field.fill(value)


def compose(staff: Visitor, kind: str = "payment", **fields: str) -> str:
    """The link of a request that was composed on the page."""
    page = staff.visit(f"/payment-requests/new?kind={kind}")
    plain = {"name": "전화 주문 책장", "amount": AMOUNT, "buyer_name": "김하나"}
    fill(page, {**plain, **{name.replace("__", "-"): value for name, value in fields.items()}})
    staff.click("링크 만들기")
    return page.locator("#link").inner_text()


def sent(house: House) -> dict[str, Any]:
    """What the newest request sends to the window."""
    found: dict[str, Any] = json.loads(house.one(NEWEST))
    return found


def window_of(customer: Visitor, link: str) -> FrameLocator:
    """Open the link, then the window over it."""
    page = customer.page
    page.goto(link)
    customer.look()
    page.locator("#pay").click()
    return page.frame_locator("dialog iframe")


def pay(window: FrameLocator | Page) -> None:
    window.get_by_role("button", name="결제하기").click()


def became(staff: Visitor, house: House, state: str) -> dict[str, Any]:
    """The newest request, once its page says what became of it; the payment as it is kept."""
    staff.visit(f"/payment-requests/{house.one('SELECT max(id) FROM payment_requests')}")
    staff.reads(state)
    return kept_payment(house)


def kept_payment(house: House) -> dict[str, Any]:
    """The payment that came of the newest request."""
    number = sent(house)["merchant_uid"]
    columns = "imp_uid, pay_method, wallet, status, card_code, card_quota, escrow, amount_minor"
    query = f"SELECT {columns} FROM payments WHERE merchant_uid = ? ORDER BY id DESC"
    return dict(zip(columns.split(", "), house.ask(query, number)[0], strict=True))


def test_a_card_pays_on_a_desk(staff: Visitor, customer: Visitor, house: House) -> None:
    link = compose(staff)
    window = window_of(customer, link)
    window.get_by_role("radio", name="현대카드").check()
    pay(window)

    customer.page.wait_for_url(re.compile(r"/pay/[^/]+$"))
    customer.reads("결제완료")
    customer.look()
    payment = became(staff, house, "결제완료")
    assert (payment["status"], payment["card_code"], payment["amount_minor"]) == (
        "paid",
        "367",
        60_000,
    )
    customer.page.goto(link)
    expect(customer.page.locator("#pay")).to_have_count(0)


def test_a_phone_comes_back_by_its_address_with_the_query_kept(
    staff: Visitor, enter: Enter, house: House
) -> None:
    link = compose(staff, site="T0000")
    customer = a_customer(enter, house, **PHONE)
    page = customer.page
    page.goto(link + "?lang=en")
    customer.look()
    with page.expect_navigation(url=re.compile("/window/")):
        page.locator("#pay").click()
    with page.expect_navigation(url=re.compile(r"/pay/[^/]+\?lang=en$")):
        pay(page)

    customer.look()
    customer.reads("Paid")
    became(staff, house, "결제완료")


def test_a_closed_window_leaves_the_link_open(staff: Visitor, customer: Visitor) -> None:
    link = compose(staff)
    window = window_of(customer, link)
    window.get_by_role("button", name="결제 취소").click()

    customer.reads("결제된 금액은 없으니 다시 해 보세요")
    customer.look()
    expect(customer.page.locator("#pay")).to_be_enabled()


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({"quota_limit": "0"}, {"card_quota": 0}),
        ({"shown_cards": "366"}, {"card_code": "366"}),
        ({"direct_code": "367", "direct_quota": "3"}, {"card_code": "367", "card_quota": 3}),
        ({"app_card": "y"}, {"pay_method": "card"}),
        ({"method": "samsung"}, {"pay_method": "samsung"}),
        ({"method": "trans"}, {"pay_method": "trans"}),
        ({"method": "phone", "shop_user_id": "member-1"}, {"pay_method": "phone"}),
        ({"method": "payco"}, {"wallet": "payco"}),
        ({"method": "naverpay"}, {"wallet": "naverpay"}),
        ({"method": "kakaopay"}, {"wallet": "kakaopay"}),
        ({"method": "cultureland", "shop_user_id": "abaddd"}, {"pay_method": "cultureland"}),
        ({"method": "smartculture", "shop_user_id": "abaddd"}, {"pay_method": "smartculture"}),
        ({"method": "happymoney", "shop_user_id": "abaddd"}, {"pay_method": "happymoney"}),
        ({"method": "booknlife", "shop_user_id": "abaddd"}, {"pay_method": "booknlife"}),
        ({"method": "point"}, {"pay_method": "point"}),
        ({"tax_free": "10,000"}, {"amount_minor": 60_000}),
        ({"channel_key": "channel-key-ieum-window"}, {"pay_method": "card"}),
    ],
    ids=lambda one: "-".join(map(str, one.values())) if isinstance(one, dict) else "",
)
def test_each_of_the_guides_ways_pays(
    staff: Visitor,
    customer: Visitor,
    house: House,
    fields: dict[str, str],
    kept: dict[str, Any],
) -> None:
    pay(window_of(customer, compose(staff, **fields)))
    customer.page.wait_for_url(re.compile(r"/pay/[^/]+$"))
    customer.reads("결제완료")

    payment = kept_payment(house)
    assert {name: payment[name] for name in kept} == kept


def test_instalments_stop_where_staff_said(staff: Visitor, customer: Visitor) -> None:
    window = window_of(customer, compose(staff, quota_limit="3", amount="60,000"))

    offered = window.locator("[name=card_quota] option")
    expect(offered.first).to_be_attached()
    assert offered.evaluate_all("(all) => all.map((one) => one.value)") == ["0", "2", "3"]


def test_a_virtual_account_is_told_and_then_paid(
    staff: Visitor, customer: Visitor, house: House
) -> None:
    link = compose(staff, method="vbank", vbank_due="2099-12-30", company="이음상점 본점")
    window = window_of(customer, link)
    window.get_by_role("button", name=re.compile("결제하기|발급")).click()
    customer.reads("이 계좌로 입금해 주세요")
    customer.look()

    payment = became(staff, house, "입금대기")
    house.buyer("deposit", imp_uid=payment["imp_uid"])
    paid = "SELECT count(*) FROM payments WHERE imp_uid = ? AND status = 'paid'"
    house.wait_for(lambda: house.one(paid, payment["imp_uid"]) == 1)
    customer.page.goto(link)
    customer.reads("결제완료")


def test_escrow_goes_with_its_items(staff: Visitor, customer: Visitor, house: House) -> None:
    link = compose(
        staff,
        "escrow",
        items__0__order_number="A-1",
        items__0__name="원목 책장",
        items__0__quantity="2",
        items__0__amount=AMOUNT,
    )
    pay(window_of(customer, link))
    customer.reads("결제완료")

    payment = became(staff, house, "결제완료")
    assert payment["escrow"] == 1
    assert sent(house)["kcpProducts"] == [
        {"orderNumber": "A-1", "name": "원목 책장", "quantity": 2, "amount": 60_000}
    ]
    key = house.one("SELECT id FROM payments WHERE imp_uid = ?", payment["imp_uid"])
    staff.visit(f"/escrow-orders/{key}")
    staff.reads("원목 책장")


def test_a_registered_card_is_charged_afterwards(
    staff: Visitor, customer: Visitor, house: House
) -> None:
    person = house.one("SELECT id FROM customers ORDER BY id LIMIT 1")
    page = staff.visit(f"/customers/{person}")
    staff.click("링크로 카드 등록", "link")
    page.locator("[name=name]").fill("정기배송 카드")
    uid = page.locator("[name=customer_uid]").input_value()
    staff.click("링크 만들기")
    window = window_of(customer, page.locator("#link").inner_text())
    window.get_by_role("button", name="등록하기").click()
    customer.reads("카드가 등록됐어요")
    customer.look()

    staff.visit(f"/customers/{person}")
    staff.click("청구", "link", within=page.locator(".keys__key", has_text=uid))
    page.get_by_label("청구 금액").fill("12,000")
    page.get_by_label("무엇을 위한 청구인가요").fill("첫 정기배송")
    with staff.opens():
        page.get_by_role("button", name=re.compile("청구하기|청구")).last.click()
    staff.heading("12,000원을 청구했어요")


def test_a_tampered_amount_opens_no_window(staff: Visitor, customer: Visitor) -> None:
    page = customer.page
    page.goto(compose(staff))
    expect(page.locator("#pay")).to_be_enabled()
    page.evaluate("""() => {
      const real = IMP.request_pay;
      IMP.request_pay = (asked, callback) => real({...asked, amount: 1000}, callback);
    }""")
    page.locator("#pay").click()

    customer.reads("결제창이 열리지 않았어요")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#pay")).to_be_enabled()


def test_a_foreign_payment_an_expired_and_a_revoked_link_are_told(
    staff: Visitor, customer: Visitor, house: House
) -> None:
    link = compose(staff)
    page = customer.page
    foreign = house.one("SELECT imp_uid FROM payments WHERE status = 'paid' LIMIT 1")
    page.goto(f"{link}/back?imp_uid={foreign}&imp_success=true")
    customer.reads("이 요청의 결제가 아니에요")
    customer.look()

    staff.click("링크 거두기")
    page.goto(link)
    customer.reads("상점이 이 링크를 거두었어요")
    expect(page.locator("#pay")).to_have_count(0)

    link = compose(staff)
    house.end_link()
    page.goto(link)
    customer.reads("기간이 지난 링크예요")
    expect(page.locator("#pay")).to_have_count(0)
    customer.look()
