"""An @ calls the person who is meant, and nobody by mistake."""

from __future__ import annotations

import pytest

from admin.domain.mentions import Colleague, NobodyCalled, SeveralCalled, find_called

PEOPLE = [
    Colleague(operator_id=1, name="김서연", email="seoyeon@shop.example"),
    Colleague(operator_id=2, name="박지훈", email="jihun@shop.example"),
    Colleague(operator_id=3, name="Support 1", email="support1@shop.example"),
    Colleague(operator_id=4, name="Support 12", email="support12@shop.example"),
    Colleague(operator_id=5, name="김서연아", email="seoyeona@shop.example"),
    Colleague(operator_id=6, name="이민", email="min.lee@shop.example"),
    Colleague(operator_id=7, name="이민", email="min.park@shop.example"),
    Colleague(operator_id=8, name="Support 2", email="gone@shop.example", may_be_called=False),
    Colleague(operator_id=9, name="박지훈", email="other@shop.example", may_be_called=False),
]


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("@김서연 확인 부탁해요", [1]),
        ("@김서연님, @박지훈에게도", [1, 2]),
        ("@김서연아 봐", [5]),
        ("@support 1 and @SUPPORT 12.", [3, 4]),
        ("@jihun, 전화 주세요", [2]),
        ("(@jih)", [2]),
        ("@jihun에게", [2]),
        ("@jihun@shop.example.", [2]),
        ("@seoyeon", [1]),
        ("@min.l", [6]),
        ("@김서연 @김서연", [1]),
        ("doyun@mail.example로 보냈어요", []),
        ("3개 @ 5,000원", []),
        ("@, @! @", []),
        ("no call", []),
    ],
)
def test_who_is_meant_is_called(text: str, called: list[int]) -> None:
    assert [one.operator_id for one in find_called(text, PEOPLE)] == called


@pytest.mark.parametrize("text", ["@nobody", "@Support 2", "@gone", "@everyone hello", "@김서"])
def test_a_name_that_is_nobodys_is_told(text: str) -> None:
    with pytest.raises(NobodyCalled) as caught:
        find_called(f"@박지훈 {text}", PEOPLE)
    assert str(caught.value.values["typed"]) in text


@pytest.mark.parametrize("text", ["@이민 봐 주세요", "@min", "@seoyeo", "@Support 123"])
def test_a_name_that_may_be_two_peoples_is_told_with_both(text: str) -> None:
    with pytest.raises(SeveralCalled) as caught:
        find_called(text, PEOPLE)
    assert ", " in str(caught.value.values["names"])
