"""The holidays that deadlines and arrivals of refunds are counted with."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.domain.clock import kst_date, utc_now
from admin.domain.errors import InvalidInput, NotFound
from admin.domain.permissions import Permission
from admin.holidays.forms import HolidayForm
from admin.holidays.queries import holidays_from
from admin.holidays.service import add_holiday, remove_holiday
from admin.web.access import current_actor, requires
from admin.web.errors import show_at_field

bp = Blueprint("holidays", __name__, url_prefix="/escrow-orders/holidays")

LOOK_BACK = timedelta(days=31)  # what still counts into a deadline of today


@bp.get("/")
@requires(Permission.HOLIDAYS_MANAGE)
def index() -> ResponseReturnValue:
    """The closed days from last month on, and the form for another."""
    return _page(HolidayForm(formdata=None))


@bp.post("/")
@requires(Permission.HOLIDAYS_MANAGE)
def create() -> ResponseReturnValue:
    """Add a day."""
    form = HolidayForm()
    if not form.validate_on_submit() or form.day.data is None:
        return _page(form), 422
    try:
        add_holiday(form.day.data, form.name.data or "", actor=current_actor(), now=utc_now())
    except InvalidInput as error:
        show_at_field(form, error, otherwise="name")
        return _page(form), 422
    flash(gettext("Kept. Deadlines are counted with it from now on."), "done")
    return redirect(url_for("holidays.index"), 303)


@bp.post("/<day>/removal/")
@requires(Permission.HOLIDAYS_MANAGE)
def remove(day: str) -> ResponseReturnValue:
    """Take a day out of the list."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise NotFound() from None
    remove_holiday(wanted, actor=current_actor(), now=utc_now())
    flash(gettext("Kept. Deadlines are counted without it from now on."), "done")
    return redirect(url_for("holidays.index"), 303)


def _page(form: HolidayForm) -> str:
    since = kst_date(utc_now()) - LOOK_BACK
    return render_template("holidays/index.html", holidays=holidays_from(since), form=form)
