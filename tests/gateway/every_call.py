"""One call of every operation, for what must hold of all of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from admin.domain.card import Card
from admin.domain.escrow import DeliveryNotice
from admin.domain.money import Money
from admin.domain.payment import PaymentStatus
from admin.domain.schedule import ScheduledCharge
from admin.gateway.client import Gateway

UID, ORDER, KEY = "imp_000000000001", "ORD-1", "cust_1"
WON = Money(1_000)
FROM = datetime(2026, 1, 1, tzinfo=UTC)
TO = FROM + timedelta(days=30)
CARD = Card(number="4518-4200-0000-1093", expiry="2030-01", birth="900101", password_2_digits="12")
NOTICE = DeliveryNotice(company="CJGLS", invoice="123456789012", sent_at=FROM)
PLAN = ScheduledCharge(merchant_uid=ORDER, schedule_at=TO, amount=WON, name="정기배송")

CALLS: dict[str, Callable[[Gateway], Any]] = {
    "POST /users/getToken": lambda one: one.ping(),
    "GET /payments/{imp_uid}/balance": lambda one: one.get_balance(UID),
    "GET /payments/{imp_uid}": lambda one: one.get_payment(UID),
    "GET /payments": lambda one: one.get_payments([UID], [ORDER]),
    "GET /payments/find/{merchant_uid}/{payment_status}": lambda one: one.find_payment(
        ORDER, status=PaymentStatus.PAID
    ),
    "GET /payments/findAll/{merchant_uid}/{payment_status}": lambda one: one.find_all_payments(
        ORDER
    ),
    "GET /payments/status/{payment_status}": lambda one: one.list_payments(
        "all", start=FROM, end=TO
    ),
    "POST /payments/cancel": lambda one: one.cancel_payment(
        UID, amount=WON, cancellable=WON, reason="변심", tax_free=Money(0)
    ),
    "PUT /payments/prepare": lambda one: one.change_prepared_amount(ORDER, WON),
    "POST /payments/prepare": lambda one: one.prepare_amount(ORDER, WON),
    "GET /payments/prepare/{merchant_uid}": lambda one: one.get_prepared_amount(ORDER),
    "POST /subscribe/payments/onetime": lambda one: one.charge_card(
        CARD, merchant_uid=ORDER, amount=WON, name="주문", customer_uid=KEY, card_quota=3
    ),
    "POST /subscribe/payments/again": lambda one: one.charge_billing_key(
        KEY, merchant_uid=ORDER, amount=WON, name="정기배송", buyer_name="김하늘", card_quota=3
    ),
    "GET /subscribe/payments/schedule": lambda one: one.list_schedules(
        start=FROM, end=TO, status="scheduled"
    ),
    "POST /subscribe/payments/schedule": lambda one: one.schedule_charges(KEY, [PLAN]),
    "POST /subscribe/payments/unschedule": lambda one: one.unschedule_charges(KEY, [ORDER]),
    "GET /subscribe/payments/schedule/{merchant_uid}": lambda one: one.get_schedule(ORDER),
    "PUT /subscribe/payments/schedule/{merchant_uid}": lambda one: one.change_schedule(ORDER, TO),
    "POST /subscribe/payments/schedule/{merchant_uid}/reschedule": lambda one: (
        one.reschedule_charge(ORDER, TO)
    ),
    "POST /subscribe/payments/schedule/{merchant_uid}/retry": lambda one: one.retry_schedule(ORDER),
    "GET /subscribe/customers": lambda one: one.get_billing_keys([KEY]),
    "GET /subscribe/customers/{customer_uid}": lambda one: one.get_billing_key(KEY),
    "POST /subscribe/customers/{customer_uid}": lambda one: one.issue_billing_key(
        KEY, CARD, channel_key="channel-key-1"
    ),
    "DELETE /subscribe/customers/{customer_uid}": lambda one: one.delete_billing_key(KEY),
    "GET /subscribe/customers/{customer_uid}/payments": lambda one: one.list_payments_of(KEY),
    "GET /subscribe/customers/{customer_uid}/schedules": lambda one: one.list_schedules_of(
        KEY, start=FROM, end=TO, status="scheduled"
    ),
    "GET /escrows/logis/{imp_uid}": lambda one: one.get_delivery(UID),
    "PUT /escrows/logis/{imp_uid}": lambda one: one.change_delivery(UID, notice=NOTICE),
    "POST /escrows/logis/{imp_uid}": lambda one: one.register_delivery(UID, notice=NOTICE),
    "POST /vbanks": lambda one: one.issue_virtual_account(
        ORDER, channel_key="channel-key-1", amount=WON, bank_code="088", due_at=TO
    ),
    "PUT /vbanks/{imp_uid}": lambda one: one.change_virtual_account(UID, amount=WON, due_at=TO),
    "DELETE /vbanks/{imp_uid}": lambda one: one.revoke_virtual_account(UID),
    "GET /receipts/{imp_uid}": lambda one: one.get_cash_receipt(UID),
    "POST /receipts/{imp_uid}": lambda one: one.issue_cash_receipt(UID, identifier="01012345678"),
    "DELETE /receipts/{imp_uid}": lambda one: one.revoke_cash_receipt(UID),
    "GET /receipts/external/{merchant_uid}": lambda one: one.get_external_receipt(ORDER),
    "POST /receipts/external/{merchant_uid}": lambda one: one.issue_external_receipt(
        ORDER, channel_key="channel-key-1", name="주문", amount=WON, identifier="01012345678"
    ),
    "DELETE /receipts/external/{merchant_uid}": lambda one: one.revoke_external_receipt(ORDER),
    "GET /cards": lambda one: one.list_cards(),
    "GET /cards/{card_standard_code}": lambda one: one.get_card("366"),
    "GET /banks": lambda one: one.list_banks(),
    "GET /banks/{bank_standard_code}": lambda one: one.get_bank("088"),
    "GET /users/pg": lambda one: one.list_channels(),
}
