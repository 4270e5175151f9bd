"""Job 2: search, page through, open one, look at its story, look it up at the gateway."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.journeys.house import House
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

PAID = """SELECT id, merchant_uid, imp_uid, buyer_name, buyer_tel FROM payments
    WHERE status = 'paid' AND cancelled_minor = 0 AND pay_method = 'card' AND NOT escrow
    ORDER BY paid_at DESC LIMIT 1 OFFSET 20"""
ROWS = "main .table-frame .row-link"


def test_a_person_finds_a_payment_by_what_the_customer_can_say(
    finance: Visitor, house: House
) -> None:
    key, order, imp_uid, name, phone = house.ask(PAID)[0]
    page = finance.visit("/payments/")
    for typed in (name, phone):
        page.keyboard.press("/")
        box = page.get_by_role("combobox", name="이 목록에서 찾기")
        expect(box).to_be_focused()
        box.fill(typed)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(rf"[?&]q={quote(typed)}(&|$)"))
        expect(page.locator(f'main .table-frame a[href^="/payments/{key}?"]').first).to_be_visible()
        finance.look()

    for number in (order, imp_uid):
        page = finance.visit("/payments/")
        page.get_by_role("combobox", name="이 목록에서 찾기").fill(number)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(rf"/payments/{key}$"))
    finance.look()


def test_a_person_pages_through_and_comes_back(finance: Visitor) -> None:
    page = finance.visit("/payments/?period=all")
    first = page.locator(ROWS).first.get_attribute("href")
    page.get_by_role("link", name="더 예전").click()
    page.wait_for_url(re.compile("cursor="))
    expect(page.locator(ROWS).first).not_to_have_attribute("href", first or "")
    finance.look()
    page.get_by_role("link", name="더 최근").click()
    payment = re.escape((first or "").partition("?")[0])
    expect(page.locator(ROWS).first).to_have_attribute("href", re.compile(rf"{payment}\?"))


def test_a_person_narrows_by_state_method_period_and_basis(finance: Visitor, house: House) -> None:
    page = finance.visit("/payments/?period=all")
    page.locator('main a[href*="state=failed"]').first.click()
    page.wait_for_url(re.compile("state=failed"))
    finance.look()
    expect(page.locator("main .at-badge").first).to_contain_text("실패")

    for address in (
        "/payments/?method=vbank&period=all",
        "/payments/?basis=cancelled&period=month",
        "/payments/?basis=approved&period=today",
        "/payments/?state=part_refunded&period=all",
    ):
        finance.visit(address)


def test_an_empty_result_says_why_and_offers_the_next_try(finance: Visitor) -> None:
    page = finance.visit("/payments/?q=아무도모르는이름")
    finance.reads("아무도모르는이름")
    with finance.opens():
        page.locator("main .empty-state a, main .empty a").first.click()


def test_a_person_opens_one_and_looks_it_up_at_the_gateway(finance: Visitor, house: House) -> None:
    key, order, imp_uid, *_ = house.ask(PAID)[0]
    page = finance.visit(f"/payments/{key}")
    finance.reads(order)
    finance.reads(imp_uid)
    expect(page.get_by_role("complementary").locator("li").first).to_be_visible()

    finance.click("다시 조회")

    finance.reads("조회했어요. 달라진 것이 없어요.")


def test_the_keys_move_open_and_explain(finance: Visitor) -> None:
    page = finance.visit("/payments/?period=all")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    rows = page.locator("tr[data-cursor]")
    expect(rows).to_have_count(1)
    target = rows.locator(".row-link").get_attribute("href")

    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="단축키")
    expect(dialog).to_be_visible()
    finance.look()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()

    with finance.opens():
        page.keyboard.press("o")
    assert page.url.endswith(target or "nowhere")
    following = page.locator("a[rel=next]").get_attribute("href") or "nowhere"
    with finance.opens():
        page.keyboard.press("j")
    assert page.url.endswith(following)
    with finance.opens():
        page.keyboard.press("k")
    assert page.url.endswith(target or "nowhere")
    page.go_back()
    page.go_back()
    page.go_back()
    expect(page.locator("tr[data-cursor] .row-link")).to_have_attribute("href", target or "")


def test_a_card_number_in_the_box_is_refused_and_kept_nowhere(
    finance: Visitor, house: House
) -> None:
    page = finance.visit("/payments/")
    page.get_by_role("combobox", name="이 목록에서 찾기").fill("4111 1111 1111 1111")
    page.keyboard.press("Enter")
    finance.reads("카드번호처럼 보여요. 찾지도, 남기지도, 기록하지도 않았어요.")
    finance.look()
    assert "4111" not in page.content()
    for file in house.data.rglob("*"):
        if file.is_file() and "sandbox" not in file.parts:
            assert b"4111 1111" not in file.read_bytes(), file
            assert b"4111+1111" not in file.read_bytes(), file


def test_days_the_wrong_way_round_are_told_at_their_field(finance: Visitor) -> None:
    for address in ("/payments/", "/reports/"):
        finance.visit(f"{address}?from_day=2026-11-20&to_day=2026-11-01")
        finance.reads("끝나는 날이 시작하는 날보다 앞이에요. 서로 바꿔 주세요.")
