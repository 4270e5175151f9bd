"""Card numbers are recognised however they are written; what only resembles one never is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.domain.card_guard import hide_card_numbers, holds_card_number, mask_card_numbers

CARDS = [
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111.1111.1111.1111",
    "４１１１１１１１１１１１１１１１",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "3782 822463 10005",
    "30569309025904",
    "6011111111111117",
    "9490220006611406",  # a Korean domestic number, prefix 9
]
HARMLESS = [
    "ORD20261122-01217",
    "imp_448280090638",
    "imps_448280090638",
    "26010100000001",
    "20260309123456",
    "010-1234-5678",
    "02-123-4567",
    "1234-56-7890123",
    "CJ 123456789012",
    "1,234,567,890",
    "4111111111111112",  # fails the check digit
    "9999999999999999999",
    "",
]


@pytest.mark.parametrize("number", CARDS)
def test_a_card_number_is_found_and_hidden(number: str) -> None:
    for text in (number, f"카드 {number} 로 결제", f"({number})", f"{number}\n감사합니다"):
        assert holds_card_number(text)
        hidden = hide_card_numbers(text)
        assert not holds_card_number(hidden)
        assert "[card]" in hidden


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_resembles_one_is_left_alone(text: str) -> None:
    assert not holds_card_number(text)
    assert hide_card_numbers(text) == text


@given(st.dates(), st.integers(0, 99_999))
def test_an_order_number_never_looks_like_a_card(day: object, serial: int) -> None:
    digits = str(day).replace("-", "")
    for number in (f"ORD{digits}-{serial:05d}", f"ORD-{serial}", f"C{digits}{serial:05d}-r2"):
        assert not holds_card_number(number)
        assert hide_card_numbers(number) == number


@given(st.integers(15, 60), st.integers(1, 12), st.integers(1, 28), st.integers(0, 99_999_999))
def test_a_gateway_transaction_number_never_looks_like_a_card(
    year: int, month: int, day: int, serial: int
) -> None:
    """KCP's `tno`: 14 digits that begin with the year. Years from 2030 on begin with a 3."""
    number = f"{year:02d}{month:02d}{day:02d}{serial:08d}"
    if number[0] != "3":
        assert not holds_card_number(number)


@given(st.text(max_size=80))
def test_any_text_is_survived_and_comes_back_free_of_cards(text: str) -> None:
    assert not holds_card_number(hide_card_numbers(text))


@given(st.text(alphabet="0123456789 -.", min_size=10, max_size=60))
def test_digits_of_any_arrangement_come_back_free_of_cards(text: str) -> None:
    assert not holds_card_number(hide_card_numbers(text))


@pytest.mark.parametrize("number", CARDS)
def test_a_masked_text_keeps_its_length(number: str) -> None:
    text = f"㈜카드 {number} 로 결제 2개"
    masked = mask_card_numbers(text)
    assert len(masked) == len(text)
    assert not holds_card_number(masked)
    assert masked.startswith("㈜카드 *")
    assert masked.endswith("* 로 결제 2개")


@pytest.mark.parametrize("text", HARMLESS)
def test_nothing_else_is_masked(text: str) -> None:
    assert mask_card_numbers(text) == text
