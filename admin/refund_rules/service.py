"""What managers decide about refunds: the reasons there are, and who gives back how much alone."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.approval import ApprovalNeed, Limit, needed_approval
from admin.domain.errors import N_, InvalidInput, NotAllowed, NotFound
from admin.domain.money import Money
from admin.domain.permissions import Permission
from admin.models import (
    MoneyOperation,
    Operator,
    Payment,
    RefundLimit,
    RefundReason,
    db,
    lock,
    transaction,
)
from admin.models.refund_rules import SHOP
from admin.operations.intent import PAYING_KINDS
from admin.refund_rules.queries import active_reasons, all_reasons, limit_of, spent_today


def approval_for(
    payment: Payment, amount: Money, *, actor: Actor, now: datetime
) -> ApprovalNeed | None:
    """Whether a second person must agree; inside the transaction that records the decision.

    The shop's row is locked first: two refunds at once count each other.
    """
    shop = lock(RefundLimit, SHOP)
    return needed_approval(
        amount,
        person=limit_of(actor),
        shop=shop.limit if shop else Limit(),
        spent=spent_today(actor, now=now),
        charged_by_same_person=_charged_by(payment, actor),
    )


def may_change(scope: str, actor: Actor) -> bool:
    """Nobody sets the limits that hold for themselves."""
    own_role = actor.role is not None and scope == f"role:{actor.role.value}"
    return not own_role and scope != f"operator:{actor.operator_id}"


def set_limit(scope: str, limit: Limit, *, actor: Actor, now: datetime) -> None:
    """Set what a scope gives back alone. Raises NotAllowed for the limits that hold for oneself,
    NotFound for a scope that is nobody's."""
    actor.require(Permission.REFUNDS_RULES)
    if not may_change(scope, actor):
        raise NotAllowed(N_("Someone else has to set the limits that hold for you."))
    with transaction():
        row = lock(RefundLimit, scope)
        before = row.limit if row else None
        if row is None:
            _check_scope(scope)
            row = RefundLimit(scope=scope)
            db.session.add(row)
        row.per_refund_minor = limit.per_refund.minor if limit.per_refund is not None else None
        row.per_day_minor = limit.per_day.minor if limit.per_day is not None else None
        row.changed_by, row.changed_at = actor.name, now
        _record_limit(actor, scope, before, limit, now=now)


def drop_limit(operator_id: int, *, actor: Actor, now: datetime) -> None:
    """A person's own limit no longer holds; their role's does. Raises NotAllowed or NotFound."""
    actor.require(Permission.REFUNDS_RULES)
    scope = f"operator:{operator_id}"
    if not may_change(scope, actor):
        raise NotAllowed(N_("Someone else has to set the limits that hold for you."))
    with transaction():
        row = lock(RefundLimit, scope)
        if row is None:
            raise NotFound()
        _record_limit(actor, scope, row.limit, None, now=now)
        db.session.delete(row)


def add_reason(text: str, english: str, *, actor: Actor, now: datetime) -> None:
    """A new reason, last in the list. Raises InvalidInput when the words are taken."""
    actor.require(Permission.REFUNDS_RULES)
    with transaction():
        known = all_reasons()
        if any(text == one.text for one in known):
            raise InvalidInput(N_("This reason is in the list already."), field="text")
        code = f"reason_{len(known) + 1}"
        db.session.add(
            RefundReason(
                code=code, text=text, english=english, position=len(known) + 1, is_active=True
            )
        )
        record(actor, "refund_reason.added", f"refund_reason:{code}", now=now, text=text)


def switch_reason(code: str, *, actor: Actor, now: datetime) -> None:
    """Offer a reason, or offer it no more; past refunds keep their words. Raises NotFound, and
    InvalidInput for the last one offered."""
    actor.require(Permission.REFUNDS_RULES)
    with transaction():
        reason = lock(RefundReason, code)
        if reason is None:
            raise NotFound()
        if reason.is_active and len(active_reasons()) == 1:
            raise InvalidInput(N_("At least one reason must be left to choose."))
        reason.is_active = not reason.is_active
        what = "offered" if reason.is_active else "withdrawn"
        record(actor, f"refund_reason.{what}", f"refund_reason:{code}", now=now)


def _charged_by(payment: Payment, actor: Actor) -> bool:
    query = sa.select(MoneyOperation.id).where(
        MoneyOperation.kind.in_(PAYING_KINDS),
        MoneyOperation.imp_uid == payment.imp_uid,
        MoneyOperation.created_by_id == actor.operator_id,
    )
    return db.session.scalars(query).first() is not None


def _check_scope(scope: str) -> None:
    kind, _, key = scope.partition(":")
    if kind != "operator" or not key.isdecimal() or db.session.get(Operator, int(key)) is None:
        raise NotFound()


def _record_limit(
    actor: Actor, scope: str, before: Limit | None, after: Limit | None, *, now: datetime
) -> None:
    record(
        actor,
        "refund_limit.changed",
        f"refund_limit:{scope}",
        now=now,
        before=_told(before),
        after=_told(after),
    )


def _told(limit: Limit | None) -> str:
    if limit is None:
        return "none"
    return f"{limit.per_refund or 'no limit'} each, {limit.per_day or 'no limit'} a day"
