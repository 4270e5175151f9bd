"""A small shop: a little of everything that the pages show."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from admin.domain.actor import Actor
from admin.domain.clock import kst_date
from admin.domain.inquiry import InquiryChannel
from admin.domain.money import Money
from admin.gateway.client import Gateway
from admin.inquiries.service import InquiryCommand, open_inquiry
from admin.models import BillingKey, Customer, Payment, db, transaction
from admin.payments.service import add_note, sync_payment
from admin.reconciliation.service import run_day
from admin.refunds.service import RefundCommand, refund_payment
from tests.stand_in import StandIn

PAID, PARCEL, REFUNDED = (f"imp_10000000000{number}" for number in (1, 2, 3))


@pytest.fixture
def shop(stand_in: StandIn, gateway: Gateway, actor: Actor, now: datetime) -> dict[str, Payment]:
    """Payments by their gateway number, with everything that hangs on them."""
    stand_in.paid(PAID)
    stand_in.paid(PARCEL, escrow=True, pay_method="trans")
    stand_in.paid(REFUNDED)
    payments = {}
    for uid in (PAID, PARCEL, REFUNDED):
        applied = sync_payment(uid, source="tests", gateway=gateway, now=now)
        payments[uid] = db.session.get_one(Payment, applied.payment_id)
    add_note(payments[PAID].id, "전화로 확인함", actor=actor, now=now)
    refund_payment(
        RefundCommand(
            payment_id=payments[REFUNDED].id,
            amount=Money(3_000),
            seen=payments[REFUNDED].cancellable,
            reason="defective",
            note="",
            form_key="a-form-of-the-tests-0000",
        ),
        actor=actor,
        gateway=gateway,
        now=now,
    )
    open_inquiry(
        InquiryCommand(
            payment_id=payments[PAID].id,
            subject="배송 문의",
            question="언제 오나요?",
            channel=next(iter(InquiryChannel)),
            customer_name="이도윤",
        ),
        actor=actor,
        now=now,
    )
    with transaction():
        person = Customer(customer_number="C-1", name="이도윤", since=now, billing_keys=[])
        db.session.add(BillingKey(customer_uid="cus_1", customer=person))
    run_day(kst_date(now), actor=actor, gateway=gateway, now=now)
    run_day(kst_date(now - timedelta(days=1)), actor=actor, gateway=gateway, now=now)
    return payments
