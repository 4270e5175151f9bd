"""A copy of a file is brought: whether it is ours, and what was changed in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.domain.clock import utc_now
from admin.domain.errors import InvalidInput
from admin.domain.export import MOST_NAMED, ExportState
from admin.domain.permissions import Permission
from admin.exports.checking import Checked, check
from admin.exports.forms import CheckForm
from admin.exports.passport import page_lines, size_words
from admin.exports.reading import MOST_BYTES
from admin.exports.tasks import export_folder
from admin.models import Export
from admin.web.access import can, current_actor, person, requires, signed_in
from admin.web.errors import sentence
from admin.web.labels import LABELS
from admin.web.security import limiter

bp = Blueprint("export_checks", __name__, url_prefix="/exports")

FORM_BYTES = 64 * 1024  # around the file
CREATE = "export_checks.create"


@bp.url_value_preprocessor
def _take_more(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Only who may check files may send a large one; before anything of it is read."""
    if endpoint == CREATE and signed_in() is not None and can(Permission.PAYMENTS_EXPORT.value):
        request.max_content_length = MOST_BYTES + FORM_BYTES


@bp.get("/check")
@requires(Permission.PAYMENTS_EXPORT)
def new() -> ResponseReturnValue:
    """Where a file is brought for checking."""
    return _page(CheckForm())


@bp.post("/check")
@requires(Permission.PAYMENTS_EXPORT)
@limiter.limit("60 per hour", key_func=person)
def create() -> ResponseReturnValue:
    """Say what the file is. It lies in a temporary file while it is read, and nowhere after."""
    form = CheckForm()
    given = form.file.data
    if not form.validate_on_submit():
        return _page(form), 422
    if not given or not given.filename:
        form.file.errors = [gettext("Choose a file.")]
        return _page(form), 422
    try:
        checked = check(given.stream, folder=export_folder(), actor=current_actor(), now=utc_now())
    except InvalidInput as error:
        form.file.errors = [sentence(error)]
        return _page(form), 422
    return _page(form, checked)


def _page(form: CheckForm, checked: Checked | None = None) -> str:
    export = checked.export if checked is not None else None
    return render_template(
        "exports/check.html",
        form=form,
        most=size_words(MOST_BYTES),
        checked=checked,
        verdict=LABELS[checked.verdict] if checked is not None else None,
        export=export,
        lines=page_lines(export) if export is not None else [],
        href=_visible_href(export),
        is_revoked=export is not None and export.state is ExportState.REVOKED,
        changed=_changed(checked),
        most_named=MOST_NAMED,
    )


def _visible_href(export: Export | None) -> str:
    """The passport's address for whoever may open it."""
    if export is None:
        return ""
    own = export.created_by_id == current_actor().operator_id
    seen = own or can(Permission.AUDIT_READ.value)
    return url_for("exports.show", export_id=export.id) if seen else ""


def _changed(checked: Checked | None) -> Sequence[dict[str, Any]]:
    if checked is None or checked.comparison is None:
        return []
    return [
        {"line": row.line, "columns": ", ".join(row.columns), "sure": row.sure}
        for row in checked.comparison.changed
    ]
