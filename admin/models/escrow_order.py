"""Escrow orders: payments whose money KCP holds, the delivery registered, and what was decided."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin.domain.clock import kst_date
from admin.domain.escrow import Decision, DeliveryNotice, EscrowState, Evidence
from admin.models.base import Base, Key, Moment, ShortText, Text, text_enum
from admin.models.payment import Payment


class EscrowOrder(Base):
    """One payment made with `escrow: true`. The items stand in the shop's order of that number."""

    __tablename__ = "escrow_orders"
    __table_args__ = (sa.Index("ix_escrow_orders_state_id", "state", "payment_id"),)

    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payments.id"), primary_key=True)
    state: Mapped[EscrowState] = mapped_column(text_enum(EscrowState))
    looked_at: Mapped[Moment | None]  # when the gateway was last asked for a delivery

    payment: Mapped[Payment] = relationship(back_populates="escrow_order")
    delivery: Mapped[Delivery | None] = relationship(back_populates="escrow_order")
    decisions: Mapped[list[EscrowDecision]] = relationship(order_by="EscrowDecision.id")


class Delivery(Base):
    """The parcel as the gateway holds it. KCP lets nobody correct it through the API."""

    __tablename__ = "deliveries"

    id: Mapped[Key]
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("escrow_orders.payment_id"), unique=True)
    company: Mapped[str] = mapped_column(sa.String(20))  # the gateway's courier code
    invoice: Mapped[str] = mapped_column(sa.String(40), index=True)
    sent_at: Mapped[Moment]
    applied_at: Mapped[Moment | None]
    operation_id: Mapped[str | None] = mapped_column(sa.String(26))  # None: registered elsewhere
    arrived_on: Mapped[date | None]  # a Korean day; what staff know of it
    arrival_by: Mapped[ShortText | None]
    arrival_at: Mapped[Moment | None]  # when it was written down

    escrow_order: Mapped[EscrowOrder] = relationship(back_populates="delivery")

    def notice(self) -> DeliveryNotice:
        """The parcel as the domain speaks of it."""
        return DeliveryNotice(
            company=self.company,
            invoice=self.invoice,
            sent_at=self.sent_at,
            applied_at=self.applied_at,
        )

    @property
    def registered_on(self) -> date:
        """The Korean day on which KCP took it."""
        return kst_date(self.applied_at or self.sent_at)


class EscrowDecision(Base):
    """One record of what the buyer decided; never changed. The latest of an order holds."""

    __tablename__ = "escrow_decisions"
    __table_args__ = (
        # An order has one first record, and each record is corrected once.
        sa.Index(
            "uq_escrow_decisions_first",
            "payment_id",
            unique=True,
            sqlite_where=sa.text("corrects_id IS NULL"),
            postgresql_where=sa.text("corrects_id IS NULL"),
        ),
        sa.Index("ix_escrow_decisions_payment_id_id", "payment_id", "id"),
    )

    id: Mapped[Key]
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("escrow_orders.payment_id"))
    decision: Mapped[Decision] = mapped_column(text_enum(Decision))
    decided_on: Mapped[date]  # a Korean day
    evidence: Mapped[Evidence] = mapped_column(text_enum(Evidence))
    note: Mapped[Text]  # what was said or seen; for a rule the day it counts from
    corrects_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("escrow_decisions.id"), unique=True
    )
    recorded_by: Mapped[ShortText]
    operator_id: Mapped[int | None] = mapped_column(sa.ForeignKey("operators.id"))
    created_at: Mapped[Moment]
