"""The result of a list, line by line as it was given."""

from __future__ import annotations

from flask_babel import gettext

from admin.domain.clock import KST
from admin.models import MoneyOperation, Payment, RefundBatchRow
from admin.web.labels import LABELS
from admin.web.spreadsheet import Column

Line = tuple[RefundBatchRow, MoneyOperation | None, Payment | None]


def result_columns() -> list[Column[Line]]:
    """The line as given, what became of it, and why."""
    return [
        Column(gettext("Line"), lambda one: one[0].position),
        Column(gettext("As given"), lambda one: one[0].given),
        Column(gettext("Order no."), lambda one: one[2].merchant_uid if one[2] else ""),
        Column(gettext("Payment id"), lambda one: one[2].imp_uid if one[2] else ""),
        Column(gettext("Amount"), lambda one: one[0].amount_minor or ""),
        Column(gettext("Outcome"), outcome),
        Column(gettext("Why"), why),
        Column(gettext("Operation"), lambda one: one[0].operation_id or ""),
        Column(f"{gettext('Settled')} (KST +09:00)", _settled),
    ]


def outcome(line: Line) -> str:
    """The word for what became of a line."""
    row, operation, _ = line
    return str(LABELS[operation.state if operation else row.state].text)


def why(line: Line) -> str:
    """Why a line did not go, in the reader's language; "" when it did."""
    row, operation, _ = line
    if operation is not None:
        return operation.outcome
    return gettext(row.problem, **row.problem_values) if row.problem else ""


def _settled(line: Line) -> str:
    operation = line[1]
    if operation is None or operation.settled_at is None:
        return ""
    return operation.settled_at.astimezone(KST).strftime("%Y-%m-%d %H:%M:%S")
