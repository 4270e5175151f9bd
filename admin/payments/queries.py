"""Single payments, and what stands around them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from admin.domain.search.query import Field
from admin.models import (
    CashReceipt,
    Discrepancy,
    Inquiry,
    MoneyOperation,
    Note,
    NoteMention,
    Observation,
    Payment,
    PaymentCancellation,
    db,
)
from admin.payments.finding import MANY

SHORTEST_NUMBER = 6  # what is shorter is a part of a number, if it is one at all


# Where a number may stand, and the key of the payment there; each is found by an index.
_NUMBERS = (
    (Payment.id, Payment.imp_uid),
    (Payment.id, Payment.merchant_uid),
    (Payment.id, Payment.apply_num),
    (Payment.id, Payment.pg_tid),
    (PaymentCancellation.payment_id, PaymentCancellation.cancellation_id),
    (CashReceipt.payment_id, CashReceipt.apply_num),
)


def find_exact(text: str) -> int | None:
    """The key of the one payment that this is a number of: the gateway's, or the only one of its
    order, approval, transaction, cancellation or cash receipt."""
    if len(text) < SHORTEST_NUMBER:
        return None
    for key, column in _NUMBERS:
        found = db.session.scalars(sa.select(key).where(column == text).limit(2)).all()
        if found:
            return found[0] if len(found) == 1 else None
    return None


def get_payment(payment_id: int) -> Payment | None:
    """One payment with what its page shows."""
    query = (
        sa.select(Payment)
        .where(Payment.id == payment_id)
        .options(
            selectinload(Payment.cancellations),
            selectinload(Payment.operations).selectinload(MoneyOperation.approval),
            selectinload(Payment.operations).selectinload(MoneyOperation.closures),
            selectinload(Payment.notes)
            .selectinload(Note.mentions)
            .selectinload(NoteMention.operator),
            selectinload(Payment.inquiries).selectinload(Inquiry.entries),
            selectinload(Payment.escrow_order),
            selectinload(Payment.cash_receipt),
        )
    )
    return db.session.scalars(query).one_or_none()


def observations_of(payment_id: int) -> list[Observation]:
    """What the gateway said about one payment, oldest first."""
    query = (
        sa.select(Observation).where(Observation.payment_id == payment_id).order_by(Observation.id)
    )
    return list(db.session.scalars(query))


def discrepancies_of(payment: Payment) -> list[Discrepancy]:
    """What reconciliation found about this payment or its order, open ones first."""
    query = (
        sa.select(Discrepancy)
        .where(
            sa.or_(
                Discrepancy.imp_uid == payment.imp_uid,
                Discrepancy.order_number == payment.merchant_uid,
            )
        )
        .order_by(Discrepancy.state, Discrepancy.id.desc())
    )
    return list(db.session.scalars(query))


def find_by_number(number: str) -> Payment | None:
    """The payment of this gateway number, or the newest one of this order number."""
    query = (
        sa.select(Payment)
        .where(sa.or_(Payment.imp_uid == number, Payment.merchant_uid == number))
        .order_by(Payment.id.desc())
        .limit(1)
    )
    return db.session.scalars(query).one_or_none()


_OFFERED: dict[Field, tuple[InstrumentedAttribute[Any], ...]] = {
    Field.ISSUER: (Payment.card_name,),
    Field.BANK: (Payment.bank_name, Payment.vbank_name),
    Field.MID: (Payment.pg_id,),
    Field.PG: (Payment.pg_provider,),
    Field.REASON: (Payment.cancel_reason,),
}


def newest_values() -> dict[Field, Counter[str]]:
    """What stands in some fields of the newest MANY payments, and how often."""
    columns = {column for columns in _OFFERED.values() for column in columns}
    query = sa.select(*columns).order_by(Payment.id.desc()).limit(MANY)
    rows = db.session.execute(query).mappings().all()
    return {
        field: Counter(
            row[column.key] for row in rows for column in columns if row[column.key] is not None
        )
        for field, columns in _OFFERED.items()
    }
