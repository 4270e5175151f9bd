"""The result of a list, line by line as it was given."""

from __future__ import annotations

from flask_babel import gettext

from admin.models import MoneyOperation, Payment, RefundBatchRow
from admin.web.batch_lines import settled, why
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
        Column(gettext("Why"), lambda one: why(one[0], one[1])),
        Column(gettext("Operation"), lambda one: one[0].operation_id or ""),
        Column(f"{gettext('Settled')} (KST +09:00)", lambda one: settled(one[1])),
    ]


def outcome(line: Line) -> str:
    """The word for what became of a line."""
    row, operation, _ = line
    return str(LABELS[operation.state if operation else row.state].text)
