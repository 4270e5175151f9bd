"""Receiving messages: constant work, no belief, and no call outward."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from admin.domain.clock import utc_now
from admin.domain.job import JobState
from admin.domain.payment import PaymentStatus
from admin.domain.webhook import WebhookState
from admin.jobs.worker import run_job
from admin.models import AuditEntry, Job, MoneyOperation, Payment, WebhookEvent, db, transaction
from admin.operations.resolver import look
from admin.webhooks import service
from admin.webhooks.service import MOST_STRANGERS
from tests.people import ORIGIN

UID = "imp_100000000001"


@pytest.fixture
def receive(app, settings):
    """Post one message as the gateway would."""

    def post(body: Any, *, token: str = settings.webhook_token, **options: Any):
        if isinstance(body, dict) and "content_type" not in options:
            body, options["content_type"] = json.dumps(body), "application/json"
        return app.test_client().post(
            f"/webhooks/payments/{token}".rstrip("/"), data=body, base_url=ORIGIN, **options
        )

    return post


def work_all() -> None:
    """Let the worker do every waiting job."""
    waiting = sa.select(Job.id).where(Job.state == JobState.QUEUED).order_by(Job.id)
    for job_id in list(db.session.scalars(waiting)):
        run_job(job_id)


def events() -> list[WebhookEvent]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(WebhookEvent).order_by(WebhookEvent.id)))


def looks(stand_in) -> int:
    return len(stand_in.requests(path=f"/payments/{UID}"))


MESSAGE = {"imp_uid": UID, "merchant_uid": "ORD-000001", "status": "paid"}


def test_a_message_is_kept_answered_and_worked_later(receive, stand_in):
    stand_in.paid(UID)
    stand_in._client.delete("/_sandbox/requests")

    answer = receive(MESSAGE)

    assert (answer.status_code, answer.json) == (200, {"received": True})
    assert stand_in.requests() == []  # nobody was called yet
    assert [(one.imp_uid, one.state) for one in events()] == [(UID, WebhookState.RECEIVED)]

    work_all()
    assert looks(stand_in) == 1
    assert [(one.state, one.result) for one in events()] == [(WebhookState.PROCESSED, "new")]
    assert db.session.query(Payment).one().imp_uid == UID


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (f"imp_uid={UID}&merchant_uid=ORD-1&status=paid", "application/x-www-form-urlencoded"),
        (b"\xef\xbb\xbf" + json.dumps(MESSAGE).encode(), "application/json"),
        (json.dumps(MESSAGE), "text/plain"),
        (json.dumps(MESSAGE | {"imp_uid": "imps_000000000001"}), "application/json"),
    ],
    ids=["form", "byte_order_mark", "plain_text", "scheduled"],
)
def test_fault_f46_messages_are_read_in_the_forms_they_come_in(receive, body, content_type):
    assert receive(body, content_type=content_type).status_code == 200
    assert events()[0].state is WebhookState.RECEIVED


def test_fault_f46_a_message_without_a_payments_number_is_kept_and_refused(receive):
    bodies = [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"imp_1"',
        b'{"imp_uid": 12}',
        b'{"imp_uid": "../payments"}',
        b'{"imp_uid": "imp_1 OR 1=1"}',
        b'{"imp_uid": "imp_\\u0000"}',
        b'{"status": "paid"}\x00',
        b"\xb0\xe1\xc1\xa6",
        b"[" * 10_000,
    ]

    for body in bodies:
        assert receive(body, content_type="application/json").status_code == 400, body[:40]

    assert [one.state for one in events()] == [WebhookState.UNREADABLE] * len(bodies)
    assert db.session.query(Job).count() == 0


def test_fault_f46_five_megabytes_are_not_read(receive):
    answer = receive(b'{"imp_uid": "imp_1"}' + b" " * 5_000_000, content_type="application/json")

    assert answer.status_code == 413
    assert events() == []


def test_a_wrong_address_is_not_there(receive):
    for token in ("", "wrong", "tests-only-webhook-token-012345678", "é"):
        assert receive(MESSAGE, token=token).status_code == 404
    assert events() == []


def test_fault_f42_a_thousand_copies_cost_one_look(receive, stand_in):
    stand_in.paid(UID)
    before = looks(stand_in)
    for _ in range(20):
        assert receive(MESSAGE).status_code == 200
    first = events()[0]
    copy = {
        column.name: getattr(first, column.name)
        for column in WebhookEvent.__table__.columns
        if column.name != "id"
    }
    with transaction():
        db.session.execute(sa.insert(WebhookEvent), [copy] * 980)

    work_all()

    assert looks(stand_in) - before == 1
    assert {one.state for one in events()} == {WebhookState.PROCESSED}
    assert len(events()) == 1_000
    assert db.session.query(Payment).count() == 1


def test_fault_f44_an_unknown_payment_changes_nothing(receive, stand_in):
    receive(MESSAGE)

    work_all()

    assert [one.state for one in events()] == [WebhookState.NOT_FOUND]
    assert db.session.query(Payment).count() == 0


@pytest.mark.parametrize(
    "forged",
    [{"status": "cancelled"}, {"amount": 1}, {"merchant_uid": "ORD-other"}],
    ids=["status", "amount", "order_number"],
)
def test_fault_f44_a_forged_message_is_not_believed(receive, stand_in, desk, forged):
    stand_in.paid(UID)
    desk.know(UID)

    receive(MESSAGE | forged)
    work_all()

    payment = db.session.query(Payment).one()
    assert (payment.status, payment.amount_minor) == (PaymentStatus.PAID, 10_000)
    assert payment.merchant_uid == "ORD-000001"
    assert events()[0].result == "nothing new"


def test_fault_f43_messages_out_of_order_end_in_the_gateways_state(receive, stand_in):
    stand_in.paid(UID)
    stand_in.console_cancel(UID)

    for status in ("cancelled", "paid", "ready"):
        receive(MESSAGE | {"status": status})
        work_all()

    assert db.session.query(Payment).one().cancelled_minor == 10_000


def test_a_look_that_fails_keeps_the_message_for_later(receive, stand_in):
    stand_in.paid(UID)
    stand_in.fail_next(f"/payments/{UID}", "code", code=-1)
    receive(MESSAGE)

    work_all()

    assert events()[0].state is WebhookState.RECEIVED
    job = db.session.query(Job).one()
    assert (job.state, job.attempt) == (JobState.QUEUED, 1)


def test_a_message_settles_an_operation_whose_outcome_was_unknown(
    receive,
    stand_in,
    desk,
):
    stand_in.paid(UID)
    stand_in.fail_next("/payments/cancel", "drop", method="POST", when="after_commit")
    operation_id = desk.refund(desk.know(UID), 3_000).id

    receive(MESSAGE | {"status": "cancelled"})
    work_all()

    assert db.session.get_one(MoneyOperation, operation_id).state.value == "succeeded"
    assert look(operation_id, gateway=desk.gateway, now=desk.now).attempts == 1


def test_a_card_number_in_a_message_is_not_kept(receive, app):
    receive(MESSAGE | {"memo": "4111 1111 1111 1111"})

    kept = [one.body for one in events()]
    kept += [str(one.facts) for one in db.session.query(AuditEntry)]
    assert "4111" not in " ".join(kept)
    assert UID in kept[0]


def test_fault_f45_a_flood_of_unknown_payments_is_no_flood_of_look_ups(
    receive, stand_in, desk, monkeypatch
):
    """Nine forged numbers, all of them twice, and behind them a message about a real payment."""
    assert MOST_STRANGERS == 60
    monkeypatch.setattr(service, "MOST_STRANGERS", 6)
    stand_in.paid(UID)
    desk.know(UID)
    stand_in.console_cancel(UID, 2_000)
    stand_in._client.delete("/_sandbox/requests")
    for number in range(9):
        assert receive({"imp_uid": f"imp_forged{number:04d}"}).status_code == 200
    assert receive(MESSAGE).status_code == 200

    work_all()
    for number in range(9):
        receive({"imp_uid": f"imp_forged{number:04d}"})
    work_all()

    forged = [one for one in stand_in.requests() if "forged" in one["path"]]
    assert len(forged) == 6
    assert looks(stand_in) == 1, "a payment that we know is looked up at once"
    assert db.session.query(Payment).one().cancelled_minor == 2_000
    states = Counter(one.state for one in events())
    assert states[WebhookState.RECEIVED] == 0
    assert states[WebhookState.FAILED] == 6, "three of each round were not looked up"


def test_fault_f45_after_a_minute_strangers_are_looked_up_again_and_after_ten_the_same_ones(
    receive, stand_in, monkeypatch
):
    monkeypatch.setattr(service, "MOST_STRANGERS", 6)
    for number in range(7):
        receive({"imp_uid": f"imp_forged{number:04d}"})
    work_all()
    stand_in._client.delete("/_sandbox/requests")

    with time_machine.travel(utc_now() + timedelta(seconds=61)):
        receive({"imp_uid": "imp_forged0000"})  # asked for in vain a minute ago
        receive({"imp_uid": "imp_forged0006"})  # not asked for
        work_all()
    assert [one["path"] for one in stand_in.requests()] == ["/payments/imp_forged0006"]

    stand_in.paid("imp_forged0000")
    with time_machine.travel(utc_now() + timedelta(minutes=11)):
        receive({"imp_uid": "imp_forged0000"})
        work_all()
    assert db.session.query(Payment).one().imp_uid == "imp_forged0000"
