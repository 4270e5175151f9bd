"""Money: whole minor units of one currency, exact and never mixed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.domain.errors import InvalidInput
from admin.domain.money import LARGEST_MINOR, Currency, Money

amounts = st.integers(-(2**40), 2**40)
currencies = st.sampled_from(Currency)


@given(amounts, currencies)
def test_what_is_written_in_its_own_unit_reads_back_exactly(minor: int, currency: Currency) -> None:
    money = Money(minor, currency)
    assert Money.from_major(money.major, currency) == money


@given(amounts, amounts, currencies)
def test_adding_and_taking_away_again_changes_nothing(a: int, b: int, currency: Currency) -> None:
    assert Money(a, currency) + Money(b, currency) - Money(b, currency) == Money(a, currency)
    assert -Money(a, currency) + Money(a, currency) == Money(0, currency)


@given(amounts, amounts)
def test_it_is_ordered_as_its_numbers_are(a: int, b: int) -> None:
    assert (Money(a) < Money(b)) == (a < b)
    assert (Money(a) <= Money(b)) == (a <= b)
    assert (Money(a) > Money(b)) == (a > b)
    assert (Money(a) >= Money(b)) == (a >= b)


def test_a_won_has_no_smaller_unit_and_a_dollar_has() -> None:
    assert Money.from_major(Decimal("12000")).minor == 12_000
    assert Money.from_major(Decimal("12.50"), Currency.USD).minor == 1250
    assert Money.from_major(Decimal("100"), Currency.JPY).minor == 100
    assert str(Money(1234567)) == "1,234,567 KRW"
    assert str(Money(1250, Currency.USD)) == "12.50 USD"


@pytest.mark.parametrize("text", ["0.5", "1e-9", "NaN", "Infinity", "-Infinity", "sNaN", "1e30"])
def test_half_a_won_and_no_number_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        Money.from_major(Decimal(text))


def test_two_currencies_never_meet() -> None:
    for act in (
        lambda: Money(1) + Money(1, Currency.USD),
        lambda: Money(1) - Money(1, Currency.USD),
        lambda: Money(1) < Money(1, Currency.USD),
        lambda: Money(1) >= Money(1, Currency.JPY),
    ):
        with pytest.raises(ValueError, match="do not mix"):
            act()
    assert Money(1) != Money(1, Currency.JPY)


@pytest.mark.parametrize("minor", [1.0, "1", None, True, Decimal(1)])
def test_only_an_int_is_an_amount(minor: object) -> None:
    with pytest.raises(TypeError):
        Money(minor)  # type: ignore[arg-type]


def test_it_fits_64_bits_or_is_refused() -> None:
    assert Money(LARGEST_MINOR).minor == LARGEST_MINOR
    with pytest.raises(ValueError, match="64 bits"):
        Money(LARGEST_MINOR + 1)
    with pytest.raises(ValueError, match="64 bits"):
        Money(LARGEST_MINOR) + Money(1)


def test_nothing_is_false() -> None:
    assert not Money(0)
    assert Money(-1)
