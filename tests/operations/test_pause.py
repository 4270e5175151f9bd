"""While the gateway does not answer nothing is begun, people are told, and it opens by itself."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from admin.domain.clock import utc_now
from admin.gateway.circuit import OPENS_AFTER
from admin.gateway.errors import GatewayError
from admin.models import GatewayCircuit, db
from admin.operations.errors import GatewayNotAnswering
from admin.operations.tasks import settle_due
from admin.web.circuit_store import DatabaseCircuitStore
from tests.operations.conftest import UID
from tests.operations.desk import every_operation

EN = {"headers": {"Accept-Language": "en"}}
TOLD = "has stopped answering"


@pytest.fixture
def silent(stand_in, gateway) -> None:
    """The gateway has answered five look-ups with 503."""
    stand_in.fail_next("*", "status", status=503, times=-1)
    for _ in range(OPENS_AFTER):
        with pytest.raises(GatewayError):
            gateway.get_payment(UID)
    assert gateway.is_paused


def test_fault_f09_nothing_is_begun_while_the_gateway_does_not_answer(
    desk, payment, silent, stand_in
):
    seen = len(stand_in.requests())

    with pytest.raises(GatewayNotAnswering):
        desk.refund(payment, 3_000)

    assert every_operation() == []
    assert len(stand_in.requests()) == seen, "nobody was asked"


def test_fault_f09_no_refund_is_offered_and_why(support, payment, silent):
    page = support.get(f"/payments/{payment.id}/refunds/new", **EN).text
    assert TOLD in page
    assert 'name="amount"' not in page


def test_fault_f09_no_delivery_is_offered_and_why(support, parcel, silent):
    page = support.get(f"/escrow-orders/{parcel.id}", **EN).text
    assert TOLD in page
    assert 'name="invoice"' not in page


def test_fault_f09_no_charge_is_offered_and_why(finance, key, silent):
    form = finance.get(f"/customers/keys/{key.id}/charges/new", **EN).text
    assert TOLD in form
    assert 'type="submit"><span data-shows="verb"' not in form
    customer = finance.get(f"/customers/{key.customer_id}", **EN).text
    assert TOLD in customer
    assert "/charges/new" not in customer


def test_fault_f09_a_form_that_was_open_already_is_refused_with_its_reason(
    support, payment, stand_in, gateway
):
    form = support.hidden_fields(f"/payments/{payment.id}/refunds/new")
    form |= {"amount": "3000", "reason": "defective", "note": ""}
    stand_in.fail_next("*", "status", status=503, times=-1)
    for _ in range(OPENS_AFTER):
        with pytest.raises(GatewayError):
            gateway.get_payment(UID)

    answer = support.post(f"/payments/{payment.id}/refunds/", form, **EN)

    assert answer.status_code == 422
    assert TOLD in answer.text
    assert every_operation() == []
    assert stand_in.effects() == []


def test_fault_f09_the_first_look_that_comes_through_opens_it_again(
    support, payment, silent, stand_in
):
    stand_in._client.delete("/_sandbox/script")

    with time_machine.travel(utc_now() + timedelta(seconds=11)):
        page = support.get(f"/payments/{payment.id}/refunds/new", **EN).text

    assert TOLD not in page
    assert 'name="amount"' in page


def test_fault_f09_the_worker_finds_out_although_nobody_looks(gateway, silent, stand_in, now):
    stand_in._client.delete("/_sandbox/script")

    with time_machine.travel(utc_now() + timedelta(seconds=11)):
        settle_due({}, lambda done, total, note: None, now)

    assert not gateway.is_paused


def test_failures_counted_at_the_same_moment_are_all_counted(app):
    """Eight threads are eight processes: none shares anything but the row."""
    together = threading.Barrier(8)
    stores = [DatabaseCircuitStore(db.engine, "f" * 16) for _ in range(8)]

    def fail(store: DatabaseCircuitStore) -> None:
        together.wait()
        store.add_failure(next_probe_at=utc_now())

    with ThreadPoolExecutor(8) as processes:
        list(processes.map(fail, stores))

    assert stores[0].failures() == 8
    assert db.session.scalar(sa.select(sa.func.count()).select_from(GatewayCircuit)) == 1


def test_one_of_many_probes_goes_through(app):
    store = DatabaseCircuitStore(db.engine, "f" * 16)
    now = utc_now()
    store.add_failure(next_probe_at=now - timedelta(seconds=1))
    together = threading.Barrier(8)

    def take(_: int) -> bool:
        together.wait()
        return store.take_probe(now=now, next_probe_at=now + timedelta(seconds=10))

    with ThreadPoolExecutor(8) as processes:
        assert sum(processes.map(take, range(8))) == 1
