"""Job 11: find anything from any page, be helped while typing, and find by a pasted message."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from admin.domain.permissions import Role
from tests.journeys.conftest import Enter
from tests.journeys.house import House
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

BUYER = """SELECT buyer_name, count(*) FROM payments WHERE buyer_name IS NOT NULL
    GROUP BY buyer_name HAVING count(*) > 6 ORDER BY count(*) DESC, buyer_name LIMIT 1"""
# One that its buyer and amount tell from all others.
PAID = """SELECT id, imp_uid, merchant_uid, buyer_name, buyer_tel, amount_minor FROM payments
    WHERE status = 'paid' AND cancelled_minor = 0 AND pay_method = 'card' AND NOT escrow
      AND (SELECT count(*) FROM payments other
           WHERE (other.buyer_tel, other.amount_minor)
               = (payments.buyer_tel, payments.amount_minor)) = 1
    ORDER BY paid_at DESC LIMIT 1 OFFSET 12"""


def the_box(page: Page) -> Locator:
    """The box of the top bar, once its script runs."""
    box = page.locator("#search")
    expect(box).to_have_attribute("role", "combobox")
    return box


def offers(page: Page, box: str = "search") -> Locator:
    return page.locator(f"#{box}-offers").get_by_role("option")


def chosen(page: Page, box: str = "search") -> Locator:
    return page.locator(f'#{box}-offers [aria-selected="true"]')


def type_slowly(page: Page, text: str) -> None:
    """As people do, and until what belongs to the text is shown."""
    with page.expect_response(re.compile(r"/(hits|complete)\.json\?")):
        page.keyboard.type(text)


def test_the_keyboard_alone_finds_and_opens(finance: Visitor, house: House) -> None:
    name, _ = house.ask(BUYER)[0]
    page = finance.visit("/")
    box = the_box(page)
    page.evaluate("() => scrollTo({top: 300, behavior: 'instant'})")
    before = page.locator("main").bounding_box()
    assert page.evaluate("() => scrollY") > 0

    page.keyboard.press("Control+k")
    expect(box).to_be_focused()
    type_slowly(page, name)
    expect(offers(page).first).to_contain_text(name)
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(chosen(page)).to_have_count(1)
    payments = re.compile(r"^결제\s*\d")  # its count follows; orders without a payment begin alike
    expect(page.locator("#search-offers").get_by_role("group", name=payments)).to_have_count(1)
    assert page.locator("main").bounding_box() == before, "nothing moves behind it"
    finance.look()

    first = chosen(page).get_attribute("id")
    expect(box).to_have_attribute("aria-activedescendant", first or "")
    page.keyboard.press("ArrowDown")
    second = chosen(page).get_attribute("id")
    assert second != first
    expect(box).to_have_attribute("aria-activedescendant", second or "")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert chosen(page).get_attribute("id") == offers(page).last.get_attribute("id")
    page.keyboard.press("ArrowDown")
    assert chosen(page).get_attribute("id") == first

    with finance.opens():
        page.keyboard.press("Enter")
    finance.reads(name)
    assert re.search(r"/payments/\d+$", page.url)


def test_esc_closes_the_offers_and_then_leaves_the_box(finance: Visitor, house: House) -> None:
    name, _ = house.ask(BUYER)[0]
    page = finance.visit("/")
    box = the_box(page)
    page.keyboard.press("/")  # this page has no list of its own to search
    expect(box).to_be_focused()
    type_slowly(page, name)
    expect(offers(page).first).to_be_visible()

    page.keyboard.press("Escape")
    expect(page.locator(".topbar .combobox")).to_be_hidden()
    expect(box).to_be_focused()
    expect(box).to_have_value(name)
    expect(box).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Escape")
    expect(box).not_to_be_focused()


def test_enter_opens_what_is_meant_however_fast_it_is_typed(finance: Visitor, house: House) -> None:
    key, imp_uid, *_ = house.ask(PAID)[0]
    page = finance.visit("/inquiries/?state=all")
    the_box(page)
    page.keyboard.press("Control+k")
    page.keyboard.type(imp_uid)
    with finance.opens():
        page.keyboard.press("Enter")
    assert page.url == f"{house.url}/payments/{key}"

    name, _ = house.ask(BUYER)[0]
    page.keyboard.press("Control+k")
    page.keyboard.type(name)
    with finance.opens():
        page.keyboard.press("Enter")
    assert re.search(r"/payments/\d+$", page.url), "the first that is found, not the page of all"
    finance.reads(name)


def test_all_of_them_is_the_last_row_and_leads_to_the_list(finance: Visitor, house: House) -> None:
    name, count = house.ask(BUYER)[0]
    page = finance.visit("/jobs/")
    the_box(page)
    page.keyboard.press("Control+k")
    type_slowly(page, name)
    row = offers(page).filter(has_text="결제 내역에서 모두 보기")
    with finance.opens():
        row.click()
    assert f"q={quote(name)}" in page.url
    finance.reads(f"{count:,}건")


def test_pages_are_found_by_name_and_only_those_one_may_open(enter: Enter) -> None:
    for role, found in ((Role.MANAGER, 1), (Role.VIEWER, 0)):
        person = enter(role)
        page = person.visit("/")
        the_box(page)
        page.keyboard.press("Control+k")
        type_slowly(page, "감사")
        expect(
            page.locator(".combobox__note:visible, #search-offers [role=option]")
        ).not_to_have_count(0)
        assert offers(page).filter(has_text="감사").count() == found


def test_the_slash_stays_with_the_list_where_there_is_one(finance: Visitor) -> None:
    page = finance.visit("/payments/")
    the_box(page)
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(page.locator("#search")).to_be_focused()


def test_a_card_number_is_refused_while_it_is_typed(finance: Visitor, house: House) -> None:
    page = finance.visit("/")
    the_box(page)
    page.keyboard.press("Control+k")
    type_slowly(page, "4111 1111 1111 1111")
    expect(page.locator(".topbar .combobox__note")).to_contain_text("카드번호처럼 보여요")
    expect(offers(page)).to_have_count(0)
    finance.look()


def test_without_scripts_the_box_is_a_form(enter: Enter, house: House) -> None:
    name, _ = house.ask(BUYER)[0]
    person = enter(Role.FINANCE, java_script_enabled=False)
    page = person.page
    page.goto(house.url + "/")
    page.locator("#search").fill(name)
    with page.expect_navigation():
        page.locator("#search").press("Enter")
    assert page.url.startswith(f"{house.url}/search/?q=")
    expect(page.locator(".hit").first).to_contain_text(name)


def test_the_results_are_a_page_in_every_look(enter: Enter, house: House) -> None:
    name, _ = house.ask(BUYER)[0]
    for look in ({"viewport": {"width": 390, "height": 844}}, {"color_scheme": "dark"}):
        person = enter(Role.FINANCE, **look)
        person.visit("/search/")
        person.visit("/search/?q=" + quote(name))
        person.visit("/search/?q=" + quote("아무도모르는이름"))
        person.visit("/search/paste")


def test_on_the_phone_the_offers_fit(enter: Enter, house: House) -> None:
    name, _ = house.ask(BUYER)[0]
    person = enter(Role.FINANCE, viewport={"width": 390, "height": 844}, has_touch=True)
    page = person.visit("/")
    the_box(page)
    page.locator("[data-finds]").tap()
    type_slowly(page, name)
    expect(offers(page).first).to_be_visible()
    person.look()
    panel = page.locator(".topbar .combobox").bounding_box()
    assert panel is not None
    assert panel["x"] >= 0
    assert panel["x"] + panel["width"] <= 390
    with person.opens():
        offers(page).first.tap()
    assert re.search(r"/payments/\d+$", page.url)


# -- completion ---------------------------------------------------------------------------------


def test_a_condition_is_written_with_what_is_offered(finance: Visitor) -> None:
    page = finance.visit("/payments/?period=all")
    the_box(page)
    box = page.locator("#q")
    box.focus()
    expect(offers(page, "q").first).to_be_visible()
    expect(chosen(page, "q")).to_have_count(0)

    type_slowly(page, "상태")
    expect(offers(page, "q")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    finance.look()
    page.keyboard.press("Enter")
    expect(box).to_have_value("상태:")
    expect(offers(page, "q").filter(has_text="결제실패")).to_be_visible()
    type_slowly(page, "ㄱㅈㅅㅍ")
    expect(offers(page, "q")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(box).to_have_value("상태:결제실패 ")

    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(re.escape("q=" + quote("상태:결제실패"))))
    expect(page.locator("main .chip")).to_contain_text("결제실패")
    expect(page.locator("#q")).to_have_attribute("role", "combobox")


def test_values_of_the_shop_are_offered(finance: Visitor) -> None:
    page = finance.visit("/payments/")
    the_box(page)
    page.keyboard.press("/")
    type_slowly(page, "카드사:신")
    expect(offers(page, "q").filter(has_text="신한")).to_have_count(1)


def test_enter_sends_the_words_as_they_stand(finance: Visitor, house: House) -> None:
    name, _ = house.ask(BUYER)[0]
    page = finance.visit("/payments/?period=all")
    the_box(page)
    page.keyboard.press("/")
    type_slowly(page, name)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"q={quote(name)}"))


# -- a pasted message ---------------------------------------------------------------------------


def test_a_pasted_message_finds_its_payment_and_is_kept_nowhere(
    finance: Visitor, house: House
) -> None:
    key, _, _, name, phone, amount = house.ask(PAID)[0]
    message = f"{name} 고객님 {amount:,}원 결제, {phone}, 얼룩말무늬우산 4111 1111 1111 1111"
    page = finance.visit("/search/")
    finance.click("받은 글로 찾기", "link")
    page.get_by_label("받은 글").fill(message)
    with finance.opens():
        page.locator("main").get_by_role("button", name="결제 찾기").click()

    expect(page.locator("main .hit").first).to_have_attribute("href", f"/payments/{key}")
    finance.reads("글에 카드번호가 있었어요. 읽기 전에 지웠어요.")
    assert page.url == f"{house.url}/search/paste"
    assert "얼룩말무늬우산" not in page.content()
    assert "4111" not in page.content()
    for file in house.data.rglob("*"):
        if file.is_file() and "sandbox" not in file.parts:
            content = file.read_bytes()
            assert "얼룩말무늬우산".encode() not in content, file
            assert b"4111 1111" not in content, file
