"""Say of a file that somebody brings whether it is ours, and what was changed in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.export import CheckVerdict, Comparison, compare
from admin.exports.files import ExportFolder
from admin.exports.queries import find_by_claim, find_by_content, find_by_marks
from admin.exports.reading import Brought, read_brought
from admin.models import Export, transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a file that was brought turned out to be."""

    verdict: CheckVerdict
    export: Export | None = None
    comparison: Comparison | None = None


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
