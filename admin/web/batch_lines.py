"""What the pages and files of all lists say of a list and of one line."""

from __future__ import annotations

from flask_babel import gettext

from admin.domain.clock import KST
from admin.models import MoneyOperation
from admin.models.batch import Batch, BatchRow


def title_of(batch: Batch) -> str:
    """What a list is called: as its file, or by its number."""
    return batch.name or gettext("List no. %(number)s", number=batch.id)


def why(row: BatchRow, operation: MoneyOperation | None) -> str:
    """Why a line did not go, in the reader's language; "" when it did."""
    if operation is not None:
        return operation.outcome
    return gettext(row.problem, **row.problem_values) if row.problem else ""


def settled(operation: MoneyOperation | None) -> str:
    """When its outcome was known, in Korean time; "" before."""
    if operation is None or operation.settled_at is None:
        return ""
    return operation.settled_at.astimezone(KST).strftime("%Y-%m-%d %H:%M:%S")
