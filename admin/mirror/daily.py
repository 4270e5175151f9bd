"""Keep the sums of each day in step with the payments: what a change takes away and adds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import sqlalchemy as sa

from admin.domain.clock import kst_date
from admin.domain.payment import PaymentSnapshot
from admin.models import PaymentDay, TimeBasis, db, transaction

Change = tuple[PaymentSnapshot | None, PaymentSnapshot]  # before (none at first sight) and after
_Figures = tuple[int, int, int]
_PLACE = (PaymentDay.basis, PaymentDay.day, PaymentDay.standing, PaymentDay.method)
_SUMS = (PaymentDay.count, PaymentDay.gross_minor, PaymentDay.cancelled_minor)


def note(changes: Iterable[Change]) -> None:
    """Add what changed to the days it concerns, inside the caller's transaction."""
    sums: dict[tuple[object, ...], _Figures] = defaultdict(lambda: (0, 0, 0))
    for before, after in changes:
        for payment, sign in ((before, -1), (after, 1)):
            if payment is None:
                continue
            for place, figures in _parts(payment):
                count, gross, cancelled = sums[place]
                sums[place] = (
                    count + sign * figures[0],
                    gross + sign * figures[1],
                    cancelled + sign * figures[2],
                )
    rows = [
        {"basis": basis, "day": day, "standing": standing, "method": method}
        | {"count": figures[0], "gross_minor": figures[1], "cancelled_minor": figures[2]}
        for (basis, day, standing, method), figures in sums.items()
        if any(figures)
    ]
    if rows:
        db.session.execute(sa.insert(PaymentDay), rows)


def fold() -> None:
    """Make one row of all that share a day, a standing and a method. The sums stay the same."""
    with transaction():
        several = (
            sa.select(*_PLACE).group_by(*_PLACE).having(sa.func.count() > 1).limit(5_000)
        )
        for place in db.session.execute(several).all():
            here = sa.and_(*(column == value for column, value in zip(_PLACE, place, strict=True)))
            gone = db.session.execute(
                sa.delete(PaymentDay)
                .where(here)
                .returning(*_SUMS)
                .execution_options(synchronize_session=False)
            ).all()
            count, gross, cancelled = (sum(row[at] for row in gone) for at in range(3))
            if count or gross or cancelled:
                values = dict(zip([column.key for column in _PLACE], place, strict=True))
                values |= {"count": count, "gross_minor": gross, "cancelled_minor": cancelled}
                db.session.execute(sa.insert(PaymentDay).values(**values))


def _parts(payment: PaymentSnapshot) -> Iterable[tuple[tuple[object, ...], _Figures]]:
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
            yield (basis, kst_date(moment), payment.standing, payment.method), figures
