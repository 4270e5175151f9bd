"""The first page: today, fourteen days, what needs someone, the newest payments."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from admin.dashboard.queries import (
    done_late,
    failed_recurring,
    lists_to_approve,
    newest_payments,
    open_discrepancies,
    open_inquiries,
    operations_in,
    unshipped_orders,
)
from admin.domain.clock import kst_date, kst_day, utc_now
from admin.domain.job import JobState
from admin.domain.operation import OperationState
from admin.domain.permissions import Permission
from admin.jobs.queries import find_latest
from admin.models import Job, TimeBasis
from admin.operations.closing import CLOSABLE
from admin.operations.queries import uncertain_payments, unknown_outcomes
from admin.payments.mentions import calls_for
from admin.payments.rows import make_groups
from admin.payments.tasks import SYNC
from admin.reports.figures import day_lines, method_lines
from admin.reports.queries import Sales, sales_by_day, sales_by_method, sales_of
from admin.watches.tiles import make_tiles
from admin.web.access import can, current_actor, requires
from admin.web.charts import day_chart
from admin.web.filters import kst_day as shown_day

bp = Blueprint("dashboard", __name__)

FORTNIGHT = 14
MOST_CALLS = 5  # payments whose notes call the reader; the next comes when one was opened


@bp.get("/")
@requires(Permission.DASHBOARD_READ, audit="dashboard.viewed")
def index() -> ResponseReturnValue:
    """Today and the last fourteen days."""
    now = utc_now()
    today = kst_date(now)
    first = today - timedelta(days=FORTNIGHT - 1)
    start, end = kst_day(first)[0], kst_day(today)[1]
    by_day = sales_by_day(start, end)
    days = day_lines(by_day, now=now)
    tiles = make_tiles(current_actor(), now=now) if can(Permission.PAYMENTS_READ.value) else []
    needs = [*_needs(now=now), *_watched(tiles)]
    payments = newest_payments()
    uncertain = uncertain_payments([one.imp_uid for one in payments])
    reads = can(Permission.REPORTS_READ.value)
    return render_template(
        "dashboard/index.html",
        now=now,
        today=by_day[today],
        comparison=_comparison(by_day[today], now=now),
        days=days,
        chart=day_chart(days),
        total=sum(by_day.values(), Sales()),
        methods=method_lines(sales_by_method(start, end), first, today),
        needs=needs,
        watches=tiles,
        needs_count=sum(line["count"] for line in needs),
        needs_more=any(line["is_more"] for line in needs),
        listing={
            "groups": make_groups(
                payments, basis=TimeBasis.REQUESTED, days={}, uncertain=uncertain, now=now
            )
        },
        time_heading=gettext("Requested"),
        report_href=url_for("reports.index", period="today") if reads else "",
        payments_href=url_for("payments.index"),
        sync=_sync(find_latest(SYNC), anything=bool(payments)),
    )


def _comparison(today: Sales, *, now: datetime) -> SimpleNamespace | None:
    """The same weekday a week ago, up to the same time."""
    week = timedelta(days=7)
    start = kst_day(kst_date(now - week))[0]
    before = sales_of(start, now - week).net
    if not before:
        return None
    change = (today.net.minor - before.minor) / before.minor
    return SimpleNamespace(
        net=before,
        change=abs(change),
        is_more=change >= 0,
        weekday=shown_day(now - week, "weekday"),
    )


def _needs(*, now: datetime) -> list[dict[str, Any]]:
    """What needs someone; lines at zero, or that the reader may not open, are left out."""
    lines = _calls()
    if (unknown := unknown_outcomes(now=now)) is not None:
        lines.append(
            {
                "icon": "half",
                "tone": "amber",
                "noun": gettext("Outcomes not known yet"),
                "why": ngettext(
                    "the oldest for %(num)s minute, looked up by itself",
                    "the oldest for %(num)s minutes, looked up by itself",
                    unknown.oldest_minutes,
                ),
                "count": unknown.count,
                "is_more": False,
                "amount": unknown.amount,
                "href": url_for("operations.index", state="unknown"),
            }
        )
    choices = (
        (
            Permission.OPERATIONS_CLOSE,
            operations_in(CLOSABLE),
            ("user-question", "red"),
            gettext("Outcomes that need a person"),
            gettext("nobody could settle them by looking"),
            url_for("operations.index", state="human"),
        ),
        (
            Permission.OPERATIONS_READ,
            done_late(now=now),
            ("alert-triangle", "red"),
            gettext("Said not to have happened, and did"),
            gettext("in 14 days; tell whoever was told otherwise"),
            url_for("operations.index", state="late"),
        ),
        (
            Permission.REFUNDS_APPROVE,
            operations_in(frozenset({OperationState.NEEDS_APPROVAL})),
            ("clock", "amber"),
            gettext("Refunds to approve"),
            gettext("above a limit; half an hour each"),
            url_for("refunds.index", state="approval"),
        ),
        (
            Permission.REFUNDS_APPROVE,
            lists_to_approve(),
            ("list-check", "amber"),
            gettext("Lists of refunds to approve"),
            gettext("many at once; half an hour each"),
            url_for("refund_batches.index"),
        ),
        (
            Permission.RECONCILIATION_READ,
            open_discrepancies(),
            ("alert-triangle", "red"),
            gettext("Open discrepancies"),
            gettext("our books and the gateway differ"),
            url_for("reconciliation.index"),
        ),
        (
            Permission.ESCROW_READ,
            unshipped_orders(now=now),
            ("package", "amber"),
            gettext("Escrow orders not shipped"),
            gettext("paid more than two days ago"),
            url_for("escrow_orders.index", state="to_ship"),
        ),
        (
            Permission.INQUIRIES_READ,
            open_inquiries(),
            ("message-2", "amber"),
            gettext("Inquiries to answer"),
            gettext("nobody has answered yet"),
            url_for("inquiries.index", state="open"),
        ),
        (
            Permission.CUSTOMERS_READ,
            failed_recurring(now=now),
            ("calendar-event", "red"),
            gettext("Recurring charges failed"),
            gettext("in 14 days, not paid since"),
            url_for("payments.index", state="failed", period="all", q="SUB"),
        ),
    )
    for permission, waiting, (icon, tone), noun, why, href in choices:
        if waiting.count and can(permission.value):
            lines.append(
                {
                    "icon": icon,
                    "tone": tone,
                    "noun": noun,
                    "why": why,
                    "count": waiting.count,
                    "is_more": waiting.is_more,
                    "amount": waiting.amount,
                    "href": href,
                }
            )
    return lines


def _watched(tiles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A line for each watch beyond its limit that nobody keeps quiet."""
    return [
        {
            "icon": "eye",
            "tone": "red",
            "noun": tile["name"],
            "why": tile["why"],
            "count": 1,
            "is_more": False,
            "amount": None,
            "href": tile["href"],
        }
        for tile in tiles
        if tile["speaks"]
    ]


def _calls() -> list[dict[str, Any]]:
    """The payments whose notes call the reader, until they are opened."""
    if not can(Permission.PAYMENTS_READ.value):
        return []
    return [
        {
            "icon": "note",
            "tone": "amber",
            "noun": gettext("%(author)s mentioned you", author=one.author),
            "why": gettext("in a note on %(order)s", order=one.order),
            "count": one.count,
            "is_more": False,
            "amount": None,
            "href": url_for("payments.show", payment_id=one.payment_id, _anchor="history"),
        }
        for one in calls_for(current_actor().operator_id or 0, limit=MOST_CALLS)
    ]


def _sync(job: Job | None, *, anything: bool) -> SimpleNamespace | None:
    """How far the payments have come in, while a walk is under way or has failed."""
    if job is None and anything:
        return None
    if job is None:
        text = gettext("No payment has come in yet. The first walk is about to begin.")
        return SimpleNamespace(text=text, tone="amber")
    if job.state is JobState.RUNNING and job.total > 20:
        text = gettext(
            "Payments are coming in: %(done)s of %(total)s steps (%(note)s).",
            done=job.done,
            total=job.total,
            note=job.note,
        )
        return SimpleNamespace(text=text, tone="amber")
    if job.state is JobState.FAILED or (job.error and job.state is not JobState.DONE):
        text = gettext("The last walk over the gateway failed. It is tried again by itself.")
        return SimpleNamespace(text=text, tone="red")
    return None
