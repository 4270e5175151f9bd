"""Every field and sign of the language, against payments that tell them apart."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from admin.cash_receipts.service import learn
from admin.domain.actor import Actor
from admin.domain.clock import kst_date
from admin.domain.search.parsing import parse
from admin.domain.search.query import Compare, Field, StatusWord
from admin.gateway.wire.payments import read_payment
from admin.mirror import service as mirror
from admin.models import transaction
from admin.payments.finding import MANY, PaymentFilter, Sort, page_order, plan, select_rows
from admin.payments.sums import summarise
from admin.web.keyset import page_of
from tests.payments.trade import a_payment, awaiting, every_row, failed, refunded, take_in

NOON = datetime(2026, 3, 10, 3, tzinfo=UTC)
DAY = timedelta(days=1)
NOW = NOON + DAY

EXPECTED = {
    "": "123456",
    "상태:결제완료": "16",
    "-상태:결제완료": "2345",
    "상태:부분환불": "2",
    "상태:전액환불": "3",
    "상태:입금대기": "4",
    "상태:결제실패": "5",
    "수단:가상계좌": "4",
    "수단:카카오페이": "6",
    "-수단:카드": "46",
    "금액:10000": "2345",
    "금액>=10000": "12345",
    "금액>10000": "1",
    "금액<10000": "6",
    "금액<=1만": "23456",
    "금액:5000..12000": "2345",
    "-금액:10000": "16",
    "취소금액>0": "23",
    "취소금액:4000": "2",
    "요청일:2026-03-10": "12346",
    "요청일:2026-03-09": "5",
    "요청일:..2026-03-09": "5",
    "승인일:어제": "1236",
    "취소일:2026-03-11": "23",
    "주문번호:a-0001": "1",
    "주문번호=ORD-A-0001": "1",
    "주문번호=ORD-A": "",
    "결제번호:000000000002": "2",
    "승인번호:30418826": "1",
    "현금영수증:1234": "3",
    "현금영수증=881234624": "3",
    "-현금영수증:1234": "12456",
    "구매자:김민": "1",
    "구매자:ㄱㅁㅈ": "1",
    "-구매자:김": "23456",
    "전화:4821": "1",
    "전화:010-1234-4821": "1",
    "이메일:mail.example": "1",
    "주소:테헤란로": "1",
    "상품:홍삼정": "1",
    "상품:ㅎㅅㅈ": "1",
    '상품:"홍삼정 선물"': "1",
    "카드번호:9411": "1",
    "카드사:신한": "1",
    "은행:국민": "4",
    "가상계좌:1234567": "4",
    "예금주:이음": "4",
    "취소사유:변심": "2",
    "실패사유:한도": "5",
    "고객:key-1": "6",
    "MID:T0000": "123456",
    "PG:kcp": "6",
    "거래번호:2026031012": "1",
    "할부:3": "1",
    "할부>=2": "1",
    "할부:0": "23456",
    "환경:테스트": "6",
    "환경:운영": "12345",
    "에스크로:예": "3",
    "에스크로:아니요": "12456",
    "ㅎㅅㅈ": "1",
    "ㄱㅁ": "1",
    "김 홍삼정": "1",
    "김 -홍삼정": "",
    "홍삼정 금액>=5000 수단:카드 -상태:결제실패": "1",
    "신한": "1",
    "국민은행": "4",
    "한도": "5",
    "변심": "2",
    "48": "1",
    "9": "14",
}


@pytest.fixture
def trade(stand_in, gateway):
    """Six payments, each with something the others have not."""
    keys = take_in(
        stand_in,
        gateway,
        a_payment(
            1,
            NOON,
            amount=20_000,
            merchant_uid="ORD-A-0001",
            name="홍삼정 선물세트",
            buyer_name="김민준",
            buyer_email="minjun@mail.example",
            buyer_tel="010-1234-4821",
            buyer_addr="서울 강남구 테헤란로 1",
            apply_num="30418826",
            card_name="신한카드",
            card_number="9411-****-****-7788",
            card_quota=3,
            pg_tid="20260310123456",
            pg_id="T0000",
        ),
        refunded(2, NOON, 4_000, cancelled_at=NOON + DAY, cancel_reason="단순 변심", pg_id="T0000"),
        refunded(
            3,
            NOON,
            10_000,
            cancelled_at=NOON + DAY,
            escrow=True,
            pg_id="T0000",
            cash_receipt_issued=True,
        ),
        awaiting(
            4,
            NOON,
            due=NOON + 3 * DAY,
            vbank_num="123-4567-8901",
            vbank_name="국민은행",
            vbank_holder="이음상점",
            pg_id="T0000",
        ),
        failed(5, NOON - DAY, fail_reason="한도초과", pg_id="T0000"),
        now=NOW,
    )
    third = "imp_000000000003"  # the number of its receipt is 881234624
    learn(keys[third], third, gateway=gateway, now=NOW)
    a_test = a_payment(
        6,
        NOON,
        amount=3_000,
        emb_pg_provider="kakaopay",
        customer_uid="key-1",
        sandbox=True,
        pg_id="T0000",
        pg_provider="kcp",
        currency="KRW",
    )
    with transaction():  # the gateway tells of tests only where it is asked for them
        actor = Actor.system("tests")
        mirror.apply([read_payment(a_test)], fetch_seq=9, source="sync", actor=actor, now=NOW)


def found(text: str, *, many: int) -> str:
    parsed = parse(text, today=kst_date(NOW))
    assert not parsed.problems
    way = plan(PaymentFilter(query=parsed.query), now=NOW, many=many)
    return "".join(sorted(one.imp_uid[-1] for one in every_row(way)))


@pytest.mark.parametrize("many", [MANY, 0], ids=["few", "many"])
def test_every_field_says_what_it_means(trade, many):
    assert {text: found(text, many=many) for text in EXPECTED} == EXPECTED


@pytest.mark.parametrize("text", ["", "4", "원목", "이도윤 -환경:테스트", "금액:1만", "취소금액>0"])
@pytest.mark.parametrize("tab", [None, *StatusWord])
def test_the_tabs_count_what_each_of_them_shows(trade, text, tab):
    query = parse(text, today=kst_date(NOW)).query
    for many in (MANY, 3, 0):
        way = plan(PaymentFilter(query=query, tab=tab), now=NOW, many=many)
        summary = summarise(way)
        assert summary.totals.count == len(every_row(way))
        for other, count in summary.tabs.items():
            alone = plan(PaymentFilter(query=query, tab=other), now=NOW)
            assert count == len(every_row(alone))


def test_no_field_and_no_sign_is_left_out():
    terms = [term for text in EXPECTED for term in parse(text, today=kst_date(NOW)).query.terms]

    assert {term.field for term in terms} == {*Field, None}
    assert {term.compare for term in terms} == set(Compare)


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("ascending", [False, True])
def test_a_list_is_paged_in_its_order_there_and_back(trade, sort, ascending):
    way = plan(PaymentFilter(sort=sort), now=NOW)
    column = page_order(way)[0].key

    def read(cursor: str | None):
        return page_of(
            select_rows(way), page_order(way), cursor=cursor, size=2, ascending=ascending
        )

    pages = [read(None)]
    while pages[-1].older:
        pages.append(read(pages[-1].older))
    values = [getattr(row, column) for page in pages for row in page.rows]

    assert len(values) == 6
    assert values == sorted(values, reverse=not ascending)
    back = read(pages[-1].newer)
    assert [row.id for row in back.rows] == [row.id for row in pages[-2].rows]


def test_one_text_finds_the_same_on_the_page_in_its_twin_and_on_the_command_line(
    trade, app, finance
):
    text = "수단:카드 금액>=10000 -상태:결제실패"
    query = {"q": text, "period": "all"}

    twin = finance.get("/payments/list.json", query_string=query).json
    page = finance.get("/payments/", query_string=query).text
    told = app.test_cli_runner().invoke(args=["payments", "find", text, "--period", "all"])

    found = {"imp_000000000001", "imp_000000000002", "imp_000000000003"}
    assert {one["imp_uid"] for one in twin["payments"]} == found
    assert set(re.findall("imp_[0-9]{12}", page)) == found
    assert json.loads(told.stdout) == twin
    assert twin["query"] == "method:card amount>=10,000 -status:failed"
    assert (twin["count"], twin["gross_minor"], twin["cancelled_minor"]) == (3, 40_000, 14_000)


def test_what_cannot_be_read_is_shown_where_it_stands(trade, viewer):
    page = viewer.get("/payments/", query_string={"q": "상테:결제완료 김", "period": "all"}).text

    assert "<mark>상테:결제완료</mark>" in page
    assert "상태:결제완료 김" in page  # what was probably meant
    assert "imp_000000000001" in page  # the rest was looked for


def test_conditions_are_chips_and_words_at_once(trade, viewer):
    answer = viewer.get("/payments/?q=method:card&q=amount>=10000&method=vbank")
    assert answer.status_code == 303
    assert answer.location.endswith("?q=method%3Acard+amount%3E%3D10000+method%3Avbank")

    card = viewer.get("/payments/?q=4111+1111&q=1111+1111")
    assert (card.status_code, "Location" in card.headers) == (200, False)
    assert re.search("1111[ +]*1111", card.text) is None

    page = viewer.get("/payments/", query_string={"q": "김 수단:카드 -상태:결제실패"}).text
    box = re.search('<input class="query-box__input"[^>]*value="([^"]*)"', page)
    assert box is not None
    assert box[1] == "김"
    assert re.findall('class="chip">([^<]*)<b>([^<]*)</b>', page) == [
        ("수단 ", "카드"),
        ("−상태 ", "결제실패"),
    ]
    assert re.findall('name="q" value="([^"]*)"', page)[1:3] == ["수단:카드", "-상태:결제실패"]

    text = viewer.get("/payments/", query_string={"q": "김 수단:카드", "edit": "1"}).text
    assert 'value="김 수단:카드"' in text


def test_an_empty_answer_offers_what_would_match(trade, viewer):
    query = {"q": "변심", "from_day": "2026-03-11", "to_day": "2026-03-11"}

    page = viewer.get("/payments/", query_string=query).text

    assert "“취소” 기준으로 보면 1건이 있어요" in page
    assert "basis=cancelled" in page
