"""The shop's own books: what the shop believes it sold, with line items."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin.domain.money import Currency, Money
from admin.domain.order_intake import OrderOrigin
from admin.domain.reconciliation.records import BookedOrder, BookedStatus
from admin.models.base import Base, BigKey, Key, MinorUnits, Moment, text_enum


class Order(Base):
    """One order as the shop's books have it. The gateway never saw this row."""

    __tablename__ = "orders"

    id: Mapped[Key]
    order_number: Mapped[str] = mapped_column(sa.String(80), unique=True)  # = merchant_uid
    ordered_at: Mapped[Moment] = mapped_column(index=True)
    order_name: Mapped[str] = mapped_column(sa.String(255))
    buyer_name: Mapped[str | None] = mapped_column(sa.String(80))
    buyer_email: Mapped[str | None] = mapped_column(sa.String(255))
    buyer_tel: Mapped[str | None] = mapped_column(sa.String(40))
    currency: Mapped[Currency] = mapped_column(text_enum(Currency))
    pay_method: Mapped[str | None] = mapped_column(sa.String(40))
    status: Mapped[BookedStatus] = mapped_column(text_enum(BookedStatus))  # what the shop believes
    amount_minor: Mapped[MinorUnits]
    cancelled_minor: Mapped[MinorUnits]
    paid_at: Mapped[Moment | None] = mapped_column(index=True)
    imp_uid: Mapped[str | None] = mapped_column(sa.String(32), index=True)
    escrow: Mapped[bool]
    origin: Mapped[OrderOrigin | None] = mapped_column(text_enum(OrderOrigin))  # None: long ago
    source_id: Mapped[int | None] = mapped_column(BigKey)  # OrderSource; none is ever deleted
    came_at: Mapped[Moment | None]
    changed_at: Mapped[Moment | None]

    items: Mapped[list[LineItem]] = relationship(
        back_populates="order", order_by="LineItem.position", cascade="all, delete-orphan"
    )

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    def booked(self) -> BookedOrder:
        """The row as reconciliation compares it."""
        total = sum(item.amount_minor for item in self.items)
        return BookedOrder(
            order_number=self.order_number,
            status=self.status,
            amount=self.amount,
            cancelled=Money(self.cancelled_minor, self.currency),
            paid_at=self.paid_at,
            imp_uid=self.imp_uid,
            escrow=self.escrow,
            items_total=Money(total, self.currency) if self.items else None,
        )


class LineItem(Base):
    """One line of an order: a `kcpProducts` entry of the guide."""

    __tablename__ = "line_items"
    __table_args__ = (sa.UniqueConstraint("order_id", "position"),)

    id: Mapped[Key]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("orders.id", ondelete="CASCADE"))
    position: Mapped[int]
    item_order_number: Mapped[str] = mapped_column(sa.String(80))  # kcpProducts.orderNumber
    name: Mapped[str] = mapped_column(sa.String(255))
    quantity: Mapped[int]
    amount_minor: Mapped[MinorUnits]  # of the whole line

    order: Mapped[Order] = relationship(back_populates="items")
