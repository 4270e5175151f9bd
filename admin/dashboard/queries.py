"""What the first page counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from admin.domain.batch import BatchState, RowState
from admin.domain.escrow import EscrowState
from admin.domain.inquiry import InquiryState
from admin.domain.money import Money
from admin.domain.operation import OperationState
from admin.domain.payment import PaymentStatus
from admin.models import (
    Discrepancy,
    EscrowOrder,
    Inquiry,
    MoneyOperation,
    Payment,
    RefundBatch,
    RefundBatchRow,
    db,
)
from admin.models.reconciliation import DiscrepancyState

SHIP_WITHIN = timedelta(days=2)
RECENT = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many of one thing wait, and the money they concern."""

    count: int
    amount: Money


def newest_payments(limit: int = 8) -> list[Payment]:
    """The payments requested last."""
    query = sa.select(Payment).order_by(Payment.started_at.desc(), Payment.id.desc()).limit(limit)
    return list(db.session.scalars(query))


def operations_in(states: frozenset[OperationState]) -> Waiting:
    """Operations in these states."""
    query = sa.select(sa.func.count(), sa.func.sum(MoneyOperation.amount_minor)).where(
        MoneyOperation.state.in_(states)
    )
    return _waiting(query)


def done_late(*, now: datetime) -> Waiting:
    """Operations that were called off and turned out to have happened, of late."""
    query = sa.select(sa.func.count(), sa.func.sum(MoneyOperation.amount_minor)).where(
        MoneyOperation.state == OperationState.SUCCEEDED_LATE,
        MoneyOperation.settled_at >= now - RECENT,
    )
    return _waiting(query)


def lists_to_approve() -> Waiting:
    """Lists of refunds that wait for a second person."""
    query = (
        sa.select(
            sa.func.count(sa.distinct(RefundBatch.id)), sa.func.sum(RefundBatchRow.amount_minor)
        )
        .join(RefundBatchRow, RefundBatchRow.batch_id == RefundBatch.id)
        .where(
            RefundBatch.state == BatchState.NEEDS_APPROVAL,
            RefundBatchRow.state == RowState.WAITING,
        )
    )
    return _waiting(query)


def open_discrepancies() -> Waiting:
    """Differences nobody has settled."""
    query = sa.select(sa.func.count(), sa.func.sum(Discrepancy.at_risk_minor)).where(
        Discrepancy.state == DiscrepancyState.OPEN
    )
    return _waiting(query)


def unshipped_orders(*, now: datetime) -> Waiting:
    """Escrow orders paid a while ago and not shipped."""
    query = (
        sa.select(sa.func.count(), sa.func.sum(Payment.amount_minor - Payment.cancelled_minor))
        .join(EscrowOrder, EscrowOrder.payment_id == Payment.id)
        .where(EscrowOrder.state == EscrowState.TO_SHIP, Payment.paid_at < now - SHIP_WITHIN)
    )
    return _waiting(query)


def open_inquiries() -> Waiting:
    """Questions that wait for an answer."""
    query = sa.select(sa.func.count(), sa.literal(0)).where(Inquiry.state == InquiryState.OPEN)
    return _waiting(query)


def failed_recurring(*, now: datetime) -> Waiting:
    """Charges of billing keys that failed lately and whose order was not paid since."""
    later = sa.orm.aliased(Payment)
    paid_since = (
        sa.select(later.id)
        .where(
            later.customer_uid == Payment.customer_uid,
            later.started_at > Payment.started_at,
            later.status == PaymentStatus.PAID,
        )
        .exists()
    )
    query = sa.select(sa.func.count(), sa.func.sum(Payment.amount_minor)).where(
        Payment.status == PaymentStatus.FAILED,
        Payment.customer_uid.is_not(None),
        Payment.failed_at >= now - RECENT,
        ~paid_since,
    )
    return _waiting(query)


def _waiting(query: sa.Select[int, int | None]) -> Waiting:
    count, minor = db.session.execute(query).one()
    return Waiting(count, Money(int(minor or 0)))
