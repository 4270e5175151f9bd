"""Keep the sums of each day in step with the payments: what a change takes away and adds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa

from admin.domain.clock import kst_date
from admin.domain.payment import PaymentSnapshot, Standing
from admin.models import PaymentDay, Span, TimeBasis, db, transaction

Change = tuple[PaymentSnapshot | None, PaymentSnapshot]  # before (none at first sight) and after
_Place = tuple[TimeBasis, Span, date, Standing, str]
_Figures = tuple[int, int, int]
_SPAN = (PaymentDay.basis, PaymentDay.span, PaymentDay.day)
_SUMS = (PaymentDay.count, PaymentDay.gross_minor, PaymentDay.cancelled_minor)


def note(changes: Iterable[Change]) -> None:
    """Add what changed to the days it concerns, inside the caller's transaction."""
    sums: dict[_Place, _Figures] = {}
    for before, after in changes:
        if before is not None:
            for place, figures in _parts(before):
                _add(sums, place, [-figure for figure in figures])
        for place, figures in _parts(after):
            _add(sums, place, figures)
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
            sums: dict[_Place, _Figures] = {}
            for standing, method, *figures in gone:
                _add(sums, (basis, span, day, standing, method), figures)
            _insert(sums)


def _add(sums: dict[_Place, _Figures], place: _Place, figures: Iterable[int]) -> None:
    known = sums.get(place, (0, 0, 0))
    count, gross, cancelled = (old + new for old, new in zip(known, figures, strict=True))
    sums[place] = (count, gross, cancelled)


def _insert(sums: dict[_Place, _Figures]) -> None:
    rows = [
        {"basis": basis, "span": span, "day": day, "standing": standing, "method": method}
        | {"count": figures[0], "gross_minor": figures[1], "cancelled_minor": figures[2]}
        for (basis, span, day, standing, method), figures in sums.items()
        if any(figures)
    ]
    if rows:
        db.session.execute(sa.insert(PaymentDay), rows)


def _parts(payment: PaymentSnapshot) -> Iterable[tuple[_Place, _Figures]]:
    """Where one payment counts, and with what. Unpaid and failed ones count and add nothing."""
    came = payment.took_money
    figures = (
        1,
        payment.amount.minor if came else 0,
        payment.cancelled.minor if came else 0,
    )
    moments = (
        (TimeBasis.REQUESTED, payment.started_at),
        (TimeBasis.APPROVED, payment.paid_at),
        (TimeBasis.CANCELLED, payment.cancelled_at),
    )
    for basis, moment in moments:
        if moment is not None:
            day, kind = kst_date(moment), (payment.standing, payment.method)
            yield (basis, Span.DAY, day, *kind), figures
            yield (basis, Span.MONTH, day.replace(day=1), *kind), figures
