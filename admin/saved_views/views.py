"""Saved views: all of them, one to rename, share or remove, and keeping what a list shows."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.domain.clock import utc_now
from admin.domain.errors import InvalidInput, NotAllowed
from admin.domain.permissions import Permission
from admin.models import SavedView
from admin.saved_views import service
from admin.saved_views.forms import ViewForm
from admin.saved_views.lists import LISTS, kept_list
from admin.saved_views.menu import view_address
from admin.saved_views.queries import may_change, visible_views
from admin.web.access import current_actor, requires
from admin.web.errors import sentence

bp = Blueprint("saved_views", __name__, url_prefix="/views")


@bp.get("/")
@requires(Permission.OWN_PROFILE)
def index() -> ResponseReturnValue:
    """Every view one sees, by list."""
    actor = current_actor()
    lists = [one for one in LISTS.values() if actor.may(one.permission)]
    views = visible_views(actor, [one.name for one in lists])
    groups = [
        {
            "title": str(one.title),
            "rows": [_row(view) for view in views if view.list_name == one.name],
        }
        for one in lists
    ]
    return render_template(
        "saved_views/index.html", groups=[group for group in groups if group["rows"]]
    )


@bp.post("/")
@requires(Permission.OWN_PROFILE)
def create() -> ResponseReturnValue:
    """Keep what a list shows under a name."""
    form = ViewForm()
    kept = kept_list(form.list_name.data or "")
    current_actor().require(kept.permission)
    if not form.validate_on_submit():
        return _form_page(form, title=str(kept.title)), 422
    try:
        view = service.save_view(form.to_command(), actor=current_actor(), now=utc_now())
    except InvalidInput as error:
        _blame(form, error)
        return _form_page(form, title=str(kept.title)), 422
    flash(gettext("Saved as “%(name)s”.", name=view.name), "done")
    return redirect(view_address(view), 303)


@bp.get("/<int:view_id>")
@requires(Permission.OWN_PROFILE)
def edit(view_id: int) -> ResponseReturnValue:
    """Rename it, share it, watch it, remove it."""
    view = service.get_view(view_id, actor=current_actor())
    if not may_change(current_actor(), view):
        raise NotAllowed()
    return _form_page(ViewForm(formdata=None, obj=view), view=view)


@bp.post("/<int:view_id>")
@requires(Permission.OWN_PROFILE)
def change(view_id: int) -> ResponseReturnValue:
    """Another name, other readers."""
    form = ViewForm()
    view = service.get_view(view_id, actor=current_actor())
    if not form.validate_on_submit():
        return _form_page(form, view=view), 422
    try:
        view = service.change_view(
            view_id,
            name=form.name.data or "",
            is_shared=form.is_shared.data,
            actor=current_actor(),
            now=utc_now(),
        )
    except InvalidInput as error:
        _blame(form, error)
        return _form_page(form, view=view), 422
    flash(gettext("Saved as “%(name)s”.", name=view.name), "done")
    return redirect(url_for("saved_views.index"), 303)


@bp.post("/<int:view_id>/query/")
@requires(Permission.OWN_PROFILE)
def keep(view_id: int) -> ResponseReturnValue:
    """Let it ask what the list is asked now."""
    form = ViewForm()
    view = service.get_view(view_id, actor=current_actor())
    try:
        view = service.keep_query(
            view_id, form.query.data or "", actor=current_actor(), now=utc_now()
        )
    except InvalidInput as error:
        _blame(form, error)
        return _form_page(form, view=view), 422
    flash(gettext("“%(name)s” asks this from now on.", name=view.name), "done")
    return redirect(view_address(view), 303)


@bp.post("/<int:view_id>/deletion/")
@requires(Permission.OWN_PROFILE)
def remove(view_id: int) -> ResponseReturnValue:
    """Remove it for everyone who saw it."""
    view = service.remove_view(view_id, actor=current_actor(), now=utc_now())
    flash(gettext("“%(name)s” is removed.", name=view.name), "done")
    return redirect(url_for("saved_views.index"), 303)


def _blame(form: ViewForm, error: InvalidInput) -> None:
    """Show the error at the name: it is the field people see."""
    form.name.errors = [sentence(error)]
    if error.field == "query":
        form.query.data = ""


def _form_page(form: ViewForm, *, view: SavedView | None = None, title: str = "") -> str:
    kept = kept_list(view.list_name) if view is not None else None
    return render_template(
        "saved_views/edit.html",
        form=form,
        view=view,
        title=view.name if view is not None else title,
        list_title=str(kept.title) if kept is not None else title,
        open_href=view_address(view) if view is not None else "",
        watch_href=url_for("watches.edit", view_id=view.id)
        if view is not None and kept is not None and kept.is_watched
        else "",
    )


def _row(view: SavedView) -> dict[str, Any]:
    actor = current_actor()
    own = view.owner_id == actor.operator_id
    changes = may_change(actor, view)
    return {
        "view": view,
        "href": view_address(view),
        "owner": "" if own else view.owner.name,
        "edit_href": url_for("saved_views.edit", view_id=view.id) if changes else "",
        "watch_href": url_for("watches.show", view_id=view.id) if view.watch else "",
    }
