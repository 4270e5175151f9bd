"""Job 3: refund a part and all, and see the outcome on a page that is safe to reload."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from admin.domain.permissions import Role
from tests.journeys.conftest import Enter
from tests.journeys.house import House
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

PAID = """SELECT id, imp_uid, amount_minor FROM payments
    WHERE status = 'paid' AND cancelled_minor = 0 AND pay_method = 'card' AND NOT escrow
    AND amount_minor >= 20000 ORDER BY paid_at DESC LIMIT 1 OFFSET ?"""


def open_refund(visitor: Visitor, key: int) -> None:
    visitor.visit(f"/payments/{key}")
    visitor.click("환불", "link")
    visitor.heading("환불")


def give_back(visitor: Visitor, amount: str) -> None:
    """Type an amount and press the button that names it."""
    page = visitor.page
    page.get_by_label("환불 금액").fill(amount)
    with visitor.opens():
        page.get_by_role("button", name=re.compile("환불$")).click()


def test_a_part_goes_back_and_reloading_sends_nothing_more(finance: Visitor, house: House) -> None:
    key, imp_uid, amount = house.ask(PAID, 0)[0]
    open_refund(finance, key)
    page = finance.page
    page.get_by_label("환불 금액").fill("3000")
    button = page.get_by_role("button", name="3,000원 환불")
    expect(button).to_be_visible()
    expect(page.locator("[data-shows=left]").first).to_contain_text(f"{amount - 3000:,}")
    with finance.opens():
        button.click()

    expect(page).to_have_url(re.compile("/operations/"))
    finance.heading("3,000원을 환불했어요")
    for _ in range(2):
        page.reload()
        finance.look()
        finance.heading("3,000원을 환불했어요")
    assert house.cancels(imp_uid) == [3_000]

    finance.visit(f"/payments/{key}")
    finance.reads(f"{amount - 3000:,}")
    finance.visit("/refunds/")
    finance.reads("3,000")


def test_all_that_is_left_goes_back_and_the_page_says_why_no_more_can(
    finance: Visitor, house: House
) -> None:
    key, imp_uid, amount = house.ask(PAID, 1)[0]
    open_refund(finance, key)
    page = finance.page
    page.get_by_label("직접 입력").check()
    give_back(finance, "1,000")
    open_refund(finance, key)
    page.get_by_label("남은 금액 전부").check()
    with finance.opens():
        page.get_by_role("button", name=f"{amount - 1000:,}원 환불").click()

    finance.heading("환불했어요")
    assert house.cancels(imp_uid) == [1_000, amount - 1_000]
    finance.visit(f"/payments/{key}")
    expect(page.get_by_role("main").get_by_role("link", name="환불", exact=True)).to_have_count(0)
    finance.reads("이미")


def test_pressing_twice_sends_once_and_going_back_shows_what_is_left_now(
    finance: Visitor, house: House
) -> None:
    key, imp_uid, amount = house.ask(PAID, 2)[0]
    open_refund(finance, key)
    page = finance.page
    page.get_by_label("환불 금액").fill("2000")
    with finance.opens():
        page.get_by_role("button", name="2,000원 환불").dblclick(no_wait_after=True)
    finance.heading("2,000원을 환불했어요")
    assert house.cancels(imp_uid) == [2_000]

    page.go_back()
    page.wait_for_load_state("load")
    expect(page.get_by_label("환불 금액")).to_have_value(f"{amount - 2_000:,}")


WRONG = [
    ("0", "0보다 큰 금액을 써 주세요."),
    ("-1000", "0보다 큰 금액을 써 주세요."),
    ("천 원", "숫자만 써 주세요. 예: 3,000"),
    ("1,00", "숫자만 써 주세요. 예: 3,000"),
    ("10.5", ""),
    ("", "금액을 써 주세요."),
    ("99999999", "그 이하"),
]


def test_a_wrong_amount_is_told_at_its_field_and_nothing_is_sent(
    finance: Visitor, house: House
) -> None:
    key, imp_uid, _ = house.ask(PAID, 3)[0]
    open_refund(finance, key)
    field = finance.page.get_by_label("환불 금액")
    for typed, _sentence in WRONG:
        give_back(finance, typed)
        expect(field).to_have_attribute("aria-invalid", "true")
        assert field.input_value().replace(",", "") == typed.replace(",", "")
        described = field.get_attribute("aria-describedby") or ""
        expect(finance.page.locator(f"#{described.split()[-1]}")).not_to_be_empty()
    assert house.cancels(imp_uid) == []


def test_full_width_digits_are_read_as_what_they_say(finance: Visitor, house: House) -> None:
    key, imp_uid, _ = house.ask(PAID, 3)[0]
    open_refund(finance, key)
    give_back(finance, "１,０００")
    finance.heading("1,000원을 환불했어요")
    assert house.cancels(imp_uid) == [1_000]


def test_an_unknown_outcome_is_called_so_and_becomes_known(finance: Visitor, house: House) -> None:
    """The gateway did it and its answer was lost; looking stays impossible for a while."""
    key, imp_uid, _ = house.ask(PAID, 4)[0]
    open_refund(finance, key)
    house.script("/payments/cancel", "drop", when="after_commit")
    house.script(f"/payments/{imp_uid}", "drop", times=-1, skip=1)
    give_back(finance, "5000")

    finance.heading("확인하고 있어요")
    assert "실패" not in finance.page.locator("h1").inner_text()
    finance.visit(f"/payments/{key}")
    refunding = finance.page.get_by_role("main").get_by_role("link", name="환불", exact=True)
    expect(refunding).to_have_count(0)
    expect(finance.page.locator(".topbar .unknown")).to_be_visible()

    finance.page.locator(".topbar .unknown").click()
    finance.page.locator("main .row-link").first.click()
    finance.page.wait_for_url(re.compile("/operations/[0-9A-Z]+"))
    finance.look()
    house.behave()
    finance.click("지금 확인")

    finance.heading("5,000원을 환불했어요")
    assert house.cancels(imp_uid) == [5_000]


@pytest.mark.parametrize(
    ("action", "more"),
    [("reset", {}), ("html", {}), ("status", {"status": 503})],
    ids=["down", "html", "busy"],
)
def test_a_gateway_that_answers_nothing_usable_is_said_so_and_nothing_is_lost(
    action: str, more: dict[str, int], finance: Visitor, house: House
) -> None:
    key, imp_uid, _ = house.ask(PAID, 5)[0]
    house.script(f"/payments/{imp_uid}", action, times=-1, **more)
    page = finance.visit(f"/payments/{key}/refunds/new")
    expect(page.locator("main .notice").first).to_contain_text("포트원")
    finance.visit(f"/payments/{key}")
    finance.click("다시 조회")
    expect(page.locator(".flash").first).to_contain_text("포트원")
    assert house.cancels(imp_uid) == []


def test_somebody_who_may_only_look_is_told_why(enter: Enter, house: House) -> None:
    viewer = enter(Role.VIEWER)
    key = house.ask(PAID, 5)[0][0]
    viewer.visit(f"/payments/{key}")
    viewer.reads("환불할 수 없")
    answer = viewer.page.goto(f"{house.url}/payments/{key}/refunds/new")
    assert answer is not None
    assert answer.status == 403
    viewer.look()
