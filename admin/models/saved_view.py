"""Saved views: a list's question under a name, and the watch that may stand over it."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin.domain.watch import Measure, Side
from admin.models.base import Base, Key, Moment, text_enum
from admin.models.operator import Operator


class SavedView(Base):
    """One person's question to one list. Its query string is the state; nothing else is kept."""

    __tablename__ = "saved_views"
    __table_args__ = (
        sa.UniqueConstraint("owner_id", "list_name", "name"),
        sa.Index("ix_saved_views_list_name_is_shared", "list_name", "is_shared"),
    )

    id: Mapped[Key]
    list_name: Mapped[str] = mapped_column(sa.String(40))
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("operators.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    query: Mapped[str] = mapped_column(sa.Text)
    is_shared: Mapped[bool]
    created_at: Mapped[Moment]
    changed_at: Mapped[Moment]

    owner: Mapped[Operator] = relationship()
    watch: Mapped[Watch | None] = relationship(back_populates="view")


class Watch(Base):
    """A limit over what a view of payments holds, and what was found when it was last looked at."""

    __tablename__ = "watches"

    view_id: Mapped[int] = mapped_column(
        sa.ForeignKey("saved_views.id"), primary_key=True, autoincrement=False
    )
    measure: Mapped[Measure] = mapped_column(text_enum(Measure))
    side: Mapped[Side] = mapped_column(text_enum(Side))
    limit: Mapped[int] = mapped_column(sa.BigInteger)  # payments, won or minutes
    value: Mapped[int | None] = mapped_column(sa.BigInteger)  # in the same unit
    is_capped: Mapped[bool] = mapped_column(default=False)  # there are more than `value`
    is_crossed: Mapped[bool] = mapped_column(default=False)
    crossed_at: Mapped[Moment | None]  # since when it is
    evaluated_at: Mapped[Moment | None]
    problem: Mapped[str] = mapped_column(sa.Text, default="")  # message id of why it is not known
    snoozed_until: Mapped[date | None]  # the Korean day on which it speaks again
    snooze_reason: Mapped[str] = mapped_column(sa.Text, default="")
    snoozed_by: Mapped[str] = mapped_column(sa.String(80), default="")

    view: Mapped[SavedView] = relationship(back_populates="watch")


class WatchPoint(Base):
    """What one look found. After a week the last one of a Korean day stands for the day."""

    __tablename__ = "watch_points"
    __table_args__ = (sa.Index("ix_watch_points_view_id_at", "view_id", "at"),)

    id: Mapped[Key]
    view_id: Mapped[int] = mapped_column(sa.ForeignKey("watches.view_id"))
    at: Mapped[Moment]
    value: Mapped[int] = mapped_column(sa.BigInteger)
    is_crossed: Mapped[bool]
