"""Lists of decisions: kept once, worked off line by line, stopped and gone on with at will."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.approval import AlreadyDecided
from admin.domain.batch import BatchState, RowState
from admin.domain.clock import RunningClock
from admin.domain.errors import Busy, DomainError, NotFound
from admin.jobs.service import enqueue
from admin.models import MoneyOperation, Operator, db, lock, transaction
from admin.models.batch import Batch, BatchRow
from admin.operations.errors import GatewayNotAnswering

SLICE = 20  # lines worked by one job, so that the lane is free for others in between

SomeBatch = TypeVar("SomeBatch", bound=Batch)
SomeRow = TypeVar("SomeRow", bound=BatchRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchKind(Generic[SomeBatch, SomeRow]):
    """Lists of one kind: their tables, the job that works them off, and their name in the audit."""

    batch: type[SomeBatch]
    row: type[SomeRow]
    job: str  # "feature.verb"
    noun: str

    def get(self, batch_id: int) -> SomeBatch:
        """One list as it stands in the database, or NotFound."""
        batch = db.session.get(self.batch, batch_id, populate_existing=True)
        if batch is None:
            raise NotFound()
        return batch

    def locked(self, batch_id: int) -> SomeBatch:
        """One list to judge and change, or NotFound."""
        batch = lock(self.batch, batch_id)
        if batch is None:
            raise NotFound()
        return batch

    def keep(
        self, form_key: str, make: Callable[[], SomeBatch], *, actor: Actor, now: datetime
    ) -> SomeBatch:
        """Keep the list that `make` rehearses. The same form sent twice gives the same list."""
        if (earlier := self._find(form_key)) is not None:
            return earlier
        try:
            with transaction():
                batch = make()
                db.session.add(batch)
                db.session.flush()
                self.record(batch, "rehearsed", actor=actor, now=now, lines=len(batch.rows))
        except IntegrityError:
            earlier = self._find(form_key)
            if earlier is None:
                raise
            return earlier
        return batch

    def run(self, batch: SomeBatch, *, actor: Actor, now: datetime) -> None:
        """Begin or go on; inside the caller's transaction."""
        batch.state = BatchState.RUNNING
        self.record(batch, "started", actor=actor, now=now)
        self._ask(batch, now=now)

    def stop(self, batch_id: int, *, actor: Actor, now: datetime) -> SomeBatch:
        """Send no further line; what was sent stays sent. Raises AlreadyDecided."""
        with transaction():
            batch = self.locked(batch_id)
            if batch.state is not BatchState.RUNNING:
                raise AlreadyDecided()
            batch.state = BatchState.STOPPED
            self.record(batch, "stopped", actor=actor, now=now)
        return batch

    def go_on(self, batch_id: int, *, actor: Actor, now: datetime) -> SomeBatch:
        """Go on with a stopped list from where it stands. Raises AlreadyDecided."""
        with transaction():
            batch = self.locked(batch_id)
            if batch.state is not BatchState.STOPPED:
                raise AlreadyDecided()
            self.run(batch, actor=actor, now=now)
        return batch

    def work(
        self,
        batch_id: int,
        send: Callable[[SomeBatch, SomeRow, datetime], MoneyOperation],
        *,
        now: datetime,
    ) -> int:
        """Work the next lines of a running list; returns how many still wait.

        Each line is one operation under a form key of its own: a line begun before a crash is
        found again, never sent twice. Stops by itself when the gateway falls silent.
        """
        clock = RunningClock(now)
        batch = self.get(batch_id)
        for row in self._waiting(batch_id):
            if self.get(batch_id).state is not BatchState.RUNNING:
                return 0
            try:
                operation = send(batch, row, clock.now())
            except GatewayNotAnswering:
                self._pause(batch_id, now=clock.now())
                return 0
            except Busy:
                break  # nothing was sent; the next round tries again
            except DomainError as error:
                self._keep(row.id, RowState.REFUSED, error=error)
            else:
                self._keep(row.id, RowState.STARTED, operation=operation)
        return self._finish_or_go_on(batch_id, now=clock.now())

    def record(
        self, batch: SomeBatch, what: str, *, actor: Actor, now: datetime, **facts: object
    ) -> None:
        """Write what was done with a list into the audit trail."""
        record(actor, f"{self.noun}.{what}", f"{self.noun}:{batch.id}", now=now, **facts)

    @property
    def system(self) -> Actor:
        """Who works the lists off."""
        return Actor.system(self.job.partition(".")[0])

    def _ask(self, batch: SomeBatch, *, now: datetime) -> None:
        key = f"{self.job}:{batch.id}:{now.isoformat()}"
        payload = {"batch_id": batch.id}
        enqueue(self.job, unique_key=key, payload=payload, actor=self.system, now=now)

    def _waiting(self, batch_id: int) -> list[SomeRow]:
        query = sa.select(self.row).where(
            self.row.batch_id == batch_id, self.row.state == RowState.WAITING
        )
        return list(db.session.scalars(query.order_by(self.row.position).limit(SLICE)))

    def _keep(
        self,
        row_id: int,
        state: RowState,
        *,
        operation: MoneyOperation | None = None,
        error: DomainError | None = None,
    ) -> None:
        with transaction():
            row = lock(self.row, row_id)
            if row is None or row.state is not RowState.WAITING:
                return
            row.state = state
            row.operation_id = operation.id if operation is not None else None
            if error is not None:
                row.problem = error.message
                row.problem_values = {name: str(value) for name, value in error.values.items()}

    def _pause(self, batch_id: int, *, now: datetime) -> None:
        with transaction():
            batch = self.locked(batch_id)
            if batch.state is BatchState.RUNNING:
                batch.state = BatchState.STOPPED
                why = "the gateway does not answer"
                self.record(batch, "paused", actor=self.system, now=now, why=why)

    def _finish_or_go_on(self, batch_id: int, *, now: datetime) -> int:
        with transaction():
            batch = self.locked(batch_id)
            db.session.refresh(batch, ["rows"])
            waiting = sum(row.state is RowState.WAITING for row in batch.rows)
            if batch.state is not BatchState.RUNNING:
                return 0
            if waiting:
                self._ask(batch, now=now)
            else:
                batch.state, batch.ended_at = BatchState.DONE, now
                self.record(batch, "done", actor=self.system, now=now)
        return waiting

    def _find(self, form_key: str) -> SomeBatch | None:
        query = sa.select(self.batch).where(self.batch.form_key == form_key)
        return db.session.scalars(query).one_or_none()


def giver_of(batch: Batch) -> Actor:
    """Whoever gave the list, with the rights they have today."""
    operator = db.session.get(Operator, batch.created_by_id) if batch.created_by_id else None
    role = operator.role if operator is not None and operator.active else None
    return Actor(name=batch.created_by, operator_id=batch.created_by_id, role=role)
