"""Orders as a program sends them: one or many, each judged by itself and answered for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.card_guard import hide_card_numbers
from admin.domain.errors import N_, InvalidInput
from admin.domain.order_input import (
    NO_LIST,
    NO_OBJECT,
    SHOWN,
    OrderField,
    OrderInput,
    OrderRefused,
    Reason,
    read_order,
)
from admin.domain.order_intake import OrderOrigin, Taken, TakenAs
from admin.orders.service import ITEMS, take

MOST_ORDERS = 500  # of one call
MOST_BYTES = 2 * 1024 * 1024
TWICE = N_("This order stands in the call twice.")
NO_JSON = N_("The body is not JSON that can be read.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one order. `order_number` is "" where none could be read."""

    order_number: str
    result: TakenAs
    reasons: Sequence[Reason] = ()


def read_document(body: bytes) -> list[Any]:
    """The orders of one call: one object, or `{"orders": [...]}`. Raises InvalidInput."""
    try:
        document = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=Decimal,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError):
        raise InvalidInput(NO_JSON) from None
    if not isinstance(document, dict):
        raise InvalidInput(N_("Send one order, or an object with a list of orders."))
    if "orders" not in document:
        return [document]
    orders = document["orders"]
    if set(document) != {"orders"} or not isinstance(orders, list) or not orders:
        raise InvalidInput(N_("Send one order, or an object with a list of orders."))
    if len(orders) > MOST_ORDERS:
        raise InvalidInput(N_("One call brings at most %(most)s orders."), most=MOST_ORDERS)
    return orders


def receive(orders: Sequence[Any], *, source_id: int, actor: Actor, now: datetime) -> list[Answer]:
    """Take what can be taken; an order that cannot be refuses no other. Answers in their order."""
    read = list(_read_all(orders))
    good = [one for one in read if isinstance(one, OrderInput)]

    def tell(taken: Sequence[Taken]) -> None:
        results = [one.result for one in taken]
        record(
            actor,
            "orders.received",
            f"order_source:{source_id}",
            now=now,
            added=results.count(TakenAs.ADDED),
            changed=results.count(TakenAs.CHANGED),
            unchanged=results.count(TakenAs.UNCHANGED),
            refused=len(orders) - len(good),
        )

    taken = iter(
        take(
            good,
            origin=OrderOrigin.API,
            source_id=source_id,
            actor=actor,
            now=now,
            tell=tell,
        )
    )
    return [one if isinstance(one, Answer) else _answer(next(taken)) for one in read]


def _read_all(orders: Sequence[Any]) -> Iterator[OrderInput | Answer]:
    """Each order read, or why not; of two with one number neither is taken."""
    numbers = [_number(one) for one in orders]
    for order, number in zip(orders, numbers, strict=True):
        try:
            if number and numbers.count(number) > 1:
                raise OrderRefused([Reason(OrderField.ORDER_NUMBER.value, TWICE)])
            yield _read(order)
        except OrderRefused as refused:
            yield Answer(
                order_number=hide_card_numbers(number[:80]),
                result=TakenAs.REFUSED,
                reasons=refused.reasons,
            )


def _read(order: Any) -> OrderInput:
    if not isinstance(order, dict):
        raise OrderRefused([Reason("", NO_OBJECT)])
    items = order.get(ITEMS)
    fields = {name: value for name, value in order.items() if name != ITEMS}
    if not isinstance(items, list | None):
        raise OrderRefused([Reason(ITEMS, NO_LIST)])
    given: list[Mapping[str, object]] = items or []
    if any(not isinstance(item, dict) for item in given):
        raise OrderRefused([Reason(ITEMS, NO_OBJECT)])
    return read_order(fields, given, typed=True)


def _number(order: Any) -> str:
    number = order.get(OrderField.ORDER_NUMBER.value) if isinstance(order, dict) else None
    return number.strip() if isinstance(number, str) else ""


def _answer(taken: Taken) -> Answer:
    return Answer(order_number=taken.order_number, result=taken.result)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names stand once: of two values nobody could say which is meant."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands twice")
    return made


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name[:SHOWN]} is no JSON")
