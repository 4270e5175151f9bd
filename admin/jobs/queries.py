"""Read jobs."""

from __future__ import annotations

import sqlalchemy as sa

from admin.models import Job, db


def select_jobs(*, with_ticks: bool = False) -> sa.Select[Job]:
    """Jobs for newest-first paging by id; the quarter-minute ticks only when asked for."""
    query = sa.select(Job)
    if not with_ticks:
        query = query.where(~Job.unique_key.startswith("tick:"))
    return query


def find_latest(name: str) -> Job | None:
    """The newest job of this name."""
    query = sa.select(Job).where(Job.name == name).order_by(Job.id.desc()).limit(1)
    return db.session.scalars(query).one_or_none()
