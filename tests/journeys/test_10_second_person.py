"""Two people and a limit, a list of refunds, a bank account: what one person does not do alone."""

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
    WHERE status = 'paid' AND cancelled_minor = 0 AND pay_method = ? AND NOT escrow
    AND amount_minor >= 20000 ORDER BY paid_at DESC LIMIT 1 OFFSET ?"""
PLAIN = """SELECT imp_uid FROM payments
    WHERE status = 'paid' AND cancelled_minor = 0 AND pay_method = 'card' AND NOT escrow
    AND amount_minor >= 20000"""


def test_a_manager_sets_a_limit_and_approves_what_is_above_it(enter: Enter, house: House) -> None:
    key, imp_uid, amount = house.ask(PAID, "card", 10)[0]
    manager = enter(Role.MANAGER)
    manager.visit("/refunds/rules/")
    rule = manager.page.get_by_role("listitem").filter(has_text="상담")
    rule.get_by_label("건당").fill("5,000")
    with manager.opens():
        rule.get_by_role("button", name="저장").click()
    manager.reads("저장했어요")

    support = enter(Role.SUPPORT)
    support.visit(f"/payments/{key}/refunds/new")
    with support.opens():
        support.page.get_by_role("button", name=f"{amount:,}원 승인 요청").click()
    support.heading(re.compile("승인을 기다려요"))
    assert house.cancels(imp_uid) == []

    manager.visit("/")
    manager.reads("승인할 환불")
    manager.visit("/refunds/?state=approval")
    with manager.opens():
        manager.page.get_by_role("row").filter(has_text="승인 대기").get_by_role("link").click()
    with manager.opens():
        manager.page.get_by_role("button", name=re.compile("승인하고 보내기")).click()
    manager.heading(re.compile("환불했어요"))
    assert house.cancels(imp_uid) == [amount]


def test_ticked_payments_become_a_list_that_is_rehearsed_and_worked_off(
    finance: Visitor, house: House
) -> None:
    finance.visit("/payments/?state=paid")
    page = finance.page
    plain = {uid for (uid,) in house.ask(PLAIN)}
    boxes = [
        box for box in page.get_by_role("checkbox").all() if box.get_attribute("value") in plain
    ]
    uids = [box.get_attribute("value") or "" for box in boxes[-2:]]
    for box in boxes[-2:]:
        box.check()
    with finance.opens():
        page.get_by_role("button", name="선택한 결제 환불").click()
    page.get_by_label("목록").fill("\n".join([*(f"{uid}, 1000" for uid in uids), "ORD-nothing"]))
    with finance.opens():
        page.get_by_role("button", name="미리 확인").click()
    finance.reads("이 번호의 결제가 없어요")
    with finance.opens():
        page.get_by_role("button", name="2,000원 환불").click()
    expect(page.locator("#batch")).to_contain_text("끝남", timeout=30_000)
    page.reload()
    finance.look()
    assert [house.cancels(uid) for uid in uids] == [[1_000], [1_000]]


def test_a_virtual_account_is_refunded_to_a_bank_account(finance: Visitor, house: House) -> None:
    key, imp_uid, _ = house.ask(PAID, "vbank", 0)[0]
    finance.visit(f"/payments/{key}")
    finance.reads("300원")
    finance.visit(f"/payments/{key}/refunds/new")
    page = finance.page
    page.get_by_label("환불 금액").fill("5000")
    with finance.opens():
        page.get_by_role("button", name="5,000원 환불").click()
    finance.reads("구매자 계좌를 적어 주세요")
    page.get_by_label("예금주").fill("이도윤")
    page.get_by_label("은행").select_option("BK88")
    page.get_by_label("계좌번호").fill("110-345-678901")
    with finance.opens():
        page.get_by_role("button", name="5,000원 환불").click()
    finance.heading("5,000원을 환불했어요")
    finance.reads("신한은행 ****8901")
    assert house.cancels(imp_uid) == [5_000]
