"""Keep the rows of a file, match its columns, judge its orders, take them, mend what was refused.

The rows lie in a table until they are taken, and for a week at most. Taking goes by batches, each
one transaction with the rows it takes away: a worker that dies, or two of them, take nothing twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, BinaryIO

import sqlalchemy as sa

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.errors import N_, Conflict, InvalidInput, NotFound
from admin.domain.export import FileUnreadable
from admin.domain.order_input import (
    CARD,
    PERSONAL,
    OrderDraft,
    OrderField,
    OrderInput,
    OrderRefused,
    Reason,
    gather_rows,
)
from admin.domain.order_intake import (
    ImportRowState,
    ImportState,
    OrderOrigin,
    Taken,
    TakenAs,
)
from admin.domain.order_mapping import (
    OrderColumns,
    clean_cell,
    headings_hash,
    unique_headings,
)
from admin.domain.permissions import Permission
from admin.exports.reading import read_table
from admin.jobs.service import enqueue
from admin.models import (
    Operator,
    OrderImport,
    OrderImportRow,
    OrderMapping,
    db,
    lock,
    transaction,
)
from admin.orders.service import foresee, take_in

JUDGE = "order_imports.judge"
TAKE = "order_imports.take"
MOST_BYTES = 10 * 1024 * 1024  # of an upload
MOST_UNPACKED = 256 * 1024 * 1024
MOST_ROWS = 50_000
MOST_COLUMNS = 100
AT_ONCE = 5_000  # rows; more are worked by a job
BATCH = 500  # orders a transaction
MOST_MENDED = 200  # rows mended on one page
MOST_SHOWN = 20  # orders of which a preview says what changes
KEPT = timedelta(days=7)
SECOND_TRY = timedelta(minutes=2)
HIDDEN = "[card]"  # what stands where a card number stood

Report = Callable[[int, int], None]


class NotItsTurn(Conflict):
    """The file is not at the step that this belongs to."""

    message = N_("This file is at another step by now. Look again.")


@dataclass(frozen=True, slots=True)
class _Judged:
    """What came of the orders of a file."""

    good: list[tuple[OrderDraft, OrderInput]]
    refused: list[tuple[OrderDraft, OrderRefused]]


def stage(file: BinaryIO, name: str, *, actor: Actor, now: datetime) -> OrderImport:
    """Keep a file's rows. Raises FileUnreadable or InvalidInput (field `file`)."""
    actor.require(Permission.ORDERS_IMPORT)
    digest = _sha256(file)
    headings, rows = _read(file)
    kept = db.session.scalars(
        sa.select(OrderMapping).where(OrderMapping.headings_hash == headings_hash(headings))
    ).one_or_none()
    with transaction():
        brought = OrderImport(
            name=clean_cell(name)[-120:],
            sha256=digest,
            state=ImportState.MATCHING,
            headings=headings,
            columns=dict(kept.columns) if kept is not None else {},
            words=dict(kept.words) if kept is not None else {},
            row_count=len(rows),
            previews=[],
            created_by_id=actor.operator_id,
            created_by=actor.name,
            created_at=now,
            expires_at=now + KEPT,
        )
        db.session.add(brought)
        db.session.flush()
        db.session.execute(
            sa.insert(OrderImportRow),
            [
                {
                    "import_id": brought.id,
                    "line": line,
                    "state": ImportRowState.WAITING,
                    "cells": cells,
                    "reasons": [],
                }
                for line, cells in rows
            ],
        )
        _record(brought, "brought", actor=actor, now=now, sha256=digest, rows=len(rows))
    return brought


def match(import_id: int, wanted: OrderColumns, *, actor: Actor, now: datetime) -> OrderImport:
    """Say which column is which, and have the orders judged. Raises NotMatched or NotItsTurn.

    How it was matched is kept for the next file with these headings.
    """
    actor.require(Permission.ORDERS_IMPORT)
    with transaction():
        brought = _locked(import_id, ImportState.MATCHING, ImportState.JUDGED)
        wanted.check(brought.headings)
        brought.columns, brought.words = dict(wanted.columns), dict(wanted.words)
        _keep_mapping(brought, actor=actor, now=now)
        _set_waiting(brought)
        brought.state = ImportState.JUDGING
        _record(brought, "matched", actor=actor, now=now)
        is_long = _ask(JUDGE, brought, now=now)
    if not is_long:
        judge(import_id)
    return get_import(import_id)


def judge(import_id: int, report: Report | None = None) -> None:
    """Say what taking would do. Nothing is taken; done again it says the same."""
    brought = get_import(import_id)
    if brought.state is not ImportState.JUDGING:
        return
    judged = _judge(brought, report)
    counts = dict.fromkeys(TakenAs, 0)
    previews: list[Any] = []
    for batch in _batches(judged.good):
        for one in foresee([order for _, order in batch]):
            counts[one.result] += 1
            if one.changes and len(previews) < MOST_SHOWN:
                previews.append([one.order_number, _changes(one)])
    with transaction():
        brought = _locked(import_id, *ImportState)
        if brought.state is not ImportState.JUDGING:
            return
        _refuse(brought, judged.refused)
        brought.to_add = counts[TakenAs.ADDED]
        brought.to_change = counts[TakenAs.CHANGED]
        brought.same = counts[TakenAs.UNCHANGED]
        brought.refused = len(judged.refused)
        brought.previews = previews
        brought.state = ImportState.JUDGED


def agree(import_id: int, *, actor: Actor, now: datetime) -> OrderImport:
    """Take what was judged good: at once, or by a worker when it is long. Raises NotItsTurn."""
    actor.require(Permission.ORDERS_IMPORT)
    with transaction():
        brought = _locked(import_id, ImportState.JUDGED)
        brought.state, brought.done = ImportState.TAKING, 0
        _record(brought, "agreed", actor=actor, now=now)
        is_long = _ask(TAKE, brought, now=now)
    if not is_long:
        take_all(import_id, now=now)
    return get_import(import_id)


def take_all(import_id: int, *, now: datetime, report: Report | None = None) -> None:
    """Take what waits, batch by batch; each row goes in the transaction that takes its order.

    Should another worker be at it, whoever comes second to a batch looks anew at what is left.
    """
    actor = _actor_of(get_import(import_id))
    while get_import(import_id).state is ImportState.TAKING:
        judged = _judge(get_import(import_id))
        if not judged.good:
            _end(import_id, actor=actor, now=now)
            return
        for batch in _batches(judged.good):
            try:
                _take_batch(import_id, batch, actor=actor, now=now)
            except _TakenElsewhere:
                break
            if report is not None:
                brought = get_import(import_id)
                report(brought.done, brought.row_count)


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
        brought = _locked(import_id, ImportState.JUDGED, ImportState.DONE)
        places = _columns(brought).places(brought.headings)
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
        _set_waiting(brought)
        brought.state = ImportState.JUDGING
        _record(brought, "mended", actor=actor, now=now, rows=mended)
        is_long = _ask(JUDGE, brought, now=now)
    if not is_long:
        judge(import_id)
    return get_import(import_id)


def drop(import_id: int, *, actor: Actor, now: datetime) -> OrderImport:
    """Delete the rows that were not taken. Raises NotItsTurn while they are being taken."""
    actor.require(Permission.ORDERS_IMPORT)
    with transaction():
        brought = _locked(import_id, ImportState.MATCHING, ImportState.JUDGING, ImportState.JUDGED)
        _drop(brought, now=now)
        _record(brought, "dropped", actor=actor, now=now)
    return brought


def forget(*, now: datetime) -> int:
    """Delete the rows of files past their time; returns of how many files."""
    left = sa.exists().where(OrderImportRow.import_id == OrderImport.id)
    query = sa.select(OrderImport.id).where(
        OrderImport.expires_at <= now, OrderImport.state != ImportState.TAKING, left
    )
    overdue = list(db.session.scalars(query))
    for import_id in overdue:
        with transaction():
            brought = _locked(import_id, *ImportState)
            if brought.state is ImportState.TAKING:
                continue
            if brought.state is ImportState.DONE:
                _delete_rows(import_id)
            else:
                _drop(brought, now=now)
            _record(brought, "expired", actor=Actor.system("order imports"), now=now)
    return len(overdue)


def get_import(import_id: int) -> OrderImport:
    """One file as it stands in the database, or NotFound."""
    brought = db.session.get(OrderImport, import_id, populate_existing=True)
    if brought is None:
        raise NotFound()
    return brought


def _sha256(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while piece := file.read(64 * 1024):
        digest.update(piece)
    return digest.hexdigest()


def _read(file: BinaryIO) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Headings, and the rows that are not empty with the lines they stood on."""
    headings: list[str] = []
    rows: list[tuple[int, list[str]]] = []
    for line, row in enumerate(read_table(file, most_unpacked=MOST_UNPACKED), start=1):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) > MOST_COLUMNS and any(row[MOST_COLUMNS:]):
            raise FileUnreadable(
                N_("A file of orders has at most %(most)s columns."),
                field="file",
                most=MOST_COLUMNS,
            )
        if not headings:
            headings = unique_headings([clean_cell(cell) for cell in row])
            continue
        if len(rows) == MOST_ROWS:
            raise FileUnreadable(
                N_("A file of orders has at most %(most)s rows. Bring it in parts."),
                field="file",
                most=f"{MOST_ROWS:,}",
            )
        cells = [clean_cell(cell) for cell in row[: len(headings)]]
        rows.append((line, [*cells, *[""] * (len(headings) - len(cells))]))
    if not rows:
        raise FileUnreadable(N_("There is no row under the headings."), field="file")
    return headings, rows


class _TakenElsewhere(Exception):
    """Rows of this batch are gone: another worker took them."""


def _take_batch(
    import_id: int,
    batch: Sequence[tuple[OrderDraft, OrderInput]],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    with transaction():
        if _locked(import_id, *ImportState).state is not ImportState.TAKING:
            raise _TakenElsewhere
        lines = [line for draft, _ in batch for line in draft.lines]
        if _delete_rows(import_id, lines) != len(lines):
            raise _TakenElsewhere
        orders = [order for _, order in batch]
        taken = take_in(orders, origin=OrderOrigin.FILE, actor=actor, now=now)
        results = [one.result for one in taken]
        counts = {
            "added": OrderImport.added + results.count(TakenAs.ADDED),
            "changed": OrderImport.changed + results.count(TakenAs.CHANGED),
            "unchanged": OrderImport.unchanged + results.count(TakenAs.UNCHANGED),
            "done": OrderImport.done + len(lines),
        }
        db.session.execute(
            sa.update(OrderImport)
            .where(OrderImport.id == import_id)
            .values(**counts)
            .execution_options(synchronize_session=False)
        )


def _end(import_id: int, *, actor: Actor, now: datetime) -> None:
    with transaction():
        brought = _locked(import_id, *ImportState)
        if brought.state is not ImportState.TAKING:
            return
        brought.state, brought.ended_at = ImportState.DONE, now
        _record(
            brought,
            "taken",
            actor=actor,
            now=now,
            added=brought.added,
            changed=brought.changed,
            unchanged=brought.unchanged,
            refused=brought.refused,
        )


def _judge(brought: OrderImport, report: Report | None = None) -> _Judged:
    columns = _columns(brought)
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
    judged = _Judged([], [])
    brings = frozenset(places)
    drafts = gather_rows((line, columns.read(cells, places)) for line, cells in rows)
    for place, draft in enumerate(drafts, start=1):
        try:
            order = replace(_read_draft(draft), brings=brings)
            judged.good.append((draft, order))
        except OrderRefused as refused:
            judged.refused.append((draft, refused))
        if report is not None and place % (BATCH * 4) == 0:
            report(place, len(drafts))
    return judged


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


def _batches(
    good: Sequence[tuple[OrderDraft, OrderInput]],
) -> Iterator[Sequence[tuple[OrderDraft, OrderInput]]]:
    for start in range(0, len(good), BATCH):
        yield good[start : start + BATCH]


def _columns(brought: OrderImport) -> OrderColumns:
    return OrderColumns(columns=brought.columns, words=brought.words)


def _keep_mapping(brought: OrderImport, *, actor: Actor, now: datetime) -> None:
    wanted = headings_hash(brought.headings)
    query = sa.select(OrderMapping).where(OrderMapping.headings_hash == wanted)
    kept = db.session.scalars(query.with_for_update()).one_or_none()
    words = dict(brought.words)
    if kept is None:
        kept = OrderMapping(headings_hash=wanted)
        db.session.add(kept)
    else:
        words = {**kept.words, **words}  # a word that this file lacks may come with the next
    kept.columns, kept.words = dict(brought.columns), words
    kept.changed_by, kept.changed_at = actor.name, now


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


def _ask(name: str, brought: OrderImport, *, now: datetime) -> bool:
    """Have a worker do it: now when it is long, else later, should this process die at it.

    Returns whether it is long.
    """
    waiting = sa.select(sa.func.count()).where(OrderImportRow.import_id == brought.id)
    is_long = db.session.execute(waiting).scalar_one() > AT_ONCE
    enqueue(
        name,
        unique_key=f"{name}:{brought.id}:{now.isoformat()}",
        payload={"import_id": brought.id},
        due_at=now if is_long else now + SECOND_TRY,
        actor=Actor.system("order imports"),
        now=now,
    )
    return is_long


def _drop(brought: OrderImport, *, now: datetime) -> None:
    brought.state, brought.ended_at = ImportState.DROPPED, now
    brought.previews = []
    _delete_rows(brought.id)


def _delete_rows(import_id: int, lines: Sequence[int] | None = None) -> int:
    statement = (
        sa.delete(OrderImportRow)
        .where(OrderImportRow.import_id == import_id)
        .returning(OrderImportRow.line)
        .execution_options(synchronize_session=False)
    )
    if lines is None:
        return len(db.session.execute(statement).all())
    deleted = 0
    for start in range(0, len(lines), BATCH):
        part = statement.where(OrderImportRow.line.in_(lines[start : start + BATCH]))
        deleted += len(db.session.execute(part).all())
    return deleted


def _locked(import_id: int, *states: ImportState) -> OrderImport:
    brought = lock(OrderImport, import_id)
    if brought is None:
        raise NotFound()
    if brought.state not in states:
        raise NotItsTurn()
    return brought


def _actor_of(brought: OrderImport) -> Actor:
    """Whoever brought the file, with the rights they have today."""
    operator = db.session.get(Operator, brought.created_by_id) if brought.created_by_id else None
    role = operator.role if operator is not None and operator.active else None
    return Actor(name=brought.created_by, operator_id=brought.created_by_id, role=role)


def _record(
    brought: OrderImport, what: str, *, actor: Actor, now: datetime, **facts: object
) -> None:
    record(actor, f"order_import.{what}", f"order_import:{brought.id}", now=now, **facts)
