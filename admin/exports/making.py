"""Write a file that was asked for, and hand it over when it adds up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.clock import RunningClock
from admin.domain.errors import N_, NotFound
from admin.domain.export import LIFETIME, UNDER_WAY, ExportState, ExportSums
from admin.exports.files import ExportFolder
from admin.exports.lists import offered_list
from admin.exports.steps import columns_named, record_step
from admin.exports.writing import Order, Written, write
from admin.models import Export, ExportMark, db, lock, transaction

TOTALS_DIFFER = N_(
    "What was written does not add up to what the database sums. It was thrown away."
)

# (export, the database's sums, what was counted, the root) -> lines of the sheet that goes along
CoverOf = Callable[[Export, ExportSums, ExportSums, str], list[tuple[str, str]]]
Report = Callable[[int, int], None]


class WritingStopped(Exception):
    """Somebody stopped it, or another worker writes it now."""


def make(
    export_id: int,
    *,
    folder: ExportFolder,
    cover: CoverOf,
    cover_name: str,
    now: datetime,
    report: Report | None = None,
) -> Export | None:
    """Write the file and hand it over; None when somebody stopped it or wrote it before.

    A crash leaves no half file: the next attempt begins again, and only a whole one gets its name.
    """
    clock = RunningClock(now)
    export = _begin(export_id, now=now)
    if export is None:
        return None
    attempt = export.attempt
    offered = offered_list(export.list_name)

    def tell(done: int, total: int) -> None:
        _keep_progress(export_id, attempt, done)
        if report is not None:
            report(done, total)

    order = Order(
        offered=offered,
        question=offered.read(export.query, export.created_at),
        columns=columns_named(export.columns, offered.columns(export.is_masked, export.created_at)),
        kind=export.kind,
        cover=lambda sums, counted, root: cover(export, sums, counted, root),
        cover_name=cover_name,
    )
    try:
        with folder.part(export.token, attempt) as file:
            written = write(order, file, engine=db.engine, report=tell)
            prints_sha256 = folder.keep(file, export.token, attempt, written.prints)
            return _finish(export_id, attempt, written, prints_sha256, folder, now=clock.now())
    except WritingStopped:
        return None


def _begin(export_id: int, *, now: datetime) -> Export | None:
    with transaction():
        export = lock(Export, export_id)
        if export is None:
            raise NotFound()
        if export.state not in UNDER_WAY:
            return None
        export.state, export.done_rows = ExportState.WRITING, 0
        export.attempt += 1
    return export


def _keep_progress(export_id: int, attempt: int, done: int) -> None:
    """Raises WritingStopped when the export is no longer ours to write."""
    statement = (
        sa.update(Export)
        .where(
            Export.id == export_id,
            Export.attempt == attempt,
            Export.state == ExportState.WRITING,
        )
        .values(done_rows=done)
        .returning(Export.id)
    )
    with transaction():
        if db.session.execute(statement).first() is None:
            raise WritingStopped()


def _finish(
    export_id: int,
    attempt: int,
    written: Written,
    prints_sha256: str,
    folder: ExportFolder,
    *,
    now: datetime,
) -> Export:
    actor = Actor.system("exports")
    with transaction():
        export = lock(Export, export_id)
        if export is None or (export.attempt, export.state) != (attempt, ExportState.WRITING):
            raise WritingStopped()
        export.done_rows = written.counted.count
        export.count, export.gross_minor = written.sums.count, written.sums.gross
        export.cancelled_minor = written.sums.cancelled
        export.written_count = written.counted.count
        export.written_gross_minor = written.counted.gross
        export.written_cancelled_minor = written.counted.cancelled
        if written.sums != written.counted:
            export.state, export.ended_at = ExportState.FAILED, now
            export.problem = TOTALS_DIFFER
            record_step(export, "failed", actor=actor, now=now, why="totals differ")
            return export
        export.size, export.sha256 = written.size, written.sha256
        export.root, export.prints_sha256 = written.prints.root, prints_sha256
        export.state, export.ready_at = ExportState.READY, now
        export.expires_at = now + LIFETIME
        db.session.add_all(
            ExportMark(mark=mark, export_id=export_id) for mark in written.prints.marks()
        )
        record_step(
            export,
            "made",
            actor=actor,
            now=now,
            rows=export.count,
            gross=export.gross_minor,
            cancelled=export.cancelled_minor,
            sha256=export.sha256,
        )
        folder.publish(export.token, attempt, export.kind)
    return export
