"""Ask for a file of a list, write it, hand it out for a day, take it back, and check a copy."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from admin.accounts.second_factor import TypedCode, WrongCode, has_second_factor
from admin.audit.service import record
from admin.columns.offered import OfferedColumn
from admin.columns.service import remember_columns
from admin.domain.actor import Actor
from admin.domain.clock import RunningClock
from admin.domain.errors import N_, InvalidInput, NotAllowed, NotFound
from admin.domain.export import (
    AT_ONCE,
    LIFETIME,
    MOST_XLSX_ROWS,
    SHORTEST_REASON,
    UNDER_WAY,
    AlreadyEnded,
    CheckVerdict,
    CodeRefused,
    Comparison,
    ExportKind,
    ExportNotReady,
    ExportState,
    ExportSums,
    compare,
)
from admin.domain.job import JobState
from admin.domain.permissions import Permission
from admin.exports.files import TOKEN_BYTES, ExportFolder
from admin.exports.lists import offered_list
from admin.exports.queries import (
    find_by_claim,
    find_by_content,
    find_by_form_key,
    find_by_marks,
    ready_tokens,
    sum_up,
)
from admin.exports.reading import Brought, read_brought
from admin.exports.writing import Order, Written, write
from admin.jobs.service import enqueue
from admin.models import Export, ExportMark, Job, Operator, db, lock, transaction

MAKE = "exports.make"
ABANDONED = timedelta(minutes=10)  # a web process that wrote at once and is not heard of any more
TOTALS_DIFFER = N_(
    "What was written does not add up to what the database sums. It was thrown away."
)
GAVE_UP = N_("It could not be written, several times over. The jobs page says why.")

# (export, the database's sums, what was counted, the root) -> lines of the sheet that goes along
CoverOf = Callable[[Export, ExportSums, ExportSums, str], list[tuple[str, str]]]
Report = Callable[[int, int], None]


class WritingStopped(Exception):
    """Somebody stopped it, or another worker writes it now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportCommand:
    """What a person wants to take away, in which form, and what for."""

    list_name: str
    query: str
    columns: tuple[str, ...]
    kind: ExportKind
    masked: bool
    reason: str
    language: str
    form_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a file that was brought turned out to be."""

    verdict: CheckVerdict
    export: Export | None = None
    comparison: Comparison | None = None


def ask(
    command: ExportCommand,
    *,
    actor: Actor,
    now: datetime,
    code: TypedCode | None = None,
    at_once: int = AT_ONCE,
) -> Export:
    """Record the export. Up to `at_once` rows are left to the caller to `make`, more to a job.

    Personal data in full are asked for behind a fresh `code` of whoever has an authenticator app.
    The same form sent twice is one export. Raises InvalidInput for what a person can mend, of
    which CodeRefused is one.
    """
    offered = offered_list(command.list_name)
    actor.require(offered.permission)
    if (earlier := find_by_form_key(command.form_key)) is not None:
        return earlier
    masked = command.masked or not actor.may(Permission.EXPORTS_UNMASKED)
    columns = _chosen(command.columns, offered.columns(masked, now))
    question = offered.read(command.query, now)
    if question.problem:
        raise InvalidInput(N_("The list cannot be asked like that. Mend its search first."))
    is_personal = any(column.is_personal for column in columns)
    if is_personal and len(command.reason) < SHORTEST_REASON:
        raise InvalidInput(_NO_REASON, field="reason", least=SHORTEST_REASON)
    rows = sum_up(question).count
    if command.kind is ExportKind.XLSX and rows > MOST_XLSX_ROWS:
        raise InvalidInput(_TOO_LONG, field="kind", most=f"{MOST_XLSX_ROWS:,}")
    export = Export(
        form_key=command.form_key,
        token=secrets.token_hex(TOKEN_BYTES),
        list_name=offered.name,
        kind=command.kind,
        state=ExportState.QUEUED,
        query=command.query,
        words=[list(pair) for pair in question.words],
        columns=list(command.columns),
        is_personal=is_personal,
        is_masked=masked,
        reason=command.reason,
        language=command.language,
        created_by_id=actor.operator_id,
        created_by=actor.name,
        created_at=now,
        all_rows=rows,
    )
    try:
        with transaction():
            stepped_up = is_personal and not masked and _takes_code(code, actor=actor, now=now)
            db.session.add(export)
            db.session.flush()
            remember_columns(actor.operator_id, offered.name, command.columns, now=now)
            _record(
                export,
                "asked",
                actor=actor,
                now=now,
                list=offered.name,
                rows=rows,
                personal=is_personal,
                masked=masked,
                reason=command.reason,
                stepped_up=stepped_up,
            )
            if rows > at_once:
                _enqueue(export, actor=actor, now=now)
    except IntegrityError:
        earlier = find_by_form_key(command.form_key)
        if earlier is None:
            raise
        return earlier
    return export


def _takes_code(code: TypedCode | None, *, actor: Actor, now: datetime) -> bool:
    """Use the code up; False for who has no app to read one from."""
    operator = db.session.get(Operator, actor.operator_id) if actor.operator_id else None
    if operator is None or not has_second_factor(operator):
        return False
    if code is None or not code.text:
        raise InvalidInput(_NO_CODE, field="code")
    try:
        code.use(operator.id, now=now)
    except WrongCode:
        raise CodeRefused(field="code") from None
    return True


_NO_CODE = N_(
    "Type the code that your authenticator app shows: the file has personal data in full."
)
_NO_REASON = N_("Say in at least %(least)s characters what the personal data are for.")
_TOO_LONG = N_("A workbook holds at most %(most)s rows. Choose CSV.")


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
        columns=_chosen(export.columns, offered.columns(export.is_masked, export.created_at)),
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


def cancel(export_id: int, *, actor: Actor, now: datetime) -> Export:
    """Stop a file that is not ready yet. Its maker does, or who may revoke. Raises AlreadyEnded."""
    with transaction():
        export = _locked(export_id, actor=actor)
        if export.created_by_id != actor.operator_id:
            actor.require(Permission.EXPORTS_REVOKE)
        if export.state not in UNDER_WAY:
            raise AlreadyEnded()
        export.state, export.ended_at = ExportState.CANCELLED, now
        _record(export, "cancelled", actor=actor, now=now)
    return export


def revoke(
    export_id: int, reason: str, *, folder: ExportFolder, actor: Actor, now: datetime
) -> Export:
    """Take the purpose back: the file is deleted, and every copy that is checked says so."""
    actor.require(Permission.EXPORTS_REVOKE)
    if len(reason) < SHORTEST_REASON:
        raise InvalidInput(_NO_REVOKE_REASON, field="reason", least=SHORTEST_REASON)
    with transaction():
        export = _locked(export_id, actor=actor)
        if export.state not in (ExportState.READY, ExportState.EXPIRED):
            raise AlreadyEnded()
        export.state, export.ended_at = ExportState.REVOKED, now
        export.revoked_by_id, export.revoked_by = actor.operator_id, actor.name
        export.revoke_reason = reason
        _record(export, "revoked", actor=actor, now=now, reason=reason)
    folder.forget(export.token, export.kind)
    return export


_NO_REVOKE_REASON = N_("Say why in at least %(least)s characters.")


def get_export(export_id: int, *, actor: Actor) -> Export:
    """An export its maker or an auditor may see; NotFound for everyone else."""
    export = db.session.get(Export, export_id, populate_existing=True)
    return _seen(export, actor=actor)


def open_file(
    export_id: int, *, folder: ExportFolder, actor: Actor, now: datetime
) -> tuple[Export, Path]:
    """The file of a ready export. Raises ExportNotReady, and deletes what is past its time."""
    export = get_export(export_id, actor=actor)
    if export.is_personal and not export.is_masked and not actor.may(Permission.EXPORTS_UNMASKED):
        raise NotAllowed()
    if export.state_at(now) is not ExportState.READY:
        if export.state_at(now) is ExportState.EXPIRED:
            folder.forget(export.token, export.kind)
        raise ExportNotReady()
    path = folder.file(export.token, export.kind)
    if not path.is_file():
        raise ExportNotReady()
    return export, path


def check(file: BinaryIO, *, folder: ExportFolder, actor: Actor, now: datetime) -> Checked:
    """Say what a file is: ours and unchanged, changed where, or not known. It is not kept.

    Raises FileUnreadable for what is no table.
    """
    checked = _check(file, folder)
    with transaction():
        export = checked.export
        subject = f"export:{export.id}" if export is not None else "export:unknown"
        record(actor, "export.checked", subject, now=now, verdict=checked.verdict.value)
    return checked


def sweep(*, folder: ExportFolder, now: datetime) -> int:
    """Delete files past their time, take up what was abandoned; returns how many files went."""
    actor = Actor.system("exports")
    late = sa.select(Export.id).where(Export.state == ExportState.READY, Export.expires_at <= now)
    gone = 0
    for export_id in list(db.session.scalars(late)):
        with transaction():
            export = lock(Export, export_id)
            if export is None or export.state is not ExportState.READY:
                continue
            export.state, export.ended_at = ExportState.EXPIRED, now
            _record(export, "expired", actor=actor, now=now)
        folder.forget(export.token, export.kind)
        gone += 1
    _take_up_abandoned(actor, now=now)
    for stray in folder.strays(ready_tokens()):
        stray.unlink(missing_ok=True)
    return gone


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
            _record(export, "failed", actor=actor, now=now, why="totals differ")
            return export
        export.size, export.sha256 = written.size, written.sha256
        export.root, export.prints_sha256 = written.prints.root, prints_sha256
        export.state, export.ready_at = ExportState.READY, now
        export.expires_at = now + LIFETIME
        db.session.add_all(
            ExportMark(mark=mark, export_id=export_id) for mark in written.prints.marks()
        )
        _record(
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


def _check(file: BinaryIO, folder: ExportFolder) -> Checked:
    file.seek(0)
    sha256 = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    if (export := find_by_content(sha256)) is not None:
        return Checked(verdict=CheckVerdict.UNCHANGED, export=export)
    brought = read_brought(file)
    export = _recognised(brought)
    if export is None:
        return Checked(verdict=CheckVerdict.UNKNOWN)
    made = folder.prints(export.token, export.prints_sha256)
    if made is None:
        return Checked(verdict=CheckVerdict.CHANGED, export=export)
    comparison = compare(made, brought.prints)
    return Checked(verdict=comparison.verdict, export=export, comparison=comparison)


def _recognised(brought: Brought) -> Export | None:
    """By its rows first: what a cover says can be copied into another file."""
    by_marks = find_by_marks(brought.prints.marks())
    if by_marks is not None or brought.claim is None:
        return by_marks
    return find_by_claim(*brought.claim)


def _take_up_abandoned(actor: Actor, *, now: datetime) -> None:
    """Ask again for what nobody writes any more; give up what its job gave up."""
    query = sa.select(Export.id).where(
        Export.state.in_(UNDER_WAY), Export.created_at <= now - ABANDONED
    )
    for export_id in list(db.session.scalars(query)):
        with transaction():
            export = lock(Export, export_id)
            if export is None or export.state not in UNDER_WAY:
                continue
            job = db.session.scalars(sa.select(Job).where(Job.unique_key == _key(export)))
            found = job.one_or_none()
            if found is None:
                _enqueue(export, actor=actor, now=now)
            elif found.state is JobState.FAILED:
                export.state, export.ended_at = ExportState.FAILED, now
                export.problem = GAVE_UP
                _record(export, "failed", actor=actor, now=now, why="gave up")


def _enqueue(export: Export, *, actor: Actor, now: datetime) -> None:
    payload = {"export_id": export.id}
    enqueue(MAKE, unique_key=_key(export), payload=payload, actor=actor, now=now)


def _key(export: Export) -> str:
    return f"{MAKE}:{export.id}"


def _chosen(names: Sequence[str], offered: list[OfferedColumn]) -> list[OfferedColumn]:
    """The columns of these names, in this order. Raises InvalidInput for none or an unknown one."""
    by_name = {column.name: column for column in offered}
    if not names or len(set(names)) != len(names) or not set(names) <= set(by_name):
        raise InvalidInput(N_("Choose at least one column."), field="columns")
    return [by_name[name] for name in names]


def _seen(export: Export | None, *, actor: Actor) -> Export:
    if export is None:
        raise NotFound()
    own = actor.operator_id is not None and export.created_by_id == actor.operator_id
    if not own and not actor.may(Permission.AUDIT_READ):
        raise NotFound()
    return export


def _locked(export_id: int, *, actor: Actor) -> Export:
    return _seen(lock(Export, export_id), actor=actor)


def _record(export: Export, what: str, *, actor: Actor, now: datetime, **facts: object) -> None:
    record(actor, f"export.{what}", f"export:{export.id}", now=now, **facts)
