"""End a file: stopped before it is ready, revoked by a person, past its day, or given up."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.errors import N_, InvalidInput
from admin.domain.export import SHORTEST_REASON, UNDER_WAY, AlreadyEnded, ExportState
from admin.domain.job import JobState
from admin.domain.permissions import Permission
from admin.exports.files import ExportFolder
from admin.exports.queries import ready_tokens
from admin.exports.steps import ask_to_make, job_key, locked, record_step
from admin.models import Export, Job, db, lock, transaction

ABANDONED = timedelta(minutes=10)  # a web process that wrote at once and is not heard of any more
GAVE_UP = N_("It could not be written, several times over. The jobs page says why.")


def cancel(export_id: int, *, actor: Actor, now: datetime) -> Export:
    """Stop a file that is not ready yet. Its maker does, or who may revoke. Raises AlreadyEnded."""
    with transaction():
        export = locked(export_id, actor=actor)
        if export.created_by_id != actor.operator_id:
            actor.require(Permission.EXPORTS_REVOKE)
        if export.state not in UNDER_WAY:
            raise AlreadyEnded()
        export.state, export.ended_at = ExportState.CANCELLED, now
        record_step(export, "cancelled", actor=actor, now=now)
    return export


def revoke(
    export_id: int, reason: str, *, folder: ExportFolder, actor: Actor, now: datetime
) -> Export:
    """Take the purpose back: the file is deleted, and every copy that is checked says so."""
    actor.require(Permission.EXPORTS_REVOKE)
    if len(reason) < SHORTEST_REASON:
        raise InvalidInput(_NO_REVOKE_REASON, field="reason", least=SHORTEST_REASON)
    with transaction():
        export = locked(export_id, actor=actor)
        if export.state not in (ExportState.READY, ExportState.EXPIRED):
            raise AlreadyEnded()
        export.state, export.ended_at = ExportState.REVOKED, now
        export.revoked_by_id, export.revoked_by = actor.operator_id, actor.name
        export.revoke_reason = reason
        record_step(export, "revoked", actor=actor, now=now, reason=reason)
    folder.forget(export.token, export.kind)
    return export


_NO_REVOKE_REASON = N_("Say why in at least %(least)s characters.")


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
            record_step(export, "expired", actor=actor, now=now)
        folder.forget(export.token, export.kind)
        gone += 1
    _take_up_abandoned(actor, now=now)
    for stray in folder.strays(ready_tokens()):
        stray.unlink(missing_ok=True)
    return gone


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
            job = db.session.scalars(sa.select(Job).where(Job.unique_key == job_key(export)))
            found = job.one_or_none()
            if found is None:
                ask_to_make(export, actor=actor, now=now)
            elif found.state is JobState.FAILED:
                export.state, export.ended_at = ExportState.FAILED, now
                export.problem = GAVE_UP
                record_step(export, "failed", actor=actor, now=now, why="gave up")
