"""Read lists of deliveries, and which orders have an invoice number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from admin.domain.escrow import DeliveryNotice
from admin.domain.operation import HAPPENED_STATES, OPEN_STATES, OperationKind
from admin.models import (
    Delivery,
    DeliveryBatch,
    DeliveryBatchRow,
    EscrowOrder,
    MoneyOperation,
    Payment,
    db,
)

Number = tuple[str, str]  # courier code and invoice number
Line = tuple[DeliveryBatchRow, MoneyOperation | None, Payment | None, Delivery | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many lines a list has, and how many of them it registered."""

    lines: int
    registered: int


def select_batches() -> sa.Select[DeliveryBatch]:
    """All lists, for newest-first paging by id."""
    return sa.select(DeliveryBatch)


def tallies(batches: Sequence[DeliveryBatch]) -> dict[int, Tally]:
    """What stands in lists and came of them, by their ids."""
    row = DeliveryBatchRow
    done = sa.func.count(sa.case((MoneyOperation.state.in_(HAPPENED_STATES), 1)))
    query = (
        sa.select(row.batch_id, sa.func.count(), done)
        .outerjoin(MoneyOperation, MoneyOperation.id == row.operation_id)
        .where(row.batch_id.in_([batch.id for batch in batches]))
        .group_by(row.batch_id)
    )
    return {
        batch_id: Tally(lines=lines, registered=registered)
        for batch_id, lines, registered in db.session.execute(query)
    }


def rows_of(batch_id: int) -> list[Line]:
    """The lines as they were given, each with its operation, payment and held parcel."""
    row = DeliveryBatchRow
    query = (
        sa.select(row, MoneyOperation, Payment, Delivery)
        .outerjoin(MoneyOperation, MoneyOperation.id == row.operation_id)
        .outerjoin(Payment, Payment.id == row.payment_id)
        .outerjoin(Delivery, Delivery.payment_id == row.payment_id)
        .where(row.batch_id == batch_id)
        .order_by(row.position)
    )
    return [(found[0], found[1], found[2], found[3]) for found in db.session.execute(query)]


def given_before(batch: DeliveryBatch) -> DeliveryBatch | None:
    """The latest earlier list of the same parcels."""
    query = (
        sa.select(DeliveryBatch)
        .where(DeliveryBatch.fingerprint == batch.fingerprint, DeliveryBatch.id < batch.id)
        .order_by(DeliveryBatch.id.desc())
        .limit(1)
    )
    return db.session.scalars(query).one_or_none()


def payments_under(notices: Collection[DeliveryNotice]) -> dict[Number, set[int]]:
    """Payments whose parcel has one of these couriers and numbers: registered, or being sent."""
    numbers = {one.invoice for one in notices}
    found: dict[Number, set[int]] = defaultdict(set)
    kept = sa.select(Delivery.company, Delivery.invoice, Delivery.payment_id)
    for company, invoice, payment_id in db.session.execute(
        kept.where(Delivery.invoice.in_(numbers))
    ):
        found[company, invoice].add(payment_id)
    under_way = (
        sa.select(MoneyOperation.details, Payment.id)
        .join(Payment, Payment.imp_uid == MoneyOperation.imp_uid)
        .where(MoneyOperation.kind == OperationKind.DELIVERY, MoneyOperation.state.in_(OPEN_STATES))
    )
    for details, payment_id in db.session.execute(under_way):
        if details["invoice"] in numbers:
            found[details["company"], details["invoice"]].add(payment_id)
    return found


def payments_of(numbers: Collection[str]) -> dict[str, list[Payment]]:
    """The payments each number may mean: the gateway's own id, else all of an order number."""
    loads = (
        selectinload(Payment.cancellations),
        selectinload(Payment.escrow_order).selectinload(EscrowOrder.delivery),
    )
    found: dict[str, list[Payment]] = defaultdict(list)
    query = sa.select(Payment).options(*loads).order_by(Payment.id)
    for payment in db.session.scalars(query.where(Payment.merchant_uid.in_(numbers))):
        found[payment.merchant_uid].append(payment)
    for payment in db.session.scalars(query.where(Payment.imp_uid.in_(numbers))):
        found[payment.imp_uid] = [payment]
    return found


def titles_of(payment_ids: Collection[int]) -> dict[int, str]:
    """Order numbers of payments."""
    query = sa.select(Payment.id, Payment.merchant_uid).where(Payment.id.in_(payment_ids))
    return dict(db.session.execute(query).all())
