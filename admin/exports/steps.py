"""What every step of an export shares: whom it is shown, its columns, its work and trail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from admin.audit.service import record
from admin.columns.offered import OfferedColumn
from admin.domain.actor import Actor
from admin.domain.errors import N_, InvalidInput, NotFound
from admin.domain.permissions import Permission
from admin.jobs.service import enqueue
from admin.models import Export, db, lock

MAKE = "exports.make"


def get_export(export_id: int, *, actor: Actor) -> Export:
    """An export its maker or an auditor may see; NotFound for everyone else."""
    export = db.session.get(Export, export_id, populate_existing=True)
    return _seen(export, actor=actor)


def locked(export_id: int, *, actor: Actor) -> Export:
    """The same under lock, to be judged and changed."""
    return _seen(lock(Export, export_id), actor=actor)


def _seen(export: Export | None, *, actor: Actor) -> Export:
    if export is None:
        raise NotFound()
    own = actor.operator_id is not None and export.created_by_id == actor.operator_id
    if not own and not actor.may(Permission.AUDIT_READ):
        raise NotFound()
    return export


def columns_named(names: Sequence[str], offered: list[OfferedColumn]) -> list[OfferedColumn]:
    """The columns of these names, in this order. Raises InvalidInput for none or an unknown one."""
    by_name = {column.name: column for column in offered}
    if not names or len(set(names)) != len(names) or not set(names) <= set(by_name):
        raise InvalidInput(N_("Choose at least one column."), field="columns")
    return [by_name[name] for name in names]


def ask_to_make(export: Export, *, actor: Actor, now: datetime) -> None:
    """Have a worker make it."""
    payload = {"export_id": export.id}
    enqueue(MAKE, unique_key=job_key(export), payload=payload, actor=actor, now=now)


def job_key(export: Export) -> str:
    """What the job that makes it is known by."""
    return f"{MAKE}:{export.id}"


def record_step(export: Export, what: str, *, actor: Actor, now: datetime, **facts: object) -> None:
    """Write in the audit trail what became of an export."""
    record(actor, f"export.{what}", f"export:{export.id}", now=now, **facts)
