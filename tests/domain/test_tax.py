"""Tax-free goods in a refund: proposed in proportion, never more than there is, no won stranded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.domain.errors import InvalidInput
from admin.domain.money import Money
from admin.domain.tax import (
    TaxableLeft,
    check_tax_free,
    declared_tax_free,
    propose,
    split,
    taxable_left,
)

from .factories import a_payment, won


def left(total: int, free: int) -> TaxableLeft:
    return TaxableLeft(left=won(total), tax_free=won(free))


@pytest.mark.parametrize(
    ("amount", "tax_free", "supply", "vat"),
    [
        (128_000, 39_000, 80_909, 8_091),
        (27_000, 0, 24_545, 2_455),
        (11, 0, 10, 1),
        (5, 0, 5, 0),  # a VAT below half a won
        (6, 0, 5, 1),
        (1_000, 1_000, 0, 0),
    ],
)
def test_vat_is_an_eleventh_of_what_is_taxed_to_the_nearest_won(
    amount: int, tax_free: int, supply: int, vat: int
) -> None:
    parts = split(won(amount), tax_free=won(tax_free))
    assert (parts.tax_free, parts.supply, parts.vat) == (won(tax_free), won(supply), won(vat))


@given(st.integers(1, 10**9), st.data())
def test_the_parts_add_up_to_the_won(amount: int, data: st.DataObject) -> None:
    free = data.draw(st.integers(0, amount))
    parts = split(won(amount), tax_free=won(free))
    assert parts.tax_free + parts.supply + parts.vat == won(amount)
    assert min(parts.supply, parts.vat) >= won(0)


@given(st.integers(1, 10**7), st.data())
def test_a_proposal_is_always_one_that_kcp_can_take(whole: int, data: st.DataObject) -> None:
    free = data.draw(st.integers(0, whole))
    amount = data.draw(st.integers(1, whole))
    part = propose(won(amount), left(whole, free))
    check_tax_free(part, amount=won(amount), left=left(whole, free))


@given(st.integers(0, 10_000), st.lists(st.integers(1, 4_000), max_size=8))
def test_refunds_down_to_the_last_won_strand_nothing(free: int, amounts: list[int]) -> None:
    rest = left(10_000, free)
    for wanted in [*amounts, 10_000]:  # the last one takes what is left
        amount = min(won(wanted), rest.left)
        part = propose(amount, rest)
        rest = left(rest.left.minor - amount.minor, rest.tax_free.minor - part.minor)
        assert won(0) <= rest.tax_free <= rest.left
    assert (rest.left, rest.tax_free) == (won(0), won(0))


@pytest.mark.parametrize(("part", "amount"), [(-1, 500), (501, 500), (301, 900), (299, 1_000)])
def test_what_kcp_would_refuse_is_refused_here(part: int, amount: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_tax_free(won(part), amount=won(amount), left=left(1_000, 300))
    assert caught.value.field == "tax_free"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('{"tax_free": 3000}', won(3_000)),
        ('{"tax_free": 0, "more": 1}', won(0)),
        ('{"tax_free": -1}', None),
        ('{"tax_free": 10001}', None),
        ('{"tax_free": true}', None),
        ('{"tax_free": "3000"}', None),
        ("[1]", None),
        ("주문 메모", None),
        (None, None),
    ],
)
def test_the_shop_declares_tax_free_goods_in_custom_data(
    written: str | None, meant: Money | None
) -> None:
    assert declared_tax_free(a_payment(custom_data=written)) == meant


def test_what_somebody_else_gave_back_leaves_the_rest_uncertain() -> None:
    payment = a_payment(cancelled=won(4_000))
    known = taxable_left(
        payment, total=won(3_000), given_back=won(4_000), tax_free_given_back=won(1_000)
    )
    assert (known.left, known.tax_free, known.is_certain) == (won(6_000), won(2_000), True)
    other = taxable_left(payment, total=won(9_000), given_back=won(0), tax_free_given_back=won(0))
    assert (other.tax_free, other.is_certain) == (won(6_000), False)
