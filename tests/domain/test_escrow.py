"""Escrow orders: where they stand, what may be shipped, what the items add up to."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.domain.errors import DomainError, InvalidInput
from admin.domain.escrow import (
    COURIERS,
    DeliveryAlreadyRegistered,
    DeliveryNotAllowed,
    DeliveryNotice,
    EscrowState,
    check_delivery,
    escrow_state,
    sum_items,
)
from admin.domain.money import Currency, Money
from admin.domain.payment import PaymentSnapshot, PaymentStatus

from .factories import NOW, a_payment, refunded, won

WAITING = a_payment(status=PaymentStatus.READY, paid_at=None, vbank_due_at=NOW + timedelta(days=1))
OVERDUE = a_payment(status=PaymentStatus.READY, paid_at=None, vbank_due_at=NOW - timedelta(days=1))
FAILED = a_payment(status=PaymentStatus.FAILED, paid_at=None)
DROPPED = a_payment(status=PaymentStatus.CANCELLED, paid_at=None)

STATES = [
    (WAITING, False, EscrowState.AWAITING_DEPOSIT),
    (OVERDUE, False, EscrowState.ENDED),
    (FAILED, False, EscrowState.ENDED),
    (DROPPED, False, EscrowState.ENDED),
    (a_payment(), False, EscrowState.TO_SHIP),
    (a_payment(), True, EscrowState.SHIPPED),
    (refunded(3000), False, EscrowState.TO_SHIP),
    (refunded(3000), True, EscrowState.SHIPPED),
    (refunded(10_000), False, EscrowState.REFUNDED),
    (refunded(10_000), True, EscrowState.RETURNED),
]


@pytest.mark.parametrize(("payment", "delivered", "state"), STATES)
def test_where_an_order_stands(
    payment: PaymentSnapshot, delivered: bool, state: EscrowState
) -> None:
    assert escrow_state(payment, delivered=delivered, decision=None, now=NOW) is state


def notice(company: str = "CJGLS", invoice: str = "123456789012") -> DeliveryNotice:
    return DeliveryNotice(company=company, invoice=invoice, sent_at=NOW)


def test_a_parcel_may_be_registered_when_it_is_to_ship_and_only_then() -> None:
    check_delivery(EscrowState.TO_SHIP, notice())
    with pytest.raises(DeliveryAlreadyRegistered):
        check_delivery(EscrowState.SHIPPED, notice())
    for state in (EscrowState.AWAITING_DEPOSIT, EscrowState.REFUNDED, EscrowState.ENDED):
        with pytest.raises(DeliveryNotAllowed):
            check_delivery(state, notice())


@pytest.mark.parametrize("company", ["", "LOGEN", "cjgls", "CJ"])
def test_an_unknown_courier_is_refused_here_since_the_gateway_would_take_it(company: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_delivery(EscrowState.TO_SHIP, notice(company=company))
    assert caught.value.field == "company"


NO_INVOICE = [
    "",
    "12345678",
    "123456789012345",
    "1234-5678-9012",
    "１２３４５６７８９０",
    "12345678 9",
    "123456789\n",
]


@pytest.mark.parametrize("invoice", NO_INVOICE)
def test_an_invoice_is_nine_to_fourteen_digits(invoice: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_delivery(EscrowState.TO_SHIP, notice(invoice=invoice))
    assert caught.value.field == "invoice"


def test_every_courier_may_carry() -> None:
    for company in COURIERS:
        check_delivery(EscrowState.TO_SHIP, notice(company=company))


@given(st.lists(st.integers(0, 10**9), max_size=8), st.integers(0, 10**9))
def test_items_are_held_against_what_was_paid(lines: list[int], paid: int) -> None:
    total = sum_items(map(Money, lines), paid=won(paid))
    assert total.items.minor == sum(lines)
    assert total.agrees == (sum(lines) == paid)
    assert total.difference.minor == sum(lines) - paid


def test_an_order_without_items_adds_up_to_nothing() -> None:
    assert sum_items([], paid=Money(5, Currency.USD)).items == Money(0, Currency.USD)


@given(st.sampled_from(EscrowState), st.text(max_size=20), st.text(max_size=20))
def test_any_parcel_that_passes_can_be_shipped(
    state: EscrowState, company: str, invoice: str
) -> None:
    with suppress(DomainError):
        check_delivery(state, notice(company, invoice))
        assert state is EscrowState.TO_SHIP
        assert company in COURIERS
