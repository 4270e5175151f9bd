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
MANY = 1_000  # more than these are not counted one by one: the page must not grow with the shop


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many of one thing wait, and the money they concern.

    `is_more`: there are more than `count`, and what they concern was not summed.
    """

    count: int
    amount: Money | None
    is_more: bool = False


def newest_payments(limit: int = 8) -> list[Payment]:
    """The payments requested last."""
    query = sa.select(Payment).order_by(Payment.started_at.desc(), Payment.id.desc()).limit(limit)
    return list(db.session.scalars(query))


def operations_in(states: frozenset[OperationState]) -> Waiting:
    """Operations in these states."""
    return _count(sa.select(MoneyOperation.amount_minor).where(MoneyOperation.state.in_(states)))


def done_late(*, now: datetime) -> Waiting:
    """Operations that were called off and turned out to have happened, of late."""
    query = sa.select(MoneyOperation.amount_minor).where(
        MoneyOperation.state == OperationState.SUCCEEDED_LATE,
        MoneyOperation.settled_at >= now - RECENT,
    )
    return _count(query)


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
    count, minor = db.session.execute(query).one()
    return Waiting(count, _money(minor))


def open_discrepancies() -> Waiting:
    """Differences nobody has settled."""
    query = sa.select(Discrepancy.at_risk_minor).where(Discrepancy.state == DiscrepancyState.OPEN)
    return _count(query)


def unshipped_orders(*, now: datetime) -> Waiting:
    """Escrow orders paid a while ago and not shipped."""
    query = (
        sa.select(Payment.amount_minor - Payment.cancelled_minor)
        .join(EscrowOrder, EscrowOrder.payment_id == Payment.id)
        .where(EscrowOrder.state == EscrowState.TO_SHIP, Payment.paid_at < now - SHIP_WITHIN)
    )
    return _count(query)


def open_inquiries() -> Waiting:
    """Questions that wait for an answer."""
    return _count(sa.select(sa.literal(0)).where(Inquiry.state == InquiryState.OPEN))


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
    query = sa.select(Payment.amount_minor).where(
        Payment.status == PaymentStatus.FAILED,
        Payment.customer_uid.is_not(None),
        Payment.failed_at >= now - RECENT,
        ~paid_since,
    )
    return _count(query)


def _count(amounts: sa.Select[int | None]) -> Waiting:
    """How many rows there are, and their amounts together; no more than MANY are read."""
    (amount,) = amounts.selected_columns
    some = amounts.with_only_columns(amount.label("minor")).limit(MANY + 1).subquery()
    count, minor = db.session.execute(
        sa.select(sa.func.count(), sa.func.sum(some.c.minor)).select_from(some)
    ).one()
    return Waiting(MANY, None, is_more=True) if count > MANY else Waiting(count, _money(minor))


def _money(minor: int | None) -> Money | None:
    return Money(int(minor)) if minor else None
