"""Escrow orders: payments whose money KCP holds, with the delivery that was registered."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin.domain.escrow import DeliveryNotice, EscrowState
from admin.models.base import Base, Key, Moment, text_enum
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

    escrow_order: Mapped[EscrowOrder] = relationship(back_populates="delivery")

    def notice(self) -> DeliveryNotice:
        """The parcel as the domain speaks of it."""
        return DeliveryNotice(
            company=self.company,
            invoice=self.invoice,
            sent_at=self.sent_at,
            applied_at=self.applied_at,
        )
