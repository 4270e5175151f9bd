"""Sums of a period. Gross goes by approval, cancelled by the moment money went back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from admin.domain.clock import kst_date
from admin.domain.money import Money
from admin.models import Payment, PaymentCancellation, db
from admin.models.kst import kst_day_of

NOTHING = Money(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    """What came in and what went back. `count` is of approvals."""

    gross: Money = NOTHING
    cancelled: Money = NOTHING
    count: int = 0
    cancelled_count: int = 0

    @property
    def net(self) -> Money:
        return self.gross - self.cancelled

    def __add__(self, other: Sales) -> Sales:
        return Sales(
            gross=self.gross + other.gross,
            cancelled=self.cancelled + other.cancelled,
            count=self.count + other.count,
            cancelled_count=self.cancelled_count + other.cancelled_count,
        )


def sales_by_day(start: datetime, end: datetime) -> dict[date, Sales]:
    """Each Korean day of [start, end), days without trade included. Test payments stay out."""
    approved_on, cancelled_on = kst_day_of(Payment.paid_at), _cancelled_on()
    gross = {
        day: (count, int(minor))
        for day, count, minor in db.session.execute(
            _gross(approved_on, start, end).group_by(approved_on)
        )
    }
    back = {
        day: (count, int(minor))
        for day, count, minor in db.session.execute(
            _back(cancelled_on, start, end).group_by(cancelled_on)
        )
    }
    return {day: _sales(gross.get(day), back.get(day)) for day in _days(start, end)}


def sales_by_method(start: datetime, end: datetime) -> dict[str, Sales]:
    """Each pay method of [start, end), the largest gross first. A wallet counts as itself."""
    method = sa.func.coalesce(Payment.wallet, Payment.pay_method)
    gross = {
        name: (count, int(minor))
        for name, count, minor in db.session.execute(_gross(method, start, end).group_by(method))
    }
    back = {
        name: (count, int(minor))
        for name, count, minor in db.session.execute(_back(method, start, end).group_by(method))
    }
    names = sorted(gross.keys() | back.keys(), key=lambda name: -gross.get(name, (0, 0))[1])
    return {name: _sales(gross.get(name), back.get(name)) for name in names}


def sales_of(start: datetime, end: datetime) -> Sales:
    """The sum of [start, end)."""
    one = sa.literal(1)
    gross = db.session.execute(_gross(one, start, end)).one()
    back = db.session.execute(_back(one, start, end)).one()
    return _sales((gross[1], int(gross[2] or 0)), (back[1], int(back[2] or 0)))


def _gross(
    group: sa.ColumnElement[date] | sa.ColumnElement[str] | sa.ColumnElement[int],
    start: datetime,
    end: datetime,
) -> sa.Select[Any, int, int]:
    return sa.select(group, sa.func.count(), sa.func.sum(Payment.amount_minor)).where(
        Payment.paid_at >= start, Payment.paid_at < end, Payment.sandbox.is_(False)
    )


def _back(
    group: sa.ColumnElement[date] | sa.ColumnElement[str] | sa.ColumnElement[int],
    start: datetime,
    end: datetime,
) -> sa.Select[Any, int, int]:
    return (
        sa.select(group, sa.func.count(), sa.func.sum(PaymentCancellation.amount_minor))
        .join(Payment, Payment.id == PaymentCancellation.payment_id)
        .where(
            PaymentCancellation.cancelled_at >= start,
            PaymentCancellation.cancelled_at < end,
            Payment.sandbox.is_(False),
        )
    )


def _cancelled_on() -> kst_day_of:
    return kst_day_of(PaymentCancellation.cancelled_at)


def _sales(gross: tuple[int, int] | None, back: tuple[int, int] | None) -> Sales:
    count, minor = gross or (0, 0)
    back_count, back_minor = back or (0, 0)
    return Sales(
        gross=Money(minor), cancelled=Money(back_minor), count=count, cancelled_count=back_count
    )


def _days(start: datetime, end: datetime) -> list[date]:
    first, last = kst_date(start), kst_date(end - timedelta(microseconds=1))
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
