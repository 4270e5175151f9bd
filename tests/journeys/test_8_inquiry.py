"""Job 8: a note, an inquiry about a payment, the inbox, the answer and the end."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from admin.domain.permissions import Role
from tests.journeys.conftest import Enter
from tests.journeys.house import House
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

PAYMENT = "SELECT id, merchant_uid FROM payments WHERE status = 'paid' ORDER BY paid_at DESC"


def test_a_note_stays_on_its_payment(finance: Visitor, house: House) -> None:
    key, _ = house.ask(PAYMENT)[0]
    page = finance.visit(f"/payments/{key}")
    page.locator("summary", has_text="메모 남기기").click()
    page.get_by_label("메모").fill("전화로 확인함 <b>굵게</b>")
    with finance.opens():
        page.get_by_role("button", name="메모 남기기").click()
    finance.reads("메모를 남겼어요.")
    finance.reads("<b>굵게</b>")


def test_a_card_number_in_a_note_is_refused(finance: Visitor, house: House) -> None:
    key, _ = house.ask(PAYMENT)[0]
    page = finance.visit(f"/payments/{key}")
    page.locator("summary", has_text="메모 남기기").click()
    page.get_by_label("메모").fill("카드 4111-1111-1111-1111")
    with finance.opens():
        page.get_by_role("button", name="메모 남기기").click()
    finance.reads("카드번호처럼 보여요")
    assert "4111" not in page.content()


def test_an_inquiry_goes_from_the_payment_through_the_inbox_to_its_end(
    enter: Enter, house: House
) -> None:
    key, order = house.ask(PAYMENT)[1]
    support = enter(Role.SUPPORT)
    page = support.visit(f"/payments/{key}")
    support.click("문의 남기기", "link")
    with support.opens():
        page.get_by_role("button", name="문의 열기").click()
    expect(page.locator("main [aria-invalid=true]").first).to_be_visible()
    page.get_by_label("제목").fill("배송이 늦어요")
    page.get_by_label("문의 내용").fill("언제 오나요?")
    with support.opens():
        page.get_by_role("button", name="문의 열기").click()
    support.reads("문의를 열었어요.")

    support.visit("/inquiries/")
    row = page.locator("tr", has_text="배송이 늦어요").first
    expect(row).to_contain_text(order)
    expect(row).to_contain_text("박지훈")
    with support.opens():
        row.locator(".row-link").click()
    page.get_by_label("답변").fill("내일 도착해요.")
    with support.opens():
        page.get_by_role("button", name="답변 남기기").click()
    support.reads("내일 도착해요.")

    support.click("닫기")
    support.reads("문의를 닫았어요.")
    support.visit("/inquiries/?state=closed")
    expect(page.locator("tr", has_text="배송이 늦어요").first).to_be_visible()
    support.visit(f"/payments/{key}")
    expect(page.get_by_role("link", name="배송이 늦어요", exact=True)).to_be_visible()
