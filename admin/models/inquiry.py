"""Inquiries: a customer's question, who owns it and what was written."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin.domain.inquiry import InquiryChannel, InquiryEntryKind, InquiryState
from admin.models.base import Base, Key, Moment, text_enum
from admin.models.operator import Operator
from admin.models.payment import Payment


class Inquiry(Base):
    """One question about a payment, or about nothing we hold yet."""

    __tablename__ = "inquiries"
    __table_args__ = (sa.Index("ix_inquiries_state_id", "state", "id"),)

    id: Mapped[Key]
    payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payments.id"), index=True)
    subject: Mapped[str] = mapped_column(sa.String(200))
    question: Mapped[str] = mapped_column(sa.Text)
    channel: Mapped[InquiryChannel] = mapped_column(text_enum(InquiryChannel))
    customer_name: Mapped[str] = mapped_column(sa.String(80))
    state: Mapped[InquiryState] = mapped_column(text_enum(InquiryState))
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("operators.id"), index=True)
    created_by: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[Moment]
    answered_at: Mapped[Moment | None]
    closed_at: Mapped[Moment | None]

    payment: Mapped[Payment | None] = relationship()
    owner: Mapped[Operator | None] = relationship()
    entries: Mapped[list[InquiryEntry]] = relationship(
        back_populates="inquiry", order_by="InquiryEntry.id"
    )


class InquiryEntry(Base):
    """One answer or note. Entries are only ever added."""

    __tablename__ = "inquiry_entries"

    id: Mapped[Key]
    inquiry_id: Mapped[int] = mapped_column(sa.ForeignKey("inquiries.id"), index=True)
    kind: Mapped[InquiryEntryKind] = mapped_column(text_enum(InquiryEntryKind))
    body: Mapped[str] = mapped_column(sa.Text)
    author: Mapped[str] = mapped_column(sa.String(80))
    written_at: Mapped[Moment]

    inquiry: Mapped[Inquiry] = relationship(back_populates="entries")
