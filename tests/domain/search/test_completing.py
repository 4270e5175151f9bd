"""What is offered while a search is typed."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from admin.domain.search.completing import MOST, complete
from admin.domain.search.parsing import parse
from admin.domain.search.query import Field
from admin.domain.search.words import Language

from .queries import TODAY, typed

ISSUERS = {Field.ISSUER: ["신한카드", "KB국민카드", "하나 SK카드", "4111111111111111"]}


def offered(text: str, language: Language = "ko") -> list[str]:
    """What the text becomes, with a bar where the cursor then stands; `text` has one as well."""
    cursor = text.index("|")
    bare = text.replace("|", "")
    return [
        f"{each.text_after[: each.cursor_after]}|{each.text_after[each.cursor_after :]}"
        for each in complete(bare, cursor, language=language, known=ISSUERS)
    ]


@pytest.mark.parametrize(
    ("text", "language", "first"),
    [
        ("|", "ko", "상태:|"),
        ("|", "en", "status:|"),
        ("금|", "ko", "금액:|"),
        ("am|", "ko", "금액:|"),
        ("ㄱㅁㅈ|", "ko", "구매자:|"),
        ("김민준 -주문|", "ko", "김민준 -주문번호:|"),
        ("승인번|", "ko", "승인번호:|"),
        ("상태:|", "ko", "상태:결제완료 |"),
        ("상태:환|", "ko", "상태:전액환불 |"),
        ("상태:부|", "ko", "상태:부분환불 |"),
        ("status:ref|", "en", "status:refunded |"),
        ("-수단:카카|", "ko", "-수단:카카오페이 |"),
        ("수단:ㅋㅋㅇ|", "ko", "수단:카카오페이 |"),
        ("카카오|", "ko", "수단:카카오페이 |"),
        ("상태:환| 김민준", "ko", "상태:전액환불 |김민준"),
        ("승인일:지|", "ko", "승인일:지난주 |"),
        ("approved:last|", "en", "approved:last_week |"),
        ("카드사:국민|", "ko", "카드사:KB국민카드 |"),
        ("카드사:하|", "ko", '카드사:"하나 SK카드" |'),
    ],
)
def test_the_likeliest_comes_first(text: str, language: Language, first: str) -> None:
    assert offered(text, language)[0] == first


@pytest.mark.parametrize(
    "text", ["상태:ㅁㄴㅇㄹ|", "구매자:김|", "zzz:|", "https://a|", "4111111111111111 상|"]
)
def test_nothing_is_offered_where_nothing_is_known(text: str) -> None:
    assert offered(text) == []


def test_an_offer_says_what_it_is() -> None:
    (offer, *_) = complete("금액", 2, language="ko")
    assert (offer.label, offer.hint) == ("금액", "금액:5만..10만")
    (offer, *_) = complete("부분", 2, language="ko")
    assert (offer.label, offer.hint) == ("부분환불", "상태")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_example_of_a_field_can_be_read(language: Language) -> None:
    for field in Field:
        begun = field.value
        hints = [offer.hint for offer in complete(begun, len(begun), language=language)]
        for hint in hints:
            assert parse(hint, today=TODAY).problems == ()


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(text=typed, cursor=st.integers(-3, 90), language=st.sampled_from(["ko", "en"]))
def test_any_text_can_be_completed(text: str, cursor: int, language: Language) -> None:
    offers = complete(text, cursor, language=language, known=ISSUERS)
    assert len(offers) <= MOST
    for offer in offers:
        assert 0 <= offer.cursor_after <= len(offer.text_after)
        assert offer.label
        assert "4111" not in offer.label


@given(text=st.sampled_from(["상태:", "수단:", "환경:", "에스크로:", "승인일:", "카드사:"]))
def test_every_value_offered_is_understood(text: str) -> None:
    for offer in complete(text, len(text), language="ko", known=ISSUERS):
        parsed = parse(offer.text_after, today=TODAY)
        assert parsed.problems == ()
        assert len(parsed.query.terms) == 1
