"""The list of payments, one payment, its looks, its check, its notes and its exports."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from admin.domain.card_guard import holds_card_number
from admin.domain.clock import utc_now
from admin.domain.errors import DomainError, NotFound
from admin.domain.permissions import Permission
from admin.domain.refund_batch import MOST_ROWS
from admin.gateway.errors import GatewayError
from admin.payments.columns import needed, shown_columns
from admin.payments.completing import make_offers
from admin.payments.finding import plan
from admin.payments.forms import LONGEST_SEARCH, NoteForm
from admin.payments.listing import (
    Search,
    basis_words,
    gathered,
    make_bases,
    make_listing,
    make_periods,
    make_query,
    make_selection,
    make_sorts,
    make_tabs,
    make_twin,
    read_page,
    read_search,
    read_summary,
)
from admin.payments.looks import FIRST, NOW, make_looks
from admin.payments.page import make_payment_page
from admin.payments.place import asked_place
from admin.payments.queries import find_exact, get_payment, observations_of
from admin.payments.rows import method_words
from admin.payments.service import add_note, check_payment, open_mentions
from admin.saved_views.menu import make_menu
from admin.web.access import can, current_actor, requires
from admin.web.errors import gateway_sentence, sentence
from admin.web.links import Link, asked
from admin.web.services import gateway

bp = Blueprint("payments", __name__, url_prefix="/payments")


@bp.get("/")
@requires(Permission.PAYMENTS_READ, audit="payments.searched")
def index() -> ResponseReturnValue:
    """The list: conditions, tabs, rows by day, sums of everything that matches."""
    now = utc_now()
    asked_for = MultiDict(request.args)
    if (text := gathered(asked_for)) is not None:
        asked_for["q"] = text  # a card number is refused by the form, and stands in no address
    if text is not None and not holds_card_number(text):
        pairs = [(k, v) for k, v in asked() if k not in ("q", "method", "cursor")]
        pairs += [("q", text)] if text else []
        return redirect(f"{url_for('payments.index')}?{urlencode(pairs)}", 303)
    search = read_search(asked_for, now=now)
    if exact := _exact(search):
        return exact
    drawn = plan(search.filter, now=now)
    time_heading = basis_words()[search.filter.basis]
    columns = shown_columns(current_actor().operator_id, time_heading)
    page = read_page(search, request.args.get("cursor"), drawn, needed(columns))
    summary = read_summary(drawn, at_any_cost=request.args.get("sums") == "all")
    return render_template(
        "payments/index.html",
        listing=make_listing(page, drawn, search, summary, now=now, columns=columns),
        selection=make_selection(page, search, summary, most=MOST_ROWS),
        columns=columns,
        columns_href=f"{url_for('payment_columns.edit')}?{urlencode(search.kept())}",
        query=make_query(search, edit="edit" in request.args),
        form=search.form,
        kept_by_period=search.kept("from_day", "to_day", "period"),
        kept_by_query=search.kept("q", "method"),
        methods=method_words(),
        bases=make_bases(search),
        sorts=make_sorts(search),
        periods=make_periods(search),
        period=search.period.shown(),
        tabs=make_tabs(search, summary),
        time_heading=time_heading,
        exports=_exports(search),
        saved=make_menu("payments"),
    )


@bp.get("/list.json")
@requires(Permission.PAYMENTS_READ, audit="payments.searched")
def listed() -> ResponseReturnValue:
    """The same list for a program: the same query string gives the same payments."""
    now = utc_now()
    search = read_search(request.args, now=now)
    drawn = plan(search.filter, now=now)
    page = read_page(search, request.args.get("cursor"), drawn)
    summary = read_summary(drawn, at_any_cost=request.args.get("sums") == "all")
    return make_twin(page, drawn, search, summary)


@bp.get("/export.<any(csv, xlsx):kind>")
@requires(Permission.PAYMENTS_EXPORT)
def export(kind: str) -> ResponseReturnValue:
    """An old address: the file is asked for on a page of its own now."""
    return redirect(url_for("exports.new", list="payments", kind=kind) + f"&{urlencode(asked())}")


@bp.get("/<int:payment_id>")
@requires(Permission.PAYMENTS_READ, audit="payment.viewed")
def show(payment_id: int) -> ResponseReturnValue:
    """One payment."""
    open_mentions(payment_id, actor=current_actor(), now=utc_now())
    return _page(payment_id, NoteForm())


@bp.get("/<int:payment_id>/looks")
@requires(Permission.PAYMENTS_READ, audit="payment.viewed")
def looks(payment_id: int) -> ResponseReturnValue:
    """What differed between two looks at one payment."""
    payment = get_payment(payment_id)
    if payment is None:
        raise NotFound()
    page = make_looks(
        payment,
        observations_of(payment_id),
        a=request.args.get("a", FIRST),
        b=request.args.get("b", NOW),
        same="same" in request.args,
    )
    back = Link(payment.merchant_uid, url_for("payments.show", payment_id=payment_id))
    return render_template("payments/looks.html", back=back, **page)


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
    return redirect(_address(payment_id), 303)


@bp.post("/<int:payment_id>/notes/")
@requires(Permission.NOTES_WRITE)
def note(payment_id: int) -> ResponseReturnValue:
    """Leave a note."""
    form = NoteForm()
    if not form.validate_on_submit():
        return _page(payment_id, form), 422
    try:
        left = add_note(payment_id, form.text.data or "", actor=current_actor(), now=utc_now())
    except NotFound:
        raise
    except DomainError as error:
        form.text.errors = [sentence(error)]
        return _page(payment_id, form), 422
    names = ", ".join(one.operator.name for one in left.mentions)
    told = gettext("The note is left for %(names)s.", names=names)
    flash(told if names else gettext("The note is left."), "done")
    return redirect(_address(payment_id), 303)


@bp.get("/complete.json")
@requires(Permission.PAYMENTS_READ)
def complete() -> ResponseReturnValue:
    """How what is being typed into the box may go on; `at` is the place of the cursor."""
    text = request.args.get("q", "")[:LONGEST_SEARCH]
    at = request.args.get("at", type=int)
    return make_offers(text, len(text) if at is None else at, now=utc_now())


def _page(payment_id: int, form: NoteForm) -> str:
    payment = get_payment(payment_id)
    if payment is None:
        raise NotFound()
    place = asked_place()
    page = make_payment_page(payment, place=place, arguments=request.args, now=utc_now())
    kept = place.kept if place else {}
    return render_template(
        "payments/show.html",
        note_form=form if can(Permission.NOTES_WRITE.value) else None,
        note_action=url_for("payments.note", payment_id=payment_id, **kept),
        check_action=url_for("payments.check", payment_id=payment_id, **kept),
        **page,
    )


def _address(payment_id: int) -> str:
    """The page of a payment, its place in the list kept."""
    place = asked_place()
    return place.payment(payment_id) if place else url_for("payments.show", payment_id=payment_id)


def _exact(search: Search) -> ResponseReturnValue | None:
    """An exact number in the box jumps straight to its page."""
    terms = search.filter.query.terms
    if len(terms) != 1 or terms[0].field is not None or request.args.get("cursor"):
        return None
    found = find_exact(str(terms[0].value))
    if found is None:
        return None
    return redirect(url_for("payments.show", payment_id=found), 303)


def _exports(search: Search) -> list[dict[str, Any]]:
    if not can(Permission.PAYMENTS_EXPORT.value):
        return []
    href = url_for("exports.new", list="payments")
    return [{"label": gettext("Export"), "href": f"{href}&{urlencode(search.kept())}"}]
