"""What the tests of files of orders share."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from admin.domain.actor import Actor
from admin.domain.order_mapping import OrderColumns, guess_columns
from admin.models import OrderImport
from admin.order_imports import matching, staging, taking
from tests.order_imports.shop import PAID, as_csv


@pytest.fixture
def bring(actor: Actor, now: datetime) -> Callable[..., OrderImport]:
    """Bring a file and have it judged as it can be guessed."""

    def make(content: bytes, name: str = "orders.csv") -> OrderImport:
        staged = staging.stage(io.BytesIO(content), name, actor=actor, now=now)
        wanted = OrderColumns(columns=guess_columns(staged.headings), words=PAID)
        return matching.match(staged.id, wanted, actor=actor, now=now)

    return make


@pytest.fixture
def take(bring: Callable[..., OrderImport], actor: Actor, now: datetime) -> Callable[..., Any]:
    """Bring rows and take them in."""

    def make(rows: list[dict[str, Any]]) -> OrderImport:
        return taking.agree(bring(as_csv(rows)).id, actor=actor, now=now)

    return make
