"""Charges of a billing key: POST /subscribe/payments/again, known again by the order number."""

from __future__ import annotations

from admin.domain.money import Money
from admin.gateway.client import Gateway
from admin.models import MoneyOperation
from admin.operations.kinds.base import Seen
from admin.operations.kinds.charging import Charging


class Charge(Charging):
    """A stored card is charged, so anybody who may send can send it."""

    def send(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        answer = gateway.charge_billing_key(
            operation.customer_uid or "",
            merchant_uid=operation.merchant_uid or "",
            amount=Money(operation.amount_minor or 0, operation.currency),
            name=str(operation.details["order_name"]),
            buyer_name=operation.details.get("buyer_name"),
            buyer_email=operation.details.get("buyer_email"),
            buyer_tel=operation.details.get("buyer_tel"),
        )
        return Seen(payments=(answer,))
