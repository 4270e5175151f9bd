"""The frame of every page: sandbox band, unknown outcomes, counters, language and theme."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import Flask

from admin.domain.clock import utc_now
from admin.domain.escrow import EscrowState
from admin.domain.inquiry import InquiryState
from admin.domain.operation import OperationState
from admin.domain.permissions import Permission
from admin.models import Discrepancy, EscrowOrder, Inquiry, MoneyOperation, db
from admin.models.reconciliation import DiscrepancyState
from admin.operations.queries import Unknown, unknown_outcomes
from admin.web.access import current_actor, signed_in
from admin.web.i18n import language
from admin.web.services import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What the page frame shows besides the page."""

    is_sandbox: bool
    store_name: str
    channel: str
    unknown: Unknown | None
    counters: dict[str, int]
    locale: str
    theme: str
    compact: bool


def install(app: Flask) -> None:
    """Give every template `shell` and `current_actor`."""

    @app.context_processor
    def frame() -> dict[str, Any]:
        return {
            "shell": make_shell(now=utc_now()),
            "current_actor": current_actor() if signed_in() else None,
        }


def make_shell(*, now: datetime) -> Shell:
    """The frame for whoever is signed in, or for nobody."""
    given = settings()
    operator = signed_in()
    return Shell(
        is_sandbox=given.is_sandbox,
        store_name=given.store_name,
        channel=given.store_channel,
        unknown=unknown_outcomes(now=now) if operator else None,
        counters=_counters() if operator else {},
        locale=language(),
        theme=(operator.theme or "system") if operator else "system",
        compact=bool(operator and operator.compact_rows),
    )


def _counters() -> dict[str, int]:
    """Numbers beside the menu, only where someone must act."""
    actor = current_actor()
    shown = tuple(name for name, (needed, _) in _WAITING.items() if actor.may(needed))
    if not shown:
        return {}
    counts = db.session.execute(_asking(shown)).one()
    return {name: number for name, number in zip(shown, counts, strict=True) if number}


@cache
def _asking(names: tuple[str, ...]) -> sa.Select[*tuple[int, ...]]:
    """All of these numbers at once; every page of that reader asks the same."""
    return sa.select(*[_WAITING[name][1] for name in names])


def _count(model: type[Any], condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(model).where(condition).scalar_subquery()


_WAITING = {
    "refunds": (
        Permission.REFUNDS_APPROVE,
        _count(MoneyOperation, MoneyOperation.state == OperationState.NEEDS_APPROVAL),
    ),
    "escrow_orders": (
        Permission.REFUNDS_CREATE,
        _count(EscrowOrder, EscrowOrder.state == EscrowState.DENIED),
    ),
    "inquiries": (
        Permission.INQUIRIES_READ,
        _count(Inquiry, Inquiry.state == InquiryState.OPEN),
    ),
    "reconciliation": (
        Permission.RECONCILIATION_READ,
        _count(Discrepancy, Discrepancy.state == DiscrepancyState.OPEN),
    ),
}
