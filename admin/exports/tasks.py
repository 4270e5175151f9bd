"""Exports are written here, and deleted when their day is over."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from admin.exports import ending, making
from admin.exports.files import ExportFolder
from admin.exports.passport import cover_lines, cover_name
from admin.exports.steps import MAKE
from admin.jobs.registry import Progress, handles
from admin.models import Export, db
from admin.web.i18n import speaking
from admin.web.services import settings

SWEEP = "exports.sweep"


def export_folder() -> ExportFolder:
    """The folder of this installation."""
    return ExportFolder(settings().exports_path)


@handles(MAKE)
def make(payload: dict[str, Any], progress: Progress, now: datetime) -> None:
    """Write one file, in the language of whoever asked."""
    export = db.session.get(Export, int(payload["export_id"]))
    if export is None:
        return
    with speaking(export.language):
        making.make(
            export.id,
            folder=export_folder(),
            cover=partial(cover_lines, now=now),
            cover_name=cover_name(),
            now=now,
            report=progress.report,
        )


@handles(SWEEP)
def sweep(payload: dict[str, Any], progress: Progress, now: datetime) -> None:
    """Delete what is past its time, take up what was abandoned."""
    ending.sweep(folder=export_folder(), now=now)
