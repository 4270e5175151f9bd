"""Read files of orders on their way in."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from admin.domain.order_intake import ImportRowState, ImportState
from admin.models import OrderImport, OrderImportRow, db


def select_imports() -> sa.Select[OrderImport]:
    """Every file, for newest-first paging by id."""
    return sa.select(OrderImport)


def samples_of(import_id: int, most: int) -> list[Sequence[str]]:
    """The cells of the first rows."""
    query = (
        sa.select(OrderImportRow.cells)
        .where(OrderImportRow.import_id == import_id)
        .order_by(OrderImportRow.line)
        .limit(most)
    )
    return list(db.session.scalars(query))


def words_of(import_id: int, place: int, most: int) -> list[str]:
    """The different texts of one column, at most one more than `most`."""
    words: dict[str, None] = {}
    query = sa.select(OrderImportRow.cells).where(OrderImportRow.import_id == import_id)
    for cells in db.session.scalars(query.order_by(OrderImportRow.line)):
        if cells[place]:
            words[cells[place]] = None
        if len(words) > most:
            break
    return list(words)


def refused_rows(import_id: int, most: int | None = None) -> list[OrderImportRow]:
    """Rows that were refused, in the order of the file."""
    query = (
        sa.select(OrderImportRow)
        .where(
            OrderImportRow.import_id == import_id,
            OrderImportRow.state == ImportRowState.REFUSED,
        )
        .order_by(OrderImportRow.line)
        .limit(most)
        .execution_options(populate_existing=True)
    )
    return list(db.session.scalars(query))


def count_refused(import_id: int) -> int:
    """How many rows were refused."""
    query = sa.select(sa.func.count()).where(
        OrderImportRow.import_id == import_id, OrderImportRow.state == ImportRowState.REFUSED
    )
    return db.session.execute(query).scalar_one()


def find_twin(brought: OrderImport) -> OrderImport | None:
    """The newest earlier file of exactly these bytes that was taken."""
    query = (
        sa.select(OrderImport)
        .where(
            OrderImport.sha256 == brought.sha256,
            OrderImport.id < brought.id,
            OrderImport.state == ImportState.DONE,
        )
        .order_by(OrderImport.id.desc())
        .limit(1)
    )
    return db.session.scalars(query).one_or_none()
