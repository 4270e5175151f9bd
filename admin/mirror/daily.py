"""Keep the sums of each day in step with the payments: what a change takes away and adds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TypeVar

import sqlalchemy as sa

from admin.domain.clock import kst_date
from admin.domain.payment import PaymentSnapshot, Standing
from admin.models import PaymentDay, Span, TimeBasis, db, transaction

Change = tuple[PaymentSnapshot | None, PaymentSnapshot]  # before (none at first sight) and after
_Place = tuple[TimeBasis, Span, date, Standing, str]
_Key = TypeVar("_Key")
_Days = dict[tuple[date, Standing, str], list[int]]  # count, gross, cancelled
_SPAN = (PaymentDay.basis, PaymentDay.span, PaymentDay.day)
_SUMS = (PaymentDay.count, PaymentDay.gross_minor, PaymentDay.cancelled_minor)


def note(changes: Iterable[Change]) -> None:
    """Add what changed to the days it concerns, inside the caller's transaction."""
    days: tuple[_Days, _Days, _Days] = ({}, {}, {})
    requested, approved, cancelled = days
    for change in changes:
        for payment, sign in zip(change, (-1, 1), strict=True):
            if payment is None:
                continue
            came = payment.took_money  # unpaid and failed ones count and add nothing
            figures = (
                sign,
                sign * payment.amount.minor if came else 0,
                sign * payment.cancelled.minor if came else 0,
            )
            standing, method = payment.standing, payment.method
            _add(requested, (kst_date(payment.started_at), standing, method), figures)
            if payment.paid_at is not None:
                _add(approved, (kst_date(payment.paid_at), standing, method), figures)
            if payment.cancelled_at is not None:
                _add(cancelled, (kst_date(payment.cancelled_at), standing, method), figures)
    sums: dict[_Place, list[int]] = {}
    bases = (TimeBasis.REQUESTED, TimeBasis.APPROVED, TimeBasis.CANCELLED)
    for basis, places in zip(bases, days, strict=True):
        for (day, standing, method), added in places.items():
            _add(sums, (basis, Span.DAY, day, standing, method), added)
            _add(sums, (basis, Span.MONTH, day.replace(day=1), standing, method), added)
    _insert(sums)


def fold() -> None:
    """Make one row of all that share a day, a standing and a method. The sums stay the same."""
    doubled = (
        sa.select(*_SPAN)
        .group_by(*_SPAN, PaymentDay.standing, PaymentDay.method)
        .having(sa.func.count() > 1)
        .distinct()
    )
    with transaction():
        for basis, span, day in db.session.execute(doubled).all():
            gone = db.session.execute(
                sa.delete(PaymentDay)
                .where(PaymentDay.basis == basis, PaymentDay.span == span, PaymentDay.day == day)
                .returning(PaymentDay.standing, PaymentDay.method, *_SUMS)
                .execution_options(synchronize_session=False)
            )
            sums: dict[_Place, list[int]] = {}
            for standing, method, *figures in gone:
                _add(sums, (basis, span, day, standing, method), figures)
            _insert(sums)


def _add(sums: dict[_Key, list[int]], place: _Key, figures: Iterable[int]) -> None:
    known = sums.setdefault(place, [0, 0, 0])
    for at, figure in enumerate(figures):
        known[at] += figure


def _insert(sums: dict[_Place, list[int]]) -> None:
    rows = [
        {"basis": basis, "span": span, "day": day, "standing": standing, "method": method}
        | {"count": figures[0], "gross_minor": figures[1], "cancelled_minor": figures[2]}
        for (basis, span, day, standing, method), figures in sums.items()
        if any(figures)
    ]
    if rows:
        db.session.connection().execute(sa.insert(PaymentDay), rows)
