"""What each Korean day adds up to, kept with the payments so that sums never walk them."""

from __future__ import annotations

from datetime import date
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from admin.domain.payment import Standing
from admin.models.base import Base, Key, MinorUnits, text_enum


class TimeBasis(Enum):
    """Which moment of a payment a period goes by."""

    REQUESTED = "requested"
    APPROVED = "approved"
    CANCELLED = "cancelled"


class Span(Enum):
    """What a sum is of. Every payment counts in a day and in its month."""

    DAY = "day"
    MONTH = "month"


class PaymentDay(Base):
    """One addition to the sums of a day or month. Rows are only added, so that writers never wait
    for each other; the sum over all of them is what counts, and they are folded into one later.
    """

    __tablename__ = "payment_days"
    __table_args__ = (
        sa.Index(
            "ix_payment_days_all",
            *(
                "basis",
                "span",
                "day",
                "standing",
                "method",
                "count",
                "gross_minor",
                "cancelled_minor",
            ),
        ),
    )

    id: Mapped[Key]
    basis: Mapped[TimeBasis] = mapped_column(text_enum(TimeBasis))
    span: Mapped[Span] = mapped_column(text_enum(Span))
    day: Mapped[date] = mapped_column(sa.Date)  # of a month its first
    standing: Mapped[Standing] = mapped_column(text_enum(Standing))
    method: Mapped[str] = mapped_column(sa.String(40))
    count: Mapped[int] = mapped_column(sa.BigInteger)
    gross_minor: Mapped[MinorUnits]  # of payments whose money really came
    cancelled_minor: Mapped[MinorUnits]
