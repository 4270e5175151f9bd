"""Judge the orders of a file: what taking them would do, and why some are refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from admin.domain.order_input import (
    CARD,
    PERSONAL,
    OrderDraft,
    OrderInput,
    OrderRefused,
    Reason,
    gather_rows,
)
from admin.domain.order_intake import ImportRowState, ImportState, Taken, TakenAs
from admin.domain.order_mapping import OrderColumns
from admin.models import OrderImport, OrderImportRow, db, transaction
from admin.order_imports.steps import Report, ask, batches, get_import, locked
from admin.orders.service import foresee

JUDGE = "order_imports.judge"
MOST_SHOWN = 20  # orders of which a preview says what changes
REPORT_EVERY = 2_000  # orders
HIDDEN = "[card]"  # what stands where a card number stood


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of the orders of a file."""

    good: list[tuple[OrderDraft, OrderInput]]
    refused: list[tuple[OrderDraft, OrderRefused]]


def ask_to_judge(brought: OrderImport, *, now: datetime) -> bool:
    """Have what waits and what was refused judged, from the start; whether a worker does it."""
    _set_waiting(brought)
    brought.state = ImportState.JUDGING
    return ask(JUDGE, brought, now=now)


def judge(import_id: int, report: Report | None = None) -> None:
    """Say what taking would do. Nothing is taken; done again it says the same."""
    brought = get_import(import_id)
    if brought.state is not ImportState.JUDGING:
        return
    judged = judge_waiting(brought, report)
    counts = dict.fromkeys(TakenAs, 0)
    previews: list[Any] = []
    for batch in batches(judged.good):
        for one in foresee([order for _, order in batch]):
            counts[one.result] += 1
            if one.changes and len(previews) < MOST_SHOWN:
                previews.append([one.order_number, _changes(one)])
    with transaction():
        brought = locked(import_id, *ImportState)
        if brought.state is not ImportState.JUDGING:
            return
        _refuse(brought, judged.refused)
        brought.to_add = counts[TakenAs.ADDED]
        brought.to_change = counts[TakenAs.CHANGED]
        brought.same = counts[TakenAs.UNCHANGED]
        brought.refused = len(judged.refused)
        brought.previews = previews
        brought.state = ImportState.JUDGED


def judge_waiting(brought: OrderImport, report: Report | None = None) -> Judged:
    """The orders of the rows that wait, good and refused; nothing is written."""
    columns = kept_columns(brought)
    places = columns.places(brought.headings)
    query = (
        sa.select(OrderImportRow.line, OrderImportRow.cells)
        .where(
            OrderImportRow.import_id == brought.id,
            OrderImportRow.state == ImportRowState.WAITING,
        )
        .order_by(OrderImportRow.line)
    )
    rows = db.session.execute(query).all()
    judged = Judged([], [])
    brings = frozenset(places)
    drafts = gather_rows((line, columns.read(cells, places)) for line, cells in rows)
    for place, draft in enumerate(drafts, start=1):
        try:
            order = replace(_read_draft(draft), brings=brings)
            judged.good.append((draft, order))
        except OrderRefused as refused:
            judged.refused.append((draft, refused))
        if report is not None and place % REPORT_EVERY == 0:
            report(place, len(drafts))
    return judged


def kept_columns(brought: OrderImport) -> OrderColumns:
    """How a file is read."""
    return OrderColumns(columns=brought.columns, words=brought.words)


def _set_waiting(brought: OrderImport) -> None:
    brought.done, brought.previews = 0, []
    db.session.flush()
    db.session.execute(
        sa.update(OrderImportRow)
        .where(
            OrderImportRow.import_id == brought.id,
            OrderImportRow.state == ImportRowState.REFUSED,
        )
        .values(state=ImportRowState.WAITING, reasons=[])
        .execution_options(synchronize_session=False)
    )


def _read_draft(draft: OrderDraft) -> OrderInput:
    """As the rule reads it; where a card number stood in the file, there is no order."""
    hidden = [Reason(name, CARD) for name, value in draft.fields.items() if HIDDEN in value]
    for place, item in enumerate(draft.items):
        hidden += [Reason(name, CARD, item=place) for name, text in item.items() if HIDDEN in text]
    if hidden:
        raise OrderRefused(hidden)
    return draft.read()


def _refuse(brought: OrderImport, refused: Iterable[tuple[OrderDraft, OrderRefused]]) -> None:
    """Every row of a refused order waits for mending; each reason stands at its line."""
    values = []
    for draft, why in refused:
        reasons: dict[int, list[Any]] = {line: [] for line in draft.lines}
        for reason in why.reasons:
            told = [reason.field, reason.message, dict(reason.values)]
            reasons[draft.line_of(reason)].append(told)
        values += [
            {
                "import_id": brought.id,
                "line": line,
                "state": ImportRowState.REFUSED,
                "reasons": told,
            }
            for line, told in reasons.items()
        ]
    if values:
        db.session.execute(sa.update(OrderImportRow), values)


def _changes(taken: Taken) -> list[list[str]]:
    personal = {field.value for field in PERSONAL}
    return [
        [name, "", ""] if name in personal else [name, before[:200], now[:200]]
        for name, (before, now) in taken.changes.items()
    ]
