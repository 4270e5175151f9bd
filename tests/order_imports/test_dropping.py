"""What nobody takes of a file is deleted: by a person, or after a week."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from admin.domain.order_intake import ImportState
from admin.models import OrderImport
from admin.order_imports import dropping, steps
from tests.order_imports.outcome import rows_left, the_books
from tests.order_imports.shop import a_row, as_csv
from tests.people import Person


def test_what_is_thrown_away_is_gone(bring: Callable[..., OrderImport], finance: Person) -> None:
    brought = bring(as_csv([a_row("ORD-1")]))
    assert finance.post(f"/orders/imports/{brought.id}/removal/").status_code == 303
    assert rows_left() == 0
    assert steps.get_import(brought.id).state is ImportState.DROPPED
    assert finance.post(f"/orders/imports/{brought.id}/taking/").status_code == 409
    assert the_books() == []


def test_after_a_week_nothing_of_a_file_is_left(
    bring: Callable[..., OrderImport], take: Callable[..., Any], now: datetime
) -> None:
    waiting = bring(as_csv([a_row("ORD-1")]))
    done = take([a_row("ORD-2"), a_row("ORD-3", **{"수량": "0"})])
    assert dropping.forget(now=now + timedelta(days=6)) == 0
    assert rows_left() == 2
    assert dropping.forget(now=now + timedelta(days=7)) == 2
    assert rows_left() == 0
    assert steps.get_import(waiting.id).state is ImportState.DROPPED
    assert steps.get_import(done.id).state is ImportState.DONE
    assert dropping.forget(now=now + timedelta(days=8)) == 0
