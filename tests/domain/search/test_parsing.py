"""What people type, and what it comes to."""

from __future__ import annotations

import unicodedata
from datetime import date
from itertools import pairwise

import pytest

from admin.domain.card_guard import holds_card_number
from admin.domain.payment import PaymentState, PayMethod
from admin.domain.search.parsing import parse
from admin.domain.search.printing import show
from admin.domain.search.problems import Parsed, ProblemKind
from admin.domain.search.query import CHOICE_FIELDS, LONGEST, MOST_TERMS, Field, Query, StatusWord
from admin.domain.search.words import CHOICES, FIELDS, every_word, find_choice, find_field

from .queries import TODAY  # a Monday


def read(text: str) -> Parsed:
    return parse(text, today=TODAY)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("", ""),
        ("김민준", "김민준"),
        ("김민준 -테스트", "김민준 -테스트"),
        ('"two  words"', '"two words"'),
        (r'"say \"hi\" \\ so"', r'"say \"hi\" \\ so"'),
        ("“스마트 따옴표”", '"스마트 따옴표"'),
        ("상태:환불", "상태:전액환불"),
        ("status:part-refunded", "상태:부분환불"),
        ("상태：부분 환불", "상태:부분환불"),
        ("상태 : 환불", "상태:전액환불"),
        ("상태: 확인 중", "상태:확인중"),
        ("수단:카카오 페이 김민준", "수단:카카오페이 김민준"),
        ("method=toss", "수단:토스페이"),
        ("-수단:카드", "-수단:카드"),
        ("금액>=5만", "금액>=50,000"),
        ("금액 >= 50,000", "금액>=50,000"),
        ("금액:>5만", "금액>50,000"),
        ("금액≤1.5만", "금액<=15,000"),
        ("금액:50000원", "금액:50,000"),
        ("금액:5만 원", "금액:50,000"),
        ("amount:₩49,000", "금액:49,000"),
        ("금액:3천5백", "금액:3,500"),
        ("금액:천만원", "금액:10,000,000"),
        ("금액:1억2천만", "금액:120,000,000"),
        ("금액:50k", "금액:50,000"),
        ("금액:1만..5만", "금액:10,000..50,000"),
        ("금액:1만 ~ 5만", "금액:10,000..50,000"),
        ("금액:1만..", "금액>=10,000"),
        ("금액:..5만", "금액<=50,000"),
        ("할부:3개월", "할부:3"),
        ("할부:일시불", "할부:0"),
        ("요청일:2026-11-01", "요청일:2026-11-01"),
        ("요청일:2026.11.1", "요청일:2026-11-01"),
        ("요청일:20261101", "요청일:2026-11-01"),
        ("요청일:26.11.01", "요청일:2026-11-01"),
        ("요청일:2026년 11월 1일", "요청일:2026-11-01"),
        ("요청일:11/1", "요청일:2026-11-01"),
        ("요청일:12/25", "요청일:2025-12-25"),
        ("요청일:2/29", "요청일:2024-02-29"),
        ("결제일:2026-11", "승인일:2026-11"),
        ("결제일:2월", "승인일:2026-02"),
        ("결제일:2025", "승인일:2025-01-01..2025-12-31"),
        ("승인일:오늘", "승인일:2026-11-23"),
        ("승인일:yesterday", "승인일:2026-11-22"),
        ("승인일:지난 주", "승인일:2026-11-16..2026-11-22"),
        ("승인일:이번주", "승인일:2026-11-23"),
        ("승인일:지난달", "승인일:2026-10"),
        ("승인일:this_month", "승인일:2026-11-01..2026-11-23"),
        ("승인일:7d", "승인일:2026-11-17..2026-11-23"),
        ("취소일>=2026-11", "취소일:2026-11-01.."),
        ("취소일>2026-10", "취소일:2026-11-01.."),
        ("취소일<2026-11", "취소일:..2026-10-31"),
        ("취소일<=2026-10", "취소일:..2026-10-31"),
        ("취소일:2026-11-01 ~ 2026-11-05", "취소일:2026-11-01..2026-11-05"),
        ("지난주", "요청일:2026-11-16..2026-11-22"),
        ("last week", "요청일:2026-11-16..2026-11-22"),
        ('"last week"', "요청일:2026-11-16..2026-11-22"),
        ("최근 7일 김민준", "요청일:2026-11-17..2026-11-23 김민준"),
        ("2026-11-01", "요청일:2026-11-01"),
        ("2026.11.01~2026.11.05", "요청일:2026-11-01..2026-11-05"),
        ("11월 1일", "요청일:2026-11-01"),
        (r'"\지난주"', r'"\지난주"'),
        ("3D 프린터", "3D 프린터"),
        ("12:30", '"12:30"'),
        ("https://shop.kr/o?id=7", '"https://shop.kr/o?id=7"'),
        ("dGVzdA==", '"dGVzdA=="'),
        ("20261101", "20261101"),
        ("imp_uid:imp_123", "결제번호:imp_123"),
        ("주문번호=ORD-1", "주문번호=ORD-1"),
        ("전화:010-1234-5678", "전화:010-1234-5678"),
        ("환경:test escrow:yes", "환경:테스트 에스크로:예"),
        ("카드:1234", "카드번호:1234"),
        ("<b>", '"<b>"'),
        ("\u200b김민준\ufeff", "김민준"),
        ("금액:５만", "금액:50,000"),
        (unicodedata.normalize("NFD", "구매자:김민준 상태:환불"), "구매자:김민준 상태:전액환불"),
    ],
)
def test_what_is_typed_is_understood(typed: str, shown: str) -> None:
    parsed = read(typed)
    assert parsed.problems == ()
    assert show(parsed.query) == shown


@pytest.mark.parametrize(
    ("typed", "kind", "repaired"),
    [
        ("주문번오:ORD-1", ProblemKind.UNKNOWN_FIELD, "주문번호:ORD-1"),
        ("stauts:paid 김민준", ProblemKind.UNKNOWN_FIELD, "status:paid 김민준"),
        ("-amuont>5만", ProblemKind.UNKNOWN_FIELD, "-amount>5만"),
        ("zzz:9", ProblemKind.UNKNOWN_FIELD, '"zzz:9"'),
        ("상태:환블", ProblemKind.UNKNOWN_VALUE, "상태:환불"),
        ("status:refnded", ProblemKind.UNKNOWN_VALUE, "status:refunded"),
        ("상태:카카오페이", ProblemKind.UNKNOWN_VALUE, "수단:카카오페이"),
        ("수단:qqqq", ProblemKind.UNKNOWN_VALUE, None),
        ("상태: 금액:5만", ProblemKind.NO_VALUE, "금액:5만"),
        ("상태:", ProblemKind.NO_VALUE, ""),
        (">=5만", ProblemKind.NO_FIELD, "금액>=5만"),
        ("상태>환불", ProblemKind.NOT_COMPARABLE, "상태:환불"),
        ("구매자<김", ProblemKind.NOT_COMPARABLE, "구매자:김"),
        ("금액:5만쯤", ProblemKind.BAD_NUMBER, "금액:5만"),
        ("금액:9999999999999", ProblemKind.BAD_NUMBER, "금액:999999999999"),
        ("금액:많이", ProblemKind.BAD_NUMBER, None),
        ("금액:0.5", ProblemKind.BAD_NUMBER, "금액:0"),
        ("요청일:2026-11-31", ProblemKind.BAD_DAY, "요청일:2026-11-30"),
        ("요청일:25/12", ProblemKind.BAD_DAY, "요청일:12/25"),
        ("요청일:지난쥬", ProblemKind.BAD_DAY, "요청일:지난주"),
        ("요청일:1887-01-01", ProblemKind.BAD_DAY, None),
        ("요청일>2099-12-31", ProblemKind.BAD_DAY, None),
        ("금액:5만..1만", ProblemKind.REVERSED_RANGE, "금액:1만..5만"),
        ("요청일:오늘..어제", ProblemKind.REVERSED_RANGE, "요청일:어제..오늘"),
        ('상품:"빨간 신발', ProblemKind.UNCLOSED_QUOTE, '상품:"빨간 신발"'),
        ("카드 OR 이체", ProblemKind.NO_OR, None),
        ("수단:카드|계좌이체", ProblemKind.NO_OR, None),
        ("카드|이체", ProblemKind.NO_OR, None),
        ("김민준 AND 환불", ProblemKind.NEEDLESS_AND, "김민준 환불"),
        ("NOT 김민준", ProblemKind.MINUS_FOR_NOT, "-김민준"),
        ("a" * (LONGEST + 1), ProblemKind.TOO_LONG, None),
    ],
)
def test_what_cannot_be_read_says_why_and_what_was_meant(
    typed: str, kind: ProblemKind, repaired: str | None
) -> None:
    parsed = read(typed)
    assert [problem.kind for problem in parsed.problems] == [kind]
    assert parsed.repaired(parsed.problems[0]) == repaired
    if repaired:
        assert kind not in {problem.kind for problem in read(repaired).problems}


def test_a_bad_part_is_left_out_and_the_rest_stands() -> None:
    parsed = read("상태:환블 김민준 금액>=5만")
    assert show(parsed.query) == "김민준 금액>=50,000"
    (problem,) = parsed.problems
    assert parsed.text[problem.start : problem.end] == "상태:환블"
    assert problem.args == {"field": "상태", "value": "환블"}
    assert [parsed.text[slice(*span)] for span in parsed.spans] == ["김민준", "금액>=5만"]


def test_the_denied_word_of_not_is_not_sought() -> None:
    assert read("NOT 환불 김민준").query == read("김민준").query


@pytest.mark.parametrize(
    "typed",
    [
        "4111111111111111",
        "김민준 4111 1111 1111 1111 환불",
        "카드번호:4111-1111-1111-1111",
        "카드번호:４１１１１１１１１１１１１１１１",
        '"41111111" "11111111"',
        "41111111\u200b11111111",
        "금액:4111111111111111",
        "NOT 4111111111111111",
        "쿠폰:4111111111111111",
        '"4111111111111111',
    ],
)
def test_a_card_number_is_told_and_never_given_back(typed: str) -> None:
    parsed = read(typed)
    assert not holds_card_number(parsed.text)
    assert "1111" not in f"{parsed}"
    assert not holds_card_number(show(parsed.query))
    assert len(parsed.text) == len(typed)
    assert parsed.problems
    assert "1111" not in str([parsed.repaired(problem) for problem in parsed.problems])
    if "NOT" not in typed:
        assert ProblemKind.CARD_NUMBER in {problem.kind for problem in parsed.problems}


@pytest.mark.parametrize("typed", ["금액:1 ~ 3782 822463 10005", '"" ' * 200 + "378282246310005"])
def test_no_part_of_a_card_number_is_kept(typed: str) -> None:
    assert "3782" not in f"{read(typed)}"


def test_what_stands_beside_a_card_number_is_still_sought() -> None:
    assert show(read('김민준 "41111111" "11111111"').query) == "김민준"
    assert show(read("김민준 4111 1111 1111 1111 상태:환불").query) == "김민준 상태:전액환불"


def test_a_search_has_an_end() -> None:
    parsed = read("낱말 " * (MOST_TERMS + 5))
    assert len(parsed.query.terms) == MOST_TERMS
    assert [problem.kind for problem in parsed.problems] == [ProblemKind.TOO_MANY]
    assert len(read('"" ' * 5000 + "끝").problems) == 1
    with pytest.raises(ValueError, match="at most"):
        Query(parsed.query.terms + parsed.query.terms)


def test_every_state_can_be_asked_for() -> None:
    assert set(CHOICES[Field.STATUS]) == set(StatusWord)
    assert {state.value for state in PaymentState} - {"cancelled"} <= {
        word.value for word in StatusWord
    }


def test_every_field_and_every_way_to_pay_has_names() -> None:
    assert set(FIELDS) == set(Field)
    assert set(CHOICES) == CHOICE_FIELDS
    assert set(CHOICES[Field.METHOD]) == {method.value for method in PayMethod}
    for field in Field:
        assert find_field(field.value) is field


def test_no_word_means_two_things() -> None:
    for field, names in FIELDS.items():
        assert {find_field(word) for word in every_word(names)} == {field}
    for field, table in CHOICES.items():
        for choice, names in table.items():
            assert {find_choice(field, word) for word in every_word(names)} == {choice}


def test_days_wander_with_today() -> None:
    seen = [parse("어제", today=date(2026, 3, day)).query for day in (1, 2, 3)]
    assert all(before != after for before, after in pairwise(seen))
