"""Many refunds decided at once: rehearsed, agreed to, and worked off row by row."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin.domain.approval import SecondWord
from admin.domain.money import Currency, Money
from admin.models.base import MinorUnits, Moment, text_enum
from admin.models.batch import Batch, BatchRow


class RefundBatch(Batch):
    """One list of refunds. `fingerprint` binds the second person's word to exactly these rows."""

    __tablename__ = "refund_batches"

    reason: Mapped[str] = mapped_column(sa.String(40))  # code of the reason for all rows
    note: Mapped[str] = mapped_column(sa.Text)
    word: Mapped[SecondWord | None] = mapped_column(text_enum(SecondWord))  # None: nobody is asked
    expires_at: Mapped[Moment | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("operators.id"))
    decided_by: Mapped[str] = mapped_column(sa.String(80), default="")
    decided_at: Mapped[Moment | None]

    rows: Mapped[list[RefundBatchRow]] = relationship(
        back_populates="batch", order_by="RefundBatchRow.position"
    )


class RefundBatchRow(BatchRow):
    """One refund of a list."""

    __tablename__ = "refund_batch_rows"
    __table_args__ = (sa.UniqueConstraint("batch_id", "position"),)

    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("refund_batches.id"))
    currency: Mapped[Currency] = mapped_column(text_enum(Currency))
    amount_minor: Mapped[MinorUnits | None]
    seen_minor: Mapped[MinorUnits | None]  # what was left at the rehearsal

    batch: Mapped[RefundBatch] = relationship(back_populates="rows")

    @property
    def amount(self) -> Money | None:
        return None if self.amount_minor is None else Money(self.amount_minor, self.currency)
