"""A slow gateway holds some threads of the web, never all of them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from admin.domain.errors import Busy
from admin.domain.operation import OperationState
from admin.gateway.errors import GatewayBusy
from admin.models import Payment, db, transaction
from admin.payments.service import check_payment
from tests.architecture.source import ROOT
from tests.faults.threads import begin
from tests.operations.desk import Network, every_operation, fresh
from tests.payments.trade import a_payment, take_in
from tests.people import hidden_in

pytestmark = pytest.mark.slow

CANCEL = "/payments/cancel"
EN = {"headers": {"Accept-Language": "en"}}
TOLD = "Busy right now"
Q = OperationState


@pytest.fixture
def held(app, stand_in, gateway):
    """The only place there is, taken by somebody else's thread."""
    taken, over = threading.Event(), threading.Event()

    def wait() -> None:
        with gateway.places.taken():
            taken.set()
            over.wait()

    gateway.places.most = 1
    effects, operations = len(stand_in.effects()), len(every_operation())
    with ThreadPoolExecutor(1) as pool:
        begin(app, pool, wait)
        assert taken.wait(10)
        before = len(stand_in.requests())
        yield
        over.set()
        gateway.places.most = None
        assert len(stand_in.requests()) == before, "somebody was let through"
    assert (len(every_operation()), len(stand_in.effects())) == (operations, effects)


def test_fault_f66_no_more_threads_hang_in_money_calls_than_there_are_places(
    app, desk, stand_in, gateway, connect, now
):
    """Six people press at once, and the gateway keeps the first two until four were refused."""
    shop = [a_payment(number, now - timedelta(hours=1)) for number in range(6)]
    keys = take_in(stand_in, gateway, *shop, now=now)
    refused = threading.Semaphore(0)
    go_on = threading.Event()
    slow = connect(network=Network("POST", CANCEL, lambda _r, _f: go_on.wait(20)))
    slow.places.most = 2
    db.session.rollback()

    def press(payment_id: int) -> Any:
        payment = db.session.get_one(Payment, payment_id)
        try:
            return desk.refund(payment, 1_000, gateway=slow).state
        except Busy as error:
            refused.release()
            return error

    with ThreadPoolExecutor(6) as pool:
        runs = [begin(app, pool, lambda one=one: press(one)) for one in keys.values()]
        refusals = [refused.acquire(timeout=20) for _ in range(4)]
        go_on.set()
        outcomes = [one.result() for one in runs]

    assert all(refusals)
    assert outcomes.count(Q.SUCCEEDED) == 2
    assert sum(isinstance(one, Busy) for one in outcomes) == 4
    assert len(every_operation()) == len(stand_in.effects()) == 2
    assert len(stand_in.requests(path=CANCEL)) == 2


def test_fault_f66_a_place_is_free_again_however_its_call_ended(
    desk, payment, stand_in, gateway, request
):
    gateway.places.most = 1
    request.addfinalizer(lambda: setattr(gateway.places, "most", None))
    for action in ("drop", "status", "code"):
        stand_in.fail_next(f"/payments/{payment.imp_uid}", action, method="GET", times=3)
        assert desk.refund(payment, 1_000).state is Q.NOT_EXECUTED

    stand_in._client.delete("/_sandbox/script")
    stand_in.fail_next(CANCEL, "delay", method="POST", delay_ms=20)
    assert desk.refund(payment, 1_000).state is Q.SUCCEEDED


def test_fault_f66_a_refund_is_refused_with_everything_typed_kept(support, payment, held):
    form = {"amount": "3,000", "reason": "late", "note": "두 번 전화함"}
    page = support.get(f"/payments/{payment.id}/refunds/new", **EN)
    assert (page.status_code, TOLD in page.text) == (200, True)
    hidden = support.hidden_fields(f"/payments/{payment.id}/refunds/new")

    answer = support.post(f"/payments/{payment.id}/refunds/", hidden | form, **EN)

    assert answer.status_code == 503
    assert TOLD in answer.text
    for typed in ('value="3,000"', "두 번 전화함", hidden["form_key"]):
        assert typed in answer.text


def test_fault_f66_a_charge_is_refused_with_everything_typed_kept(finance, key, held):
    hidden = finance.hidden_fields(f"/customers/keys/{key.id}/charges/new")
    form = {"merchant_uid": "CHG-77", "amount": "12,000", "order_name": "정기배송 12월", "note": ""}

    answer = finance.post(f"/customers/keys/{key.id}/charges/", hidden | form, **EN)

    assert answer.status_code == 503
    assert TOLD in answer.text
    for typed in ("12,000", "정기배송 12월", hidden["form_key"]):
        assert typed in answer.text


def test_fault_f66_a_delivery_is_refused_with_everything_typed_kept(support, parcel, held, now):
    hidden = support.hidden_fields(f"/escrow-orders/{parcel.id}")
    form = {"company": "CJGLS", "invoice": "123456789012"}
    form |= {"sent_on": f"{now + timedelta(hours=9):%Y-%m-%d}", "sent_time": "00:00"}

    address = f"/escrow-orders/{parcel.id}/deliveries/"
    shown = support.post(address, hidden | form, **EN)
    answer = support.post(address, hidden_in(shown.text), **EN)

    assert answer.status_code == 503, answer.text
    assert TOLD in answer.text
    assert "123456789012" in answer.text


def test_fault_f66_looks_are_refused_and_pages_show_what_we_hold(
    support, actor, gateway, payment, held, now
):
    with pytest.raises(GatewayBusy):
        check_payment(payment.id, actor=actor, gateway=gateway, now=now)

    checked = support.post(f"/payments/{payment.id}/checks/", follow_redirects=True, **EN)
    assert (checked.status_code, TOLD in checked.text) == (200, True)
    for path in ("/payments/", f"/payments/{payment.id}", "/operations/"):
        assert support.get(path).status_code == 200


def test_fault_f66_an_operation_is_shown_as_it_stands_and_stays_due(
    support, desk, payment, stand_in, request
):
    stand_in.fail_next(CANCEL, "drop", method="POST", when="after_commit")
    operation = desk.refund(payment, 3_000)
    with transaction():
        operation.next_look_at = desk.now
    uid = payment.imp_uid
    before = len(stand_in.requests(path=f"/payments/{uid}"))

    request.getfixturevalue("held")

    page = support.get(f"/operations/{operation.id}", **EN)
    asked = support.post(f"/operations/{operation.id}/looks/", **EN)

    assert "Finding out what became of the refund" in page.text
    assert (asked.status_code, TOLD in asked.text) == (503, True)
    assert len(stand_in.requests(path=f"/payments/{uid}")) == before
    assert fresh(operation).next_look_at == desk.now, "the worker looks as soon as it comes by"
    assert fresh(operation).state is Q.UNKNOWN


def test_fault_f66_the_web_server_gives_away_half_of_its_threads(app, gateway):
    class Worker:
        wsgi = app

    names: dict[str, Any] = {}
    exec((ROOT / "gunicorn.conf.py").read_text(encoding="utf-8"), names)  # noqa: S102
    try:
        names["post_worker_init"](Worker)
        assert 1 <= gateway.places.most < names["threads"]
    finally:
        gateway.places.most = None
