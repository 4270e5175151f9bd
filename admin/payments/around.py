"""What is known around one payment: other attempts, messages, what staff did, its billing key."""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa

from admin.domain.money import Money
from admin.domain.payment import Standing
from admin.models import (
    AuditEntry,
    BillingKey,
    Discrepancy,
    Observation,
    Payment,
    WebhookEvent,
    db,
)
from admin.payments.queries import discrepancies_of, observations_of

MOST = 500  # of each kind on one page; the newest
MOST_ATTEMPTS = 20
HOLDS_MONEY = (Standing.PAID, Standing.PART_REFUNDED)
# What the page tells by other means, or what is no act upon the payment.
TOLD_OTHERWISE = (
    "payment.viewed",
    "payment.changed",
    "payment.quarantined",
    "payment.synced",
    "note.added",
    "escrow_order.viewed",
    "escrow.decided",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Every payment of one order number, newest first; `holding` of them hold money."""

    payments: list[Payment]
    count: int
    holding: int
    held: Money

    @property
    def is_paid_twice(self) -> bool:
        return self.holding > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What was observed, received, done and found about one payment, each newest last."""

    observations: list[Observation]
    messages: list[WebhookEvent] = field(default_factory=list)
    acts: list[AuditEntry] = field(default_factory=list)
    findings: list[Discrepancy] = field(default_factory=list)


def gather(payment: Payment) -> Around:
    """Everything that the timeline of a payment tells beside the payment's own row."""
    return Around(
        observations=observations_of(payment.id),
        messages=_messages(payment),
        acts=_acts(payment),
        findings=discrepancies_of(payment),
    )


def attempts_of(payment: Payment) -> Attempts:
    """The payments that share the order number of this one; a test never pays a real order."""
    same = (Payment.merchant_uid == payment.merchant_uid, Payment.sandbox.is_(payment.sandbox))
    query = sa.select(Payment).where(*same).order_by(Payment.id.desc()).limit(MOST_ATTEMPTS)
    holds = Payment.standing.in_(HOLDS_MONEY)
    left = Payment.amount_minor - Payment.cancelled_minor
    sums = sa.select(
        sa.func.count(),
        sa.func.count(sa.case((holds, 1))),
        sa.func.sum(sa.case((holds, left), else_=0)),
    )
    count, holding, held = db.session.execute(sums.where(*same)).one()
    return Attempts(
        payments=list(db.session.scalars(query)),
        count=count,
        holding=holding,
        held=Money(int(held or 0), payment.currency),
    )


def billing_key_of(payment: Payment) -> BillingKey | None:
    """The stored means of payment that it was made with, where it is known here."""
    if not payment.customer_uid:
        return None
    query = sa.select(BillingKey).where(BillingKey.customer_uid == payment.customer_uid)
    return db.session.scalars(query).one_or_none()


def _messages(payment: Payment) -> list[WebhookEvent]:
    query = (
        sa.select(WebhookEvent)
        .where(WebhookEvent.imp_uid == payment.imp_uid)
        .order_by(WebhookEvent.id.desc())
        .limit(MOST)
    )
    return list(db.session.scalars(query))[::-1]


def _acts(payment: Payment) -> list[AuditEntry]:
    query = (
        sa.select(AuditEntry)
        .where(
            AuditEntry.subject == f"payment:{payment.id}",
            AuditEntry.action.not_in(TOLD_OTHERWISE),
        )
        .order_by(AuditEntry.id.desc())
        .limit(MOST)
    )
    return list(db.session.scalars(query))[::-1]
