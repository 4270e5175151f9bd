"""Jobs: the row is the truth; the queue carries only its id."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from admin.domain.job import JobLane, JobState
from admin.models.base import Base, Key, Moment, text_enum


class Job(Base):
    """One piece of background work, inserted with the change that asks for it."""

    __tablename__ = "jobs"
    __table_args__ = (sa.Index("ix_jobs_state_due_at", "state", "due_at"),)

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(sa.String(80), index=True)  # the registered handler
    lane: Mapped[JobLane] = mapped_column(text_enum(JobLane))
    unique_key: Mapped[str] = mapped_column(sa.String(160), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    state: Mapped[JobState] = mapped_column(text_enum(JobState))
    attempt: Mapped[int] = mapped_column(default=0)  # fences a worker that lost its lease
    due_at: Mapped[Moment]
    lease_until: Mapped[Moment | None]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)  # 0: not known
    note: Mapped[str] = mapped_column(sa.String(255), default="")
    error: Mapped[str] = mapped_column(sa.Text, default="")
    created_by: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[Moment]
    started_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]
