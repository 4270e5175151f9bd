"""Notes that staff leave on a payment."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin.models.base import Base, Key, Moment
from admin.models.operator import Operator

UNOPENED = sa.text("opened_at IS NULL")


class Note(Base):
    """One note. It stays among staff and is never changed."""

    __tablename__ = "notes"

    id: Mapped[Key]
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payments.id"), index=True)
    body: Mapped[str] = mapped_column(sa.Text)
    author: Mapped[str] = mapped_column(sa.String(80))
    written_at: Mapped[Moment]

    mentions: Mapped[list[NoteMention]] = relationship(
        back_populates="note", order_by="NoteMention.operator_id"
    )


class NoteMention(Base):
    """A person whom a note calls. It waits on their first page until they opened the payment."""

    __tablename__ = "note_mentions"
    __table_args__ = (
        sa.Index(
            "ix_note_mentions_waiting",
            "operator_id",
            "note_id",
            sqlite_where=UNOPENED,
            postgresql_where=UNOPENED,
        ),
    )

    note_id: Mapped[int] = mapped_column(sa.ForeignKey("notes.id"), primary_key=True)
    operator_id: Mapped[int] = mapped_column(sa.ForeignKey("operators.id"), primary_key=True)
    opened_at: Mapped[Moment | None]

    note: Mapped[Note] = relationship(back_populates="mentions")
    operator: Mapped[Operator] = relationship()
