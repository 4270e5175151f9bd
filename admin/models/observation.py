"""Observations: what the gateway said about a payment at one moment. Append-only."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin.models.base import Base, Key, Moment
from admin.models.payment import Payment


class Observation(Base):
    """One look that told something: a first sight, a change, a contradiction, or a person's check.

    A look that finds nothing new only moves `Payment.checked_at`. What a look changed is kept with
    it, so its values are as personal as the payment's own and end when those do.
    """

    __tablename__ = "observations"

    id: Mapped[Key]
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payments.id"), index=True)
    source: Mapped[str] = mapped_column(sa.String(40))  # sync, webhook, check, resolver, …
    fetch_seq: Mapped[int] = mapped_column(sa.BigInteger)
    seen_at: Mapped[Moment]
    changed: Mapped[list[str]] = mapped_column(sa.JSON)  # names of fields; empty: nothing new
    # {field: [before, after]} of what changed; None at a first sight, and where nothing was kept
    deltas: Mapped[dict[str, list[Any]] | None] = mapped_column(sa.JSON(none_as_null=True))
    conflicts: Mapped[list[str]] = mapped_column(sa.JSON)  # immutable fields that differed
    stale: Mapped[bool]
    status: Mapped[str] = mapped_column(sa.String(20))
    cancelled_minor: Mapped[int] = mapped_column(sa.BigInteger)

    payment: Mapped[Payment] = relationship()
