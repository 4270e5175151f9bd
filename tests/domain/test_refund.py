"""The refund policy: how much may go back, until when, and the reason when it may not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.domain.errors import DomainError, InvalidInput
from admin.domain.escrow import EscrowState, escrow_policy
from admin.domain.payment import PaymentSnapshot, PaymentStatus, PayMethod
from admin.domain.refund import (
    Arrival,
    RefundAmountChanged,
    RefundNotAllowed,
    RefundPolicy,
    RefundRoute,
    check_amount,
    check_refundable,
    refund_policy,
)

from .factories import HOLIDAYS, NOW, STARTED, a_payment, refunded, won


def allowed(payment: PaymentSnapshot, *, now: datetime = NOW) -> bool:
    return policy_of(payment, now=now).allowed


def check(payment: PaymentSnapshot, amount: int, **changed: Any) -> None:
    values: dict[str, Any] = {
        "amount": won(amount),
        "seen": payment.cancellable,
        "escrow": None,
        "has_account": False,
        "now": NOW,
        "holidays": HOLIDAYS,
        **changed,
    }
    check_refundable(payment, **values)


def test_a_paid_card_payment_goes_back_whole_or_in_part() -> None:
    policy = policy_of(a_payment(), now=NOW)
    assert policy.allowed
    assert policy.part_allowed
    assert policy.left == won(10_000)
    for amount in (1, 9_999, 10_000):
        check(a_payment(), amount)


@pytest.mark.parametrize("status", [PaymentStatus.CANCELLED, PaymentStatus.PAID])
def test_what_is_left_is_judged_by_amounts_under_either_status(status: PaymentStatus) -> None:
    payment = refunded(3000, status=status)
    assert allowed(payment)
    check(payment, 7000)
    with pytest.raises(InvalidInput):
        check(payment, 7001)


NEVER = [
    a_payment(status=PaymentStatus.READY, paid_at=None),
    a_payment(status=PaymentStatus.FAILED, paid_at=None),
    a_payment(status=PaymentStatus.CANCELLED, paid_at=None),
    refunded(10_000),
]


@pytest.mark.parametrize("payment", NEVER)
def test_what_cannot_go_back_says_why(payment: PaymentSnapshot) -> None:
    policy = policy_of(payment, now=NOW)
    assert not policy.allowed
    assert not policy.part_allowed
    assert policy.why_not
    with pytest.raises(RefundNotAllowed):
        check(payment, 1)


LIMITS = [
    ("card", timedelta(days=365)),
    ("trans", timedelta(days=90)),
]


@pytest.mark.parametrize(("method", "limit"), LIMITS)
def test_each_method_has_its_last_day(method: str, limit: timedelta) -> None:
    payment = a_payment(pay_method=method)
    assert payment.paid_at is not None
    assert allowed(payment, now=payment.paid_at + limit - timedelta(seconds=1))
    assert not allowed(payment, now=payment.paid_at + limit)


@pytest.mark.parametrize(
    ("paid_at", "first_moment_of_next_month"),
    [
        (datetime(2026, 1, 31, 14, 59, tzinfo=UTC), datetime(2026, 1, 31, 15, tzinfo=UTC)),
        (datetime(2026, 1, 31, 15, 0, tzinfo=UTC), datetime(2026, 2, 28, 15, tzinfo=UTC)),
        (datetime(2026, 12, 31, 14, 0, tzinfo=UTC), datetime(2026, 12, 31, 15, tzinfo=UTC)),
        (datetime(2028, 2, 10, 0, 0, tzinfo=UTC), datetime(2028, 2, 29, 15, tzinfo=UTC)),
    ],
)
def test_a_phone_bill_goes_back_through_the_carrier_only_within_its_korean_month(
    paid_at: datetime, first_moment_of_next_month: datetime
) -> None:
    payment = a_payment(pay_method="phone", started_at=paid_at, paid_at=paid_at)
    within = policy_of(payment, now=first_moment_of_next_month - timedelta(seconds=1))
    assert (within.route, within.cost) == (RefundRoute.ORIGINAL, None)
    later = policy_of(payment, now=first_moment_of_next_month)
    assert (later.allowed, later.route, later.cost) == (True, RefundRoute.ACCOUNT, won(300))
    assert not later.part_allowed


WHOLE_ONLY = [
    a_payment(escrow=True),
    *(
        a_payment(pay_method=method.value)
        for method in (
            PayMethod.PHONE,
            PayMethod.CULTURELAND,
            PayMethod.SMARTCULTURE,
            PayMethod.HAPPYMONEY,
            PayMethod.BOOKNLIFE,
        )
    ),
]


@pytest.mark.parametrize("payment", WHOLE_ONLY, ids=lambda payment: payment.pay_method)
def test_some_go_back_whole_or_not_at_all(payment: PaymentSnapshot) -> None:
    policy = policy_of(payment, now=NOW)
    assert policy.allowed
    assert not policy.part_allowed
    assert policy.why_not_part
    check(payment, 10_000)
    with pytest.raises(RefundNotAllowed):
        check(payment, 9_999)


def test_an_escrow_order_goes_back_in_part_once_it_is_confirmed() -> None:
    check(a_payment(escrow=True), 1, escrow=EscrowState.CONFIRMED)
    for state in EscrowState:
        if state is not EscrowState.CONFIRMED:
            with pytest.raises(RefundNotAllowed) as refusal:
                check(a_payment(escrow=True), 1, escrow=state)
            assert refusal.value.message == escrow_policy(state).part
            check(a_payment(escrow=True), 10_000, escrow=state)


def test_a_refund_seen_on_an_older_page_is_refused_with_the_new_amount() -> None:
    with pytest.raises(RefundAmountChanged) as caught:
        check(refunded(3000), 1000, seen=won(10_000))
    assert caught.value.values == {"left": won(7000)}


@pytest.mark.parametrize("amount", [0, -1, -10_000])
def test_nothing_and_less_than_nothing_is_no_amount(amount: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        check(a_payment(), amount)
    assert caught.value.field == "amount"


@given(st.integers(-5, 20_000), st.integers(0, 10_000))
def test_what_passes_never_exceeds_what_is_left(amount: int, left: int) -> None:
    try:
        check_amount(won(amount), left=won(left))
    except InvalidInput:
        assert amount < 1 or amount > left
    else:
        assert 1 <= amount <= left


payments = st.builds(
    lambda status, cancelled, method, escrow: a_payment(
        status=status, cancelled=won(cancelled), pay_method=method, escrow=escrow
    ),
    st.sampled_from(PaymentStatus),
    st.integers(0, 10_000),
    st.sampled_from([*(method.value for method in PayMethod), "newpay"]),
    st.booleans(),
)


@given(payments, st.sampled_from(EscrowState), st.integers(0, 800), st.integers(1, 10_000))
def test_whatever_is_let_through_the_policy_allows(
    payment: PaymentSnapshot, escrow: EscrowState, days: int, amount: int
) -> None:
    now = STARTED + timedelta(days=days)
    policy = refund_policy(payment, escrow=escrow, now=now, holidays=HOLIDAYS)
    assert policy.left == payment.cancellable
    try:
        check(payment, amount, escrow=escrow, now=now)
    except DomainError:
        return
    assert policy.allowed
    assert amount <= policy.left.minor
    assert policy.part_allowed or amount == policy.left.minor


def test_only_all_of_it_on_the_day_of_payment_arrives_at_once() -> None:
    same_day = STARTED + timedelta(hours=2)
    whole = policy_of(a_payment(), now=same_day)
    assert (days(whole.arrival), days(whole.arrival_of_part)) == ((0, 0), (3, 5))
    next_day = policy_of(a_payment(), now=NOW)
    assert (days(next_day.arrival), days(next_day.arrival_of_part)) == ((3, 5), (3, 5))
    rest = policy_of(replace(refunded(1000), paid_at=same_day), now=same_day)
    assert days(rest.arrival) == (3, 5)


def test_arrival_is_counted_in_korean_business_days() -> None:
    """2026-02-13 is a Friday before the three days of the lunar new year."""
    friday = datetime(2026, 2, 13, 3, tzinfo=UTC)
    payment = a_payment(pay_method="vbank", started_at=friday, paid_at=friday)
    arrival = policy_of(payment, now=friday).arrival
    assert arrival is not None
    assert (arrival.earliest, arrival.latest) == (date(2026, 2, 19), date(2026, 2, 19))


def test_a_virtual_account_goes_back_to_an_account_at_any_time_for_a_fee() -> None:
    payment = a_payment(pay_method="vbank")
    policy = policy_of(payment, now=NOW + timedelta(days=2_000))
    assert policy.allowed
    assert policy.part_allowed
    assert policy.needs_account
    assert policy.until is None
    assert policy.cost == won(300)
    with pytest.raises(InvalidInput) as caught:
        check(payment, 1000)
    assert caught.value.field == "holder"
    check(payment, 1000, has_account=True)


UNDO = [
    (a_payment(card_type=0), NOW, True),
    (a_payment(card_type=0), STARTED + timedelta(hours=1), False),  # paid today
    (a_payment(card_type=1), NOW, False),  # a check card
    (a_payment(card_type=0, escrow=True), NOW, False),
    (a_payment(pay_method="trans"), NOW, False),
]


@pytest.mark.parametrize(("payment", "now", "possible"), UNDO)
def test_kcp_takes_back_a_cancel_of_a_credit_card_on_its_own_day(
    payment: PaymentSnapshot, now: datetime, possible: bool
) -> None:
    undo = policy_of(payment, now=now).undo
    assert undo is not None
    assert ("until midnight" in undo) is possible


def policy_of(payment: PaymentSnapshot, *, now: datetime) -> RefundPolicy:
    return refund_policy(payment, escrow=None, now=now, holidays=HOLIDAYS)


def days(arrival: Arrival | None) -> tuple[int, int] | None:
    return arrival.days if arrival else None
