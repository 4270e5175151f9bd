"""Which columns the list of payments shows to whom, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.columns.order import in_order, moved
from admin.columns.service import choose_columns, forget_columns
from admin.domain.clock import utc_now
from admin.domain.permissions import Permission
from admin.payments.columns import LIST, ORDER, USUAL, all_columns, shown_columns
from admin.payments.forms import ColumnsForm
from admin.web.access import current_actor, requires
from admin.web.links import asked

bp = Blueprint("payment_columns", __name__, url_prefix="/payments/columns")


@bp.get("/")
@requires(Permission.PAYMENTS_READ)
def edit() -> ResponseReturnValue:
    """The columns to choose; the rest of the address is where one came from."""
    form = ColumnsForm(formdata=None)
    form.query.data = urlencode([(name, value) for name, value in asked() if name != "cursor"])
    chosen = shown_columns(current_actor().operator_id, _time())
    names = [one.name for one in chosen] or list(USUAL)
    return _page(form, names, names)


@bp.post("/")
@requires(Permission.PAYMENTS_READ)
def choose() -> ResponseReturnValue:
    """Keep them, go back to the usual ones, or move one up or down before that."""
    form, now = ColumnsForm(), utc_now()
    known = [one.name for one in all_columns(_time())]
    places = [name for name in request.form.getlist("places") if name in known]
    chosen = [name for name in form.columns.data or () if name in known]
    if ORDER not in chosen:
        chosen.append(ORDER)
    ordered = sorted(dict.fromkeys(chosen), key=lambda name: _place(name, places))
    if not form.validate_on_submit():
        return _page(form, places, ordered), 422
    for verb, by in (("up", -1), ("down", 1)):
        if verb in request.form:
            return _page(form, moved(places, request.form[verb], by), ordered)
    if "reset" in request.form:
        forget_columns(LIST, actor=current_actor(), now=now)
    else:
        choose_columns(LIST, ordered, actor=current_actor(), now=now)
    return redirect(_back(form), 303)


def _page(form: ColumnsForm, places: Sequence[str], chosen: Sequence[str]) -> str:
    return render_template(
        "payments/columns.html",
        form=form,
        columns=in_order(all_columns(_time()), places),
        chosen=set(chosen),
        required=ORDER,
        back=_back(form),
    )


def _back(form: ColumnsForm) -> str:
    query = f"?{form.query.data}" if form.query.data else ""
    return f"{url_for('payments.index')}{query}"


def _place(name: str, places: Sequence[str]) -> int:
    return places.index(name) if name in places else len(places)


def _time() -> str:
    return str(gettext("Time"))
