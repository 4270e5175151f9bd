"""The same client against the stand-in gateway, over a socket: the two must not drift apart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from admin.domain.escrow import DeliveryNotice
from admin.domain.money import Money
from admin.domain.payment import PaymentState, PaymentStatus
from admin.gateway.client import Gateway
from admin.gateway.errors import (
    GatewayConflict,
    GatewayError,
    GatewayMalformed,
    GatewayNotFound,
    GatewayNotReached,
    GatewayRejected,
    GatewayUnauthorized,
    GatewayUnavailable,
)
from admin.gateway.settings import Deadlines, GatewaySettings
from admin.gateway.wire.deliveries import DeliveryParty
from sandbox.config import TEST_KEY, TEST_SECRET, SandboxConfig
from sandbox.server import running

from .conftest import Control

pytestmark = pytest.mark.slow

BRIEF = Deadlines(look_up=1.5, page=1.5, money=0.8, token=0.8)


@pytest.fixture
def gateway(control: Control) -> Iterator[Gateway]:
    account = GatewaySettings(control.url, TEST_KEY, TEST_SECRET, True, deadlines=BRIEF)
    with Gateway(account) as client:
        yield client


def refund(gateway: Gateway, amount: int = 3000, left: int = 10_000) -> Any:
    return gateway.cancel_payment(
        "imp_000000000001",
        amount=Money(amount),
        cancellable=Money(left),
        reason="[R7K2M9QX] 단순 변심",
    )


def charge(gateway: Gateway, merchant_uid: str = "ORD-C1", amount: int = 10_000) -> Any:
    return gateway.charge_billing_key(
        "cust_1", merchant_uid=merchant_uid, amount=Money(amount), name="정기 배송"
    )


def test_a_payment_is_read_in_full(gateway: Gateway, control: Control) -> None:
    row = control.plant()
    payment = gateway.get_payment("imp_000000000001")
    assert payment.merchant_uid == "ORD-1"
    assert payment.buyer_name == "김하늘"
    assert payment.paid_at == datetime.fromtimestamp(row["paid_at"], UTC)
    assert gateway.clock_skew is not None
    assert abs(gateway.clock_skew) < timedelta(seconds=3)


def test_an_unknown_payment_is_not_found(gateway: Gateway) -> None:
    with pytest.raises(GatewayNotFound):
        gateway.get_payment("imp_999999999999")
    assert gateway.find_all_payments("ORD-none") == ()
    assert len(gateway.get_payments(["imp_999999999999"])) == 0


def test_test_channels_are_seen_only_when_asked_for(control: Control, gateway: Gateway) -> None:
    control.plant(sandbox=True)
    account = GatewaySettings(control.url, TEST_KEY, TEST_SECRET, False, deadlines=BRIEF)
    assert gateway.get_payment("imp_000000000001").sandbox
    with Gateway(account) as live, pytest.raises(GatewayNotFound):
        live.get_payment("imp_000000000001")


def test_many_are_read_at_once_and_the_unknown_left_out(gateway: Gateway, control: Control) -> None:
    for n in range(3):
        control.plant(imp_uid=f"imp_{n:012d}", merchant_uid=f"ORD-{n}")
    found = gateway.get_payments(["imp_000000000000", "imp_404404404404"], ["ORD-2"])
    assert {payment.merchant_uid for payment in found} == {"ORD-0", "ORD-2"}


def test_every_attempt_of_an_order_number_is_found(gateway: Gateway, control: Control) -> None:
    for n in range(3):
        control.plant(imp_uid=f"imp_{n:012d}", status="failed", paid_at=0, failed_at=1)
    assert len(gateway.find_all_payments("ORD-1")) == 3


def test_a_window_is_walked_to_its_end(gateway: Gateway, control: Control) -> None:
    for n in range(5):
        control.plant(imp_uid=f"imp_{n:012d}", merchant_uid=f"ORD-{n}")
    end = datetime.now(UTC)
    window = {"start": end - timedelta(days=1), "end": end, "limit": 2}
    seen, number = [], 1
    while number:
        page = gateway.list_payments(PaymentStatus.PAID, page=number, **window)
        seen += [payment.imp_uid for payment in page]
        assert page.total == 5
        number = page.next
    assert sorted(seen) == [f"imp_{n:012d}" for n in range(5)]
    assert len(gateway.list_payments(PaymentStatus.PAID, page=9, **window)) == 0
    assert len(gateway.list_payments(PaymentStatus.FAILED, page=1, **window)) == 0
    assert gateway.list_payments("all", page=1, **window).total == 5


@pytest.mark.parametrize("amount", ["x", 1000.5, -1])
def test_one_broken_row_does_not_lose_the_window(
    gateway: Gateway, control: Control, amount: Any
) -> None:
    control.plant()
    control.plant(imp_uid="imp_000000000002", amount=amount)
    end = datetime.now(UTC)
    page = gateway.list_payments("all", start=end - timedelta(days=1), end=end)
    assert [payment.imp_uid for payment in page] == ["imp_000000000001"]
    assert [row.imp_uid for row in page.unreadable] == ["imp_000000000002"]
    with pytest.raises(GatewayMalformed):
        gateway.get_payment("imp_000000000002")


@pytest.mark.parametrize("reading", ["cancelled", "paid"])
def test_a_part_refund_and_then_the_rest(gateway: Gateway, control: Control, reading: str) -> None:
    control.post("settings", {"partial_reading": reading})
    control.plant()
    first = refund(gateway)
    assert first.cancellable == Money(7000)
    assert first.state(datetime.now(UTC)) is PaymentState.PART_REFUNDED
    assert first.cancellations[0].reason == "[R7K2M9QX] 단순 변심"
    rest = refund(gateway, amount=7000, left=7000)
    assert rest.state(datetime.now(UTC)) is PaymentState.REFUNDED
    assert control.effects() == [("cancel", 3000), ("cancel", 7000)]


def test_a_checksum_that_no_longer_holds_moves_nothing(gateway: Gateway, control: Control) -> None:
    control.plant()
    control.post("console/cancel", {"imp_uid": "imp_000000000001", "amount": 1000})
    with pytest.raises(GatewayRejected) as caught:
        refund(gateway)
    assert caught.value.executed is False
    assert control.effects() == [("cancel", 1000)]


def test_a_billing_key_is_read_charged_and_declined(gateway: Gateway, control: Control) -> None:
    control.post("customers", [{"customer_uid": "cust_1"}])
    assert gateway.get_billing_key("cust_1").card_number == "451842******1093"
    assert [key.customer_uid for key in gateway.get_billing_keys(["cust_1", "x"])] == ["cust_1"]
    assert gateway.get_billing_keys(["x"]) == ()
    with pytest.raises(GatewayNotFound):
        gateway.get_billing_key("nobody")
    paid = charge(gateway)
    assert (paid.status, paid.amount) == (PaymentStatus.PAID, Money(10_000))
    with pytest.raises(GatewayRejected):
        charge(gateway)  # the order number is used up
    control.post("customers", [{"customer_uid": "cust_1", "decline": "CC61"}])
    declined = charge(gateway, "ORD-C2")
    assert declined.status is PaymentStatus.FAILED
    assert declined.fail_reason
    moved = [effect for effect in control.effects() if effect[0] != "key_issue"]
    assert moved == [("charge", 10_000), ("decline", 10_000)]


def test_a_delivery_is_registered_once(gateway: Gateway, control: Control) -> None:
    control.plant(escrow=True)
    notice = DeliveryNotice(company="CJGLS", invoice="123456789012", sent_at=datetime.now(UTC))
    assert gateway.get_delivery("imp_000000000001") is None
    registered = gateway.register_delivery(
        "imp_000000000001", notice=notice, receiver=DeliveryParty(name="김하늘")
    )
    assert registered.applied_at is not None
    assert gateway.get_delivery("imp_000000000001") == registered
    with pytest.raises(GatewayConflict):
        gateway.register_delivery("imp_000000000001", notice=notice)
    with pytest.raises(GatewayNotFound):
        gateway.get_delivery("imp_404404404404")


def test_wrong_credentials_are_named(control: Control) -> None:
    account = GatewaySettings(control.url, TEST_KEY, "wrong", True, deadlines=BRIEF)
    with Gateway(account) as stranger:
        for call in (stranger.ping, lambda: refund(stranger)):
            with pytest.raises(GatewayUnauthorized):
                call()
    assert control.effects() == []


SPOILED = [
    ({"action": "drop"}, GatewayUnavailable),
    ({"action": "reset"}, GatewayUnavailable),
    ({"action": "truncate"}, GatewayUnavailable),
    ({"action": "no_length_truncate"}, GatewayMalformed),
    ({"action": "drip", "delay_ms": 100}, GatewayUnavailable),
    ({"action": "status", "status": 500}, GatewayUnavailable),
    ({"action": "status", "status": 503}, GatewayUnavailable),
    ({"action": "status", "status": 429, "headers": {"Retry-After": "5"}}, GatewayUnavailable),
    ({"action": "html"}, GatewayUnavailable),
    ({"action": "garbage"}, GatewayMalformed),
    ({"action": "garbage", "body": "{}"}, GatewayMalformed),
    ({"action": "redirect"}, GatewayUnavailable),
    ({"action": "float_amount"}, GatewayMalformed),
    ({"action": "ok", "delay_ms": 1500}, GatewayUnavailable),
]


@pytest.mark.parametrize(("fault", "expected"), SPOILED, ids=str)
def test_a_refund_that_happened_and_whose_answer_was_lost_is_unknown(
    gateway: Gateway, control: Control, fault: dict[str, Any], expected: type[GatewayError]
) -> None:
    control.plant()
    control.post("script", {"path": "/payments/cancel", "when": "after_commit", **fault})
    with pytest.raises(expected) as caught:
        refund(gateway)
    assert caught.value.executed is None
    assert control.effects() == [("cancel", 3000)]
    assert gateway.get_payment("imp_000000000001").cancelled == Money(3000)


def test_a_refund_dropped_on_the_way_in_is_unknown_and_has_no_effect(
    gateway: Gateway, control: Control
) -> None:
    control.plant()
    control.post("script", {"path": "/payments/cancel", "action": "drop"})
    with pytest.raises(GatewayUnavailable):
        refund(gateway)
    assert control.effects() == []


def test_a_stale_token_is_renewed_and_the_refund_happens_once(
    gateway: Gateway, control: Control
) -> None:
    control.plant()
    control.post("script", {"path": "/payments/cancel", "action": "status", "status": 401})
    assert refund(gateway).cancelled == Money(3000)
    assert control.effects() == [("cancel", 3000)]


def test_a_look_up_survives_two_bad_answers(gateway: Gateway, control: Control) -> None:
    control.plant()
    for action in ("html", "drop"):
        control.post("script", {"path": "/payments/*", "action": action})
    assert gateway.get_payment("imp_000000000001").amount == Money(10_000)


def test_a_stopped_gateway_is_not_reached() -> None:
    with running(SandboxConfig(seed="empty")) as server:
        account = GatewaySettings(server.url, TEST_KEY, TEST_SECRET, True, deadlines=BRIEF)
        gateway = Gateway(account)
        gateway.ping()
    for call in (gateway.ping, lambda: refund(gateway)):
        with pytest.raises(GatewayNotReached):
            call()
