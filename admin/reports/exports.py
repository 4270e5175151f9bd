"""The columns of the exported report: one line a day, then one line a method."""

from __future__ import annotations

from flask_babel import gettext

from admin.reports.figures import ReportLine
from admin.web.spreadsheet import Column


def report_columns() -> list[Column[ReportLine]]:
    """Headings in the reader's language; amounts in won."""
    return [
        Column(gettext("By"), lambda one: one.group),
        Column(gettext("Day or method"), lambda one: one.label),
        Column(gettext("Count"), lambda one: one.sales.count),
        Column(gettext("Approved"), lambda one: one.sales.gross.minor),
        Column(gettext("Cancelled"), lambda one: one.sales.cancelled.minor),
        Column(gettext("Net (KRW)"), lambda one: one.sales.net.minor),
    ]
