"""The sales report of a period and its exports."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.domain.clock import utc_now
from admin.domain.permissions import Permission
from admin.reports.exports import report_columns
from admin.reports.figures import day_lines, method_lines, report_lines
from admin.reports.forms import ReportForm
from admin.reports.queries import Sales, sales_by_day, sales_by_method
from admin.web.access import can, current_actor, requires
from admin.web.charts import day_chart
from admin.web.filters import kst
from admin.web.periods import NAMES, Period
from admin.web.services import settings
from admin.web.spreadsheet import rows_response

bp = Blueprint("reports", __name__, url_prefix="/reports")


@bp.get("/")
@requires(Permission.REPORTS_READ)
def index() -> ResponseReturnValue:
    """Sales by day and by pay method."""
    now = utc_now()
    form = ReportForm(request.args)
    period = form.period(request.args.get("period", ""), now=now)
    first, last, start, end = period.first, period.last, period.start, period.end
    if first is None or last is None or start is None or end is None:
        raise ValueError("a report has a first and a last day")
    by_day = sales_by_day(start, end)
    total = sum(by_day.values(), Sales())
    days = day_lines(by_day, now=now)
    errors = [*form.from_day.errors, *form.to_day.errors]
    printed = f"{settings().store_name} · {current_actor().name} · {kst(now, 'full')}"
    return render_template(
        "reports/index.html",
        form=form,
        kept=[],
        periods=_periods(period),
        period=period.shown(),
        days=days,
        chart=day_chart(days),
        total=total,
        methods=method_lines(sales_by_method(start, end), first, last),
        exports=_exports(period),
        empty=None if total.count or total.cancelled_count else _empty(),
        printed=printed,
        error=" ".join(map(str, errors)),
    )


@bp.get("/export.<any(csv, xlsx):kind>")
@requires(Permission.REPORTS_EXPORT, audit="report.exported")
def export(kind: str) -> Response:
    """The report as CSV or XLSX."""
    form = ReportForm(request.args)
    period = form.period(request.args.get("period", ""), now=utc_now())
    name = f"{gettext('sales')}-{period.first}-{period.last}"
    return rows_response(kind, name, report_columns(), report_lines(period))


def _periods(period: Period) -> list[dict[str, Any]]:
    return [
        {
            "label": NAMES[name],
            "href": url_for("reports.index", period=name),
            "is_current": period.name == name,
        }
        for name in ("today", "yesterday", "week", "month", "last_month")
    ]


def _exports(period: Period) -> list[dict[str, str]]:
    if not can(Permission.REPORTS_EXPORT.value):
        return []
    days: dict[str, Any] = {"from_day": period.first, "to_day": period.last}
    return [
        {"label": word, "href": url_for("reports.export", kind=kind, **days)}
        for kind, word in (("xlsx", gettext("Excel")), ("csv", gettext("CSV")))
    ]


def _empty() -> dict[str, str]:
    return {
        "text": gettext("Nothing was approved or cancelled in this period."),
        "href": url_for("reports.index", period="last_month"),
        "action": gettext("See last month"),
    }
