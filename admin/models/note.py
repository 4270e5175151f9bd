"""Notes that staff leave on a payment."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from admin.models.base import Base, Key, Moment


class Note(Base):
    """One note. It stays among staff and is never changed."""

    __tablename__ = "notes"

    id: Mapped[Key]
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payments.id"), index=True)
    body: Mapped[str] = mapped_column(sa.Text)
    author: Mapped[str] = mapped_column(sa.String(80))
    written_at: Mapped[Moment]
