"""The days on which Korean banks are closed beside weekends: data of the shop."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from admin.models.base import Base, Moment, ShortText


class Holiday(Base):
    """One closed weekday."""

    __tablename__ = "holidays"

    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[ShortText]
    added_by: Mapped[ShortText]
    added_at: Mapped[Moment]
