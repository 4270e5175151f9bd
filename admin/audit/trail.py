"""Views of personal data leave a trace: the endpoint is marked, this writes the entry."""

from __future__ import annotations

import hashlib
import hmac

from flask import Flask, Response, current_app, request

from admin.audit.service import record
from admin.domain.clock import utc_now
from admin.models import transaction
from admin.web.access import current_actor, signed_in


def install(app: Flask) -> None:
    """Write an entry after each answered view that `@requires(..., audit="noun.verbed")` marks."""
    app.after_request(_write)


def _write(response: Response) -> Response:
    view = current_app.view_functions.get(request.endpoint or "")
    action = getattr(view, "audit_action", "")
    if not action or response.status_code >= 400 or signed_in() is None:
        return response
    values = request.view_args or {}
    subject = ":".join(str(part) for part in (action.partition(".")[0], *values.values()))
    facts = {"search": _hashed(request.query_string)} if request.query_string else {}
    with transaction():
        record(current_actor(), action, subject, now=utc_now(), **facts)
    return response


def _hashed(search: bytes) -> str:
    """What was searched, so that equal searches can be told, but neither read nor tried out."""
    key = str(current_app.secret_key).encode()
    return hmac.new(key, search, hashlib.sha256).hexdigest()[:16]
