"""Keyset paging: constant cost at any depth, no count, no offset."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from admin.models import db
from admin.web.keys import LARGEST

Row = TypeVar("Row")
SIZE = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of rows, newest first, and the ways on. `older`/`newer` are cursors or None."""

    rows: Sequence[Row]
    older: str | None
    newer: str | None


def page_of(
    query: sa.Select[Row],
    order: Sequence[InstrumentedAttribute[Any]],
    *,
    cursor: str | None,
    size: int = SIZE,
    ascending: bool = False,
) -> Page[Row]:
    """Fetch one page of `query` by `order` (whose last column must be unique), largest first.

    A query of one entity gives entities, of several columns rows that have them by name.
    `ascending` turns the list round. A cursor that cannot be read starts at the beginning.
    """
    back, place = _read(cursor, order)
    columns = [*order]
    upward = back is not ascending
    ordered = query.order_by(*[(c.asc() if upward else c.desc()) for c in columns])
    if place is not None:
        here, there = (
            sa.tuple_(*columns),
            sa.tuple_(*[sa.literal(v, c.type) for v, c in zip(place, columns, strict=True)]),
        )
        ordered = ordered.where(here > there if upward else here < there)
    found: list[Any] = [
        row if len(row) > 1 else row[0] for row in db.session.execute(ordered.limit(size + 1))
    ]
    more = len(found) > size
    rows = found[:size]
    if back:
        rows.reverse()
    older = _write(rows[-1], columns, back=False) if rows and (more or back) else None
    newer = (
        _write(rows[0], columns, back=True)
        if rows and (more if back else place is not None)
        else None
    )
    return Page(rows=rows, older=older, newer=newer)


def _write(row: Any, columns: Sequence[InstrumentedAttribute[Any]], *, back: bool) -> str:
    values = [_plain(getattr(row, column.key)) for column in columns]
    text = json.dumps([back, *values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(
    cursor: str | None, order: Sequence[InstrumentedAttribute[Any]]
) -> tuple[bool, list[Any] | None]:
    if not cursor:
        return False, None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        back, *values = json.loads(raw)
        place = [_rich(value) for value in values]
    except (ValueError, ArithmeticError, OSError, LookupError, TypeError):
        return False, None
    fits = len(place) == len(order) and all(
        isinstance(value, column.type.python_type)
        for value, column in zip(place, order, strict=True)
    )
    return (bool(back), place) if fits else (False, None)


def _plain(value: Any) -> Any:
    return {"t": value.timestamp()} if isinstance(value, datetime) else value


def _rich(value: Any) -> Any:
    if isinstance(value, dict):
        return datetime.fromtimestamp(float(value["t"]), UTC)
    if isinstance(value, str) or (isinstance(value, int) and abs(value) <= LARGEST):
        return value
    raise ValueError("not a cursor of ours")
