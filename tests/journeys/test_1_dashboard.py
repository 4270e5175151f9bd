"""Job 1: see today and the last 14 days."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Enter
from tests.journeys.house import House
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser


def test_a_person_signs_in_and_sees_the_day(enter: Enter, house: House) -> None:
    email, password = next(iter(house.people().values()))
    stranger = enter(None)
    page = stranger.visit("/")
    expect(page).to_have_url(re.compile("/sign-in"))
    page.get_by_label("이메일").fill(email)
    page.get_by_label("비밀번호").fill("wrong-password-2026")
    stranger.click("로그인")
    stranger.reads("이메일과 비밀번호가 맞지 않아요")

    page.get_by_label("비밀번호").fill(password)
    stranger.click("로그인")

    stranger.heading("오늘")


def test_the_first_page_holds_the_day_a_chart_and_what_needs_someone(finance: Visitor) -> None:
    page = finance.visit("/")

    finance.heading("오늘")
    for words in ("순매출", "승인", "취소"):
        finance.reads(words)
    expect(page.locator("canvas, .chart svg").first).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("사람|필요|처리"))).to_be_visible()
    recent = page.locator(".overview__recent .row-link")
    expect(recent).not_to_have_count(0)

    with finance.opens():
        recent.first.click()
    expect(page).to_have_url(re.compile(r"/payments/\d+"))


def test_the_chart_has_a_table_of_fourteen_days_behind_it(finance: Visitor) -> None:
    page = finance.visit("/")
    rows = page.locator("table", has=page.locator("caption", has_text="14")).locator("tbody tr")
    expect(rows).to_have_count(14)
