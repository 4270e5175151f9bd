"""Job 12: keep what a list shows, watch it, choose its columns, take all that match."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from admin.domain.permissions import Role
from tests.journeys.conftest import Enter
from tests.journeys.house import House
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
FAILED = "/payments/?period=all&state=failed"
BOXES = "main td.is-select .check__box"


@pytest.fixture(autouse=True)
def _leave_no_views(house: House, enter: Enter) -> Iterator[None]:
    """The other journeys find the lists as they were."""
    yield
    finance = enter(Role.FINANCE)
    for (key,) in house.ask("SELECT id FROM saved_views"):
        finance.visit(f"/views/{key}")
        finance.click("이 보기 삭제")
    assert house.one("SELECT count(*) FROM saved_views") == 0


def save(visitor: Visitor, address: str, name: str, *, shared: bool = False) -> Page:
    """Keep what the list at this address shows."""
    page = visitor.visit(address)
    page.locator(".views summary").click()
    page.get_by_label("이 보기 저장").or_(page.get_by_label("다른 이름으로 저장")).fill(name)
    if shared:
        page.locator("#view-shared").check()
    visitor.look()
    visitor.click("저장", within=page.locator(".views"))
    visitor.reads(f"‘{name}’ 이름으로 저장했어요.")
    return page


def test_a_view_is_kept_by_keyboard_changed_and_found_again(finance: Visitor) -> None:
    page = finance.visit(FAILED)
    summary = page.locator(".views summary")
    summary.focus()
    page.keyboard.press("Enter")
    name = page.get_by_label("이 보기 저장")
    while not name.evaluate("one => one === document.activeElement"):
        page.keyboard.press("Tab")
        assert page.locator(".views :focus").count() == 1, "the keyboard left the menu"
    page.keyboard.type("실패한 결제")
    with finance.opens():
        page.keyboard.press("Enter")
    expect(page.locator(".views summary")).to_contain_text("실패한 결제")

    page.locator(".tabs").get_by_role("link", name="전체", exact=False).first.click()
    page.wait_for_url(re.compile(r"view=\d+"))
    expect(page.locator(".views summary")).to_contain_text("바뀜")
    page.locator(".views summary").click()
    finance.look()
    page.keyboard.press("Escape")
    expect(page.locator(".views summary")).to_be_focused()
    page.keyboard.press("Enter")
    finance.click("실패한 결제", "link", within=page.locator(".views"))
    expect(page).to_have_url(re.compile("state=failed"))
    expect(page.locator(".views summary")).not_to_contain_text("바뀜")


def test_a_shared_view_reaches_the_others_on_the_phone(finance: Visitor, enter: Enter) -> None:
    save(finance, "/inquiries/?state=all", "문의 모두", shared=True)
    support = enter(Role.SUPPORT, **PHONE)
    page = support.visit("/inquiries/")
    page.locator(".views summary").click()
    support.look()
    page.locator(".views a", has_text="문의 모두").first.click()
    page.wait_for_url(re.compile("state=all"))
    support.look()


def test_a_watch_beyond_its_limit_stands_on_the_first_page(finance: Visitor, house: House) -> None:
    save(finance, FAILED + "&basis=requested", "실패 감시")
    page = finance.page
    page.locator(".views summary").click()
    finance.click("이름·공유·지켜보기·삭제", "link")
    finance.click("지켜보기", "link")
    page.get_by_label("기준", exact=True).fill("0")
    finance.click("지켜보기")
    many = house.one("SELECT count(*) FROM payments WHERE standing = 'failed'")
    finance.reads(f"{many:,}건")
    finance.reads("0건을 넘으면 사람이 필요해요.")
    page = finance.visit("/")
    finance.click("실패 감시", "link", within=page.locator(".needs"))
    page.get_by_label("알리지 않을 기한").fill(
        page.evaluate("() => new Date(Date.now() + 3 * 864e5).toISOString().slice(0, 10)")
    )
    page.get_by_label("사유").fill("카드사 장애")
    finance.click("알리지 않기")
    finance.reads("카드사 장애")
    page = finance.visit("/")
    assert page.locator(".needs").get_by_text("실패 감시").count() == 0
    expect(page.locator(".watches")).to_contain_text("까지 알리지 않음")


def test_columns_are_chosen_moved_and_put_back(finance: Visitor, enter: Enter) -> None:
    page = finance.visit("/payments/?period=all")
    before = page.locator("main thead th").all_inner_texts()
    finance.click("열", "link")
    page.locator("#column-phone").check()
    page.get_by_label("KCP 사이트코드").check()
    page.get_by_label("수단", exact=True).uncheck()
    for _ in range(2):
        finance.click("구매자 위로 옮기기")
    finance.click("저장")
    expect(page).to_have_url(re.compile("period=all"))
    after = page.locator("main thead th").all_inner_texts()
    assert after.index("구매자") < after.index("주문")
    assert "KCP 사이트코드" in after
    assert "수단" not in after

    phone = enter(Role.FINANCE, **PHONE)
    card = phone.visit("/payments/?period=all").locator("main tbody tr:not(.day-row)").first
    expect(card.locator(".row-link")).to_be_visible()
    expect(card.locator(".amount").first).to_be_visible()

    finance.click("열", "link")
    finance.click("처음대로")
    assert page.locator("main thead th").all_inner_texts() == before


def test_a_page_is_ticked_then_all_that_match_are_taken(finance: Visitor, house: House) -> None:
    many = house.one("SELECT count(*) FROM payments WHERE standing = 'paid' AND method = 'vbank'")
    assert 50 < many <= 1_000
    page = finance.visit("/payments/?period=all&state=paid&q=method:vbank")
    page.locator(BOXES).first.check()
    expect(page.locator(".selection__sum")).to_have_text(re.compile(r"^[\d,]+원$"))
    everything = page.get_by_role("button", name="조건에 맞는")
    expect(everything).not_to_be_visible()
    page.get_by_label("이 화면의 모두 선택").check()
    assert page.locator(f"{BOXES}:checked").count() == 50
    expect(everything).to_contain_text(f"{many:,}건 모두")
    finance.look()
    with finance.opens():
        everything.click()
    finance.reads(re.compile(rf"가져온 결제\s*{many:,}건"))
    lines = page.locator("textarea").input_value()
    assert len(lines.split()) == many


def test_rows_are_ticked_one_by_one_without_scripts(enter: Enter) -> None:
    visitor = enter(Role.FINANCE, java_script_enabled=False)
    page = visitor.page
    page.goto(f"{visitor.home}/payments/?period=all&state=paid")
    page.locator(BOXES).nth(0).check()
    page.locator(BOXES).nth(1).check()
    expect(page.get_by_label("이 화면의 모두 선택")).not_to_be_visible()
    page.locator("#selection button").first.click()
    expect(page.locator("main")).to_contain_text("가져온 결제")
    assert len(page.locator("textarea").input_value().split()) == 2
