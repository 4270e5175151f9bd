"""Read operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from admin.domain.money import Money
from admin.domain.operation import UNCERTAIN_STATES, OperationKind, OperationState
from admin.models import MoneyOperation, Payment, db

# SENDING is the ordinary second in which a request is under way; its lease tells when it is lost.
SHOWN_AS_UNKNOWN = UNCERTAIN_STATES - {OperationState.SENDING}
# Every page asks these; made once, since building them takes longer than asking.
_UNKNOWN = sa.select(
    sa.func.count(),
    sa.func.sum(MoneyOperation.amount_minor),
    sa.func.min(sa.func.coalesce(MoneyOperation.sent_at, MoneyOperation.created_at)),
).where(MoneyOperation.state.in_(SHOWN_AS_UNKNOWN))
_UNCERTAIN_AMONG = sa.select(MoneyOperation.imp_uid).where(
    MoneyOperation.imp_uid.in_(sa.bindparam("imp_uids", expanding=True)),
    MoneyOperation.state.in_(UNCERTAIN_STATES),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Money whose whereabouts we do not know, for the top bar."""

    count: int
    amount: Money
    oldest_minutes: int


def unknown_outcomes(*, now: datetime) -> Unknown | None:
    """All operations whose outcome is unknown, summed; None when there is none."""
    count, minor, oldest = db.session.execute(_UNKNOWN).one()
    if not count:
        return None
    minutes = int((now - oldest).total_seconds() // 60) if oldest else 0
    return Unknown(count=count, amount=Money(int(minor or 0)), oldest_minutes=max(minutes, 0))


def select_operations(
    *, kind: OperationKind | None = None, states: frozenset[OperationState] | None = None
) -> sa.Select[MoneyOperation]:
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
    return dict(db.session.execute(query).all())


def uncertain_payments(imp_uids: Sequence[str]) -> frozenset[str]:
    """Which of these payments have an operation whose outcome is unknown."""
    found = db.session.scalars(_UNCERTAIN_AMONG, {"imp_uids": list(imp_uids)})
    return frozenset(imp_uid for imp_uid in found if imp_uid)


def count_all(states: frozenset[OperationState] | None) -> int:
    """How many operations stand in these states, or at all."""
    query = sa.select(sa.func.count()).select_from(MoneyOperation)
    if states is not None:
        query = query.where(MoneyOperation.state.in_(states))
    return db.session.execute(query).scalar_one()


def find_payment(operation: MoneyOperation) -> Payment | None:
    """The payment an operation is about, once there is one."""
    if operation.imp_uid is None:
        return None
    query = sa.select(Payment).where(Payment.imp_uid == operation.imp_uid)
    return db.session.scalars(query).one_or_none()


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """One cancellation, and who asked for it here; None for somebody outside."""

    amount: Money
    at: datetime
    reason: str
    who: str | None


def given_back_since(payment: Payment, seen: Money) -> list[GivenBack]:
    """What was given back since `seen` was left, newest first: the cancels that make up the gap."""
    gap = seen.minor - payment.cancellable.minor
    ours = {
        one.claimed_key: one.created_by
        for one in payment.operations
        if one.kind is OperationKind.REFUND
    }
    found: list[GivenBack] = []
    for entry in sorted(payment.cancellations, key=lambda one: one.cancelled_at, reverse=True):
        if gap <= 0:
            break
        gap -= entry.amount_minor
        found.append(
            GivenBack(
                amount=Money(entry.amount_minor, payment.currency),
                at=entry.cancelled_at,
                reason=entry.reason,
                who=ours.get(entry.key),
            )
        )
    return found


def subjects_of(operations: Sequence[MoneyOperation]) -> dict[str, str]:
    """What was bought, by operation id."""
    uids = [one.imp_uid for one in operations if one.imp_uid]
    query = sa.select(Payment.imp_uid, Payment.order_name).where(Payment.imp_uid.in_(uids))
    names = dict(db.session.execute(query).all())
    return {
        one.id: names.get(one.imp_uid or "") or str(one.details.get("order_name", ""))
        for one in operations
    }
