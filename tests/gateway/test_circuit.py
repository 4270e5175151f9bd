"""A gateway that has stopped answering is left alone until a look-up gets through."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
import time_machine

from admin.domain.money import Currency, Money
from admin.gateway.circuit import OPENS_AFTER, PROBES_EVERY, MemoryCircuitStore
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayError, GatewayPaused, GatewayUnavailable
from admin.gateway.settings import GatewaySettings
from tests.gateway.conftest import KEY, SECRET, SHORT, ScriptedGateway, envelope, payment_row

UID = "imp_000000000001"
FINE = httpx.Response(200, content=envelope(payment_row()))
BROKEN = httpx.Response(503, content=b"<html>busy</html>")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-03-02T10:00:00+09:00", tick=False) as travelling:
        yield travelling


def cancel(gateway: Gateway) -> None:
    amount = Money(1_000, Currency.KRW)
    gateway.cancel_payment(
        UID, amount=amount, cancellable=Money(10_000, Currency.KRW), reason="test"
    )


def fail(gateway: Gateway, remote: ScriptedGateway, *replies: httpx.Response | Exception) -> None:
    for reply in replies:
        remote.answer(reply)
        with pytest.raises(GatewayError):
            cancel(gateway)


@pytest.mark.parametrize(
    "broken",
    [BROKEN, httpx.Response(500), httpx.ReadTimeout("late"), httpx.ConnectError("refused")],
    ids=["503", "500", "late", "refused"],
)
def test_five_failures_in_a_row_stop_the_sending(gateway, remote, clock, broken) -> None:
    fail(gateway, remote, *[broken] * (OPENS_AFTER - 1))
    assert not gateway.is_paused

    fail(gateway, remote, broken)

    assert gateway.is_paused
    asked = len(remote.asked)
    remote.answer(FINE)
    with pytest.raises(GatewayPaused) as caught:
        cancel(gateway)
    assert caught.value.executed is False
    assert len(remote.asked) == asked, "not a byte leaves"


@pytest.mark.parametrize(
    "answer",
    [FINE, httpx.Response(200, content=envelope(code=1, message="한도초과"))],
    ids=["taken", "refused"],
)
def test_any_clear_answer_starts_the_count_anew(gateway, remote, clock, answer) -> None:
    fail(gateway, remote, *[BROKEN] * (OPENS_AFTER - 1))
    remote.answer(answer)
    try:
        cancel(gateway)
    except GatewayError as error:
        assert not isinstance(error, GatewayUnavailable)  # noqa: PT017 - either may come

    fail(gateway, remote, *[BROKEN] * (OPENS_AFTER - 1))

    assert not gateway.is_paused


def test_a_busy_gateway_is_not_a_broken_one(gateway, remote, clock) -> None:
    fail(gateway, remote, *[httpx.Response(429)] * (2 * OPENS_AFTER))
    assert not gateway.is_paused


def test_one_look_in_ten_seconds_goes_through_and_an_answer_opens_again(
    gateway, remote, clock
) -> None:
    fail(gateway, remote, *[BROKEN] * OPENS_AFTER)
    asked = len(remote.asked)
    with pytest.raises(GatewayPaused):
        gateway.get_payment(UID)
    assert len(remote.asked) == asked

    clock.shift(PROBES_EVERY)
    with pytest.raises(GatewayError):
        gateway.get_payment(UID)
    assert len(remote.asked) == asked + 1, "the probe is one look, not three"
    assert gateway.is_paused

    clock.shift(PROBES_EVERY + timedelta(seconds=1))
    remote.answer(FINE)
    assert gateway.get_payment(UID).imp_uid == UID
    assert not gateway.is_paused
    cancel(gateway)


def test_the_count_is_shared(remote, clock) -> None:
    """Two clients over one store are two processes of one installation."""
    settings = GatewaySettings(
        "https://api.iamport.kr", KEY, SECRET, include_sandbox=True, deadlines=SHORT
    )
    store = MemoryCircuitStore()
    way = httpx.MockTransport(remote)
    with (
        Gateway(settings, circuit_store=store, transport=way) as one,
        Gateway(settings, circuit_store=store, transport=way) as other,
    ):
        fail(one, remote, BROKEN, BROKEN, BROKEN)
        fail(other, remote, BROKEN, BROKEN)
        assert one.is_paused
