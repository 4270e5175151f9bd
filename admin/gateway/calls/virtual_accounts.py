"""Virtual accounts issued without the window. KCP offers this in its window only."""

from __future__ import annotations

from datetime import datetime

from admin.domain.clock import to_epoch
from admin.domain.money import Money
from admin.domain.payment import PaymentSnapshot
from admin.gateway.calls.base import LONGEST_MERCHANT_UID, Calls, check_length
from admin.gateway.wire.paths import path
from admin.gateway.wire.payments import read_payment, write_amount


class VirtualAccountCalls(Calls):
    """Tag `vbanks`."""

    def issue_virtual_account(
        self,
        merchant_uid: str,
        *,
        channel_key: str,
        amount: Money,
        bank_code: str,
        due_at: datetime,
        holder: str | None = None,
    ) -> PaymentSnapshot:
        """Issue an account to be paid into until `due_at`; the payment is ready, not paid.

        Not retried: on an unclear outcome look with `find_all_payments`. Source: POST /vbanks.
        """
        if amount.minor < 1:
            raise ValueError("an account takes at least 1")
        check_length(merchant_uid, LONGEST_MERCHANT_UID, "an order number")
        body = {
            "channel_key": channel_key,
            "merchant_uid": merchant_uid,
            "amount": write_amount(amount),
            "vbank_code": bank_code,
            "vbank_due": to_epoch(due_at),
            **({"vbank_holder": holder} if holder else {}),
        }
        return read_payment(self._connection.write("POST", path("vbanks"), body=body))

    def change_virtual_account(
        self, imp_uid: str, *, amount: Money | None = None, due_at: datetime | None = None
    ) -> PaymentSnapshot:
        """Change what an unpaid account waits for. Not retried. Source: PUT /vbanks/{imp_uid}."""
        body = {
            **({"amount": write_amount(amount)} if amount else {}),
            **({"vbank_due": to_epoch(due_at)} if due_at else {}),
        }
        return read_payment(self._connection.write("PUT", path("vbanks", imp_uid), body=body))

    def revoke_virtual_account(self, imp_uid: str) -> PaymentSnapshot:
        """Close an unpaid account. Not retried. Source: DELETE /vbanks/{imp_uid}."""
        return read_payment(self._connection.write("DELETE", path("vbanks", imp_uid), body={}))
