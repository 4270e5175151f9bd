"""Background workers that die, that are one too many, or that are kept busy."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from admin.domain.job import JobLane, JobState
from admin.domain.money import Money
from admin.domain.operation import OperationKind, OperationState
from admin.models import Job, MoneyOperation, Payment, db, transaction
from admin.operations.intent import Intent, open_operation
from admin.webhooks.service import receive_event
from tests.faults.threads import until
from tests.faults.web import workers
from tests.operations.desk import every_operation
from tests.payments.trade import a_payment, take_in

pytestmark = pytest.mark.slow

CANCEL = "/payments/cancel"
Q = OperationState


@pytest.fixture
def payments(app, stand_in, gateway, now) -> list[Payment]:
    """Ten paid payments that the mirror knows."""
    shop = [a_payment(number, now - timedelta(hours=1)) for number in range(1, 11)]
    keys = take_in(stand_in, gateway, *shop, now=now)
    for queue in app.extensions["queue"].lanes.values():
        queue.flush()
    return [db.session.get_one(Payment, key) for key in keys.values()]


@pytest.fixture
def begin_worker(settings, tmp_path):
    """Start real workers over the database of the test."""

    def begin(count: int = 1):
        return workers(settings, tmp_path / "log", count)

    return begin


def left_ready(desk, payment: Payment) -> MoneyOperation:
    """An intent whose web process died two minutes ago."""
    intent = Intent(
        kind=OperationKind.REFUND,
        form_key=desk.new_form(),
        reason="상품 불량",
        imp_uid=payment.imp_uid,
        merchant_uid=payment.merchant_uid,
        amount=Money(1_000),
        seen=payment.cancellable,
    )
    moment = desk.now - timedelta(minutes=2)
    with transaction():
        return open_operation(intent, actor=desk.actor, gateway=desk.gateway, now=moment)


def left_unknown(desk, payment: Payment, stand_in) -> MoneyOperation:
    """A refund that happened and whose answer was lost; it is due to be looked at."""
    stand_in.fail_next(CANCEL, "drop", method="POST", when="after_commit")
    operation = desk.refund(payment, 1_000)
    with transaction():
        operation.next_look_at = desk.now
    return operation


def states() -> Counter[OperationState]:
    with db.engine.connect() as connection:
        return Counter(connection.scalars(sa.select(MoneyOperation.state)))


def refunds_by_payment(stand_in) -> set[int]:
    """How often each payment was given money back."""
    cancels = [one["imp_uid"] for one in stand_in.effects() if one["kind"] == "cancel"]
    return set(Counter(cancels).values())


def test_fault_f33_what_a_killed_worker_had_in_hand_is_settled_by_the_next(
    desk, payments, stand_in, begin_worker
):
    for payment in payments[:5]:
        left_unknown(desk, payment, stand_in)
    for payment in payments[5:]:
        left_ready(desk, payment)
    db.session.rollback()
    stand_in.fail_next("/payments/imp_*", "delay", method="GET", delay_ms=60, times=-1)
    stand_in.fail_next(CANCEL, "delay", method="POST", delay_ms=200, times=-1)

    with begin_worker() as kill:
        until(lambda: len(stand_in.requests(path=CANCEL)) > 5, "a sending of the worker")
        kill()

    assert states()[Q.SENDING] == 1
    assert 0 < states()[Q.READY] < 5, "it died in the middle"
    stand_in._client.delete("/_sandbox/script")
    for minutes in (2, 5, 12):
        desk.sweep(minutes=minutes)
    assert states() == {Q.SUCCEEDED: 10}
    assert refunds_by_payment(stand_in) == {1}
    assert len(stand_in.requests(path=CANCEL)) == len(stand_in.effects()) == 10


def test_fault_f34_two_workers_send_and_walk_once(desk, payments, stand_in, begin_worker):
    for payment in payments[:5]:
        left_unknown(desk, payment, stand_in)
    for payment in payments[5:]:
        left_ready(desk, payment)
    stand_in.fail_next("/payments/status/*", "delay", method="GET", delay_ms=20, times=-1)
    db.session.rollback()
    walks = sa.select(sa.func.count()).where(
        Job.name == "payments.sync", Job.state == JobState.DONE
    )

    def walked() -> int:
        with db.engine.connect() as connection:
            return connection.scalar(walks) or 0

    with begin_worker(2):
        until(lambda: states() == {Q.SUCCEEDED: 10}, "every outcome")
        until(walked, "a walk")

    assert refunds_by_payment(stand_in) == {1}
    assert len(stand_in.requests(path=CANCEL)) == len(stand_in.effects()) == 10
    assert {one.attempts for one in every_operation()} == {1}
    done = sa.select(Job).where(Job.state == JobState.DONE).order_by(Job.started_at)
    jobs = list(db.session.scalars(done))
    assert {one.attempt for one in jobs} == {1}, "no job was done by both"
    walks = [one for one in jobs if one.name == "payments.sync" and one.total]
    for earlier, later in pairwise(walks):
        assert earlier.finished_at <= later.started_at


def test_fault_f66_money_is_settled_while_slow_look_ups_fill_the_other_lane(
    desk, payments, stand_in, begin_worker, now
):
    operation = left_unknown(desk, payments[0], stand_in)
    stand_in.fail_next("/payments/imp_slow*", "delay", method="GET", delay_ms=5_000, times=-1)
    for number in range(40):
        body = f'{{"imp_uid": "imp_slow{number:04d}"}}'.encode()
        receive_event(body, content_type="application/json", source_ip=None, now=now)
    operation_id = operation.id
    db.session.rollback()
    asked = sa.select(MoneyOperation.state).where(MoneyOperation.id == operation_id)
    waiting = sa.select(sa.func.count()).where(
        Job.lane == JobLane.GENERAL, Job.state == JobState.QUEUED, Job.name == "webhooks.work"
    )

    def read(query):
        with db.engine.connect() as connection:
            return connection.scalar(query)

    with begin_worker():
        until(lambda: read(waiting) < 40, "the first of the slow ones")
        until(lambda: read(asked) is Q.SUCCEEDED, "the settled operation")
        assert read(waiting) > 30
