"""The shop's programs bring orders here: a bearer token, JSON, and no cookie."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort, g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.clock import utc_now
from admin.domain.errors import InvalidInput, NotFound
from admin.domain.order_input import OrderField
from admin.domain.order_intake import TakenAs
from admin.models import Order, OrderSource, transaction
from admin.orders.queries import find_order
from admin.orders.receiving import MOST_BYTES, Answer, read_document, receive
from admin.orders.service import ATTRIBUTES
from admin.orders.source_service import source_of
from admin.web.access import public
from admin.web.errors import sentence
from admin.web.problems import problem
from admin.web.security import csrf, limiter

bp = Blueprint("order_api", __name__, url_prefix="/api/orders")

LIMIT = "120 per minute"  # of one program
TRIES = "30 per minute"  # with a wrong token, of one address


def _program() -> str:
    """The token's own count, whoever else shares the address."""
    return "source:" + hashlib.sha256(_token().encode()).hexdigest()


def _address() -> str:
    return f"api:{request.remote_addr}"


def _is_stranger(answer: Any) -> bool:
    return bool(answer.status_code == HTTPStatus.UNAUTHORIZED)


@bp.post("")
@csrf.exempt  # a program has no session: no cookie is read, so no browser can be made to send it
@public
@limiter.limit(TRIES, key_func=_address, deduct_when=_is_stranger)
@limiter.limit(LIMIT, key_func=_program)
def bring() -> ResponseReturnValue:
    """Take one order or many. 200 when all were taken, 207 when one was refused."""
    now = utc_now()
    source = _source(now)
    if request.mimetype != "application/json":
        return problem(415, gettext("Send it as application/json."))
    request.max_content_length = MOST_BYTES  # nothing of it is read before the token was
    try:
        orders = read_document(request.get_data(cache=False))
    except InvalidInput as error:
        return problem(400, sentence(error))
    answers = receive(orders, source_id=source.id, actor=_actor(source), now=now)
    refused = any(answer.result is TakenAs.REFUSED for answer in answers)
    return {"results": [_plain(answer) for answer in answers]}, 207 if refused else 200


@bp.get("/<path:order_number>")
@public
@limiter.limit(TRIES, key_func=_address, deduct_when=_is_stranger)
@limiter.limit(LIMIT, key_func=_program)
def read(order_number: str) -> ResponseReturnValue:
    """One order as it stands, for the program that brought it or changed it last."""
    now = utc_now()
    source = _source(now)
    order = find_order(order_number)
    if order is None or order.source_id != source.id:
        raise NotFound()
    with transaction():
        record(_actor(source), "order.read", f"order:{order.id}", now=now)
    return _document(order), 200


def _token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _source(now: datetime) -> OrderSource:
    source = source_of(_token(), now=now)
    if source is None:
        abort(401)
    return source


def _actor(source: OrderSource) -> Actor:
    return Actor(
        name=f"program: {source.name}",
        ip=request.remote_addr,
        request_id=g.get("request_id"),
    )


def _plain(answer: Answer) -> dict[str, Any]:
    reasons = [
        {"field": reason.place, "reason": gettext(reason.message, **reason.values)}
        for reason in answer.reasons
    ]
    plain = {"order_number": answer.order_number, "result": answer.result.value}
    return plain | ({"reasons": reasons} if reasons else {})


def _document(order: Order) -> dict[str, Any]:
    """The order in the words in which it is brought."""
    fields = {field.value: _json(getattr(order, name)) for field, name in ATTRIBUTES.items()}
    return {
        OrderField.ORDER_NUMBER.value: order.order_number,
        **fields,
        "items": [
            {
                OrderField.ITEM_NUMBER.value: item.item_order_number,
                OrderField.ITEM_NAME.value: item.name,
                OrderField.ITEM_QUANTITY.value: item.quantity,
                OrderField.ITEM_AMOUNT.value: item.amount_minor,
            }
            for item in order.items
        ],
    }


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return getattr(value, "value", value)
