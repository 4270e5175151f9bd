"""Escrow orders: where they stand, what may be shipped, what the items add up to."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.domain.errors import DomainError, InvalidInput
from admin.domain.escrow import (
    COURIERS,
    ArrivalNotAllowed,
    Decision,
    DecisionNotAllowed,
    DeliveryAlreadyRegistered,
    DeliveryNotAllowed,
    DeliveryNotice,
    EscrowState,
    Evidence,
    check_arrival,
    check_decision,
    check_delivery,
    confirmation_deadline,
    days_left,
    due_by,
    escrow_policy,
    escrow_state,
    starts_of,
    sum_items,
)
from admin.domain.money import Currency, Money
from admin.domain.payment import PaymentSnapshot, PaymentStatus

from .factories import HOLIDAYS, NOW, a_payment, refunded, won

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


DECIDED = [
    (a_payment(), True, Decision.CONFIRMED, EscrowState.CONFIRMED),
    (a_payment(), True, Decision.AUTOMATIC, EscrowState.CONFIRMED),
    (a_payment(), False, Decision.CONFIRMED, EscrowState.CONFIRMED),  # shipped without us
    (refunded(3000), True, Decision.CONFIRMED, EscrowState.CONFIRMED),
    (a_payment(), True, Decision.DENIED, EscrowState.DENIED),
    (a_payment(), False, Decision.DENIED, EscrowState.DENIED),
    (a_payment(), True, Decision.UNDECIDED, EscrowState.SHIPPED),
    (a_payment(), False, Decision.UNDECIDED, EscrowState.TO_SHIP),
    (refunded(10_000), True, Decision.DENIED, EscrowState.RETURNED),
    (refunded(10_000), False, Decision.DENIED, EscrowState.RETURNED),
    (refunded(10_000), True, Decision.CONFIRMED, EscrowState.RETURNED),
    (refunded(10_000), False, Decision.UNDECIDED, EscrowState.REFUNDED),
    (WAITING, False, Decision.CONFIRMED, EscrowState.AWAITING_DEPOSIT),
    (FAILED, False, Decision.DENIED, EscrowState.ENDED),
]


@pytest.mark.parametrize(("payment", "delivered", "decision", "state"), DECIDED)
def test_where_a_decided_order_stands(
    payment: PaymentSnapshot, delivered: bool, decision: Decision, state: EscrowState
) -> None:
    assert escrow_state(payment, delivered=delivered, decision=decision, now=NOW) is state


# State: whether a delivery, an arrival, a decision and a refund of a part are possible next.
NEXT = {
    EscrowState.AWAITING_DEPOSIT: (False, False, False, False),
    EscrowState.TO_SHIP: (True, False, True, False),
    EscrowState.SHIPPED: (False, True, True, False),
    EscrowState.CONFIRMED: (False, False, True, True),
    EscrowState.DENIED: (False, False, True, False),
    EscrowState.RETURNED: (False, False, False, False),
    EscrowState.REFUNDED: (False, False, False, False),
    EscrowState.ENDED: (False, False, False, False),
}


@pytest.mark.parametrize("state", EscrowState)
def test_what_each_state_allows_next(state: EscrowState) -> None:
    policy = escrow_policy(state)
    sentences = (policy.delivery, policy.arrival, policy.decision, policy.part)
    assert tuple(one is None for one in sentences) == NEXT[state]
    assert all(one is None or one.endswith(".") for one in sentences)


TUESDAY = date(2026, 2, 10)  # the 16th to the 18th are the lunar new year


def test_the_buyer_has_three_business_days_after_the_arrival() -> None:
    deadline = confirmation_deadline(
        arrived_on=date(2026, 2, 12), registered_on=TUESDAY, holidays=HOLIDAYS
    )
    # Friday the 13th, Thursday the 19th, Friday the 20th.
    assert (deadline.day, deadline.rule) == (date(2026, 2, 20), Evidence.AFTER_ARRIVAL)
    assert deadline.start == date(2026, 2, 12)


def test_without_an_arrival_it_is_six_after_the_registration() -> None:
    deadline = confirmation_deadline(arrived_on=None, registered_on=TUESDAY, holidays=HOLIDAYS)
    assert (deadline.day, deadline.rule) == (date(2026, 2, 23), Evidence.AFTER_REGISTRATION)
    without = confirmation_deadline(arrived_on=None, registered_on=TUESDAY, holidays=frozenset())
    assert without.day == date(2026, 2, 18)


days = st.dates(date(2026, 1, 1), date(2026, 4, 30))


@given(days, days, st.one_of(st.none(), days))
def test_a_deadline_has_come_exactly_for_what_started_by_then(
    by: date, registered_on: date, arrived_on: date | None
) -> None:
    """What the database is asked for is what the rule says."""
    deadline = confirmation_deadline(
        arrived_on=arrived_on, registered_on=registered_on, holidays=HOLIDAYS
    )
    starts = starts_of(by, holidays=HOLIDAYS)
    started = (
        arrived_on <= starts.arrived
        if arrived_on is not None
        else registered_on <= starts.registered
    )
    assert started == (deadline.day <= by)


def test_days_left_are_business_days() -> None:
    def left(day: date, today: date) -> int:
        return days_left(day, today=today, holidays=HOLIDAYS)

    assert left(date(2026, 2, 13), TUESDAY) == 3
    assert left(TUESDAY, TUESDAY) == 0
    assert left(date(2026, 2, 19), date(2026, 2, 13)) == 1  # over the new year
    assert left(TUESDAY, date(2026, 2, 12)) == -2
    assert left(date(2026, 2, 13), date(2026, 2, 14)) == -1  # a Saturday after is after
    assert due_by(date(2026, 2, 13), holidays=HOLIDAYS) == date(2026, 2, 19)


def judged(state: EscrowState, decision: Decision, **changed: Any) -> None:
    values: dict[str, Any] = {
        "evidence": Evidence.KCP_ADMIN,
        "decided_on": TUESDAY,
        "earlier": None,
        "since": TUESDAY,
        "today": TUESDAY,
        **changed,
    }
    check_decision(state, decision, **values)


def test_a_decision_is_recorded_while_money_is_held_or_to_correct_another() -> None:
    for state in EscrowState:
        if escrow_policy(state).decision is None:
            judged(state, Decision.CONFIRMED)
            judged(state, Decision.DENIED, earlier=Decision.CONFIRMED)
        else:
            with pytest.raises(DecisionNotAllowed):
                judged(state, Decision.CONFIRMED)


@pytest.mark.parametrize(
    ("decision", "changed"),
    [
        (Decision.AUTOMATIC, {}),
        (Decision.CONFIRMED, {"evidence": Evidence.AFTER_ARRIVAL}),
        (Decision.CONFIRMED, {"earlier": Decision.CONFIRMED}),
        (Decision.UNDECIDED, {}),
        (Decision.UNDECIDED, {"earlier": Decision.UNDECIDED}),
    ],
)
def test_a_person_neither_plays_the_rule_nor_repeats_what_holds(
    decision: Decision, changed: dict[str, Any]
) -> None:
    with pytest.raises(DecisionNotAllowed):
        judged(EscrowState.SHIPPED, decision, **changed)


@pytest.mark.parametrize(
    ("state", "changed", "field"),
    [
        (EscrowState.SHIPPED, {"decided_on": TUESDAY + timedelta(days=1)}, "decided_on"),
        (EscrowState.SHIPPED, {"decided_on": TUESDAY - timedelta(days=1)}, "decided_on"),
        (EscrowState.TO_SHIP, {"evidence": Evidence.BUYER}, "evidence"),
    ],
)
def test_a_decision_that_cannot_be_is_refused_at_its_field(
    state: EscrowState, changed: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        judged(state, Decision.DENIED, **changed)
    assert refusal.value.field == field


def test_a_parcel_arrives_between_its_sending_and_today() -> None:
    def arrives(state: EscrowState, day: date) -> None:
        today = TUESDAY + timedelta(days=3)
        check_arrival(state, day, sent_on=TUESDAY, today=today)

    arrives(EscrowState.SHIPPED, TUESDAY)
    arrives(EscrowState.SHIPPED, TUESDAY + timedelta(days=3))
    for day in (TUESDAY - timedelta(days=1), TUESDAY + timedelta(days=4)):
        with pytest.raises(InvalidInput):
            arrives(EscrowState.SHIPPED, day)
    for state in set(EscrowState) - {EscrowState.SHIPPED}:
        with pytest.raises(ArrivalNotAllowed):
            arrives(state, TUESDAY)


def notice(company: str = "CJGLS", invoice: str = "123456789012") -> DeliveryNotice:
    return DeliveryNotice(company=company, invoice=invoice, sent_at=NOW)


def test_a_parcel_may_be_registered_when_it_is_to_ship_and_only_then() -> None:
    check_delivery(EscrowState.TO_SHIP, notice())
    with pytest.raises(DeliveryAlreadyRegistered):
        check_delivery(EscrowState.SHIPPED, notice())
    for state in set(EscrowState) - {EscrowState.TO_SHIP, EscrowState.SHIPPED}:
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
