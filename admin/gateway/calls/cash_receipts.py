"""Cash receipts, for payments and for money that came outside the gateway."""

from __future__ import annotations

from typing import Any, Literal

from admin.domain.cash_receipt import CashReceipt
from admin.domain.money import Money
from admin.gateway.calls.base import Calls
from admin.gateway.wire.cash_receipts import read_receipt
from admin.gateway.wire.paths import path
from admin.gateway.wire.payments import write_amount

Kind = Literal["person", "company"]


class CashReceiptCalls(Calls):
    """Tag `receipts`. `identifier` is a phone number or a registration number: sent, never kept."""

    def get_cash_receipt(self, imp_uid: str) -> CashReceipt:
        """Read one. Raises GatewayNotFound. Source: GET /receipts/{imp_uid}."""
        raw = self._connection.look_up(path("receipts", imp_uid))
        return read_receipt(raw, subject="imp_uid")

    def issue_cash_receipt(
        self,
        imp_uid: str,
        *,
        identifier: str,
        kind: Kind = "person",
        tax_free: Money | None = None,
    ) -> CashReceipt:
        """Issue one over what is left of a transfer or deposit. Not retried: on an unclear
        outcome read it. Source: POST /receipts/{imp_uid}.
        """
        body = _body(identifier, kind, tax_free)
        raw = self._connection.write("POST", path("receipts", imp_uid), body=body)
        return read_receipt(raw, subject="imp_uid")

    def revoke_cash_receipt(self, imp_uid: str) -> CashReceipt:
        """Take one back. Not retried. Source: DELETE /receipts/{imp_uid}."""
        raw = self._connection.write("DELETE", path("receipts", imp_uid), body={})
        return read_receipt(raw, subject="imp_uid")

    def get_external_receipt(self, merchant_uid: str) -> CashReceipt:
        """Read one for money from elsewhere. Raises GatewayNotFound.
        Source: GET /receipts/external/{merchant_uid}.
        """
        raw = self._connection.look_up(path("receipts", "external", merchant_uid))
        return read_receipt(raw, subject="merchant_uid")

    def issue_external_receipt(
        self,
        merchant_uid: str,
        *,
        channel_key: str,
        name: str,
        amount: Money,
        identifier: str,
        kind: Kind = "person",
        tax_free: Money | None = None,
    ) -> CashReceipt:
        """Issue one for money from elsewhere. Not retried: on an unclear outcome read it.
        Source: POST /receipts/external/{merchant_uid}.
        """
        body = _body(identifier, kind, tax_free) | {
            "channel_key": channel_key,
            "name": name,
            "amount": write_amount(amount),
        }
        raw = self._connection.write("POST", path("receipts", "external", merchant_uid), body=body)
        return read_receipt(raw, subject="merchant_uid")

    def revoke_external_receipt(self, merchant_uid: str) -> CashReceipt:
        """Take one back. Not retried. Source: DELETE /receipts/external/{merchant_uid}."""
        raw = self._connection.write("DELETE", path("receipts", "external", merchant_uid), body={})
        return read_receipt(raw, subject="merchant_uid")


def _body(identifier: str, kind: Kind, tax_free: Money | None) -> dict[str, Any]:
    if not identifier.strip():
        raise ValueError("a cash receipt needs whom it is for")
    optional = {} if tax_free is None else {"tax_free": write_amount(tax_free)}
    return {"identifier": identifier, "type": kind, **optional}
