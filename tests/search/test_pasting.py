"""A pasted message: which payments it finds, what it says of them, and that it is kept nowhere."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
import sqlalchemy as sa

from admin.domain.clock import KST, kst_date
from admin.domain.search.clues import find_clues
from admin.models import AuditEntry, Payment, db
from admin.search import candidates
from tests.payments.trade import a_payment, refunded, take_in
from tests.people import ORIGIN

EN = {"headers": {"Accept-Language": "en"}}
CARD = "4111 1111 1111 1111"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def trade(stand_in, gateway, now) -> dict[str, int]:
    """The keys of some payments by what sets each of them apart."""
    at = datetime.combine(kst_date(now) - 3 * DAY, datetime.min.time(), KST) + 14 * HOUR
    rows = {
        "by phone": a_payment(1, at, buyer_tel="010-7777-1001", buyer_name="가"),
        "by mail": a_payment(2, at, buyer_email="Minji.Kim@mail.example", buyer_name="나"),
        "by card": a_payment(3, at, amount=37_000, card_number="55550000****4821", buyer_name="다"),
        "by name": a_payment(4, at, amount=58_300, buyer_name="남궁민수"),
        "by day": a_payment(5, at - 2 * DAY, amount=91_200, buyer_name="라"),
        "by day too": a_payment(6, at - 30 * DAY, amount=91_200, buyer_name="마"),
        "by approval": a_payment(7, at, apply_num="30418826", buyer_name="바"),
        "by refund": refunded(8, at - 9 * DAY, 4_321, buyer_name="사", cancelled_at=at),
    }
    take_in(stand_in, gateway, *rows.values(), now=now)
    keys = dict(db.session.execute(sa.select(Payment.imp_uid, Payment.id)).all())
    return {name: keys[row["imp_uid"]] for name, row in rows.items()}


def found_in(page: str) -> list[int]:
    """The payments on the page, the best first."""
    return [int(key) for key in re.findall(r'class="hit" href="/payments/(\d+)"', page)]


def find(person, text: str):
    return person.post("/search/paste", {"text": text}, **EN)


def day_of(moment: datetime) -> str:
    return f"{moment.astimezone(KST):%m/%d}"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("by phone", "안녕하세요 01077771001 인데 환불 언제 되나요"),
        ("by mail", "From: minji.kim@mail.example\nWhere is my order?"),
        ("by card", "[Web발신] 신한(4821)승인 37,000원 일시불"),
        ("by name", "입금 58,300원 남궁민수 잔액 1,200,300원"),
        ("by approval", "승인번호 30418826 취소해 주세요"),
        ("by approval", "imp_000000000007 이요"),
        ("by approval", "주문번호 ORD-000007 입니다"),
    ],
)
def test_the_payment_that_is_meant_stands_first(finance, trade, wanted, message):
    page = find(finance, message)

    assert page.status_code == 200
    assert found_in(page.text)[0] == trade[wanted]


def test_a_bank_line_finds_by_amount_and_day(finance, trade, now):
    day = day_of(now - 5 * DAY)
    page = find(finance, f"{day} 91,200원 결제").text

    assert found_in(page)[0] == trade["by day"]
    assert "Amount <b>91,200 KRW</b>" in page


def test_a_refund_is_found_by_the_day_it_went_back(finance, trade, now):
    page = find(finance, f"{day_of(now - 3 * DAY)} 취소 4,321원").text

    assert trade["by refund"] in found_in(page)


def test_each_payment_says_which_clues_it_meets(finance, trade):
    page = find(finance, "남궁민수 고객님 58,300원, 연락처 010-7777-1001").text

    first, second = re.findall(r"<li><a class=\"hit\".*?</li>", page, re.DOTALL)[:2]
    met = {"name": "Name <b>남궁민수</b>", "amount": "Amount <b>58,300 KRW</b>"}
    assert {trade["by name"], trade["by phone"]} == set(found_in(page)[:2])
    for line in (first, second):
        is_named = f"/payments/{trade['by name']}" in line
        assert (met["name"] in line) is is_named
        assert (met["amount"] in line) is is_named
        assert ("Phone <b>010-••••-1001</b>" in line) is not is_named
    assert "7777-1001" not in page


def test_what_meets_far_less_than_the_best_is_left_out(finance, stand_in, gateway, now):
    rows = [
        a_payment(1, now - HOUR, apply_num="30418826", buyer_tel="010-7777-1001"),
        a_payment(2, now - HOUR, buyer_tel="010-7777-1001"),
        a_payment(3, now - HOUR, buyer_tel="010-8888-2002"),
    ]
    take_in(stand_in, gateway, *rows, now=now)
    keys = dict(db.session.execute(sa.select(Payment.imp_uid, Payment.id)).all())

    page = find(finance, "승인번호 30418826, 010-7777-1001, 10,000원").text
    assert found_in(page) == [keys["imp_000000000001"], keys["imp_000000000002"]]
    assert len(found_in(find(finance, "10,000원").text)) == 3


def test_nothing_is_made_up(finance, trade):
    page = unescape(find(finance, "언제 오나요?").text)
    assert "No number, name, amount or day was recognised in it." in page
    assert found_in(page) == []

    page = unescape(find(finance, "주문번호 NOPE-99999").text)
    assert "No payment fits what the message says." in page


def test_ten_payments_are_shown_of_those_looked_at(finance, stand_in, gateway, now, monkeypatch):
    rows = [a_payment(number, now - HOUR, buyer_tel="010-7777-1001") for number in range(1, 31)]
    take_in(stand_in, gateway, *rows, now=now)
    clues = find_clues("010-7777-1001 이도윤님 10,000원", today=kst_date(now))
    statements(clues, now=now)  # rows that a test put in are read anew the first time
    looks = statements(clues, now=now)

    monkeypatch.setattr(candidates, "MOST_CANDIDATES", 12)
    assert len(candidates._candidates(clues, now=now)) == 12
    assert len(candidates.find_by_clues(clues, now=now)) == 10
    assert statements(clues, now=now) < looks, "enough found: no further looks"


def test_a_message_full_of_clues_takes_few_looks(finance, trade, now, monkeypatch):
    lines = [
        f"{number:02d}월 {number:02d}일 입금 {number},{number:03d}원 김철{name}님"
        for number, name in enumerate("수희석영민", start=1)
    ]
    clues = find_clues("\n".join(lines), today=kst_date(now))
    assert len(clues) == 15

    within = statements(clues, now=now)
    monkeypatch.setattr(candidates, "MOST_LOOKS", 20)
    fewer = statements(clues, now=now)
    monkeypatch.setattr(candidates, "MOST_LOOKS", 100_000)
    assert fewer < within < statements(clues, now=now)


def statements(clues, *, now: datetime) -> int:
    """How often the database is asked for the payments of these clues."""
    seen: list[str] = []
    engine = db.engine

    def count(_connection, _cursor, statement: str, *_rest) -> None:
        seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", count)
    try:
        candidates.find_by_clues(clues, now=now)
    finally:
        sa.event.remove(engine, "before_cursor_execute", count)
    return len(seen)


def test_without_a_message_it_is_told_at_the_field(finance):
    answer = find(finance, "   ")

    assert answer.status_code == 422
    assert "Paste something first." in unescape(answer.text)


def test_a_foreign_form_is_not_taken(finance, trade):
    answer = finance.client.post("/search/paste", base_url=ORIGIN, data={"text": "이도윤 고객님"})

    assert answer.status_code == 400


MESSAGE = f"남궁민수 고객님 58,300원 010-7777-1001 아주특별한문장이에요 카드 {CARD} ZEBRA-4711"
SECRETS = ("아주특별한문장", "4111", "1111 1111", "ZEBRA", "남궁민수", "7777", "58300", "58,300")


def test_security_s60_what_was_pasted_is_kept_nowhere(finance, trade, caplog):
    caplog.set_level("DEBUG")
    before = rows_of_everything()

    answer = find(finance, MESSAGE)

    assert answer.status_code == 200
    assert answer.request.query_string == b""
    assert answer.headers["Cache-Control"] == "no-store"
    text = unescape(answer.text)
    assert "A card number stood in the message" in text
    for secret in ("아주특별한문장", "4111", "1111"):
        assert secret not in text, "not even shown again"
    written = "\n".join(rows_of_everything() - before)
    assert "search.pasted" in written, "what was written is looked at"
    cookies = " ".join(f"{one}" for one in answer.headers.getlist("Set-Cookie"))
    for place in (written, caplog.text, cookies):
        for secret in SECRETS:
            assert secret not in place, secret


def test_security_s73_the_trail_tells_how_much_was_looked_for(finance, trade):
    find(finance, MESSAGE)

    query = sa.select(AuditEntry).where(AuditEntry.action == "search.pasted")
    [entry] = db.session.scalars(query)
    assert entry.operator_id == finance.operator.id
    assert set(entry.facts) == {"clues", "shown"}
    assert re.fullmatch(r"(?:[a-z_]+ \d+(?:, )?)+", entry.facts["clues"])
    assert {"name 1", "amount 1", "phone 1"} <= set(entry.facts["clues"].split(", "))
    assert entry.facts["shown"] == "2"


def rows_of_everything() -> set[str]:
    """Every row of every table as a text."""
    db.session.rollback()
    found = set()
    with db.engine.connect() as connection:
        for name, table in db.metadata.tables.items():
            found |= {f"{name} {tuple(row)}" for row in connection.execute(sa.select(table))}
    return found
