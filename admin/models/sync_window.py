"""Sync windows: how far the walk over the gateway's payments has come."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from admin.domain.payment import PaymentStatus
from admin.models.base import Base, Key, Moment, text_enum


class SyncWindow(Base):
    """One status over one span of time. Walked until two passes agree; then it is settled."""

    __tablename__ = "sync_windows"
    __table_args__ = (sa.UniqueConstraint("status", "start_at"),)

    id: Mapped[Key]
    status: Mapped[PaymentStatus] = mapped_column(text_enum(PaymentStatus))
    start_at: Mapped[Moment]
    end_at: Mapped[Moment]
    settled: Mapped[bool]
    passes: Mapped[int] = mapped_column(default=0)
    count: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(sa.String(64), default="")  # count, sums and ids of a pass
    unreadable: Mapped[int] = mapped_column(default=0)  # rows the gateway sent that made no sense
    walked_at: Mapped[Moment | None]
