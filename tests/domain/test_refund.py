"""The refund policy: how much may go back, until when, and the reason when it may not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.domain.errors import DomainError, InvalidInput
from admin.domain.payment import PaymentSnapshot, PaymentStatus, PayMethod
from admin.domain.refund import (
    REASON_TEXTS,
    RefundAmountChanged,
    RefundNotAllowed,
    RefundReason,
    check_amount,
    check_refundable,
    refund_policy,
)

from .factories import NOW, STARTED, a_payment, refunded, won


def allowed(payment: PaymentSnapshot, *, now: datetime = NOW, confirmed: bool = False) -> bool:
    return refund_policy(payment, confirmed=confirmed, now=now).allowed


def check(payment: PaymentSnapshot, amount: int, **changed: Any) -> None:
    values: dict[str, Any] = {
        "amount": won(amount),
        "seen": payment.cancellable,
        "confirmed": False,
        "now": NOW,
        **changed,
    }
    check_refundable(payment, **values)


def test_a_paid_card_payment_goes_back_whole_or_in_part() -> None:
    policy = refund_policy(a_payment(), confirmed=False, now=NOW)
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
    a_payment(pay_method="vbank"),
]


@pytest.mark.parametrize("payment", NEVER)
def test_what_cannot_go_back_says_why(payment: PaymentSnapshot) -> None:
    policy = refund_policy(payment, confirmed=False, now=NOW)
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
def test_a_phone_payment_goes_back_only_within_its_korean_month(
    paid_at: datetime, first_moment_of_next_month: datetime
) -> None:
    payment = a_payment(pay_method="phone", started_at=paid_at, paid_at=paid_at)
    assert allowed(payment, now=first_moment_of_next_month - timedelta(seconds=1))
    assert not allowed(payment, now=first_moment_of_next_month)


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
    policy = refund_policy(payment, confirmed=False, now=NOW)
    assert policy.allowed
    assert not policy.part_allowed
    assert policy.why_not_part
    check(payment, 10_000)
    with pytest.raises(RefundNotAllowed):
        check(payment, 9_999)


def test_an_escrow_order_goes_back_in_part_once_it_is_confirmed() -> None:
    check(a_payment(escrow=True), 1, confirmed=True)


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


@given(payments, st.booleans(), st.integers(0, 800), st.integers(1, 10_000))
def test_whatever_is_let_through_the_policy_allows(
    payment: PaymentSnapshot, confirmed: bool, days: int, amount: int
) -> None:
    now = STARTED + timedelta(days=days)
    policy = refund_policy(payment, confirmed=confirmed, now=now)
    assert policy.left == payment.cancellable
    try:
        check(payment, amount, confirmed=confirmed, now=now)
    except DomainError:
        return
    assert policy.allowed
    assert amount <= policy.left.minor
    assert policy.part_allowed or amount == policy.left.minor


def test_only_all_of_it_on_the_day_of_payment_arrives_at_once() -> None:
    same_day = STARTED + timedelta(hours=2)
    whole = a_payment(escrow=True)  # before the buyer confirms: all of it or nothing
    assert refund_policy(whole, confirmed=False, now=same_day).days_to_arrive == (0, 0)
    assert refund_policy(whole, confirmed=False, now=NOW).days_to_arrive == (3, 5)
    assert refund_policy(a_payment(), confirmed=False, now=same_day).days_to_arrive == (3, 5)
    part = replace(refunded(1000), paid_at=same_day)
    assert refund_policy(part, confirmed=False, now=same_day).days_to_arrive == (3, 5)


def test_every_reason_has_words_for_the_card_company() -> None:
    assert set(REASON_TEXTS) == set(RefundReason)
    assert all(REASON_TEXTS.values())
