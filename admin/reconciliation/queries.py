"""Read runs, discrepancies and our side of a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from admin.domain.money import Money
from admin.domain.reconciliation.records import BookedOrder
from admin.models import Discrepancy, Order, ReconciliationRun, db
from admin.models.reconciliation import DiscrepancyState

CHUNK = 500


def booked_on(start: datetime, end: datetime) -> list[BookedOrder]:
    """What the books have for the day: paid on it, or ordered on it and never paid."""
    query = (
        sa.select(Order)
        .where(
            sa.or_(
                sa.and_(Order.paid_at >= start, Order.paid_at < end),
                sa.and_(Order.paid_at.is_(None), Order.ordered_at >= start, Order.ordered_at < end),
            )
        )
        .options(selectinload(Order.items))
        .order_by(Order.order_number)
    )
    return [order.booked() for order in db.session.scalars(query)]


def orders_named(numbers: Iterable[str]) -> list[BookedOrder]:
    """The booked orders with these numbers."""
    wanted = sorted(numbers)
    found: list[BookedOrder] = []
    for start in range(0, len(wanted), CHUNK):
        query = (
            sa.select(Order)
            .where(Order.order_number.in_(wanted[start : start + CHUNK]))
            .options(selectinload(Order.items))
        )
        found.extend(order.booked() for order in db.session.scalars(query))
    return found


def latest_run(day: date | None = None) -> ReconciliationRun | None:
    """The newest run, of one day or of all."""
    query = sa.select(ReconciliationRun).order_by(ReconciliationRun.id.desc()).limit(1)
    if day is not None:
        query = query.where(ReconciliationRun.day == day)
    return db.session.scalars(query).one_or_none()


def discrepancies(
    *, state: DiscrepancyState | None = None, day: date | None = None
) -> list[Discrepancy]:
    """Discrepancies, the most severe and the largest first."""
    query = sa.select(Discrepancy)
    if state is not None:
        query = query.where(Discrepancy.state == state)
    if day is not None:
        query = query.where(Discrepancy.day == day)
    rows = db.session.scalars(query.limit(1000))
    return sorted(rows, key=lambda row: (row.severity.rank, -row.at_risk_minor, row.id))


def count_by_state(day: date | None = None) -> dict[DiscrepancyState, int]:
    """How many are open and how many settled."""
    query = sa.select(Discrepancy.state, sa.func.count()).group_by(Discrepancy.state)
    if day is not None:
        query = query.where(Discrepancy.day == day)
    return dict(db.session.execute(query).all())


def open_at_risk() -> Money:
    """The money that open discrepancies are about."""
    query = sa.select(sa.func.sum(Discrepancy.at_risk_minor)).where(
        Discrepancy.state == DiscrepancyState.OPEN
    )
    return Money(int(db.session.execute(query).scalar() or 0))


def find_run(run_id: int) -> ReconciliationRun | None:
    """One run."""
    return db.session.get(ReconciliationRun, run_id)


def latest_runs(limit: int = 12) -> list[ReconciliationRun]:
    """The newest runs."""
    query = sa.select(ReconciliationRun).order_by(ReconciliationRun.id.desc()).limit(limit)
    return list(db.session.scalars(query))


def find_discrepancy(discrepancy_id: int) -> Discrepancy | None:
    """One discrepancy."""
    return db.session.get(Discrepancy, discrepancy_id)
