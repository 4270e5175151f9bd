"""Read lists of refunds."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from admin.domain.batch import RowState
from admin.domain.money import Money
from admin.domain.operation import OperationState
from admin.models import MoneyOperation, Payment, RefundBatch, RefundBatchRow, db


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many lines of one kind, and their money."""

    count: int
    amount: Money


def select_batches() -> sa.Select[RefundBatch]:
    """All lists, for newest-first paging by id."""
    return sa.select(RefundBatch)


def rows_of(batch_id: int) -> list[tuple[RefundBatchRow, MoneyOperation | None, Payment | None]]:
    """The lines in the order they were given, each with its operation and its payment."""
    query = (
        sa.select(RefundBatchRow, MoneyOperation, Payment)
        .outerjoin(MoneyOperation, MoneyOperation.id == RefundBatchRow.operation_id)
        .outerjoin(Payment, Payment.id == RefundBatchRow.payment_id)
        .where(RefundBatchRow.batch_id == batch_id)
        .order_by(RefundBatchRow.position)
    )
    return [(row[0], row[1], row[2]) for row in db.session.execute(query)]


def tally(batch_id: int) -> dict[RowState, Tally]:
    """Lines by their state."""
    query = (
        sa.select(RefundBatchRow.state, sa.func.count(), sa.func.sum(RefundBatchRow.amount_minor))
        .where(RefundBatchRow.batch_id == batch_id)
        .group_by(RefundBatchRow.state)
    )
    return {
        state: Tally(count=count, amount=Money(int(minor or 0)))
        for state, count, minor in db.session.execute(query)
    }


def outcomes(batch_id: int) -> dict[OperationState, Tally]:
    """The operations of a list by what became of them."""
    query = (
        sa.select(MoneyOperation.state, sa.func.count(), sa.func.sum(MoneyOperation.amount_minor))
        .join(RefundBatchRow, RefundBatchRow.operation_id == MoneyOperation.id)
        .where(RefundBatchRow.batch_id == batch_id)
        .group_by(MoneyOperation.state)
    )
    return {
        state: Tally(count=count, amount=Money(int(minor or 0)))
        for state, count, minor in db.session.execute(query)
    }


def find_payments(number: str) -> list[Payment]:
    """The payments a number may mean: the gateway's own id, else every one of an order number."""
    by_id = db.session.scalars(sa.select(Payment).where(Payment.imp_uid == number)).one_or_none()
    if by_id is not None:
        return [by_id]
    query = sa.select(Payment).where(Payment.merchant_uid == number).order_by(Payment.id)
    return list(db.session.scalars(query))
