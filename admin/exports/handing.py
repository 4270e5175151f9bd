"""Hand a file out, for a day and to whoever may see what is in it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from admin.domain.actor import Actor
from admin.domain.errors import NotAllowed
from admin.domain.export import ExportNotReady, ExportState
from admin.domain.permissions import Permission
from admin.exports.files import ExportFolder
from admin.exports.steps import get_export
from admin.models import Export


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
