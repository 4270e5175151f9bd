"""Ask for jobs, claim them, report progress, end them, and pick up what a dead worker left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.clock import utc_now
from admin.domain.job import LEASE, MAX_ATTEMPTS, JobLane, JobState
from admin.jobs.registry import HANDLERS
from admin.models import Job, db, in_transaction, transaction

log = structlog.get_logger(__name__)

TO_HAND_OVER = "jobs_to_hand_over"
KEEP_FINISHED = timedelta(days=7)
KEEP_TICKS = timedelta(hours=1)
HAND_OVER_AGAIN = timedelta(seconds=30)


class LeaseLost(Exception):
    """Another worker has taken the job over; stop without touching it."""


def enqueue(
    name: str,
    *,
    unique_key: str,
    payload: dict[str, Any] | None = None,
    due_at: datetime | None = None,
    actor: Actor,
    now: datetime,
) -> bool:
    """Ask for a job in the caller's transaction. The same `unique_key` asks only once.

    False: it was asked for already.
    """
    if not in_transaction():
        raise RuntimeError("a job is asked for in the transaction that needs it")
    taken = sa.select(Job.id).where(Job.unique_key == unique_key)
    if db.session.execute(taken).first() is not None:
        return False
    job = Job(
        name=name,
        lane=HANDLERS[name].lane if name in HANDLERS else JobLane.GENERAL,
        unique_key=unique_key,
        payload=payload or {},
        state=JobState.QUEUED,
        due_at=due_at or now,
        created_by=actor.name,
        created_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(job)
    except IntegrityError:
        return False
    waiting = db.session().info.setdefault(TO_HAND_OVER, [])
    waiting.append((job.id, job.lane, job.due_at))
    return True


def install_hand_over(push: Callable[[int, JobLane, datetime], None]) -> None:
    """After each commit, give the ids of newly asked jobs to the queue.

    A push that fails loses nothing: the row stands and the reaper hands it over again.
    """

    @event.listens_for(db.session, "after_commit")
    def hand_over(session: Session) -> None:
        if session.in_nested_transaction():
            return  # a savepoint: nobody else can see the row yet
        for job_id, lane, due_at in session.info.pop(TO_HAND_OVER, []):
            try:
                push(job_id, lane, due_at)
            except Exception:  # whatever carries the queue: what asked for the job is committed
                log.warning("job.not_handed_over", job_id=job_id, exc_info=True)

    @event.listens_for(db.session, "after_rollback")
    def forget(session: Session) -> None:
        if not session.in_nested_transaction():
            session.info.pop(TO_HAND_OVER, None)


@dataclass(frozen=True, slots=True)
class Claim:
    """A job in our hands. The attempt number fences a worker whose lease ran out."""

    job_id: int
    name: str
    payload: dict[str, Any]
    attempt: int

    def report(self, done: int, total: int = 0, note: str = "") -> None:
        """Renew the lease and say how far the work is."""

        now = utc_now()
        with transaction():
            values = {"done": done, "total": total, "note": note, "lease_until": now + LEASE}
            if not self._update(**values):
                raise LeaseLost(self.name)

    def finish(self, *, now: datetime, note: str = "") -> bool:
        """Mark it done, in the caller's transaction. False: another worker owns it now."""
        values: dict[str, object] = {
            "state": JobState.DONE,
            "finished_at": now,
            "lease_until": None,
            "error": "",
        }
        if note:
            values["note"] = note
        return self._update(**values)

    def fail(self, error: str, *, now: datetime) -> None:
        """Put it back for another try, later each time; give up after MAX_ATTEMPTS."""
        given_up = self.attempt >= MAX_ATTEMPTS
        with transaction():
            self._update(
                state=JobState.FAILED if given_up else JobState.QUEUED,
                error=error,
                lease_until=None,
                due_at=now + timedelta(seconds=5 * 2**self.attempt),
                finished_at=now if given_up else None,
            )

    def _update(self, **values: object) -> bool:
        statement = (
            sa.update(Job)
            .where(
                Job.id == self.job_id, Job.attempt == self.attempt, Job.state == JobState.RUNNING
            )
            .values(**values)
            .returning(Job.id)
        )
        return db.session.execute(statement).first() is not None


def claim(job_id: int, *, now: datetime) -> Claim | None:
    """Take a job by one conditional UPDATE. None: somebody has it, or it is done."""
    free = sa.or_(
        Job.state == JobState.QUEUED,
        sa.and_(Job.state == JobState.RUNNING, Job.lease_until < now),
    )
    statement = (
        sa.update(Job)
        .where(Job.id == job_id, free, Job.due_at <= now + timedelta(seconds=1))
        .values(
            state=JobState.RUNNING,
            attempt=Job.attempt + 1,
            lease_until=now + LEASE,
            started_at=now,
        )
        .returning(Job.name, Job.payload, Job.attempt)
    )
    with transaction():
        row = db.session.execute(statement).first()
    return Claim(job_id, row.name, row.payload, row.attempt) if row else None


def reap(*, now: datetime) -> list[tuple[int, JobLane]]:
    """Jobs to hand to the queue again: waiting too long, or left by a worker that died.

    A job that took its worker with it MAX_ATTEMPTS times is given up: it would take the next.
    """
    given_up = (
        sa.update(Job)
        .where(Job.state == JobState.RUNNING, Job.lease_until < now, Job.attempt >= MAX_ATTEMPTS)
        .values(
            state=JobState.FAILED,
            lease_until=None,
            finished_at=now,
            error="its worker died with it each time",
        )
    )
    with transaction():
        db.session.execute(given_up)
    lost = sa.or_(
        sa.and_(Job.state == JobState.QUEUED, Job.due_at < now - HAND_OVER_AGAIN),
        sa.and_(Job.state == JobState.RUNNING, Job.lease_until < now),
    )
    query = sa.select(Job.id, Job.lane).where(lost).order_by(Job.due_at).limit(200)
    return [(row.id, row.lane) for row in db.session.execute(query)]


def forget_finished(*, now: datetime) -> None:
    """Remove rows of finished jobs that nobody will ask about: ticks after an hour."""
    with transaction():
        ended = sa.delete(Job).where(Job.state == JobState.DONE)
        db.session.execute(ended.where(Job.finished_at < now - KEEP_FINISHED))
        ticks = ended.where(Job.unique_key.startswith("tick:"))
        db.session.execute(ticks.where(Job.finished_at < now - KEEP_TICKS))


def someone_runs(name: str, *, besides: int, now: datetime) -> bool:
    """Whether another job of this name is at work under a valid lease."""
    query = sa.select(Job.id).where(
        Job.name == name,
        Job.id != besides,
        Job.state == JobState.RUNNING,
        Job.lease_until >= now,
    )
    return db.session.execute(query.limit(1)).first() is not None


def ask_now(name: str, *, actor: Actor, now: datetime) -> bool:
    """Ask for a job at once, in a transaction of its own; twice in one second is once."""
    with transaction():
        record(actor, "job.asked", f"job:{name}", now=now)
        key = f"now:{name}:{now:%Y-%m-%dT%H:%M:%S}"
        return enqueue(name, unique_key=key, actor=actor, now=now)
