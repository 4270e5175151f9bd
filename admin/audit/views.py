"""The audit trail as a page."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from admin.audit.forms import AuditSearchForm
from admin.audit.queries import select_entries
from admin.domain.permissions import Permission
from admin.models import AuditEntry
from admin.web.access import requires
from admin.web.keyset import page_of

bp = Blueprint("audit", __name__, url_prefix="/audit")


@bp.get("/")
@requires(Permission.AUDIT_READ, audit="audit.viewed")
def index() -> ResponseReturnValue:
    """Newest first, narrowed by who, what and on what."""
    form = AuditSearchForm(request.args)
    query = select_entries(form.to_filter())
    page = page_of(query, [AuditEntry.id], cursor=request.args.get("cursor"))
    return render_template("audit/index.html", form=form, page=page)
