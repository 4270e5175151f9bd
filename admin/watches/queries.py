"""Read watches, what they found, and what matches under them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from admin.domain.actor import Actor
from admin.domain.watch import Measure
from admin.models import Operator, SavedView, Watch, WatchPoint, db
from admin.payments.finding import MANY, Plan, count_up_to, oldest
from admin.payments.sums import total

SHOWN = 48  # looks that a small drawing holds


def visible_watches(actor: Actor) -> list[Watch]:
    """The watches `actor` sees, one's own first, what is beyond its limit before the others."""
    own = SavedView.owner_id == actor.operator_id
    query = (
        sa.select(Watch)
        .join(Watch.view)
        .join(SavedView.owner)
        .options(contains_eager(Watch.view).contains_eager(SavedView.owner))
        .where(sa.or_(own, SavedView.is_shared))
        .order_by(Watch.is_crossed.desc(), sa.case((own, 0), else_=1), SavedView.name)
    )
    return list(db.session.scalars(query))


def watched() -> list[int]:
    """The watches that somebody can see: shared ones, and those of people who still work here."""
    query = (
        sa.select(Watch.view_id)
        .join(Watch.view)
        .join(SavedView.owner)
        .where(sa.or_(SavedView.is_shared, Operator.active))
        .order_by(Watch.view_id)
    )
    return list(db.session.scalars(query))


def points_of(view_id: int, most: int = SHOWN) -> list[WatchPoint]:
    """The newest looks, oldest of them first."""
    query = (
        sa.select(WatchPoint)
        .where(WatchPoint.view_id == view_id)
        .order_by(WatchPoint.at.desc(), WatchPoint.id.desc())
        .limit(most)
    )
    return list(db.session.scalars(query))[::-1]


def measured(drawn: Plan, measure: Measure, limit: int) -> tuple[int | None, bool]:
    """What a plan holds in the measure's unit, and whether there is more than that.

    It is counted as far as the limit needs, so that which side of it is always certain.
    """
    if measure is Measure.SUM:
        return total(drawn).net.minor, False
    if measure is Measure.AGE:
        first = oldest(drawn)
        return (None if first is None else _minutes(first, drawn.now)), False
    if drawn.is_exact:
        return total(drawn).count, False
    most = max(MANY, limit + 1)
    found = count_up_to(drawn, most)
    return min(found, most), found > most


def _minutes(first: datetime, now: datetime) -> int:
    return max(int((now - first).total_seconds()) // 60, 0)
