"""Read exports."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from admin.columns.offered import Question
from admin.domain.export import ExportState, ExportSums
from admin.models import Export, ExportMark, db


def select_exports(*, made_by: int | None = None) -> sa.Select[Export]:
    """Exports for newest-first paging by id; of one person, or of everyone."""
    query = sa.select(Export)
    return query.where(Export.created_by_id == made_by) if made_by is not None else query


def sum_up(question: Question) -> ExportSums:
    """What matches right now. A file is summed again in the snapshot it is written from."""
    count, gross, cancelled = db.session.execute(question.sums).one()
    return ExportSums(count=count, gross=int(gross or 0), cancelled=int(cancelled or 0))


def find_by_content(sha256: str) -> Export | None:
    """The export whose bytes these are."""
    query = sa.select(Export).where(Export.sha256 == sha256).order_by(Export.id.desc()).limit(1)
    return db.session.scalars(query).one_or_none()


def find_by_claim(export_id: int, root: str) -> Export | None:
    """The export that a cover names, when its rows were those the cover tells of."""
    query = sa.select(Export).where(Export.id == export_id, Export.root == root)
    return db.session.scalars(query).one_or_none()


def find_by_marks(marks: Sequence[int]) -> Export | None:
    """The export that shares most of these marks; of equals the newest."""
    if not marks:
        return None
    shared = sa.func.count()
    best = (
        sa.select(ExportMark.export_id)
        .where(ExportMark.mark.in_(marks))
        .group_by(ExportMark.export_id)
        .order_by(shared.desc(), ExportMark.export_id.desc())
        .limit(1)
    )
    return db.session.scalars(sa.select(Export).where(Export.id.in_(best))).one_or_none()


def find_by_form_key(form_key: str) -> Export | None:
    """The export that this form already asked for."""
    return db.session.scalars(sa.select(Export).where(Export.form_key == form_key)).one_or_none()


def ready_tokens() -> set[str]:
    """Names of the files that may lie in the folder: finished ones and those being written."""
    kept = (ExportState.READY, ExportState.WRITING, ExportState.QUEUED)
    return set(db.session.scalars(sa.select(Export.token).where(Export.state.in_(kept))))
