"""Mend what was refused: cells are changed on the page and the rows judged anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.errors import N_, InvalidInput
from admin.domain.order_input import OrderField
from admin.domain.order_intake import ImportRowState, ImportState
from admin.domain.order_mapping import clean_cell
from admin.domain.permissions import Permission
from admin.models import OrderImport, OrderImportRow, db, transaction
from admin.order_imports.judging import ask_to_judge, judge, kept_columns
from admin.order_imports.steps import get_import, locked, record_step

MOST_MENDED = 200  # rows mended on one page


def mend(
    import_id: int,
    cells: Mapping[tuple[int, OrderField], str],
    *,
    actor: Actor,
    now: datetime,
) -> OrderImport:
    """Change cells of refused rows, by line and field, and have them judged anew."""
    actor.require(Permission.ORDERS_IMPORT)
    lines = {line for line, _ in cells}
    if len(lines) > MOST_MENDED:
        raise InvalidInput(N_("At most %(most)s rows are mended at once."), most=MOST_MENDED)
    with transaction():
        brought = locked(import_id, ImportState.JUDGED, ImportState.DONE)
        places = kept_columns(brought).places(brought.headings)
        query = sa.select(OrderImportRow).where(
            OrderImportRow.import_id == import_id,
            OrderImportRow.line.in_(lines),
            OrderImportRow.state == ImportRowState.REFUSED,
        )
        mended = 0
        for row in db.session.scalars(query):
            kept = list(row.cells)
            for (line, field), text in cells.items():
                if line == row.line and field in places:
                    kept[places[field]] = clean_cell(text)
            mended += kept != row.cells
            row.cells = kept
        is_long = ask_to_judge(brought, now=now)
        record_step(brought, "mended", actor=actor, now=now, rows=mended)
    if not is_long:
        judge(import_id)
    return get_import(import_id)
