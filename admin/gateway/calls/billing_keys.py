"""Billing keys: charge one, read them."""

from __future__ import annotations

from collections.abc import Sequence

from admin.domain.billing_key import BillingKeySnapshot
from admin.domain.card import Card
from admin.domain.money import Money
from admin.domain.payment import PaymentSnapshot
from admin.gateway.calls.base import (
    LONGEST_CUSTOMER_UID,
    LONGEST_MERCHANT_UID,
    Calls,
    batches,
    check_length,
)
from admin.gateway.errors import GatewayMalformed, GatewayNotFound, GatewayRejected
from admin.gateway.wire.billing_keys import read_billing_key, read_billing_keys
from admin.gateway.wire.cards import write_card
from admin.gateway.wire.envelope import says
from admin.gateway.wire.paths import path
from admin.gateway.wire.payments import (
    EMPTY_PAGE,
    PaymentPage,
    read_page,
    read_payment,
    write_amount,
)

_UNKNOWN_CUSTOMER = ("찾을 수 없", "존재하지 않", "등록되지 않은", "등록된 정보")


class BillingKeyCalls(Calls):
    """Tags `subscribe.customer` and, of `subscribe`, the charge."""

    def charge_billing_key(
        self,
        customer_uid: str,
        *,
        merchant_uid: str,
        amount: Money,
        name: str,
        buyer_name: str | None = None,
        buyer_email: str | None = None,
        buyer_tel: str | None = None,
        card_quota: int = 0,
        tax_free: Money | None = None,
        custom_data: str | None = None,
    ) -> PaymentSnapshot:
        """Take `amount` with a stored billing key and return the payment, whatever came of it.

        An answer is not yet success: `status` may be failed (a decline), and the caller must
        hold amount, currency and merchant_uid against what it asked for. Not retried: on
        GatewayUnavailable or GatewayMalformed look with `find_all_payments`.
        Source: POST /subscribe/payments/again.
        """
        if amount.minor < 1:
            raise ValueError("a charge is at least 1")
        check_length(merchant_uid, LONGEST_MERCHANT_UID, "an order number")
        check_length(customer_uid, LONGEST_CUSTOMER_UID, "a customer_uid")
        optional = {
            "buyer_name": buyer_name,
            "buyer_email": buyer_email,
            "buyer_tel": buyer_tel,
            "card_quota": card_quota or None,
            "tax_free": None if tax_free is None else write_amount(tax_free),
            "custom_data": custom_data,
        }
        body = {
            "customer_uid": customer_uid,
            "merchant_uid": merchant_uid,
            "amount": write_amount(amount),
            "currency": amount.currency.value,
            "name": name,
            **{field: value for field, value in optional.items() if value is not None},
        }
        return read_payment(
            self._connection.write("POST", path("subscribe", "payments", "again"), body=body)
        )

    def charge_card(
        self,
        card: Card,
        *,
        merchant_uid: str,
        amount: Money,
        name: str,
        customer_uid: str | None = None,
        buyer_name: str | None = None,
        buyer_email: str | None = None,
        buyer_tel: str | None = None,
        card_quota: int = 0,
    ) -> PaymentSnapshot:
        """Take `amount` with a card given once, storing it under `customer_uid` where one is
        given. As `charge_billing_key`: not retried, and `status` may be failed.
        Source: POST /subscribe/payments/onetime.
        """
        if amount.minor < 1:
            raise ValueError("a charge is at least 1")
        check_length(merchant_uid, LONGEST_MERCHANT_UID, "an order number")
        if customer_uid is not None:
            check_length(customer_uid, LONGEST_CUSTOMER_UID, "a customer_uid")
        optional = {
            "customer_uid": customer_uid,
            "buyer_name": buyer_name,
            "buyer_email": buyer_email,
            "buyer_tel": buyer_tel,
            "card_quota": card_quota or None,
        }
        body = {
            **write_card(card),
            "merchant_uid": merchant_uid,
            "amount": write_amount(amount),
            "currency": amount.currency.value,
            "name": name,
            **{field: value for field, value in optional.items() if value is not None},
        }
        return read_payment(
            self._connection.write("POST", path("subscribe", "payments", "onetime"), body=body)
        )

    def issue_billing_key(
        self, customer_uid: str, card: Card, *, channel_key: str | None = None
    ) -> BillingKeySnapshot:
        """Store a card under `customer_uid`, over the one that is there. Not retried: on an
        unclear outcome read it and compare. Source: POST /subscribe/customers/{customer_uid}.
        """
        check_length(customer_uid, LONGEST_CUSTOMER_UID, "a customer_uid")
        body = {**write_card(card), **({"channel_key": channel_key} if channel_key else {})}
        raw = self._connection.write(
            "POST", path("subscribe", "customers", customer_uid), body=body
        )
        return read_billing_key(raw)

    def delete_billing_key(self, customer_uid: str) -> BillingKeySnapshot:
        """Forget a stored card; schedules of it are not undone. Not retried.
        Source: DELETE /subscribe/customers/{customer_uid}.
        """
        return read_billing_key(
            self._connection.write("DELETE", path("subscribe", "customers", customer_uid), body={})
        )

    def list_payments_of(self, customer_uid: str, *, page: int = 1) -> PaymentPage:
        """One page of what a billing key paid, newest first; none is an empty page.
        Source: GET /subscribe/customers/{customer_uid}/payments.
        """
        try:
            raw = self._connection.look_up_page(
                path("subscribe", "customers", customer_uid, "payments"),
                params=[("page", str(page))],
            )
        except GatewayNotFound:
            return EMPTY_PAGE
        return read_page(raw)

    def get_billing_key(self, customer_uid: str) -> BillingKeySnapshot:
        """Read one billing key. Raises GatewayNotFound, which the gateway says with HTTP 200 and
        a sentence as well as with 404. Source: GET /subscribe/customers/{customer_uid}.
        """
        try:
            raw = self._connection.look_up(path("subscribe", "customers", customer_uid))
        except GatewayNotFound:
            raise
        except GatewayRejected as error:
            if says(error, _UNKNOWN_CUSTOMER):
                raise GatewayNotFound(
                    error.message, code=error.code, status=error.status
                ) from error
            raise
        key = read_billing_key(raw)
        if key.customer_uid != customer_uid:
            raise GatewayMalformed("the answer is about another billing key")
        return key

    def get_billing_keys(self, customer_uids: Sequence[str]) -> tuple[BillingKeySnapshot, ...]:
        """Read many billing keys; unknown ones are not among them. Any number of ids.

        Source: GET /subscribe/customers.
        """
        found: list[BillingKeySnapshot] = []
        for batch in batches([("customer_uid[]", uid) for uid in customer_uids]):
            try:
                raw = self._connection.look_up_page(path("subscribe", "customers"), params=batch)
            except GatewayNotFound:
                continue
            found.extend(read_billing_keys(raw))
        return tuple(found)
