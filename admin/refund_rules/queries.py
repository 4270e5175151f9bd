"""Read the rules for refunds, and how much of them is used up."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.approval import Limit, Spent
from admin.domain.clock import kst_date, kst_day
from admin.domain.errors import N_, InvalidInput
from admin.domain.money import Money
from admin.domain.operation import CAME_TO_NOTHING, OperationKind
from admin.models import MoneyOperation, RefundLimit, RefundReason, db

_LIMITS = (
    sa.select(RefundLimit)
    .where(RefundLimit.scope.in_(sa.bindparam("scopes", expanding=True)))
    .order_by(RefundLimit.scope)
)

_SPENT = sa.select(
    sa.func.sum(MoneyOperation.amount_minor).filter(
        MoneyOperation.created_by_id == sa.bindparam("person")
    ),
    sa.func.sum(MoneyOperation.amount_minor),
).where(
    MoneyOperation.kind == OperationKind.REFUND,
    MoneyOperation.created_at >= sa.bindparam("start"),
    MoneyOperation.created_at < sa.bindparam("end"),
    MoneyOperation.state.not_in(CAME_TO_NOTHING),
)


def active_reasons() -> list[RefundReason]:
    """The reasons to choose from, in their order."""
    query = sa.select(RefundReason).where(RefundReason.is_active).order_by(RefundReason.position)
    return list(db.session.scalars(query))


def all_reasons() -> list[RefundReason]:
    """Every reason, also those no longer to choose, in their order."""
    return list(db.session.scalars(sa.select(RefundReason).order_by(RefundReason.position)))


def reason_text(code: str) -> str:
    """What the card company gets to read. Raises InvalidInput for a reason nobody may choose."""
    reason = db.session.get(RefundReason, code)
    if reason is None or not reason.is_active:
        raise InvalidInput(N_("Choose a reason from the list."), field="reason")
    return reason.text


def all_limits() -> list[RefundLimit]:
    """Every limit there is, by scope."""
    return list(db.session.scalars(sa.select(RefundLimit).order_by(RefundLimit.scope)))


def limit_of(actor: Actor) -> Limit:
    """What this person gives back alone: their own limit, else their role's."""
    scopes = [f"operator:{actor.operator_id}", f"role:{actor.role.value}" if actor.role else ""]
    # "operator:…" comes before "role:…": one's own limit goes first.
    found = db.session.scalars(_LIMITS, {"scopes": scopes}).first()
    return found.limit if found else Limit(per_refund=Money(0), per_day=Money(0))


def spent_today(actor: Actor, *, now: datetime) -> Spent:
    """What went back or was asked for today, Korean time, in won."""
    start, end = kst_day(kst_date(now))
    values = {"person": actor.operator_id, "start": start, "end": end}
    by_person, by_shop = db.session.execute(_SPENT, values).one()
    return Spent(by_person=Money(int(by_person or 0)), by_shop=Money(int(by_shop or 0)))
