"""Reconciliation runs and the discrepancies they found."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from admin.domain.money import Currency, Money
from admin.domain.reconciliation.kinds import DiscrepancyKind, Severity
from admin.models.base import Base, Key, MinorUnits, Moment, text_enum


class RunState(Enum):
    """How far a run has come."""

    RUNNING = "running"
    DONE = "done"
    INCOMPLETE = "incomplete"  # a side could not be read whole; nothing is called missing


class DiscrepancyState(Enum):
    """Whether someone still has to look."""

    OPEN = "open"
    RESOLVED = "resolved"


class ReconciliationRun(Base):
    """One comparison of both sides for one Korean calendar day (by approval)."""

    __tablename__ = "reconciliation_runs"

    id: Mapped[Key]
    day: Mapped[date] = mapped_column(index=True)
    state: Mapped[RunState] = mapped_column(text_enum(RunState))
    started_at: Mapped[Moment]
    finished_at: Mapped[Moment | None]
    started_by: Mapped[str] = mapped_column(sa.String(80))
    ours_count: Mapped[int] = mapped_column(default=0)
    theirs_count: Mapped[int] = mapped_column(default=0)
    matched_count: Mapped[int] = mapped_column(default=0)
    differing_count: Mapped[int] = mapped_column(default=0)  # discrepancies found by this run
    ours_minor: Mapped[MinorUnits] = mapped_column(default=0)  # net of the shop's books
    theirs_minor: Mapped[MinorUnits] = mapped_column(default=0)  # net at the gateway
    problem: Mapped[str] = mapped_column(sa.Text, default="")


class Discrepancy(Base):
    """One difference, the same row from run to run. Both sides are kept as they were seen."""

    __tablename__ = "discrepancies"
    __table_args__ = (sa.Index("ix_discrepancies_state_id", "state", "id"),)

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(sa.String(160), unique=True)
    kind: Mapped[DiscrepancyKind] = mapped_column(text_enum(DiscrepancyKind))
    severity: Mapped[Severity] = mapped_column(text_enum(Severity))
    day: Mapped[date] = mapped_column(index=True)
    order_number: Mapped[str] = mapped_column(sa.String(80), index=True)
    imp_uid: Mapped[str | None] = mapped_column(sa.String(32), index=True)
    currency: Mapped[Currency] = mapped_column(text_enum(Currency))
    at_risk_minor: Mapped[MinorUnits]
    ours: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    theirs: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)
    state: Mapped[DiscrepancyState] = mapped_column(text_enum(DiscrepancyState))
    resolution: Mapped[str] = mapped_column(sa.Text, default="")
    first_seen_at: Mapped[Moment]
    last_seen_at: Mapped[Moment]
    resolved_at: Mapped[Moment | None]
    first_run_id: Mapped[int] = mapped_column(sa.ForeignKey("reconciliation_runs.id"))
    last_run_id: Mapped[int] = mapped_column(sa.ForeignKey("reconciliation_runs.id"), index=True)
    times_seen: Mapped[int] = mapped_column(default=1)

    @property
    def at_risk(self) -> Money:
        return Money(self.at_risk_minor, self.currency)
