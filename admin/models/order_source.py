"""Programs of the shop that bring orders, each by a token of its own."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from admin.models.base import Base, Key, Moment


class OrderSource(Base):
    """One program. The token itself is nowhere: it is random, so its SHA-256 gives nothing away."""

    __tablename__ = "order_sources"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)
    token_start: Mapped[str] = mapped_column(sa.String(16))  # to tell tokens apart by eye
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("operators.id"))
    created_by: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[Moment]
    last_used_at: Mapped[Moment | None]
    revoked_at: Mapped[Moment | None]
    revoked_by: Mapped[str] = mapped_column(sa.String(80), default="")
