"""One day of trade on both sides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.clock import kst_date, kst_day, utc_now
from admin.gateway.client import Gateway
from admin.models import Discrepancy, ReconciliationRun, db
from admin.orders.service import import_orders
from admin.reconciliation.service import run_day
from tests.orders.books import write_orders

Run = Callable[..., ReconciliationRun]


@pytest.fixture
def day() -> date:
    """The day before yesterday in Korea: over, whatever the time."""
    return kst_date(utc_now()) - timedelta(days=2)


@pytest.fixture
def noon(day: date) -> datetime:
    """Noon of that day."""
    return kst_day(day)[0] + timedelta(hours=12)


@pytest.fixture
def book(tmp_path: Path, now: datetime) -> Callable[..., None]:
    """Let the shop's books have these orders."""

    def write(*rows: dict[str, Any]) -> None:
        report = import_orders(
            write_orders(tmp_path, *rows), actor=Actor.system("command line"), now=now
        )
        assert report.refused == []

    return write


@pytest.fixture
def run(day: date, actor: Actor, gateway: Gateway, now: datetime) -> Run:
    """Compare the day, `later` than now."""

    def compare(later: timedelta = timedelta(0), of: date = day) -> ReconciliationRun:
        return run_day(of, actor=actor, gateway=gateway, now=now + later)

    return compare


def discrepancies() -> list[Discrepancy]:
    """Every row, the oldest first."""
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Discrepancy).order_by(Discrepancy.id)))
