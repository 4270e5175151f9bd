"""The worker: runs jobs by id, ticks, reaps, and stops at SIGINT after the work in hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from huey import crontab

from admin.domain.actor import Actor
from admin.domain.clock import utc_now
from admin.domain.job import JobLane
from admin.gateway.errors import GatewayError
from admin.jobs import service
from admin.jobs.queue import JobQueue
from admin.jobs.registry import HANDLERS, followers
from admin.models import db, transaction

log = structlog.get_logger()

Tick = tuple[str, timedelta]  # name of the job, how often


def run_job(job_id: int) -> None:
    """Work one job inside an application context; whatever goes wrong stays in its row."""
    claim = service.claim(job_id, now=utc_now())
    if claim is None:
        return
    try:
        HANDLERS[claim.name].handler(claim.payload | {"job_id": job_id}, claim, utc_now())
        now = utc_now()
        with transaction():
            if claim.finish(now=now):
                _ask_followers(claim, now=now)
    except service.LeaseLost:
        log.warning("job.lease_lost", job=claim.name, job_id=job_id)
    except Exception as error:
        db.session.rollback()
        text = f"{type(error).__name__}: {error}"[:500]
        # A gateway that is away is no fault of ours, and where we were then tells nothing.
        tell = log.warning if isinstance(error, GatewayError) else log.exception
        tell("job.failed", job=claim.name, job_id=job_id, attempt=claim.attempt, error=text)
        claim.fail(text, now=utc_now())
    finally:
        db.session.remove()


def _ask_followers(claim: service.Claim, *, now: datetime) -> None:
    for name in followers(claim.name):
        key = f"tick:{name}:after:{claim.job_id}"
        service.enqueue(name, unique_key=key, actor=Actor.system("clock"), now=now)


def insert_ticks(ticks: list[Tick]) -> None:
    """Insert the periodic jobs of the coming minute. Two ticking workers insert the same rows."""
    now = utc_now()
    minute = now.replace(second=0, microsecond=0)
    actor = Actor.system("clock")
    with transaction():
        for name, every in ticks:
            for due_at in _moments(minute, every):
                key = f"tick:{name}:{due_at:%Y-%m-%dT%H:%M:%S}"
                service.enqueue(name, unique_key=key, due_at=due_at, actor=actor, now=now)


def _moments(minute: datetime, every: timedelta) -> list[datetime]:
    seconds = int(every.total_seconds())
    start = int(minute.timestamp())
    return [
        minute + timedelta(seconds=offset)
        for offset in range(60)
        if (start + offset) % seconds == 0
    ]


def serve(
    queue: JobQueue, ticks: list[Tick], in_context: Callable[[Callable[[], None]], None]
) -> None:
    """Work both lanes until SIGINT or SIGTERM. `in_context` runs a function in the application."""
    general = queue.lanes[JobLane.GENERAL]

    @general.periodic_task(crontab(minute="*"), name="tick")
    def tick() -> None:
        in_context(lambda: _tick(queue, ticks))

    in_context(lambda: _tick(queue, ticks))
    options = {"worker_type": "thread", "initial_delay": 0.05, "max_delay": 0.5}
    money = queue.lanes[JobLane.MONEY].create_consumer(workers=2, periodic=False, **options)
    rest = general.create_consumer(workers=2, periodic=True, **options)
    money.start()
    try:
        rest.run()
    finally:
        money.stop(graceful=True)


def _tick(queue: JobQueue, ticks: list[Tick]) -> None:
    insert_ticks(ticks)
    now = utc_now()
    for job_id, lane in service.reap(now=now):
        queue.push(job_id, lane, now)
    service.forget_finished(now=now)
    db.session.remove()
