"""The requests windows were asked for with; the payment's object has no place for all of it."""

from flask import Blueprint, Response

from sandbox.envelope import success
from sandbox.state import sandbox
from sandbox.window.sessions import requests_for

bp = Blueprint("windows", __name__, url_prefix="/windows")


@bp.get("/<segment:merchant_uid>")
def show(merchant_uid: str) -> Response:
    """Every `request_pay` with this order number, oldest first, refused ones with their code."""
    with sandbox().store.reading() as db:
        return success(requests_for(db, merchant_uid))
