"""The receiver: constant work, never a call outward."""

from __future__ import annotations

import hmac

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from admin.domain.clock import utc_now
from admin.domain.errors import DomainError
from admin.web.access import public
from admin.web.security import csrf
from admin.web.services import settings
from admin.webhooks.service import MOST_BYTES, receive_event

bp = Blueprint("webhooks", __name__, url_prefix="/webhooks")


@bp.post("/payments")
@bp.post("/payments/<token>")
@csrf.exempt  # the gateway has no session; what it says is never believed
@public
def receive(token: str = "") -> ResponseReturnValue:
    """Take one message: 200 at once, 404 for a wrong token, 413 and 400 for what is none."""
    wanted = settings().webhook_token
    if not hmac.compare_digest(token.encode(), wanted.encode()):
        return {"error": "not found"}, 404
    if (request.content_length or 0) > MOST_BYTES:
        return {"error": "too large"}, 413
    body = request.stream.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        return {"error": "too large"}, 413
    try:
        receive_event(
            body,
            content_type=request.mimetype,
            source_ip=request.remote_addr,
            now=utc_now(),
        )
    except DomainError:
        return {"error": "no imp_uid"}, 400
    return {"received": True}, 200
