"""/v1/: the stand-in JavaScript SDK and the request with which it opens a window."""

import re
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request, send_from_directory

from sandbox.envelope import success
from sandbox.incoming import Body, boolean, read_body, text
from sandbox.numbering import new_imp_uid
from sandbox.payment_rows import Payment, insert_payments
from sandbox.state import sandbox
from sandbox.window.refusal import NotOpened
from sandbox.window.results import is_way_back, not_opened, way_back
from sandbox.window.rows import opened_row
from sandbox.window.rules import Judged, judge
from sandbox.window.sessions import Asked, keep_refused, keep_window

bp = Blueprint("window_sdk", __name__, url_prefix="/v1")

_ORIGIN = re.compile(r"^https?://[^\s/;,'\"]+$")
FILES = Path(__file__).with_name("static")


@bp.after_request
def for_any_origin(response: Response) -> Response:
    """The shop's page is of another origin, whichever it is."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Headers"] = "Content-Type"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@bp.get("/<any('iamport.js', 'window.js', 'window.css'):name>")
def file(name: str) -> Response:
    return send_from_directory(FILES, name, max_age=0)


@bp.route("/requests", methods=["OPTIONS"])
def preflight() -> Response:
    return Response(status=204)


@bp.post("/requests")
def open_window() -> Response:
    """`{user_code, tier, mobile, params}`: the window's address, or the result of a refusal.

    A refused request makes no payment. `redirect` is where a phone goes that has no callback
    to tell.
    """
    asked = _asked(read_body())
    with sandbox().store.writing() as db:
        try:
            judged = judge(db, asked)
        except NotOpened as refusal:
            keep_refused(db, asked, refusal)
            return success(_told(asked, refusal))
        row = _row_of(judged, asked)
        row["imp_uid"] = new_imp_uid(db, by_api=False)
        insert_payments(db, [row])
        window_id = keep_window(db, asked, imp_uid=row["imp_uid"])
    return success({"window": f"{request.host_url}window/{window_id}", "result": None})


def _asked(body: Body) -> Asked:
    origin = request.headers.get("Origin", "")
    return Asked(
        user_code=text(body, "user_code"),
        tier=text(body, "tier"),
        params=body["params"] if isinstance(body.get("params"), dict) else {},
        is_mobile=boolean(body.get("mobile")),
        origin=origin if _ORIGIN.match(origin) else None,
        at=sandbox().clock.now(),
    )


def _row_of(judged: Judged, asked: Asked) -> Payment:
    """A billing window only shows its amount."""
    row = opened_row(
        asked.params,
        judged.channel,
        method=judged.method,
        amount=0 if judged.is_billing else judged.amount,
        is_mobile=asked.is_mobile,
        now=asked.at,
    )
    return row | ({"customer_uid_usage": "issue"} if judged.is_billing else {})


def _told(asked: Asked, refusal: NotOpened) -> dict[str, Any]:
    result = not_opened(asked.params, refusal)
    address = asked.params.get("m_redirect_url")
    is_told_there = asked.is_mobile and isinstance(address, str) and is_way_back(address)
    back = way_back(str(address), result) if is_told_there else None
    return {"window": None, "result": result, "redirect": back}
