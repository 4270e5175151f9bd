"""Read operations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from admin.domain.money import Money
from admin.domain.operation import UNCERTAIN_STATES, OperationKind, OperationState
from admin.models import MoneyOperation, db

# SENDING is the ordinary second in which a request is under way; its lease tells when it is lost.
SHOWN_AS_UNKNOWN = UNCERTAIN_STATES - {OperationState.SENDING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Money whose whereabouts we do not know, for the top bar."""

    count: int
    amount: Money
    oldest_minutes: int


def unknown_outcomes(*, now: datetime) -> Unknown | None:
    """All operations whose outcome is unknown, summed; None when there is none."""
    query = sa.select(
        sa.func.count(),
        sa.func.sum(MoneyOperation.amount_minor),
        sa.func.min(sa.func.coalesce(MoneyOperation.sent_at, MoneyOperation.created_at)),
    ).where(MoneyOperation.state.in_(SHOWN_AS_UNKNOWN))
    count, minor, oldest = db.session.execute(query).one()
    if not count:
        return None
    minutes = int((now - oldest).total_seconds() // 60) if oldest else 0
    return Unknown(count=count, amount=Money(int(minor or 0)), oldest_minutes=max(minutes, 0))


def select_operations(
    *, kind: OperationKind | None = None, states: frozenset[OperationState] | None = None
) -> sa.Select[tuple[MoneyOperation]]:
    """Operations for newest-first paging by id (ULIDs are in time order)."""
    query = sa.select(MoneyOperation)
    if kind is not None:
        query = query.where(MoneyOperation.kind == kind)
    if states is not None:
        query = query.where(MoneyOperation.state.in_(states))
    return query


def count_by_state(kind: OperationKind) -> dict[OperationState, int]:
    """How many operations of one kind stand in each state."""
    query = (
        sa.select(MoneyOperation.state, sa.func.count())
        .where(MoneyOperation.kind == kind)
        .group_by(MoneyOperation.state)
    )
    return dict(db.session.execute(query).tuples().all())
