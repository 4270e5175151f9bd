"""Read jobs."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from admin.domain.job import JobLane, JobState
from admin.models import Job, db


def select_jobs(*, now: datetime, with_ticks: bool = False) -> sa.Select[Job]:
    """Jobs for newest-first paging by id; the quarter-minute sweeps only when asked for."""
    query = sa.select(Job)
    if not with_ticks:
        sweeps = sa.and_(Job.unique_key.startswith("tick:"), Job.lane == JobLane.MONEY)
        query = query.where(~sweeps, Job.due_at <= sa.func.coalesce(Job.started_at, now))
    return query


def find_latest(name: str) -> Job | None:
    """The job of this name that is at work, else the newest one that began."""
    query = (
        sa.select(Job)
        .where(Job.name == name, Job.started_at.is_not(None))
        .order_by(sa.case((Job.state == JobState.RUNNING, 0), else_=1), Job.id.desc())
        .limit(1)
    )
    return db.session.scalars(query).one_or_none()
