"""What people paste: texts of banks and card companies, mails, chats; and what is found in them."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from admin.domain.card_guard import holds_card_number
from admin.domain.clock import KST
from admin.domain.search.clues import Clue, ClueKind, Facts, find_clues, rank, score

TODAY = date(2026, 11, 23)
P, O, V, E, T, C, K, A, D, M, N = ClueKind  # noqa: E741


def told(text: str) -> set[tuple[ClueKind, object]]:
    return {(clue.kind, clue.value) for clue in find_clues(text, today=TODAY)}


@pytest.mark.parametrize(
    ("text", "clues"),
    [
        pytest.param(
            "[Web발신]\n[신한체크승인] 김*준(1234)\n11/22 14:23\n(금액)49,000원\n장부상점",
            {(N, "김*준"), (D, date(2026, 11, 22)), (M, time(14, 23)), (A, 49_000)},
            id="card text, masked name",
        ),
        pytest.param(
            "[Web발신]\n현대카드 승인\n이서연님 1234카드\n15,900원 일시불\n"
            "11/20 09:05\n누적1,204,300원",
            {(K, "1234"), (N, "이서연"), (A, 15_900), (D, date(2026, 11, 20)), (M, time(9, 5))},
            id="card text with a running total",
        ),
        pytest.param(
            "[Web발신]\n[KB]11/21 18:40\n943202**123\n김민준\n전자금융입금\n33,000\n잔액1,532,110",
            {(D, date(2026, 11, 21)), (M, time(18, 40)), (N, "김민준"), (A, 33_000)},
            id="bank text of Kookmin",
        ),
        pytest.param(
            "농협 입금50,000원\n11/19 10:02 301-****-5521-01 박지후 잔액 812,000원",
            {(A, 50_000), (D, date(2026, 11, 19)), (M, time(10, 2)), (N, "박지후")},
            id="bank text of Nonghyup",
        ),
        pytest.param(
            "카카오뱅크 입금 120,000원 보낸분 : 최하은 2026.11.18 22:10:45",
            {(A, 120_000), (N, "최하은"), (D, date(2026, 11, 18)), (M, time(22, 10))},
            id="bank text of Kakao",
        ),
        pytest.param(
            "2026-11-17 15:33:09  타행이체  정도윤  +27,500  우리은행",
            {(D, date(2026, 11, 17)), (M, time(15, 33)), (N, "정도윤"), (A, 27_500)},
            id="line of a bank statement",
        ),
        pytest.param(
            "안녕하세요. 주문번호 ORD20261122-01217 환불 요청드립니다. "
            "연락처는 010-1234-5678 입니다.",
            {(O, "ORD20261122-01217"), (T, "01012345678")},
            id="chat with an order number",
        ),
        pytest.param(
            "From: minjun.kim@example.com\nSubject: refund\n\n"
            "I paid KRW 49,000 on Nov 20, 2026 at 2:23 PM "
            "with the card ending in 4242. Order #A-20771-x. Call +82 10-9876-5432.",
            {
                (E, "minjun.kim@example.com"),
                (A, 49_000),
                (D, date(2026, 11, 20)),
                (M, time(14, 23)),
                (K, "4242"),
                (O, "A-20771-x"),
                (T, "01098765432"),
            },
            id="mail in English",
        ),
        pytest.param(
            "어제 오후 3시 20분쯤 카카오페이로 1.5만원 결제했는데 "
            "두 번 빠져나갔어요. 이름은 한지민이에요",
            {(D, date(2026, 11, 22)), (M, time(15, 20)), (A, 15_000), (N, "한지민")},
            id="chat in words",
        ),
        pytest.param(
            "가상계좌 입금 안내\n국민은행 58239104857261\n예금주: 장부상점\n입금액: 88,000원\n"
            "입금기한 2026년 11월 25일",
            {
                (C, "58239104857261"),
                (N, "장부상점"),
                (A, 88_000),
                (D, date(2026, 11, 25)),
            },
            id="notice of a virtual account",
        ),
        pytest.param(
            "imp_448280090638 건 승인번호 30012345 확인 부탁드려요 (₩7,000)",
            {(P, "imp_448280090638"), (V, "30012345"), (A, 7_000)},
            id="note of a colleague",
        ),
        pytest.param(
            "카드번호 4330-12**-****-9876, 승인 20261101 23,000 원",
            {(K, "9876"), (V, "20261101"), (A, 23_000)},
            id="receipt; the approval number looks like a day",
        ),
        pytest.param(
            "홍길동 고객님, 신한(5678) 취소 12,000원 11-15 08:01",
            {(N, "홍길동"), (K, "5678"), (A, 12_000), (D, date(2026, 11, 15)), (M, time(8, 1))},
            id="text about a cancel",
        ),
        pytest.param(
            "입금자명 남궁민수로 3만5천원 보냈습니다 11월 3일",
            {(N, "남궁민수"), (A, 35_000), (D, date(2026, 11, 3))},
            id="name of four syllables",
        ),
        pytest.param(
            "삼성1234승인 이*현\n39,900원 일시불\n11/20 13:05 장부\n누적839,100원",
            {(K, "1234"), (N, "이*현"), (A, 39_900), (D, date(2026, 11, 20)), (M, time(13, 5))},
            id="card text of Samsung",
        ),
        pytest.param(
            "결제금액: 15000\n결제일시: 2026.11.20 (금) 13:05:22\n주문 번호: 20261120-0003",
            {(A, 15_000), (D, date(2026, 11, 20)), (M, time(13, 5)), (O, "20261120-0003")},
            id="confirmation mail; the order number is figures alone",
        ),
        pytest.param(
            "토스뱅크\n입금 30,000원\n박서준 → 내 토스뱅크통장\n잔액 1,000원",
            {(A, 30_000), (N, "박서준")},
            id="text of Toss",
        ),
        pytest.param(
            "１１/２２ 입금 ４９,０００원 오세훈",
            {(D, date(2026, 11, 22)), (A, 49_000), (N, "오세훈")},
            id="wide figures",
        ),
        pytest.param(
            "고객센터 1588-1234 상담 가능 시간을 알려 주세요 고객님",
            set(),
            id="nothing of a payment",
        ),
    ],
)
def test_what_a_pasted_text_tells(text: str, clues: set[tuple[ClueKind, object]]) -> None:
    assert told(text) == clues


@pytest.mark.parametrize(
    "number", ["4111 1111 1111 1111", "4111-1111-1111-1111", "４１１１１１１１１１１１１１１１"]
)
def test_a_card_number_is_gone_before_anything_is_read(number: str) -> None:
    clues = find_clues(f"카드번호 {number} 로 49,000원 결제", today=TODAY)
    assert {(clue.kind, clue.value) for clue in clues} == {(A, 49_000)}
    assert "1111" not in f"{clues}"


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.one_of(
        st.text(),
        st.text(alphabet="0123456789-/:., *원만년월일시분입금김민준님₩카드승인번호\nAa@_"),
    )
)
@example("2026-13-45 99:99 99시99분 0월0일 Feb 31 ****")
def test_no_text_is_too_strange_and_every_clue_lies_in_it(text: str) -> None:
    clues = find_clues(text, today=TODAY)
    places = sorted((clue.start, clue.end) for clue in clues)
    end_before = 0
    for start, end in places:
        assert end_before <= start < end <= len(text)
        end_before = end
    for clue in clues:
        assert not holds_card_number(str(clue.value))
        assert clue.weight > 0


PAID = Facts(
    imp_uid="imp_448280090638",
    merchant_uid="ORD20261122-01217",
    approval="30012345",
    names=("김민준",),
    email="Minjun.Kim@example.com",
    phone="010-1234-5678",
    account="582-391-04857261",
    card_number="433012******1234",
    amounts=(49_000, 9_000),
    moments=(datetime(2026, 11, 22, 14, 21, 40, tzinfo=KST),),
)


@pytest.mark.parametrize(
    ("kind", "value", "met"),
    [
        (P, "imp_448280090638", True),
        (P, "imp_448280090639", False),
        (O, "ord20261122-01217", True),
        (V, "30012345", True),
        (E, "minjun.kim@example.com", True),
        (T, "01012345678", True),
        (T, "01012345679", False),
        (C, "58239104857261", True),
        (K, "1234", True),
        (K, "4330", False),
        (A, 49_000, True),
        (A, 9_000, True),
        (A, 4_900, False),
        (D, date(2026, 11, 22), True),
        (D, date(2026, 11, 21), False),
        (M, time(14, 23), True),
        (M, time(14, 28), False),
        (N, "김민준", True),
        (N, "김*준", True),
        (N, "이*준", False),
        (N, "김준", False),
    ],
)
def test_a_clue_meets_the_fact_it_speaks_of(kind: ClueKind, value: object, met: bool) -> None:
    clue = Clue(kind=kind, value=value, start=0, end=1, weight=7)  # type: ignore[arg-type]
    assert score([clue], PAID).score == (7 if met else 0)
    assert score([clue], Facts()).score == 0


def test_of_two_clues_of_a_kind_the_weightier_counts() -> None:
    heavy, light = (Clue(kind=N, value="김민준", start=0, end=3, weight=w) for w in (9, 4))
    assert score([heavy, light], PAID).score == score([light, heavy], PAID).score == 9


def test_a_time_before_midnight_is_near_one_after_it() -> None:
    late = Facts(moments=(datetime(2026, 11, 23, 0, 1, tzinfo=KST),))
    assert score(find_clues("23:58", today=TODAY), late).score > 0


def test_the_payment_that_meets_most_comes_first_and_says_why() -> None:
    clues = find_clues("11/22 14:23 김민준 입금 49,000원", today=TODAY)
    same_sum = Facts(imp_uid="imp_2", amounts=(49_000,))
    other = Facts(imp_uid="imp_3", amounts=(1,), names=("박지후",))
    ranked = rank(clues, [same_sum, other, PAID])
    assert [match.facts.imp_uid for match in ranked] == ["imp_448280090638", "imp_2"]
    assert [clue.kind for clue in ranked[0].met] == [D, M, N, A]
    assert [clue.kind for clue in ranked[1].met] == [A]
