"""Payments: the mirror of what the gateway says, one row a payment."""

from __future__ import annotations

import zlib
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin.domain.clock import to_epoch
from admin.domain.escrow import EscrowState
from admin.domain.merging import in_order
from admin.domain.money import Currency, Money
from admin.domain.payment import (
    Cancellation,
    PaymentSnapshot,
    PaymentState,
    PaymentStatus,
    Standing,
    state_at,
)
from admin.models.base import Base, BigKey, Key, MinorUnits, Moment, text_enum

if TYPE_CHECKING:
    from admin.models.cash_receipt import CashReceipt
    from admin.models.escrow_order import EscrowOrder
    from admin.models.inquiry import Inquiry
    from admin.models.note import Note
    from admin.models.operation import MoneyOperation

# Fields of the snapshot that stand in a column of the same name.
PLAIN_FIELDS = (
    "imp_uid merchant_uid status started_at paid_at failed_at cancelled_at pay_method wallet "
    "pg_provider pg_tid pg_id channel sandbox escrow apply_num card_code card_name card_number "
    "card_quota card_type bank_code bank_name vbank_code vbank_name vbank_num vbank_holder "
    "vbank_due_at vbank_issued_at order_name buyer_name buyer_email buyer_tel buyer_addr "
    "buyer_postcode customer_uid customer_uid_usage custom_data fail_reason cancel_reason "
    "receipt_url cash_receipt_issued extra"
).split()
plain_values = attrgetter(*PLAIN_FIELDS)  # of a snapshot, in that order


def time_ordered_id(started_at: datetime, imp_uid: str) -> int:
    """A 64-bit key in time order: seconds, then 20 bits drawn from the gateway's number.

    Rows arrive out of order; keys that follow `started_at` keep every list an index walk.
    """
    return (to_epoch(started_at) << 20) | (zlib.crc32(imp_uid.encode()) & 0xFFFFF)


# Few among many: what a charge of a billing key left behind that came to nothing.
FAILED_RECURRING = sa.text("failed_at IS NOT NULL AND customer_uid IS NOT NULL")
# Written the same way in the query, or SQLite does not see that the index serves it.
CASH_RECEIPT = sa.text("cash_receipt_issued")


class Payment(Base):
    """One payment. Amounts are in minor units (won for KRW), never negative."""

    __tablename__ = "payments"
    __table_args__ = (
        sa.CheckConstraint("cancelled_minor BETWEEN 0 AND amount_minor", name="cancelled_within"),
        sa.Index("ix_payments_started_at_id", "started_at", "id"),
        sa.Index("ix_payments_paid_at_id", "paid_at", "id"),
        sa.Index("ix_payments_cancelled_at_id", "cancelled_at", "id"),
        sa.Index("ix_payments_standing_started_at_id", "standing", "started_at", "id"),
        sa.Index("ix_payments_standing_paid_at_id", "standing", "paid_at", "id"),
        sa.Index("ix_payments_method_started_at_id", "method", "started_at", "id"),
        sa.Index("ix_payments_standing_vbank_due_at", "standing", "vbank_due_at"),
        sa.Index("ix_payments_amount_minor_id", "amount_minor", "id"),
        sa.Index("ix_payments_merchant_uid_id", "merchant_uid", "id"),
        sa.Index(
            "ix_payments_failed_recurring",
            "failed_at",
            sqlite_where=FAILED_RECURRING,
            postgresql_where=FAILED_RECURRING,
        ),
        sa.Index(
            "ix_payments_cash_receipt",
            "id",
            sqlite_where=CASH_RECEIPT,
            postgresql_where=CASH_RECEIPT,
        ),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    imp_uid: Mapped[str] = mapped_column(sa.String(32), unique=True)  # issued by the gateway
    merchant_uid: Mapped[str] = mapped_column(sa.String(80))  # issued by the shop
    status: Mapped[PaymentStatus] = mapped_column(text_enum(PaymentStatus))
    standing: Mapped[Standing] = mapped_column(text_enum(Standing))  # judged from the others
    currency: Mapped[Currency] = mapped_column(text_enum(Currency))
    amount_minor: Mapped[MinorUnits]
    cancelled_minor: Mapped[MinorUnits] = mapped_column(default=0)
    started_at: Mapped[Moment]
    paid_at: Mapped[Moment | None]
    failed_at: Mapped[Moment | None]
    cancelled_at: Mapped[Moment | None]
    pay_method: Mapped[str] = mapped_column(sa.String(40))
    wallet: Mapped[str | None] = mapped_column(sa.String(40))
    method: Mapped[str] = mapped_column(sa.String(40))  # the wallet, else the pay_method
    pg_provider: Mapped[str | None] = mapped_column(sa.String(40))
    pg_tid: Mapped[str | None] = mapped_column(sa.String(80), index=True)
    pg_id: Mapped[str | None] = mapped_column(sa.String(80))
    channel: Mapped[str | None] = mapped_column(sa.String(20))
    sandbox: Mapped[bool]
    escrow: Mapped[bool]
    apply_num: Mapped[str | None] = mapped_column(sa.String(40), index=True)
    card_code: Mapped[str | None] = mapped_column(sa.String(20))
    card_name: Mapped[str | None] = mapped_column(sa.String(80))
    card_number: Mapped[str | None] = mapped_column(sa.String(40))  # masked by the gateway
    card_quota: Mapped[int]
    card_type: Mapped[int | None]
    bank_code: Mapped[str | None] = mapped_column(sa.String(20))
    bank_name: Mapped[str | None] = mapped_column(sa.String(80))
    vbank_code: Mapped[str | None] = mapped_column(sa.String(20))
    vbank_name: Mapped[str | None] = mapped_column(sa.String(80))
    vbank_num: Mapped[str | None] = mapped_column(sa.String(40))
    vbank_holder: Mapped[str | None] = mapped_column(sa.String(80))
    vbank_due_at: Mapped[Moment | None]
    vbank_issued_at: Mapped[Moment | None]
    order_name: Mapped[str | None] = mapped_column(sa.String(255))
    buyer_name: Mapped[str | None] = mapped_column(sa.String(80))
    buyer_email: Mapped[str | None] = mapped_column(sa.String(255))
    buyer_tel: Mapped[str | None] = mapped_column(sa.String(40))
    buyer_tel_digits: Mapped[str | None] = mapped_column(sa.String(40), index=True)
    buyer_addr: Mapped[str | None] = mapped_column(sa.String(255))
    buyer_postcode: Mapped[str | None] = mapped_column(sa.String(20))
    customer_uid: Mapped[str | None] = mapped_column(sa.String(80), index=True)
    customer_uid_usage: Mapped[str | None] = mapped_column(sa.String(40))
    custom_data: Mapped[str | None] = mapped_column(sa.Text)
    fail_reason: Mapped[str | None] = mapped_column(sa.Text)
    cancel_reason: Mapped[str | None] = mapped_column(sa.Text)
    receipt_url: Mapped[str | None] = mapped_column(sa.Text)
    cash_receipt_issued: Mapped[bool]
    extra: Mapped[str | None] = mapped_column(sa.Text)
    fetch_seq: Mapped[int] = mapped_column(sa.BigInteger)  # order of the look that was applied
    checked_at: Mapped[Moment]  # when the gateway last confirmed this row
    quarantined: Mapped[bool] = mapped_column(default=False)  # the gateway contradicted itself
    version: Mapped[int] = mapped_column(default=1)

    cancellations: Mapped[list[PaymentCancellation]] = relationship(
        back_populates="payment", order_by="PaymentCancellation.cancelled_at"
    )
    operations: Mapped[list[MoneyOperation]] = relationship(
        primaryjoin="foreign(MoneyOperation.imp_uid) == Payment.imp_uid",
        order_by="MoneyOperation.created_at",
        viewonly=True,
    )
    notes: Mapped[list[Note]] = relationship(order_by="Note.id", viewonly=True)
    inquiries: Mapped[list[Inquiry]] = relationship(order_by="Inquiry.id", viewonly=True)
    escrow_order: Mapped[EscrowOrder | None] = relationship(back_populates="payment")
    cash_receipt: Mapped[CashReceipt | None] = relationship(viewonly=True)

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def cancelled(self) -> Money:
        return Money(self.cancelled_minor, self.currency)

    @property
    def cancellable(self) -> Money:
        return self.amount - self.cancelled

    @property
    def escrow_state(self) -> EscrowState | None:
        """Where its escrow order stands; None for any other payment."""
        order = self.escrow_order if self.escrow else None
        return order.state if order is not None else None

    def state(self, now: datetime) -> PaymentState:
        """What people call it at this hour."""
        return state_at(self.standing, due_at=self.vbank_due_at, now=now)

    def snapshot(self) -> PaymentSnapshot:
        """The row as the domain speaks of it."""
        plain = {name: getattr(self, name) for name in PLAIN_FIELDS}
        return PaymentSnapshot(
            **plain,
            amount=self.amount,
            cancelled=self.cancelled,
            cancellations=in_order(entry.as_domain(self.currency) for entry in self.cancellations),
        )

    def apply(self, snapshot: PaymentSnapshot) -> None:
        """Take over every field of a merged snapshot. Only `mirror` calls this."""
        for name, value in columns_of(snapshot).items():
            setattr(self, name, value)
        known = {entry.key for entry in self.cancellations}
        for entry in snapshot.cancellations:
            if entry.key not in known:
                self.cancellations.append(PaymentCancellation.of(entry))


class PaymentCancellation(Base):
    """One entry of the gateway's cancel history; entries are only ever added."""

    __tablename__ = "payment_cancellations"
    __table_args__ = (sa.UniqueConstraint("payment_id", "key"),)

    id: Mapped[Key]
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payments.id"))
    key: Mapped[str] = mapped_column(sa.String(160))  # tells the entries of one payment apart
    # Issued by the gateway, or "".
    cancellation_id: Mapped[str] = mapped_column(sa.String(80), index=True)
    amount_minor: Mapped[MinorUnits]
    cancelled_at: Mapped[Moment] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(sa.Text)
    pg_tid: Mapped[str] = mapped_column(sa.String(80))
    receipt_url: Mapped[str | None] = mapped_column(sa.Text)

    payment: Mapped[Payment] = relationship(back_populates="cancellations")

    @classmethod
    def of(cls, entry: Cancellation) -> PaymentCancellation:
        """The row for one entry."""
        return cls(**columns_of_cancellation(entry))

    def as_domain(self, currency: Currency) -> Cancellation:
        """The entry as the domain speaks of it."""
        return Cancellation(
            cancellation_id=self.cancellation_id,
            amount=Money(self.amount_minor, currency),
            cancelled_at=self.cancelled_at,
            reason=self.reason,
            pg_tid=self.pg_tid,
            receipt_url=self.receipt_url,
        )


def columns_of(snapshot: PaymentSnapshot) -> dict[str, Any]:
    """What a snapshot puts into the columns of its row, cancellations apart."""
    return {
        **dict(zip(PLAIN_FIELDS, plain_values(snapshot), strict=True)),
        "standing": snapshot.standing,
        "method": snapshot.method,
        "currency": snapshot.currency,
        "amount_minor": snapshot.amount.minor,
        "cancelled_minor": snapshot.cancelled.minor,
        "buyer_tel_digits": digits_of(snapshot.buyer_tel),
    }


def columns_of_cancellation(entry: Cancellation) -> dict[str, Any]:
    """What one entry of the cancel history puts into its row."""
    return {
        "key": entry.key,
        "cancellation_id": entry.cancellation_id,
        "amount_minor": entry.amount.minor,
        "cancelled_at": entry.cancelled_at,
        "reason": entry.reason,
        "pg_tid": entry.pg_tid,
        "receipt_url": entry.receipt_url,
    }


def digits_of(text: str | None) -> str | None:
    """Only the digits, as phone numbers are compared."""
    return "".join(filter(str.isdecimal, text)) if text else None
