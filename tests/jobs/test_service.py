"""Jobs: the row is the truth; asking twice is once, and a lost worker loses nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from admin.domain.actor import Actor
from admin.domain.job import LEASE, MAX_ATTEMPTS, JobLane, JobState
from admin.gateway.errors import GatewayNotReached
from admin.jobs.registry import HANDLERS, Registered
from admin.jobs.service import (
    LeaseLost,
    claim,
    enqueue,
    forget_finished,
    reap,
    someone_runs,
)
from admin.jobs.worker import insert_ticks, run_job
from admin.models import Job, db, transaction

NAME = "tests.work"
CLOCK = Actor.system("tests")


@pytest.fixture
def worked() -> Iterator[list[dict]]:
    """A handler that keeps what it was given."""
    kept: list[dict] = []
    HANDLERS[NAME] = Registered(lambda payload, progress, now: kept.append(payload), JobLane.MONEY)
    yield kept
    del HANDLERS[NAME]


@pytest.fixture
def handed(app) -> Callable[[], list[int]]:
    """The ids that the money lane of the queue carries."""
    lane = app.extensions["queue"].lanes[JobLane.MONEY]
    lane.flush()
    return lambda: sorted(task.args[0] for task in lane.pending())


@pytest.fixture
def fail() -> Iterator[Callable[[Exception], None]]:
    """Make the handler fail with this error."""

    def with_(error: Exception) -> None:
        def work(payload, progress, now):
            raise error

        HANDLERS[NAME] = Registered(work, JobLane.GENERAL)

    yield with_
    HANDLERS.pop(NAME, None)


@pytest.fixture
def failing(fail) -> None:
    """A handler that always fails."""
    fail(ValueError("the file is gone"))


def ask(now, key="key", **options) -> bool:
    with transaction():
        return enqueue(NAME, unique_key=key, actor=CLOCK, now=now, **options)


def jobs() -> list[Job]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Job).order_by(Job.id)))


def job() -> Job:
    return jobs()[0]


def test_asking_twice_with_one_key_is_asking_once(app, worked, now):
    assert ask(now)
    assert not ask(now)

    assert [one.state for one in jobs()] == [JobState.QUEUED]


def test_a_job_is_asked_for_only_together_with_its_change(app, now):
    with pytest.raises(RuntimeError):
        enqueue(NAME, unique_key="key", actor=CLOCK, now=now)


def test_a_job_is_run_once_and_says_so(app, worked, now):
    ask(now, payload={"imp_uid": "imp_1"})
    run_job(job().id)
    run_job(job().id)

    assert worked == [{"imp_uid": "imp_1", "job_id": job().id}]
    assert (job().state, job().attempt, job().lane) == (JobState.DONE, 1, JobLane.MONEY)
    assert job().lease_until is None


def test_of_two_workers_that_claim_at_once_one_gets_the_job(app, worked, now):
    ask(now)
    job_id = job().id
    db.session.rollback()
    both = threading.Barrier(2)
    claims: list[object] = []

    def work() -> None:
        with app.app_context():
            both.wait(timeout=10)
            claims.append(claim(job_id, now=now))
            db.session.remove()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(one is not None for one in claims) == 1
    assert job().attempt == 1


def test_a_job_is_not_claimed_before_it_is_due(app, worked, now):
    ask(now, due_at=now + timedelta(minutes=1))

    assert claim(job().id, now=now) is None
    assert claim(job().id, now=now + timedelta(minutes=1)) is not None


def test_a_worker_whose_lease_ran_out_touches_nothing(app, worked, now):
    ask(now)
    slow = claim(job().id, now=now)
    quick = claim(job().id, now=now + LEASE + timedelta(seconds=1))
    assert quick.attempt == 2

    with pytest.raises(LeaseLost):
        slow.report(1, 2)
    with transaction():
        assert not slow.finish(now=now)
    slow.fail("too slow", now=now)
    assert (job().state, job().error) == (JobState.RUNNING, "")

    with transaction():
        assert quick.finish(now=now)
    assert job().state is JobState.DONE


def test_progress_renews_the_lease(app, worked, now):
    ask(now - LEASE)
    held = claim(job().id, now=now - timedelta(seconds=50))
    before = job().lease_until

    held.report(3, 10, "2026-11-23 paid")

    assert (job().done, job().total, job().note) == (3, 10, "2026-11-23 paid")
    assert job().lease_until > before


def test_a_failing_job_is_tried_later_and_later_and_then_given_up(app, failing, now):
    ask(now)
    waits = []
    for _ in range(MAX_ATTEMPTS):
        held = claim(job().id, now=job().due_at)
        at = job().started_at
        held.fail("ValueError: the file is gone", now=at)
        waits.append((job().due_at - at).total_seconds())

    assert waits == [10, 20, 40, 80, 160]
    assert (job().state, job().attempt) == (JobState.FAILED, MAX_ATTEMPTS)
    assert claim(job().id, now=now + timedelta(days=1)) is None


def test_what_a_handler_raises_stays_in_its_row(app, failing, now):
    ask(now)

    run_job(job().id)

    assert (job().state, job().error) == (JobState.QUEUED, "ValueError: the file is gone")
    assert job().due_at > now


@pytest.mark.parametrize(
    ("error", "level"),
    [(ValueError("the file is gone"), "error"), (GatewayNotReached("nobody listens"), "warning")],
)
def test_where_it_failed_is_told_unless_the_gateway_was_away(app, fail, now, error, level):
    fail(error)
    ask(now)
    with capture_logs() as lines:
        run_job(job().id)
    (line,) = [one for one in lines if one["event"] == "job.failed"]
    assert (line["log_level"], bool(line.get("exc_info"))) == (level, level == "error")
    assert line["error"] == f"{type(error).__name__}: {error}"


def test_the_reaper_brings_back_what_died_and_what_the_queue_lost(app, worked, now):
    ask(now, "died")
    ask(now, "lost")
    ask(now, "future", due_at=now + timedelta(hours=1))
    died, lost, _ = jobs()
    claim(died.id, now=now)

    assert reap(now=now + timedelta(seconds=20)) == []
    assert reap(now=now + timedelta(seconds=31)) == [(lost.id, JobLane.MONEY)]
    found = reap(now=now + LEASE + timedelta(seconds=1))
    assert {job_id for job_id, _ in found} == {died.id, lost.id}


def test_ticks_of_one_minute_are_inserted_once(app, worked):
    ticks = [(NAME, timedelta(seconds=15))]

    insert_ticks(ticks)
    first = len(jobs())
    insert_ticks(ticks)

    assert first in (4, 8)  # the minute may turn between the two
    assert len(jobs()) in (first, first + 4)
    assert len({one.unique_key for one in jobs()}) == len(jobs())


def test_ids_reach_the_queue_only_when_the_transaction_is_committed(handed, worked, now):
    with transaction():
        enqueue(NAME, unique_key="first", actor=CLOCK, now=now)
        enqueue(NAME, unique_key="second", actor=CLOCK, now=now)
        enqueue(NAME, unique_key="first", actor=CLOCK, now=now)
        assert handed() == []

    assert handed() == [one.id for one in jobs()]
    assert len(jobs()) == 2


def test_ids_of_a_transaction_that_failed_never_reach_the_queue(handed, worked, now):
    def half_done() -> None:
        with transaction():
            enqueue(NAME, unique_key="first", actor=CLOCK, now=now)
            enqueue(NAME, unique_key="second", actor=CLOCK, now=now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_done()
    ask(now, "third")

    assert handed() == [one.id for one in jobs()]
    assert len(jobs()) == 1


def test_one_walk_at_a_time_can_be_told(app, worked, now):
    ask(now, "one")
    ask(now, "two")
    one, two = jobs()
    claim(one.id, now=now)

    assert someone_runs(NAME, besides=two.id, now=now)
    assert not someone_runs(NAME, besides=one.id, now=now)
    assert not someone_runs(NAME, besides=two.id, now=now + LEASE + timedelta(seconds=1))


def test_finished_jobs_are_forgotten_ticks_first(app, worked, now):
    for key in ("tick:a", "once"):
        ask(now, key)
    for one in jobs():
        held = claim(one.id, now=now)
        with transaction():
            held.finish(now=now)

    forget_finished(now=now + timedelta(minutes=59))
    assert len(jobs()) == 2
    forget_finished(now=now + timedelta(hours=2))
    assert [one.unique_key for one in jobs()] == ["once"]
    forget_finished(now=now + timedelta(days=8))
    assert jobs() == []


def test_a_job_that_kills_its_worker_is_given_up_in_the_end(app, now):
    ask(now)
    job = db.session.scalars(sa.select(Job)).one()
    at = now
    for _ in range(MAX_ATTEMPTS):
        assert claim(job.id, now=at) is not None  # and the worker is gone
        at += 2 * LEASE
        reap(now=at)

    db.session.refresh(job)
    assert (job.state, job.attempt) == (JobState.FAILED, MAX_ATTEMPTS)
    assert claim(job.id, now=at) is None
