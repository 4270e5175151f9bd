"""Domain values for tests: a test names only what matters to it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from admin.domain.money import Money
from admin.domain.payment import Cancellation, PaymentSnapshot, PaymentStatus
from admin.domain.reconciliation.records import BookedOrder, BookedStatus

NOW = datetime(2026, 3, 10, 3, tzinfo=UTC)  # noon in Korea
STARTED = datetime(2026, 3, 9, 3, tzinfo=UTC)

# The lunar new year of 2026, and the days around it.
HOLIDAYS = frozenset(date(2026, *day) for day in [(2, 16), (2, 17), (2, 18), (3, 2)])


def won(amount: int) -> Money:
    return Money(amount)


def a_payment(**changed: Any) -> PaymentSnapshot:
    """A card payment of 10,000 won, paid yesterday at noon."""
    values: dict[str, Any] = {
        "imp_uid": "imp_1",
        "merchant_uid": "ORD-1",
        "status": PaymentStatus.PAID,
        "amount": won(10_000),
        "cancelled": won(0),
        "started_at": STARTED,
        "paid_at": STARTED + timedelta(minutes=1),
        "pay_method": "card",
        **changed,
    }
    return PaymentSnapshot(**values)


def a_cancellation(amount: int, **changed: Any) -> Cancellation:
    values: dict[str, Any] = {
        "cancellation_id": f"can_{amount}",
        "amount": won(amount),
        "cancelled_at": STARTED + timedelta(hours=1),
        "reason": "단순 변심",
        **changed,
    }
    return Cancellation(**values)


def refunded(amount: int, **changed: Any) -> PaymentSnapshot:
    """A payment of which `amount` went back in one cancellation."""
    values: dict[str, Any] = {
        "cancelled": won(amount),
        "status": PaymentStatus.CANCELLED,
        "cancelled_at": STARTED + timedelta(hours=1),
        "cancellations": (a_cancellation(amount),),
        **changed,
    }
    return a_payment(**values)


def an_order(**changed: Any) -> BookedOrder:
    """The shop's record of the same payment."""
    values: dict[str, Any] = {
        "order_number": "ORD-1",
        "status": BookedStatus.PAID,
        "amount": won(10_000),
        "cancelled": won(0),
        "paid_at": STARTED + timedelta(minutes=1),
        "imp_uid": "imp_1",
        **changed,
    }
    return BookedOrder(**values)
