"""Reconciliation: the desk, one discrepancy with both sides, and running a day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from admin.domain.clock import kst_date, utc_now
from admin.domain.errors import DomainError, NotFound
from admin.domain.money import Money
from admin.domain.permissions import Permission
from admin.models import Discrepancy, ReconciliationRun
from admin.models.reconciliation import DiscrepancyState, RunState
from admin.payments.history.entry import Entry
from admin.payments.queries import find_by_number
from admin.reconciliation.causes import cause_of
from admin.reconciliation.exports import discrepancy_columns
from admin.reconciliation.forms import ExplainForm, RunForm
from admin.reconciliation.queries import (
    count_by_state,
    discrepancies,
    find_discrepancy,
    find_run,
    latest_run,
    latest_runs,
    open_at_risk,
)
from admin.reconciliation.service import explain as explain_discrepancy
from admin.reconciliation.service import run_day
from admin.reconciliation.sides import make_sides
from admin.saved_views.menu import make_menu, viewed
from admin.web.access import can, current_actor, requires
from admin.web.errors import sentence
from admin.web.filters import count, money
from admin.web.keys import asked_key
from admin.web.labels import LABELS
from admin.web.links import Link
from admin.web.services import gateway
from admin.web.spreadsheet import rows_response

bp = Blueprint("reconciliation", __name__, url_prefix="/reconciliation")

OLD_DAYS = 5


@bp.get("/")
@requires(Permission.RECONCILIATION_READ)
def index() -> ResponseReturnValue:
    """The desk: the newest run, or the one asked for, and what is open."""
    asked = asked_key("run")
    run = find_run(asked) if asked else latest_run()
    if asked and run is None:
        raise NotFound()
    form = RunForm(formdata=None)
    form.day.data = kst_date(utc_now()) - timedelta(days=1)
    return _desk(run, form, day=run.day if asked and run else None)


@bp.post("/runs/")
@requires(Permission.RECONCILIATION_RUN)
def run() -> ResponseReturnValue:
    """Compare one day now."""
    form = RunForm()
    if not form.validate_on_submit():
        return _desk(latest_run(), form, day=None), 422
    try:
        done = run_day(form.chosen, actor=current_actor(), gateway=gateway(), now=utc_now())
    except DomainError as error:
        form.day.errors = [sentence(error)]
        return _desk(latest_run(), form, day=None), 422
    if done.state is RunState.INCOMPLETE:
        text = gettext("The gateway could not be read whole, so nothing was called missing.")
        flash(text, "error")
    else:
        matched, differing = done.matched_count, done.differing_count
        text = gettext(
            "%(matched)s matched, %(differing)s differ.",
            matched=f"{matched:,}",
            differing=f"{differing:,}",
        )
        flash(text, "done")
    return redirect(url_for("reconciliation.index", run=done.id), 303)


@bp.get("/discrepancies/<int:discrepancy_id>")
@requires(Permission.RECONCILIATION_READ, audit="discrepancy.viewed")
def show(discrepancy_id: int) -> ResponseReturnValue:
    """One discrepancy."""
    return _page(_discrepancy(discrepancy_id), ExplainForm(formdata=None))


@bp.post("/discrepancies/<int:discrepancy_id>/checks/")
@requires(Permission.RECONCILIATION_RUN)
def check(discrepancy_id: int) -> ResponseReturnValue:
    """Compare its day again: what no longer differs closes by itself."""
    found = _discrepancy(discrepancy_id)
    run_day(found.day, actor=current_actor(), gateway=gateway(), now=utc_now())
    return redirect(url_for("reconciliation.show", discrepancy_id=discrepancy_id), 303)


@bp.post("/discrepancies/<int:discrepancy_id>/resolution")
@requires(Permission.RECONCILIATION_RUN)
def explain(discrepancy_id: int) -> ResponseReturnValue:
    """Settle it by an explanation."""
    found = _discrepancy(discrepancy_id)
    form = ExplainForm()
    if not form.validate_on_submit():
        return _page(found, form), 422
    try:
        explain_discrepancy(
            discrepancy_id, form.note.data or "", actor=current_actor(), now=utc_now()
        )
    except NotFound:
        raise
    except DomainError as error:
        form.note.errors = [sentence(error)]
        return _page(found, form), 422
    flash(gettext("Settled with your explanation."), "done")
    return redirect(url_for("reconciliation.index"), 303)


@bp.get("/export.<any(csv, xlsx):kind>")
@requires(Permission.RECONCILIATION_READ, audit="discrepancies.exported")
def export(kind: str) -> Response:
    """The register of discrepancies as CSV or XLSX."""
    name = f"{gettext('discrepancies')}-{kst_date(utc_now()):%Y%m%d}"
    return rows_response(kind, name, discrepancy_columns(), discrepancies())


def _desk(run: ReconciliationRun | None, form: RunForm, *, day: date | None) -> str:
    now = utc_now()
    asked = request.args.get("state", DiscrepancyState.OPEN.value)
    known = {one.value for one in DiscrepancyState}
    state = DiscrepancyState(asked) if asked in known else DiscrepancyState.OPEN
    rows = discrepancies(state=state, day=day)
    counts = count_by_state(day)
    open_rows = (
        rows
        if state is DiscrepancyState.OPEN
        else discrepancies(state=DiscrepancyState.OPEN, day=day)
    )
    compared = (run.matched_count + run.differing_count) if run else 0
    runs = can(Permission.RECONCILIATION_RUN.value)
    at_risk = Money(sum(one.at_risk_minor for one in open_rows)) if day else open_at_risk()
    return render_template(
        "reconciliation/index.html",
        run=run,
        match_rate=run.matched_count / compared if run and compared else None,
        at_risk=at_risk,
        open_count=counts.get(DiscrepancyState.OPEN, 0),
        bands=_bands(open_rows, now=now),
        saved=make_menu("reconciliation"),
        tabs=_tabs(state, counts, run if day else None),
        rows=[_row(one, now=now) for one in rows],
        page={"newer_href": None, "older_href": None},
        empty=_empty(run, state) if not rows else None,
        form=form if runs else None,
        run_action=url_for("reconciliation.run"),
        history=[_past(one, run) for one in latest_runs()],
        wait="",
        exports=[
            {"label": word, "href": url_for("reconciliation.export", kind=kind)}
            for kind, word in (("xlsx", gettext("Excel")), ("csv", gettext("CSV")))
        ],
    )


def _page(found: Discrepancy, form: ExplainForm) -> str:
    now = utc_now()
    payment = find_by_number(found.imp_uid or found.order_number)
    runs = can(Permission.RECONCILIATION_RUN.value)
    address = url_for("reconciliation.explain", discrepancy_id=found.id)
    return render_template(
        "reconciliation/show.html",
        discrepancy=found,
        age=_age(found, now=now),
        cause=cause_of(found.kind),
        payment_href=url_for("payments.show", payment_id=payment.id) if payment else "",
        order_name=payment.order_name if payment else "",
        buyer_name=payment.buyer_name if payment else "",
        check_action=url_for("reconciliation.check", discrepancy_id=found.id) if runs else "",
        refund_href="",
        adopt=None,
        explain=SimpleNamespace(action=address, form=form) if runs else None,
        entries=_entries(found),
        back=Link(gettext("Reconciliation"), url_for("reconciliation.index")),
        **make_sides(found),
    )


def _discrepancy(discrepancy_id: int) -> Discrepancy:
    found = find_discrepancy(discrepancy_id)
    if found is None:
        raise NotFound()
    return found


def _row(found: Discrepancy, *, now: datetime) -> dict[str, Any]:
    ours = _net(found.ours)
    theirs = [_net(one) for one in found.theirs]
    return {
        "href": url_for("reconciliation.show", discrepancy_id=found.id),
        "severity": LABELS[found.severity],
        "kind": str(LABELS[found.kind].text),
        "code": found.kind.value,
        "cause": cause_of(found.kind).lead,
        "order_number": found.order_number,
        "ours": money(ours) if ours else "–",
        "theirs": money(Money(sum(one.minor for one in theirs if one))) if theirs else "–",
        "difference": money(found.at_risk),
        "age": _age(found, now=now),
        "age_is_red": (now - found.first_seen_at).days >= OLD_DAYS,
    }


def _net(side: dict[str, Any] | None) -> Money | None:
    if side is None:
        return None
    took = side.get("took_money", side["status"] in ("paid", "cancelled"))
    return Money(side["amount_minor"] - side["cancelled_minor"]) if took else Money(0)


def _age(found: Discrepancy, *, now: datetime) -> str:
    waited = (found.resolved_at or now) - found.first_seen_at
    if waited < timedelta(hours=1):
        return gettext("under an hour")
    if waited < timedelta(days=1):
        hours = int(waited.total_seconds() // 3600)
        return ngettext("%(num)s hour", "%(num)s hours", hours)
    return ngettext("%(num)s day", "%(num)s days", waited.days)


def _bands(rows: list[Discrepancy], *, now: datetime) -> list[dict[str, Any]]:
    labels = [
        gettext("under 1 day"),
        gettext("1–3 days"),
        gettext("3–7 days"),
        gettext("7–30 days"),
        gettext("over 30 days"),
    ]
    limits = [timedelta(days=1), timedelta(days=3), timedelta(days=7), timedelta(days=30)]
    groups: list[list[Discrepancy]] = [[] for _ in labels]
    for row in rows:
        waited = now - row.first_seen_at
        place = sum(waited >= limit for limit in limits)
        groups[place].append(row)
    largest = max((len(group) for group in groups), default=0) or 1
    return [
        {
            "label": label,
            "count": len(group),
            "amount": Money(sum(row.at_risk_minor for row in group)),
            "share": len(group) / largest,
        }
        for label, group in zip(labels, groups, strict=True)
    ]


def _tabs(
    current: DiscrepancyState, counts: dict[DiscrepancyState, int], run: ReconciliationRun | None
) -> list[dict[str, Any]]:
    return [
        {
            "label": str(LABELS[state].text),
            "href": url_for(
                "reconciliation.index",
                state=state.value,
                run=run.id if run else None,
                view=viewed(),
            ),
            "is_current": state is current,
            "count": count(counts.get(state, 0)),
            "tone": "",
            "glyph": "",
        }
        for state in DiscrepancyState
    ]


def _past(one: ReconciliationRun, current: ReconciliationRun | None) -> dict[str, Any]:
    return {
        "href": url_for("reconciliation.index", run=one.id),
        "day": one.day,
        "state": one.state,
        "finished_at": one.finished_at,
        "matched_count": one.matched_count,
        "differing_count": one.differing_count,
        "is_current": current is not None and one.id == current.id,
    }


def _entries(found: Discrepancy) -> list[Entry]:
    entries = [
        Entry(
            at=found.first_seen_at,
            text=gettext("Found"),
            source=gettext("run %(number)s", number=found.first_run_id),
            tone="waiting",
        )
    ]
    if found.times_seen > 1:
        text = ngettext("Seen %(num)s time", "Seen %(num)s times", found.times_seen)
        source = gettext("run %(number)s", number=found.last_run_id)
        entries.append(Entry(at=found.last_seen_at, text=text, source=source, tone="waiting"))
    if found.resolved_at:
        resolution = gettext(found.resolution)
        entries.append(
            Entry(
                at=found.resolved_at, text=gettext("Settled"), source=resolution, tone="confirmed"
            )
        )
    return sorted(entries, key=lambda one: one.at, reverse=True)


def _empty(run: ReconciliationRun | None, state: DiscrepancyState) -> dict[str, str]:
    if run is None:
        text = gettext("No day has been compared yet. Run one to see where both sides differ.")
        return {"text": text, "href": url_for("payments.index"), "action": gettext("See payments")}
    if state is DiscrepancyState.OPEN:
        text = gettext("Nothing is open. Both sides say the same.")
    else:
        text = gettext("Nothing was settled yet.")
    return {
        "text": text,
        "href": url_for("reconciliation.index"),
        "action": gettext("See the whole desk"),
    }
