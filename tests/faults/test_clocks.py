"""Our own clock jumps: no lease is believed over what was written, and nothing is sent twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from admin.domain.actor import Actor
from admin.domain.operation import OperationState
from admin.jobs.service import claim, enqueue, reap
from admin.models import Job, db, transaction
from admin.operations.service import TakenByAnother, execute
from tests.operations.conftest import UID
from tests.operations.desk import Killed, Network, every_operation, killed_after, killed_before

pytestmark = pytest.mark.slow

CANCEL = "/payments/cancel"
HOUR = timedelta(hours=1)
Q = OperationState


def test_fault_f52_a_clock_that_jumps_back_sends_nothing_that_is_being_sent(
    desk, payment, stand_in, connect
):
    with pytest.raises(Killed):
        desk.refund(payment, 3_000, gateway=connect(network=Network("POST", CANCEL, killed_after)))
    operation = every_operation()[0]
    operation_id = operation.id

    for hours in (-1, -0.5, 0):
        desk.sweep(hours=hours)
        assert operation.state is Q.SENDING
    with pytest.raises(TakenByAnother):
        execute(operation_id, gateway=desk.gateway, now=desk.now - HOUR)
    desk.sweep(minutes=2)
    desk.sweep(minutes=5)

    assert operation.state is Q.SUCCEEDED
    assert len(stand_in.requests(path=CANCEL)) == len(stand_in.effects()) == 1


def test_fault_f52_a_clock_that_jumps_back_before_the_sending_sends_once(
    desk, payment, stand_in, connect
):
    look = f"/payments/{UID}"
    with pytest.raises(Killed):
        desk.refund(payment, 3_000, gateway=connect(network=Network("GET", look, killed_before)))
    operation = every_operation()[0]

    desk.sweep(hours=-1)
    assert operation.state is Q.READY
    desk.sweep(minutes=2)
    desk.sweep(hours=-1)
    desk.sweep(minutes=3)

    assert operation.state is Q.SUCCEEDED
    assert len(stand_in.requests(path=CANCEL)) == len(stand_in.effects()) == 1


def test_fault_f52_a_clock_that_jumps_ahead_takes_a_sending_for_lost_and_sends_nothing(
    desk, payment, stand_in, connect
):
    """Another process's clock is an hour ahead while this one still waits for its answer."""
    sweeps = []

    def ahead(_request, _forward) -> None:
        sweeps.append(desk.sweep(hours=1))

    operation = desk.refund(payment, 3_000, gateway=connect(network=Network("POST", CANCEL, ahead)))

    assert sweeps == [1]
    assert operation.state is Q.SUCCEEDED
    assert len(stand_in.requests(path=CANCEL)) == len(stand_in.effects()) == 1


def test_fault_f52_a_job_under_way_is_not_taken_by_a_worker_whose_clock_is_behind(app, now):
    with transaction():
        enqueue("payments.sync", unique_key="once", actor=Actor.system("tests"), now=now - HOUR)
    job_id = db.session.query(Job).one().id
    first = claim(job_id, now=now)
    assert first is not None

    assert claim(job_id, now=now - HOUR) is None
    assert claim(job_id, now=now + timedelta(seconds=30)) is None
    assert reap(now=now - HOUR) == []

    second = claim(job_id, now=now + HOUR)  # its lease is over by any clock
    assert second is not None
    with transaction():
        assert not first.finish(now=now), "the first one has lost it and may not end it"
        assert second.finish(now=now)
