"""Read the days on which banks are closed."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from admin.models import Holiday, db


def closed_days() -> frozenset[date]:
    """Every weekday on which banks are closed, as the domain counts business days with it."""
    return frozenset(db.session.scalars(sa.select(Holiday.day)))


def holidays_from(day: date) -> list[Holiday]:
    """Holidays from `day` on, in their order."""
    return list(
        db.session.scalars(sa.select(Holiday).where(Holiday.day >= day).order_by(Holiday.day))
    )
