"""Read people."""

from __future__ import annotations

import sqlalchemy as sa

from admin.models import Operator, db


def active_operators() -> list[Operator]:
    """Everyone who can sign in, by name."""
    query = sa.select(Operator).where(Operator.active.is_(True)).order_by(Operator.name)
    return list(db.session.scalars(query))
