"""Amounts registered before the window opens, so that nobody pays another one."""

from __future__ import annotations

from admin.domain.money import Money
from admin.gateway.calls.base import LONGEST_MERCHANT_UID, Calls, check_length
from admin.gateway.wire.codes import PreparedAmount, read_prepared
from admin.gateway.wire.paths import path
from admin.gateway.wire.payments import write_amount


class PreparedCalls(Calls):
    """Tag `payments.validation`."""

    def prepare_amount(self, merchant_uid: str, amount: Money) -> PreparedAmount:
        """Register what an order must cost. Raises GatewayRejected when it is registered
        already. Not retried. Source: POST /payments/prepare.
        """
        return self._prepare("POST", merchant_uid, amount)

    def change_prepared_amount(self, merchant_uid: str, amount: Money) -> PreparedAmount:
        """Register another amount. Raises GatewayRejected with status 404 when none is there.
        Not retried. Source: PUT /payments/prepare.
        """
        return self._prepare("PUT", merchant_uid, amount)

    def get_prepared_amount(self, merchant_uid: str) -> PreparedAmount:
        """Read what is registered. Raises GatewayNotFound.
        Source: GET /payments/prepare/{merchant_uid}.
        """
        return read_prepared(self._connection.look_up(path("payments", "prepare", merchant_uid)))

    def _prepare(self, method: str, merchant_uid: str, amount: Money) -> PreparedAmount:
        check_length(merchant_uid, LONGEST_MERCHANT_UID, "an order number")
        body = {
            "merchant_uid": merchant_uid,
            "amount": write_amount(amount),
            "currency": amount.currency.value,
        }
        return read_prepared(self._connection.write(method, path("payments", "prepare"), body=body))
