"""POST /subscribe/payments/again: charge a stored billing key."""

from flask import Blueprint, Response

from sandbox.charging import NO_KEY, charge, check_not_paid_yet, find_key, read_order, with_buyer
from sandbox.envelope import Refusal, success
from sandbox.incoming import read_body, text
from sandbox.state import sandbox

bp = Blueprint("again", __name__)


@bp.post("/subscribe/payments/again")
def again() -> Response:
    body = read_body()
    customer_uid = text(body, "customer_uid", longest=80)
    if not customer_uid:
        raise Refusal("customer_uid 파라메터가 누락되었습니다.")
    order = read_order(body)
    parts = sandbox()
    with parts.store.writing() as db:
        key = find_key(db, customer_uid)
        if key is None:
            raise Refusal(NO_KEY)
        check_not_paid_yet(db, order["merchant_uid"])
        payment = charge(
            db, key, with_buyer(order, key), now=parts.clock.now(), usage="payment", source="api"
        )
    # Charges made over the API are silent unless they name an address of their own.
    if order["notice_url"]:
        parts.webhooks.send(payment, notice_url=order["notice_url"])
    return success(payment)
