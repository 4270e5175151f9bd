"""Payments of a card typed here: POST /subscribe/payments/onetime.

The card is in the deciding request's memory alone: never sent by a worker, never sent again. What
became of it is read from the payments under its order number. With a `customer_uid` the card of a
paid charge is stored as that billing key, too, and looked at once it is paid.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from admin.domain.card import Card
from admin.domain.evidence import Verdict
from admin.domain.money import Money
from admin.domain.operation import HAPPENED_STATES
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayError
from admin.models import MoneyOperation
from admin.operations.billing_keys import keep_stored, look_up_key
from admin.operations.kinds.base import Seen, Write
from admin.operations.kinds.charging import Charging
from admin.operations.kinds.key_issue import key_is_taken


def charge_with(card: Card) -> Write:
    """The one sending, holding the card while the request lasts."""

    def write(operation: MoneyOperation, gateway: Gateway) -> Seen:
        answer = gateway.charge_card(
            card,
            merchant_uid=operation.merchant_uid or "",
            amount=Money(operation.amount_minor or 0, operation.currency),
            name=str(operation.details["order_name"]),
            customer_uid=operation.customer_uid,
            buyer_name=operation.details.get("buyer_name"),
            buyer_email=operation.details.get("buyer_email"),
            buyer_tel=operation.details.get("buyer_tel"),
        )
        return _with_key(operation, gateway, Seen(payments=(answer,)))

    return write


class KeyIn(Charging):
    """Judged as every charge is: by the payment under our order number."""

    def preflight(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        seen = super().preflight(operation, gateway)
        if operation.customer_uid is None:
            return seen
        return replace(seen, key=look_up_key(gateway, operation.customer_uid))

    def fence(self, operation: MoneyOperation, seen: Seen) -> Verdict | None:
        return super().fence(operation, seen) or key_is_taken(operation, seen)

    def send(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        raise LookupError("the card is with the request that decided, see charge_with")

    def look(self, operation: MoneyOperation, gateway: Gateway, *, canary: str | None) -> Seen:
        return _with_key(operation, gateway, super().look(operation, gateway, canary=canary))

    def settle(
        self, operation: MoneyOperation, seen: Seen, verdict: Verdict, *, now: datetime
    ) -> None:
        super().settle(operation, seen, verdict, now=now)
        if operation.customer_uid is not None and verdict.state in HAPPENED_STATES:
            keep_stored(operation, seen.key, looked=seen.key_looked_up, now=now)


def _with_key(operation: MoneyOperation, gateway: Gateway, seen: Seen) -> Seen:
    """What is paid stored its card, too. A look at the key that fails takes nothing from that."""
    if operation.customer_uid is None or not any(one.took_money for one in seen.payments):
        return seen
    try:
        key = look_up_key(gateway, operation.customer_uid)
    except GatewayError:
        return seen
    return replace(seen, key=key, key_looked_up=True)
