"""The list of payments, one payment, its check, its notes and its exports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.domain.clock import kst_date, utc_now
from admin.domain.errors import DomainError, NotFound
from admin.domain.permissions import Permission
from admin.gateway.errors import GatewayError
from admin.operations.queries import uncertain_payments
from admin.payments.exports import payment_columns
from admin.payments.forms import NoteForm, PaymentSearchForm
from admin.payments.page import make_payment_page
from admin.payments.queries import (
    PaymentFilter,
    Tab,
    TimeBasis,
    Totals,
    count_tabs,
    find_exact,
    get_payment,
    iterate,
    page_order,
    select_payments,
    total,
    totals_by_day,
)
from admin.payments.rows import make_groups
from admin.payments.service import add_note, check_payment
from admin.web.access import can, current_actor, requires
from admin.web.errors import gateway_sentence, sentence
from admin.web.filters import count, counted, money
from admin.web.keyset import page_of
from admin.web.labels import method_label
from admin.web.links import Link, asked
from admin.web.periods import NAMES, Period
from admin.web.services import gateway
from admin.web.spreadsheet import csv_response, xlsx_response

bp = Blueprint("payments", __name__, url_prefix="/payments")


@dataclass(frozen=True, slots=True)
class Search:
    """What the query string asks for, read once for the page and for the exports."""

    form: PaymentSearchForm
    period: Period
    filter: PaymentFilter

    def kept(self, *without: str) -> list[tuple[str, str]]:
        """The query string as pairs, without the named parts and without the place."""
        dropped = {*without, "cursor"}
        return [(k, v) for k, v in asked() if k not in dropped and v]

    def address(self, *without: str, **parts: str) -> str:
        """The list with these parts changed."""
        pairs = [*self.kept(*without, *parts), *[(k, v) for k, v in parts.items() if v]]
        return url_for("payments.index") + (f"?{urlencode(pairs)}" if pairs else "")


@bp.get("/")
@requires(Permission.PAYMENTS_READ, audit="payments.searched")
def index() -> ResponseReturnValue:
    """The list: filter, tabs, rows by day, sums of everything that matches."""
    now = utc_now()
    search = _search(now)
    if exact := _exact(search):
        return exact
    wanted = search.filter
    page = page_of(
        select_payments(wanted, now=now),
        page_order(wanted.basis),
        cursor=request.args.get("cursor"),
    )
    sums = total(wanted, now=now)
    return render_template(
        "payments/index.html",
        listing=_listing(page, wanted, sums, search, now=now),
        query=_query(search),
        form=search.form,
        kept_by_period=search.kept("from_day", "to_day", "period"),
        kept_by_query=search.kept("q", "method"),
        bases=_bases(search),
        periods=_periods(search),
        period=search.period.shown(),
        tabs=_tabs(search, now=now),
        time_heading=_basis_words()[wanted.basis],
        exports=_exports(search),
    )


@bp.get("/export.<any(csv, xlsx):kind>")
@requires(Permission.PAYMENTS_EXPORT, audit="payments.exported")
def export(kind: str) -> Response:
    """Everything that matches, as CSV or XLSX."""
    now = utc_now()
    search = _search(now)
    name = f"{gettext('payments')}-{kst_date(now):%Y%m%d}"
    answer = csv_response if kind == "csv" else xlsx_response
    return answer(name, payment_columns(now=now), iterate(search.filter, now=now))


@bp.get("/<int:payment_id>")
@requires(Permission.PAYMENTS_READ, audit="payment.viewed")
def show(payment_id: int) -> ResponseReturnValue:
    """One payment."""
    return _page(payment_id, NoteForm())


@bp.post("/<int:payment_id>/checks/")
@requires(Permission.PAYMENTS_CHECK)
def check(payment_id: int) -> ResponseReturnValue:
    """Look the payment up at the gateway now ("확인")."""
    try:
        applied = check_payment(payment_id, actor=current_actor(), gateway=gateway(), now=utc_now())
    except GatewayError as error:
        flash(gateway_sentence(error), "error")
    else:
        if applied.merged.conflicts:
            flash(
                gettext("The gateway contradicts what we hold. Nothing was overwritten."), "error"
            )
        elif applied.changed:
            flash(gettext("Looked up: something had changed, and this page shows it now."), "done")
        else:
            flash(gettext("Looked up: nothing has changed."), "done")
    return redirect(url_for("payments.show", payment_id=payment_id), 303)


@bp.post("/<int:payment_id>/notes/")
@requires(Permission.NOTES_WRITE)
def note(payment_id: int) -> ResponseReturnValue:
    """Leave a note."""
    form = NoteForm()
    if not form.validate_on_submit():
        return _page(payment_id, form), 422
    try:
        add_note(payment_id, form.text.data or "", actor=current_actor(), now=utc_now())
    except NotFound:
        raise
    except DomainError as error:
        form.text.errors = [sentence(error)]
        return _page(payment_id, form), 422
    flash(gettext("The note is left."), "done")
    return redirect(url_for("payments.show", payment_id=payment_id), 303)


def _page(payment_id: int, form: NoteForm) -> str:
    payment = get_payment(payment_id)
    if payment is None:
        raise NotFound()
    page = make_payment_page(payment, now=utc_now())
    return render_template(
        "payments/show.html",
        note_form=form if can(Permission.NOTES_WRITE.value) else None,
        note_action=url_for("payments.note", payment_id=payment_id),
        back=Link(gettext("Payments"), url_for("payments.index")),
        **page,
    )


def _search(now: datetime) -> Search:
    form = PaymentSearchForm(request.args)
    period = form.period(request.args.get("period", ""), now=now)
    wanted = form.to_filter(
        period,
        tab=request.args.get("state", ""),
        basis=request.args.get("basis", ""),
    )
    return Search(form, period, wanted)


def _exact(search: Search) -> ResponseReturnValue | None:
    """An exact gateway number in the box jumps straight to its page."""
    text = search.filter.text
    if not text.startswith(("imp_", "imps_")) or request.args.get("cursor"):
        return None
    found = find_exact(text)
    if found is None:
        return None
    return redirect(url_for("payments.show", payment_id=found.id), 303)


def _listing(
    page: Any, wanted: PaymentFilter, sums: Totals, search: Search, *, now: datetime
) -> dict[str, Any]:
    rows = page.rows
    groups = []
    if rows:
        key = page_order(wanted.basis)[0].key
        span = (kst_date(getattr(rows[-1], key)), kst_date(getattr(rows[0], key)))
        groups = make_groups(
            rows,
            basis=wanted.basis,
            days=totals_by_day(wanted, span, now=now),
            uncertain=uncertain_payments([row.imp_uid for row in rows]),
            now=now,
        )
    return {
        "count": counted(sums.count),
        "groups": groups,
        "total": {
            "count": count(sums.count),
            "gross": money(sums.gross),
            "cancelled": money(-sums.cancelled),
            "net": money(sums.net),
        },
        "newer_href": search.address(cursor=page.newer) if page.newer else None,
        "older_href": search.address(cursor=page.older) if page.older else None,
        "notices": [],
        "empty": _empty(search, now=now) if not rows else None,
    }


def _empty(search: Search, *, now: datetime) -> dict[str, str]:
    """Why there is nothing, and the next thing to try."""
    if search.form.q.errors:
        text = gettext("Nothing was searched.")
        return {"text": text, "href": search.address("q"), "action": gettext("Clear the box")}
    wider = PaymentFilter(text=search.filter.text, method=search.filter.method)
    there = total(wider, now=now).count
    if there:
        text = gettext(
            "Nothing in this period. Without it there are %(count)s.", count=f"{there:,}"
        )
        href = search.address("from_day", "to_day", "state", "basis", period="all")
        return {"text": text, "href": href, "action": gettext("Show all of them")}
    if search.filter.text:
        text = gettext("No payment holds “%(text)s”.", text=search.filter.text)
        return {"text": text, "href": search.address("q"), "action": gettext("Clear the search")}
    text = gettext("No payment yet. They appear here as the gateway is walked.")
    return {"text": text, "href": url_for("jobs.index"), "action": gettext("See how far it is")}


def _query(search: Search) -> dict[str, Any]:
    form = search.form
    chips = []
    if form.method.data:
        word = method_label(form.method.data)
        chips.append(
            {
                "field": form.method.label.text,
                "value": word,
                "remove_href": search.address("method"),
            }
        )
    errors = [*form.q.errors, *form.from_day.errors, *form.to_day.errors]
    return {"text": search.filter.text, "chips": chips, "error": " ".join(map(str, errors))}


def _basis_words() -> dict[TimeBasis, str]:
    return {
        TimeBasis.REQUESTED: gettext("Requested"),
        TimeBasis.APPROVED: gettext("Approved"),
        TimeBasis.CANCELLED: gettext("Cancelled"),
    }


def _bases(search: Search) -> list[dict[str, Any]]:
    return [
        {
            "label": word,
            "href": search.address(basis=basis.value),
            "is_current": search.filter.basis is basis,
        }
        for basis, word in _basis_words().items()
    ]


def _periods(search: Search) -> list[dict[str, Any]]:
    return [
        {
            "label": word,
            "href": search.address("from_day", "to_day", period=name),
            "is_current": search.period.name == name,
        }
        for name, word in NAMES.items()
    ]


def _tabs(search: Search, *, now: datetime) -> list[dict[str, Any]]:
    words = {
        Tab.ALL: gettext("All"),
        Tab.PAID: gettext("Paid"),
        Tab.PART_REFUNDED: gettext("Part refund"),
        Tab.REFUNDED: gettext("Refunded"),
        Tab.AWAITING: gettext("Awaiting"),
        Tab.OPENED: gettext("Not finished"),
        Tab.FAILED: gettext("Failed"),
        Tab.EXPIRED: gettext("Expired"),
        Tab.UNKNOWN: gettext("Checking"),
    }
    counts = count_tabs(search.filter, now=now)
    return [
        {
            "label": word,
            "href": search.address(state="" if tab is Tab.ALL else tab.value),
            "is_current": search.filter.tab is tab,
            "count": count(counts[tab]),
            "tone": "amber" if tab is Tab.UNKNOWN and counts[tab] else "",
            "glyph": "half" if tab is Tab.UNKNOWN and counts[tab] else "",
        }
        for tab, word in words.items()
    ]


def _exports(search: Search) -> list[dict[str, str]]:
    if not can(Permission.PAYMENTS_EXPORT.value):
        return []
    pairs = urlencode(search.kept())
    words = {"xlsx": gettext("Excel"), "csv": gettext("CSV")}
    return [
        {"label": word, "href": url_for("payments.export", kind=kind) + f"?{pairs}"}
        for kind, word in words.items()
    ]
