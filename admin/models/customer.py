"""Customers and their billing keys, as the shop knows them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin.models.base import Base, Key, Moment


class Customer(Base):
    """One person. The REST API has no list of customers; the shop's books name them."""

    __tablename__ = "customers"

    id: Mapped[Key]
    customer_number: Mapped[str] = mapped_column(sa.String(80), unique=True)
    name: Mapped[str] = mapped_column(sa.String(80), index=True)
    email: Mapped[str | None] = mapped_column(sa.String(255))
    tel: Mapped[str | None] = mapped_column(sa.String(40))
    tel_digits: Mapped[str | None] = mapped_column(sa.String(40), index=True)
    since: Mapped[Moment]

    billing_keys: Mapped[list[BillingKey]] = relationship(
        back_populates="customer", order_by="BillingKey.id"
    )


class BillingKey(Base):
    """A stored means of payment. The key itself stays at the gateway; we hold its address."""

    __tablename__ = "billing_keys"

    id: Mapped[Key]
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customers.id"), index=True)
    customer_uid: Mapped[str] = mapped_column(sa.String(80), unique=True)
    label: Mapped[str | None] = mapped_column(sa.String(80))
    known_to_gateway: Mapped[bool | None]  # None: never looked up
    card_name: Mapped[str | None] = mapped_column(sa.String(80))
    card_number: Mapped[str | None] = mapped_column(sa.String(40))  # masked by the gateway
    issued_at: Mapped[Moment | None]
    checked_at: Mapped[Moment | None]

    customer: Mapped[Customer] = relationship(back_populates="billing_keys")
