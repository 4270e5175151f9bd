"""POST /subscribe/payments/onetime: charge a card that comes with the request.

Number, expiry, birthday, password and CVC live as long as the request does.
"""

from typing import Any

from flask import Blueprint, Response

from sandbox.billing_cards import card_digits, card_fields, check_card
from sandbox.charging import charge, check_not_paid_yet, read_order
from sandbox.customers import key_fields, save_customer
from sandbox.envelope import Refusal, success
from sandbox.incoming import Body, read_body, text
from sandbox.payment_rows import Payment
from sandbox.state import sandbox

bp = Blueprint("onetime", __name__)

NO_CARD_NUMBER = "유효하지않은 카드번호를 입력하셨습니다."
NOT_AUTHENTICATED = "카드정보 인증에 실패하였습니다."


@bp.post("/subscribe/payments/onetime")
def onetime() -> Response:
    """A card that fails its check is refused; one that is declined gives a failed payment.

    With a `customer_uid` the card of a paid charge is kept as a key, over an old one too.
    """
    body = read_body()
    order = read_order(body)
    parts = sandbox()
    now = parts.clock.now()
    card = _read_card(body, order, now=now)
    is_kept = card["customer_uid"] is not None
    with parts.store.writing() as db:
        check_not_paid_yet(db, order["merchant_uid"])
        payment = charge(
            db, card, order, now=now, usage="payment" if is_kept else None, source="api"
        )
        if is_kept and payment["status"] == "paid":
            save_customer(card, now=now)
    if order["notice_url"]:
        parts.webhooks.send(payment, notice_url=order["notice_url"])
    return success(payment)


def _read_card(body: Body, order: Payment, *, now: int) -> dict[str, Any]:
    """The card as a key would be stored; its customer is the buyer."""
    number, expiry = text(body, "card_number"), text(body, "expiry")
    if not number or not expiry:
        raise Refusal("card_number, expiry 파라메터가 누락되었습니다.")
    if card_digits(number) is None:
        raise Refusal(NO_CARD_NUMBER, code=-1)
    digits = check_card(number, expiry, now=now, failure=NOT_AUTHENTICATED)
    buyer = {
        name.replace("buyer_", "customer_"): value
        for name, value in order.items()
        if name.startswith("buyer_")
    }
    fields = key_fields(text(body, "customer_uid", longest=80), body)
    return fields | buyer | card_fields(digits) | {"sandbox": 0}
