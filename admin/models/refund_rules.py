"""What managers decide about refunds: the reasons there are, and who may give back how much."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from admin.domain.approval import Limit
from admin.domain.money import Money
from admin.models.base import Base, MinorUnits, Moment

SHOP = "shop"  # the scope of the limits that hold for everyone together


class RefundReason(Base):
    """One reason to choose from. Each refund keeps the words it was sent with."""

    __tablename__ = "refund_reasons"

    code: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    text: Mapped[str] = mapped_column(sa.String(80))  # Korean: the card company gets to read it
    english: Mapped[str] = mapped_column(sa.String(80))  # shown on English pages
    position: Mapped[int]
    is_active: Mapped[bool]


class RefundLimit(Base):
    """What a role, a person or the whole shop gives back without a second person, in won."""

    __tablename__ = "refund_limits"

    scope: Mapped[str] = mapped_column(sa.String(40), primary_key=True)  # shop, role:…, operator:…
    per_refund_minor: Mapped[MinorUnits | None]
    per_day_minor: Mapped[MinorUnits | None]
    changed_by: Mapped[str] = mapped_column(sa.String(80))
    changed_at: Mapped[Moment]

    @property
    def limit(self) -> Limit:
        return Limit(per_refund=_won(self.per_refund_minor), per_day=_won(self.per_day_minor))


def _won(minor: int | None) -> Money | None:
    return None if minor is None else Money(minor)
