"""/v1/: the stand-in JavaScript SDK and the request with which it opens a window."""

import re
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request, send_from_directory

from sandbox.envelope import success
from sandbox.incoming import Body, boolean, read_body
from sandbox.numbering import new_imp_uid
from sandbox.payment_rows import insert_payments
from sandbox.state import sandbox
from sandbox.window.refusal import NotOpened
from sandbox.window.results import is_way_back, not_opened, way_back
from sandbox.window.rows import opened_row
from sandbox.window.rules import Judged, judge
from sandbox.window.sessions import keep_refused, keep_window

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
    """`{user_code, mobile, params}`: the window's address, or the result of a refusal.

    A refused request makes no payment. `redirect` is where a phone goes that has no callback
    to tell.
    """
    body = read_body()
    params = body["params"] if isinstance(body.get("params"), dict) else {}
    is_mobile = boolean(body.get("mobile"))
    kept: dict[str, Any] = {
        "is_mobile": is_mobile,
        "origin": _origin(),
        "now": sandbox().clock.now(),
    }
    with sandbox().store.writing() as db:
        try:
            judged = judge(
                db,
                params,
                user_code=body.get("user_code"),
                is_mobile=is_mobile,
                now=kept["now"],
            )
        except NotOpened as refusal:
            keep_refused(db, params, refusal, **kept)
            return success(_told(params, refusal, is_mobile=is_mobile))
        row = _row_of(judged, is_mobile=is_mobile, now=kept["now"])
        row["imp_uid"] = new_imp_uid(db, by_api=False)
        insert_payments(db, [row])
        window_id = keep_window(db, params, imp_uid=row["imp_uid"], **kept)
    return success({"window": f"{request.host_url}window/{window_id}", "result": None})


def _row_of(judged: Judged, *, is_mobile: bool, now: int) -> dict[str, Any]:
    """A billing window only shows its amount."""
    row = opened_row(
        judged.params,
        judged.channel,
        method=judged.method,
        amount=0 if judged.is_billing else judged.amount,
        is_mobile=is_mobile,
        now=now,
    )
    return row | ({"customer_uid_usage": "issue"} if judged.is_billing else {})


def _told(params: Body, refusal: NotOpened, *, is_mobile: bool) -> dict[str, Any]:
    result = not_opened(params, refusal)
    address = params.get("m_redirect_url")
    is_told_there = is_mobile and isinstance(address, str) and is_way_back(address)
    back = way_back(str(address), result) if is_told_there else None
    return {"window": None, "result": result, "redirect": back}


def _origin() -> str | None:
    """The opening page's, when it has one that can be named."""
    origin = request.headers.get("Origin", "")
    return origin if _ORIGIN.match(origin) else None
