"""Operations that the pages do not use yet, over a socket against the stand-in gateway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from admin.domain.card import Card
from admin.domain.escrow import DeliveryNotice
from admin.domain.money import Money
from admin.domain.payment import PaymentStatus
from admin.domain.schedule import ScheduledCharge
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayNotFound, GatewayRejected
from admin.gateway.settings import GatewaySettings
from sandbox.config import TEST_KEY, TEST_SECRET
from tests.gateway.conftest import Control

pytestmark = pytest.mark.slow

UID = "imp_000000000001"
CARD = Card(number="4518-4211-1111-1093", expiry="2031-01", birth="900101", password_2_digits="12")
WON = Money(10_000)


@pytest.fixture
def gateway(control: Control) -> Iterator[Gateway]:
    account = GatewaySettings(control.url, TEST_KEY, TEST_SECRET, include_sandbox=True)
    with Gateway(account) as client:
        yield client


@pytest.fixture
def soon() -> datetime:
    """An hour from now, in whole seconds as the gateway keeps time."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)


def test_a_prepared_amount(gateway: Gateway) -> None:
    assert gateway.prepare_amount("ORD-1", WON).amount == WON
    with pytest.raises(GatewayRejected):
        gateway.prepare_amount("ORD-1", WON)
    assert gateway.change_prepared_amount("ORD-1", Money(12_000)).amount == Money(12_000)
    assert gateway.get_prepared_amount("ORD-1").amount == Money(12_000)
    with pytest.raises(GatewayNotFound):
        gateway.get_prepared_amount("ORD-2")


def test_one_payment_by_its_order_number(gateway: Gateway, control: Control) -> None:
    control.plant()
    assert gateway.find_payment("ORD-1").imp_uid == UID
    assert gateway.find_payment("ORD-1", status=PaymentStatus.PAID).imp_uid == UID
    with pytest.raises(GatewayNotFound):
        gateway.find_payment("ORD-1", status=PaymentStatus.FAILED)


def test_the_balance_of_a_payco_payment(gateway: Gateway, control: Control) -> None:
    control.plant(pay_method="payco", amount=11_000)
    balance = gateway.get_balance(UID)
    assert (balance.amount, balance.primary.vat) == (Money(11_000), Money(1_000))
    control.plant(imp_uid="imp_000000000002", merchant_uid="ORD-2")
    with pytest.raises(GatewayRejected) as caught:
        gateway.get_balance("imp_000000000002")
    assert caught.value.status == 405


def test_a_billing_key_from_issue_to_deletion(gateway: Gateway, control: Control) -> None:
    key = gateway.issue_billing_key("cust_1", CARD)
    assert key.card_number is not None
    assert key.card_number.endswith("1093")
    assert "1111" not in key.card_number
    paid = gateway.charge_billing_key("cust_1", merchant_uid="C-1", amount=WON, name="정기배송")
    assert [one.imp_uid for one in gateway.list_payments_of("cust_1")] == [paid.imp_uid]
    assert gateway.delete_billing_key("cust_1").customer_uid == "cust_1"
    with pytest.raises(GatewayNotFound):
        gateway.get_billing_key("cust_1")
    with pytest.raises(GatewayRejected):
        gateway.issue_billing_key("cust_2", replace(CARD, number="4518-4211-1111-0000"))
    assert "4518421111111093" not in str(control.get("requests"))


def test_a_card_charged_once(gateway: Gateway) -> None:
    paid = gateway.charge_card(CARD, merchant_uid="O-1", amount=WON, name="주문")
    declined = gateway.charge_card(
        replace(CARD, number="4518-4211-1111-0010"), merchant_uid="O-2", amount=WON, name="주문"
    )
    assert (paid.status, declined.status) == (PaymentStatus.PAID, PaymentStatus.FAILED)
    assert "CC10" in (declined.fail_reason or "")
    with pytest.raises(GatewayRejected):
        gateway.charge_card(CARD, merchant_uid="O-1", amount=WON, name="주문")


def test_schedules_from_plan_to_charge(gateway: Gateway, control: Control, soon: datetime) -> None:
    control.post(
        "customers", [{"customer_uid": "good"}, {"customer_uid": "poor", "decline": "CC10"}]
    )
    plan = ScheduledCharge(merchant_uid="S-1", schedule_at=soon, amount=WON, name="정기배송")
    (planned,) = gateway.schedule_charges("good", [plan])
    assert (planned.schedule_status, planned.schedule_at) == ("scheduled", soon)
    gateway.schedule_charges("poor", [replace(plan, merchant_uid="S-2")])
    gateway.schedule_charges("good", [replace(plan, merchant_uid="S-3")])

    later = soon + timedelta(minutes=10)
    assert gateway.change_schedule("S-1", later).schedule_at == later
    (revoked,) = gateway.unschedule_charges("good", ["S-3"])
    assert revoked.schedule_status == "revoked"
    assert gateway.reschedule_charge("S-3", later).schedule_status == "scheduled"
    window = {"start": soon - timedelta(days=1), "end": soon + timedelta(days=1)}
    assert gateway.list_schedules(**window).schedules[0].merchant_uid == "S-2"
    assert gateway.list_schedules_of("good", **window).total == 2

    control.post("clock", {"advance_seconds": 7_200})
    done = gateway.get_schedule("S-1")
    assert (done.schedule_status, done.payment_status) == ("executed", "paid")
    assert gateway.get_schedule("S-2").payment_status == "failed"
    assert gateway.retry_schedule("S-2").status is PaymentStatus.FAILED
    with pytest.raises(GatewayNotFound):
        gateway.get_schedule("S-9")


def test_schedule_lists_come_as_a_bare_list_too(
    gateway: Gateway, control: Control, soon: datetime
) -> None:
    control.post("customers", [{"customer_uid": "good"}])
    plan = ScheduledCharge(merchant_uid="S-1", schedule_at=soon, amount=WON, name="정기배송")
    gateway.schedule_charges("good", [plan])
    control.post("settings", {"schedule_lists": "array"})
    found = gateway.list_schedules(start=soon - timedelta(days=1), end=soon + timedelta(days=1))
    control.post("settings", {"schedule_lists": "paged"})
    assert [one.merchant_uid for one in found.schedules] == ["S-1"]


def test_a_delivery_corrected(gateway: Gateway, control: Control, soon: datetime) -> None:
    control.plant(escrow=True, pay_method="trans")
    first = DeliveryNotice(company="CJGLS", invoice="123456789012", sent_at=soon)
    gateway.register_delivery(UID, notice=first)
    assert gateway.change_delivery(UID, notice=replace(first, company="HANJIN")).company == "HANJIN"


def test_a_virtual_account(gateway: Gateway, soon: datetime) -> None:
    with pytest.raises(GatewayRejected, match="계약이 필요합니다"):
        gateway.issue_virtual_account(
            "V-1", channel_key="channel-key-ieum-window", amount=WON, bank_code="088", due_at=soon
        )
    issued = gateway.issue_virtual_account(
        "V-1", channel_key="channel-key-nice", amount=WON, bank_code="088", due_at=soon
    )
    assert (issued.status, issued.vbank_due_at) == (PaymentStatus.READY, soon)
    assert gateway.revoke_virtual_account(issued.imp_uid).imp_uid == issued.imp_uid


def test_a_virtual_account_changed(gateway: Gateway, soon: datetime) -> None:
    issued = gateway.issue_virtual_account(
        "V-1", channel_key="channel-key-settle", amount=WON, bank_code="088", due_at=soon
    )
    assert gateway.change_virtual_account(issued.imp_uid, amount=Money(9_000)).amount == Money(
        9_000
    )


def test_cash_receipts(gateway: Gateway, control: Control) -> None:
    control.plant(pay_method="trans", amount=11_000)
    issued = gateway.issue_cash_receipt(UID, identifier="010-1234-5678")
    assert (issued.subject, issued.amount, issued.vat) == (UID, Money(11_000), Money(1_000))
    assert gateway.get_cash_receipt(UID) == issued
    assert gateway.revoke_cash_receipt(UID).cancelled_at is not None
    with pytest.raises(GatewayNotFound):
        gateway.get_cash_receipt("imp_404404404404")


def test_cash_receipts_for_money_from_elsewhere(gateway: Gateway) -> None:
    issued = gateway.issue_external_receipt(
        "CASH-1", channel_key="channel-key-ieum-window", name="매장 판매", amount=Money(11_000),
        identifier="010-1234-5678", kind="person",
    )  # fmt: skip
    assert gateway.get_external_receipt("CASH-1") == issued
    assert gateway.revoke_external_receipt("CASH-1").cancelled_at is not None


def test_codes_and_channels(gateway: Gateway) -> None:
    cards, banks = gateway.list_cards(), gateway.list_banks()
    assert gateway.get_card("366") in cards
    assert gateway.get_bank("088") in banks
    with pytest.raises(GatewayNotFound):
        gateway.get_bank("999")
    assert {one.kind for one in gateway.list_channels()} >= {"payment", "api_payment"}
