"""Read refunds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from admin.domain.money import Money
from admin.domain.operation import (
    CAME_TO_NOTHING,
    HAPPENED_STATES,
    UNCERTAIN_STATES,
    OperationKind,
    OperationState,
)
from admin.domain.tax import TaxableLeft, declared_tax_free, taxable_left
from admin.models import MoneyOperation, Payment, db

GROUPS: dict[str, frozenset[OperationState]] = {
    "approval": frozenset({OperationState.NEEDS_APPROVAL}),
    "unknown": UNCERTAIN_STATES | {OperationState.ACCEPTED, OperationState.READY},
    "done": HAPPENED_STATES,
    "not_done": CAME_TO_NOTHING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFilter:
    """Empty fields do not narrow."""

    group: str = ""
    start: datetime | None = None
    end: datetime | None = None


def select_refunds(wanted: RefundFilter) -> sa.Select[MoneyOperation]:
    """Refunds for newest-first paging by id."""
    return sa.select(MoneyOperation).where(*_conditions(wanted))


def count_groups() -> dict[str, int]:
    """How many refunds each group of states holds."""
    query = (
        sa.select(MoneyOperation.state, sa.func.count())
        .where(MoneyOperation.kind == OperationKind.REFUND)
        .group_by(MoneyOperation.state)
    )
    by_state = dict(db.session.execute(query).all())
    counts = {
        name: sum(by_state.get(state, 0) for state in states) for name, states in GROUPS.items()
    }
    return {"": sum(by_state.values()), **counts}


def total_done(wanted: RefundFilter) -> Money:
    """The money that really went back, of everything that matches."""
    query = sa.select(sa.func.sum(MoneyOperation.amount_minor)).where(
        *_conditions(wanted), MoneyOperation.state.in_(HAPPENED_STATES)
    )
    return Money(int(db.session.execute(query).scalar() or 0))


def payments_of(operations: list[MoneyOperation]) -> dict[str, Payment]:
    """The payments behind these operations, by imp_uid."""
    uids = [one.imp_uid for one in operations if one.imp_uid]
    query = sa.select(Payment).where(Payment.imp_uid.in_(uids))
    return {payment.imp_uid: payment for payment in db.session.scalars(query)}


def tax_left_of(payment: Payment, *, total: Money | None = None) -> TaxableLeft:
    """What is left of a payment by tax. `total`: its tax-free part; None: as the shop declared."""
    snapshot = payment.snapshot()
    query = sa.select(MoneyOperation).where(
        MoneyOperation.kind == OperationKind.REFUND,
        MoneyOperation.imp_uid == payment.imp_uid,
        MoneyOperation.state.in_(HAPPENED_STATES),
    )
    done = list(db.session.scalars(query))
    return taxable_left(
        snapshot,
        total=total or declared_tax_free(snapshot) or Money(0, payment.currency),
        given_back=Money(sum(one.amount_minor or 0 for one in done), payment.currency),
        tax_free_given_back=Money(
            sum(int(one.details.get("tax_free_minor", 0)) for one in done), payment.currency
        ),
    )


def _conditions(wanted: RefundFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [MoneyOperation.kind == OperationKind.REFUND]
    if wanted.group in GROUPS:
        conditions.append(MoneyOperation.state.in_(GROUPS[wanted.group]))
    if wanted.start is not None:
        conditions.append(MoneyOperation.created_at >= wanted.start)
    if wanted.end is not None:
        conditions.append(MoneyOperation.created_at < wanted.end)
    return conditions
