"""What is typed as a card is judged before it goes anywhere, and never repeated."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.domain.card import Card, check_card
from admin.domain.errors import InvalidInput

TODAY = date(2026, 11, 23)
CARD = Card(number="4518-4212-3458-1093", expiry="2031-07", birth="880412", password_2_digits="73")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"number": "4518421234581093"},
        {"number": "378282246310005"},  # fifteen digits
        {"expiry": "2026-11"},  # good through its month
        {"birth": "000229"},  # a leap day of one of the two centuries
        {"birth": "1248100998"},  # a company
        {"birth": None, "password_2_digits": None},
    ],
)
def test_a_card_passes(changes: dict[str, str]) -> None:
    check_card(replace(CARD, **changes), today=TODAY)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("number", ""),
        ("number", "4518-4212-3458-1092"),  # one digit off
        ("number", "4518-4212-3485-1093"),  # two digits swapped
        ("number", "4518 4212 3458 1093"),
        ("number", "4518-42123458-1093"),
        ("number", "45184212345810930"),
        ("number", "30569309025904"),  # fourteen digits
        ("number", "４５１８４２１２３４５８１０９３"),
        ("number", "4518421234581093\n"),
        ("expiry", "2026-10"),
        ("expiry", "2031-13"),
        ("expiry", "2031-7"),
        ("expiry", "31-07"),
        ("expiry", "07/31"),
        ("birth", "880431"),  # April has thirty days
        ("birth", "881301"),
        ("birth", "19880412"),
        ("birth", "1248100997"),  # its check digit is 8
        ("birth", "٨٨٠٤١٢"),
        ("password_2_digits", "7"),
        ("password_2_digits", "7x"),
        ("password_2_digits", "7300"),
    ],
)
def test_what_can_be_no_card_is_refused_at_its_field_and_not_repeated(
    field: str, typed: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_card(replace(CARD, **{field: typed}), today=TODAY)
    assert refusal.value.field == field
    told = repr([refusal.value, refusal.value.args, refusal.value.values])
    assert not typed or typed not in told


@given(st.text(max_size=24))
def test_whatever_is_typed_as_a_number_is_passed_or_refused(text: str) -> None:
    with suppress(InvalidInput):
        check_card(replace(CARD, number=text), today=TODAY)


@given(st.integers(0, 15), st.integers(1, 9))
def test_one_wrong_digit_never_passes(place: int, off: int) -> None:
    digits = list(CARD.digits)
    digits[place] = str((int(digits[place]) + off) % 10)
    with pytest.raises(InvalidInput):
        check_card(replace(CARD, number="".join(digits)), today=TODAY)
