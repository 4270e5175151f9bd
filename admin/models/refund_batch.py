"""Many refunds decided at once: rehearsed, agreed to, and worked off row by row."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin.domain.approval import SecondWord
from admin.domain.money import Currency, Money
from admin.domain.refund_batch import BatchState, RowState
from admin.models.base import Base, Key, MinorUnits, Moment, text_enum


class RefundBatch(Base):
    """One list of refunds. `fingerprint` binds the second person's word to exactly these rows."""

    __tablename__ = "refund_batches"

    id: Mapped[Key]
    form_key: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = mapped_column(sa.String(160))  # the file's name, or "selection"
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    state: Mapped[BatchState] = mapped_column(text_enum(BatchState))
    reason: Mapped[str] = mapped_column(sa.String(40))  # code of the reason for all rows
    note: Mapped[str] = mapped_column(sa.Text)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("operators.id"))
    created_by: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[Moment]
    word: Mapped[SecondWord | None] = mapped_column(text_enum(SecondWord))  # None: nobody is asked
    expires_at: Mapped[Moment | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("operators.id"))
    decided_by: Mapped[str] = mapped_column(sa.String(80), default="")
    decided_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - as SQLAlchemy declares it

    rows: Mapped[list[RefundBatchRow]] = relationship(
        back_populates="batch", order_by="RefundBatchRow.position"
    )


class RefundBatchRow(Base):
    """One line: what was given, what it means, and what became of it."""

    __tablename__ = "refund_batch_rows"
    __table_args__ = (sa.UniqueConstraint("batch_id", "position"),)

    id: Mapped[Key]
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("refund_batches.id"))
    position: Mapped[int]  # the line in the file, from 1
    given: Mapped[str] = mapped_column(sa.String(300))  # the line as it was given
    payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payments.id"))
    currency: Mapped[Currency] = mapped_column(text_enum(Currency))
    amount_minor: Mapped[MinorUnits | None]
    seen_minor: Mapped[MinorUnits | None]  # what was left at the rehearsal
    state: Mapped[RowState] = mapped_column(text_enum(RowState))
    problem: Mapped[str] = mapped_column(sa.Text)  # message id of why it cannot go, or ""
    problem_values: Mapped[dict[str, str]] = mapped_column(sa.JSON)
    operation_id: Mapped[str | None] = mapped_column(sa.ForeignKey("operations.id"), index=True)

    batch: Mapped[RefundBatch] = relationship(back_populates="rows")

    @property
    def amount(self) -> Money | None:
        return None if self.amount_minor is None else Money(self.amount_minor, self.currency)
