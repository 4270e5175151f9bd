"""Programs that bring orders: give one a token, see when it was used, take it away."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.domain.clock import utc_now
from admin.domain.errors import DomainError, InvalidInput
from admin.domain.permissions import Permission
from admin.orders.forms import SourceForm
from admin.orders.source_service import all_sources, make_source, revoke_source
from admin.web.access import current_actor, requires
from admin.web.errors import sentence, status_of

bp = Blueprint("order_sources", __name__, url_prefix="/orders/sources")


@bp.get("/")
@requires(Permission.ORDER_SOURCES)
def index() -> ResponseReturnValue:
    """Every program, those that may still bring orders first."""
    return _page()


@bp.post("/")
@requires(Permission.ORDER_SOURCES)
def create() -> ResponseReturnValue:
    """Make one. Its token stands on this answer and never again, so it is not sent elsewhere."""
    form = SourceForm()
    if not form.validate_on_submit():
        return _page(form=form), 422
    try:
        source, token = make_source(form.name.data or "", actor=current_actor(), now=utc_now())
    except InvalidInput as error:
        form.name.errors = [sentence(error)]
        return _page(form=form), 422
    return _page(token=token, made=source.name)


@bp.post("/<int:source_id>/revocation/")
@requires(Permission.ORDER_SOURCES)
def revoke(source_id: int) -> ResponseReturnValue:
    """Take its token away."""
    try:
        source = revoke_source(source_id, actor=current_actor(), now=utc_now())
    except DomainError as error:
        return _page(error=sentence(error)), status_of(error)
    flash(gettext("%(name)s brings no more orders.", name=source.name), "done")
    return redirect(url_for("order_sources.index"), 303)


def _page(
    *, form: SourceForm | None = None, token: str = "", made: str = "", error: str = ""
) -> str:
    return render_template(
        "orders/sources.html",
        sources=all_sources(),
        form=form or SourceForm(formdata=None),
        token=token,
        made=made,
        address=url_for("order_api.bring"),
        error=error,
    )
