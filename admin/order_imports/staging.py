"""Keep the rows of a file in a table, until they are taken and for a week at most."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import BinaryIO

import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.errors import N_
from admin.domain.export import FileUnreadable
from admin.domain.order_intake import ImportRowState, ImportState
from admin.domain.order_mapping import clean_cell, headings_hash, unique_headings
from admin.domain.permissions import Permission
from admin.exports.reading import read_table
from admin.models import OrderImport, OrderImportRow, OrderMapping, db, transaction
from admin.order_imports.steps import record_step

MOST_BYTES = 10 * 1024 * 1024  # of an upload
MOST_UNPACKED = 256 * 1024 * 1024
MOST_ROWS = 50_000
MOST_COLUMNS = 100
KEPT = timedelta(days=7)


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
        record_step(brought, "brought", actor=actor, now=now, sha256=digest, rows=len(rows))
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
