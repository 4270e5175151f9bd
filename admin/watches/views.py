"""A watch: what it found, its limit, its silence and its end."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.domain.clock import kst_date, utc_now
from admin.domain.errors import InvalidInput, NotAllowed, NotFound
from admin.domain.permissions import Permission
from admin.domain.watch import is_snoozed
from admin.models import Watch
from admin.saved_views.lists import kept_list
from admin.saved_views.queries import may_change
from admin.saved_views.service import get_view
from admin.watches import service
from admin.watches.forms import SnoozeForm, WatchForm
from admin.watches.queries import points_of
from admin.watches.tasks import read_filter
from admin.watches.tiles import make_tile, shown
from admin.web.access import current_actor, requires
from admin.web.errors import sentence

bp = Blueprint("watches", __name__, url_prefix="/watches")

LOOKS = 60  # lines of the table
AT_ONCE = 2.0  # seconds that the first look may take while somebody waits


@bp.get("/<int:view_id>")
@requires(Permission.PAYMENTS_READ)
def show(view_id: int) -> ResponseReturnValue:
    """What it found."""
    return _page(service.get_watch(view_id, actor=current_actor()))


@bp.get("/<int:view_id>/limit")
@requires(Permission.PAYMENTS_READ)
def edit(view_id: int) -> ResponseReturnValue:
    """Where its limit lies."""
    form = WatchForm(formdata=None)
    watch = get_view(view_id, actor=current_actor()).watch
    if watch is not None:
        form.prepare(watch.measure, watch.side, watch.limit)
    return _form_page(view_id, form)


@bp.post("/<int:view_id>/limit")
@requires(Permission.PAYMENTS_READ)
def set_limit(view_id: int) -> ResponseReturnValue:
    """Watch it like that, and look at once."""
    form, now = WatchForm(), utc_now()
    if not form.validate_on_submit():
        return _form_page(view_id, form), 422
    try:
        service.set_watch(view_id, form.to_command(), actor=current_actor(), now=now)
    except InvalidInput as error:
        form.limit.errors = [sentence(error)]
        return _form_page(view_id, form), 422
    service.evaluate(view_id, read=read_filter, now=now, seconds=AT_ONCE)
    return redirect(url_for("watches.show", view_id=view_id), 303)


@bp.post("/<int:view_id>/silence/")
@requires(Permission.PAYMENTS_READ)
def snooze(view_id: int) -> ResponseReturnValue:
    """Keep it quiet until a day."""
    form = SnoozeForm()
    watch = service.get_watch(view_id, actor=current_actor())
    if not form.validate_on_submit():
        return _page(watch, form), 422
    if form.until.data is None:
        form.until.errors = [gettext("Choose a day after today, within a year.")]
        return _page(watch, form), 422
    try:
        service.snooze(
            view_id,
            form.until.data,
            form.reason.data or "",
            actor=current_actor(),
            now=utc_now(),
        )
    except InvalidInput as error:
        form[error.field].errors = [sentence(error)]
        return _page(watch, form), 422
    return redirect(url_for("watches.show", view_id=view_id), 303)


@bp.post("/<int:view_id>/waking/")
@requires(Permission.PAYMENTS_READ)
def wake(view_id: int) -> ResponseReturnValue:
    """Let it speak again."""
    service.wake(view_id, actor=current_actor(), now=utc_now())
    return redirect(url_for("watches.show", view_id=view_id), 303)


@bp.post("/<int:view_id>/end/")
@requires(Permission.PAYMENTS_READ)
def end(view_id: int) -> ResponseReturnValue:
    """Watch it no longer."""
    service.end_watch(view_id, actor=current_actor(), now=utc_now())
    flash(gettext("The watch is ended. The view stays."), "done")
    return redirect(url_for("saved_views.index"), 303)


def _page(watch: Watch, form: SnoozeForm | None = None) -> str:
    actor, now = current_actor(), utc_now()
    points = points_of(watch.view_id, LOOKS)
    return render_template(
        "watches/show.html",
        watch=watch,
        tile=make_tile(watch, points, actor=actor, now=now),
        problem=gettext(watch.problem) if watch.problem else "",
        looks=[
            {
                "at": point.at,
                "value": shown(watch.measure, point.value),
                "is_crossed": point.is_crossed,
            }
            for point in reversed(points)
        ],
        is_quiet=is_snoozed(watch.snoozed_until, kst_date(now)),
        form=(form or SnoozeForm(formdata=None)) if may_change(actor, watch.view) else None,
    )


def _form_page(view_id: int, form: WatchForm) -> str:
    view = get_view(view_id, actor=current_actor())
    if not may_change(current_actor(), view):
        raise NotAllowed()
    if not kept_list(view.list_name).is_watched:
        raise NotFound()
    return render_template("watches/edit.html", form=form, view=view)
