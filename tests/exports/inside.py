"""Exports asked for and made without the pages, and what is kept of them."""

from __future__ import annotations

import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.export import ExportKind
from admin.exports import asking, making
from admin.exports.asking import ExportCommand
from admin.exports.files import ExportFolder
from admin.exports.steps import MAKE
from admin.models import AuditEntry, Export, Job, db
from admin.web.i18n import speaking
from tests.exports.taking import USUAL


def command(**changed: object) -> ExportCommand:
    """What somebody asks for who says nothing else."""
    wish = {
        "list_name": "payments",
        "query": "period=all",
        "columns": tuple(USUAL),
        "kind": ExportKind.CSV,
        "masked": True,
        "reason": "month-end books",
        "language": "ko",
        "form_key": "form-1",
    }
    return ExportCommand(**{**wish, **changed})  # type: ignore[arg-type]


def no_cover(export, sums, counted, root) -> list[tuple[str, str]]:
    """A sheet with the mark alone."""
    return [("Mark", f"jangbu:export:{export.id}:{root}")]


def asked(actor: Actor, now, **changed: object) -> Export:
    """An export that waits to be made."""
    with speaking("ko"):
        return asking.ask(command(**changed), actor=actor, now=now)


def make(export: Export, folder: ExportFolder, now, **options: object) -> Export | None:
    """Write its file."""
    with speaking("ko"):
        return making.make(
            export.id, folder=folder, cover=no_cover, cover_name="Cover", now=now, **options
        )


def the_export() -> Export:
    """The only one, as the database has it."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(sa.select(Export)).one()


def the_job() -> Job:
    """Of the worker that makes it."""
    return db.session.scalars(sa.select(Job).where(Job.name == MAKE)).one()


def actions() -> list[str]:
    """What the audit trail tells of exports."""
    found = db.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id))
    return [one for one in found if one.startswith("export.")]
