"""Money operations: every intended write to the gateway, kept from intent to certainty."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin.domain.approval import ApprovalCause, ClosureClaim, SecondWord
from admin.domain.money import Currency, Money
from admin.domain.operation import (
    OPEN_STATES,
    SPENT_STATES,
    UNCERTAIN_STATES,
    OperationKind,
    OperationState,
    SettledBy,
)
from admin.models.base import Base, Key, MinorUnits, Moment, text_enum
from admin.models.sealed import SealedText


def _listed(states: frozenset[OperationState]) -> str:
    return ", ".join(sorted(f"'{state.value}'" for state in states))


OPEN_REFUND = sa.text(f"kind = 'refund' AND state IN ({_listed(OPEN_STATES)})")
OPEN_DELIVERY = sa.text(f"kind = 'delivery' AND state IN ({_listed(OPEN_STATES)})")
# A key is issued or deleted by one operation at a time (a payment keyed in may issue one), and an
# order number is used by one charge, now or at its scheduled hour.
OPEN_KEY = sa.text(
    "kind IN ('billing_key_delete', 'billing_key_issue', 'key_in') "
    f"AND state IN ({_listed(OPEN_STATES)})"
)
LIVE_CHARGE = sa.text(
    f"kind IN ('charge', 'key_in', 'schedule') AND state NOT IN ({_listed(SPENT_STATES)})"
)


def _unique(name: str, column: str, where: sa.TextClause) -> sa.Index:
    return sa.Index(name, column, unique=True, sqlite_where=where, postgresql_where=where)


class MoneyOperation(Base):
    """One intent. Amounts in minor units; the row outlives every crash of ours."""

    __tablename__ = "operations"
    __table_args__ = (
        _unique("uq_operations_open_refund", "imp_uid", OPEN_REFUND),
        _unique("uq_operations_open_delivery", "imp_uid", OPEN_DELIVERY),
        _unique("uq_operations_open_key", "customer_uid", OPEN_KEY),
        _unique("uq_operations_live_charge", "merchant_uid", LIVE_CHARGE),
        sa.UniqueConstraint("imp_uid", "claimed_key"),
        sa.CheckConstraint("amount_minor IS NULL OR amount_minor >= 1", name="amount_at_least_one"),
        sa.Index("ix_operations_state_next_look_at", "state", "next_look_at"),
        sa.Index("ix_operations_kind_created_at", "kind", "created_at"),
    )

    id: Mapped[str] = mapped_column(sa.String(26), primary_key=True)  # ULID
    kind: Mapped[OperationKind] = mapped_column(text_enum(OperationKind))
    state: Mapped[OperationState] = mapped_column(text_enum(OperationState))
    gateway_host: Mapped[str] = mapped_column(sa.String(255))
    gateway_fingerprint: Mapped[str] = mapped_column(sa.String(64))
    form_key: Mapped[str] = mapped_column(sa.String(64), unique=True)  # minted with the form
    fingerprint: Mapped[str] = mapped_column(sa.String(64))  # of the canonical parameters
    marker: Mapped[str] = mapped_column(sa.String(12))  # comes back in the cancel history
    imp_uid: Mapped[str | None] = mapped_column(sa.String(32), index=True)
    merchant_uid: Mapped[str | None] = mapped_column(sa.String(80), index=True)
    customer_uid: Mapped[str | None] = mapped_column(sa.String(80), index=True)
    currency: Mapped[Currency] = mapped_column(text_enum(Currency))
    amount_minor: Mapped[MinorUnits | None]  # None where no money moves
    seen_minor: Mapped[MinorUnits | None]  # what was left when the person looked
    baseline_cancelled_minor: Mapped[MinorUnits | None]  # cancelled so far, just before sending
    expected_left_minor: Mapped[MinorUnits | None]  # what was left then: sent as the checksum
    reason: Mapped[str] = mapped_column(sa.String(300))  # what the gateway gets, marker apart
    note: Mapped[str] = mapped_column(sa.Text)  # stays here
    details: Mapped[dict[str, Any]] = mapped_column(sa.JSON)  # the kind's own parameters
    account: Mapped[str | None] = mapped_column(SealedText)  # RefundAccount as JSON; gone once paid
    retry_of_id: Mapped[str | None] = mapped_column(sa.String(26), index=True)
    claimed_key: Mapped[str | None] = mapped_column(sa.String(160))  # gateway cancel we claimed
    outcome: Mapped[str] = mapped_column(sa.Text, default="")  # the gateway's own sentence
    settled_by: Mapped[SettledBy | None] = mapped_column(text_enum(SettledBy))
    attempts: Mapped[int] = mapped_column(default=0)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("operators.id"))
    created_by: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[Moment]
    ready_at: Mapped[Moment | None]  # when a second person agreed; None: ready when created
    sent_at: Mapped[Moment | None]
    settled_at: Mapped[Moment | None]
    lease_until: Mapped[Moment | None]
    next_look_at: Mapped[Moment | None]
    first_absent_at: Mapped[Moment | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - as SQLAlchemy declares it

    steps: Mapped[list[OperationAttempt]] = relationship(
        back_populates="operation", order_by="OperationAttempt.id"
    )
    approval: Mapped[Approval | None] = relationship(back_populates="operation")
    closures: Mapped[list[Closure]] = relationship(
        back_populates="operation", order_by="Closure.id"
    )

    @property
    def amount(self) -> Money | None:
        return None if self.amount_minor is None else Money(self.amount_minor, self.currency)

    @property
    def is_open(self) -> bool:
        """Whether the outcome is still owed."""
        return self.state in OPEN_STATES

    @property
    def is_uncertain(self) -> bool:
        """Whether money may or may not have moved."""
        return self.state in UNCERTAIN_STATES


class OperationAttempt(Base):
    """One thing that was done about an operation: a look, a sending, an answer. Append-only."""

    __tablename__ = "operation_attempts"

    id: Mapped[Key]
    operation_id: Mapped[str] = mapped_column(sa.ForeignKey("operations.id"), index=True)
    phase: Mapped[str] = mapped_column(sa.String(20))  # preflight, send, answer, look
    at: Mapped[Moment]
    verdict: Mapped[str] = mapped_column(sa.String(20))  # the state it led to, or ""
    fact: Mapped[str] = mapped_column(sa.Text)
    error: Mapped[str] = mapped_column(sa.String(80), default="")  # class of the gateway's error
    elapsed_ms: Mapped[int | None]
    facts: Mapped[dict[str, Any]] = mapped_column(sa.JSON)  # figures seen, for the outcome page

    operation: Mapped[MoneyOperation] = relationship(back_populates="steps")


class Approval(Base):
    """A second person asked before an operation is sent. One at most; its answer is final."""

    __tablename__ = "approvals"

    operation_id: Mapped[str] = mapped_column(sa.ForeignKey("operations.id"), primary_key=True)
    cause: Mapped[ApprovalCause] = mapped_column(text_enum(ApprovalCause))
    limit_minor: Mapped[MinorUnits | None]  # the limit it went above, if one
    payment_version: Mapped[int | None]  # of the payment when asked; another one voids it
    word: Mapped[SecondWord] = mapped_column(text_enum(SecondWord))
    expires_at: Mapped[Moment]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("operators.id"))
    decided_by: Mapped[str] = mapped_column(sa.String(80), default="")
    decided_at: Mapped[Moment | None]
    note: Mapped[str] = mapped_column(sa.Text, default="")

    operation: Mapped[MoneyOperation] = relationship(back_populates="approval")


class Closure(Base):
    """Two people end an operation that nobody could settle, by what the gateway shows them."""

    __tablename__ = "closures"

    id: Mapped[Key]
    operation_id: Mapped[str] = mapped_column(sa.ForeignKey("operations.id"), index=True)
    claim: Mapped[ClosureClaim] = mapped_column(text_enum(ClosureClaim))
    evidence: Mapped[str] = mapped_column(sa.String(160))  # the gateway's id of what happened
    note: Mapped[str] = mapped_column(sa.Text)
    word: Mapped[SecondWord] = mapped_column(text_enum(SecondWord))
    proposed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("operators.id"))
    proposed_by: Mapped[str] = mapped_column(sa.String(80))
    proposed_at: Mapped[Moment]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("operators.id"))
    decided_by: Mapped[str] = mapped_column(sa.String(80), default="")
    decided_at: Mapped[Moment | None]

    operation: Mapped[MoneyOperation] = relationship(back_populates="closures")
