"""Send an operation, and settle what became of it. Never a second sending, never a guess.

T1 (a use case)  intent READY                        committed
   look once more at the gateway
T2               SENDING, lease, baseline            committed before the socket opens
   one HTTP call, no transaction open
T3               outcome, mirror, audit              committed
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, NotRequired, TypedDict, Unpack

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm.exc import StaleDataError

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.clock import RunningClock, to_epoch
from admin.domain.errors import N_, Conflict, NotFound
from admin.domain.evidence import Verdict
from admin.domain.operation import (
    FROM_MEMORY,
    HUMAN_AFTER,
    SENDING_LEASE,
    OperationState,
    SettledBy,
    check_move,
    next_look,
)
from admin.domain.schedule import CLOCKS_TOO_FAR, ScheduleSnapshot
from admin.gateway.client import Gateway
from admin.gateway.errors import (
    GatewayError,
    GatewayNotReached,
    GatewayRejected,
    GatewayUnauthorized,
)
from admin.mirror import service as mirror
from admin.models import MoneyOperation, db, lock, transaction
from admin.operations.binding import check_gateway
from admin.operations.errors import OutcomeNotRecorded
from admin.operations.intent import add_step, fingerprint_of
from admin.operations.kinds import KINDS
from admin.operations.kinds.base import Seen, Write

FAILED_IS_CHECKED_AFTER = timedelta(seconds=60)
LOOK_SOON = timedelta(seconds=15)
WRITING_TRIES = 2  # of the outcome alone: after a deadlock or a long lock, never of the call

log = structlog.get_logger(__name__)


class TakenByAnother(Conflict):
    """Another runner is sending this operation."""

    message = N_("This operation is being sent already.")


@dataclass(frozen=True, slots=True)
class _Clock:
    """`now` carried along a call that takes its time.

    A moment that was asked for long ago (a round of many looks, a process that stood still) must
    not become the moment of sending: the lease and the quiet period are counted from it.
    """

    carried: RunningClock
    gateway: Gateway

    def now(self) -> datetime:
        return max(self.carried.now(), self.gateway.now())


def execute(
    operation_id: str, *, gateway: Gateway, now: datetime, write: Write | None = None
) -> MoneyOperation:
    """Send a READY operation once and record its outcome, whatever it is.

    Whoever moves READY to SENDING sends; everyone else gets TakenByAnother, and so does who comes
    without the `write` of a kind in FROM_MEMORY. A database that fails on the way leaves it as it
    was last written, for the sweep to go on with. Raises WrongGateway when it was recorded for
    another gateway or key, OutcomeNotRecorded when not even that can be read.
    """
    try:
        return _execute(operation_id, gateway=gateway, now=now, write=write)
    except DBAPIError:
        log.warning("operation.not_recorded", operation=operation_id, exc_info=True)
    try:
        return get_operation(operation_id)
    except DBAPIError as error:
        raise OutcomeNotRecorded() from error


def _execute(
    operation_id: str, *, gateway: Gateway, now: datetime, write: Write | None
) -> MoneyOperation:
    clock = _Clock(RunningClock(now), gateway)
    operation = get_operation(operation_id)
    check_gateway(operation, gateway)
    kind = KINDS[operation.kind]
    if operation.kind in FROM_MEMORY and write is None:
        raise TakenByAnother()
    seq = mirror.next_fetch_seq(now=now)
    try:
        seen = kind.preflight(operation, gateway)
    except GatewayError as error:
        return _not_sent(operation_id, error, now=clock.now())
    begun = _begin_sending(operation_id, seen, fetch_seq=seq, clock=clock)
    operation = get_operation(operation_id)
    if begun is None:
        return operation
    before = monotonic()
    try:
        _check_still_ours(operation, now=clock.now())
        answer = (write or kind.send)(operation, gateway)
    except GatewayError as error:
        verdict, answer = _verdict_of(error), Seen()
        problem = type(error).__name__
    else:
        verdict, problem = kind.judge_answer(operation, answer), ""
    elapsed = int((monotonic() - before) * 1000)
    for left in reversed(range(WRITING_TRIES)):
        try:
            return settle(
                operation_id,
                verdict,
                answer,
                by=SettledBy.RESPONSE,
                phase="answer",
                fetch_seq=begun,
                error=problem,
                elapsed_ms=elapsed,
                now=clock.now(),
            )
        except OperationalError:
            if not left:
                raise
    raise AssertionError("a settled outcome returns")


def get_operation(operation_id: str) -> MoneyOperation:
    """One operation, or NotFound."""
    operation = db.session.get(MoneyOperation, operation_id)
    if operation is None:
        raise NotFound()
    return operation


def locked(operation_id: str) -> MoneyOperation:
    """One operation under its lock, inside a transaction, or NotFound."""
    operation = lock(MoneyOperation, operation_id)
    if operation is None:
        raise NotFound()
    return operation


class Told(TypedDict):
    """How an outcome came to be known: by what, in which phase, at which place among the looks."""

    by: SettledBy
    phase: str
    fetch_seq: int
    now: datetime
    error: NotRequired[str]
    elapsed_ms: NotRequired[int | None]


def settle(operation_id: str, verdict: Verdict, seen: Seen, **told: Unpack[Told]) -> MoneyOperation:
    """T3: write the outcome, mirror what was seen, and the audit entry, in one transaction.

    A verdict without a state only keeps the look and plans the next one.
    """
    with transaction():
        operation = locked(operation_id)
        write_outcome(operation, verdict, seen, **told)
    return operation


def write_outcome(
    operation: MoneyOperation, verdict: Verdict, seen: Seen, **told: Unpack[Told]
) -> None:
    """`settle` a locked operation inside the caller's transaction."""
    by, now, place = told["by"], told["now"], told["fetch_seq"]
    if seen.payments:
        actor = Actor.system("operations")
        mirror.apply(seen.payments, fetch_seq=place, source="operation", actor=actor, now=now)
    KINDS[operation.kind].settle(operation, seen, verdict, now=now)
    add_step(
        operation,
        told["phase"],
        verdict.fact,
        now=now,
        verdict=verdict.state,
        error=told.get("error", ""),
        elapsed_ms=told.get("elapsed_ms"),
        **_figures(seen),
    )
    if verdict.state is None or verdict.state is operation.state:
        operation.lease_until = None  # the look is over; the next one need not wait for it
        _plan_next_look(operation, now=now)
    else:
        move(operation, verdict, by=by, now=now)


def move(
    operation: MoneyOperation,
    verdict: Verdict,
    *,
    by: SettledBy,
    actor: Actor | None = None,
    now: datetime,
) -> None:
    """Move to the verdict's state, with its one audit entry; inside the caller's transaction.

    `actor` is the person whose word it is; None: what the gateway showed.
    """
    state = verdict.state
    if state is None:
        raise ValueError("a verdict without a state moves nothing")
    check_move(operation.state, state)
    operation.state = state
    operation.account = None  # whatever became of it, nothing is sent to that account again
    # Only a refusal brings the gateway's own sentence; our facts stand in the steps.
    operation.outcome = verdict.fact if state is OperationState.FAILED else ""
    operation.lease_until = None
    if state in (OperationState.UNKNOWN, OperationState.ACCEPTED):
        operation.settled_by = None
        _plan_next_look(operation, now=now)
    elif state is OperationState.FAILED and by is SettledBy.RESPONSE:
        operation.settled_by, operation.settled_at = by, now
        operation.next_look_at = now + FAILED_IS_CHECKED_AFTER
    elif state in (OperationState.HUMAN, OperationState.MISMATCH):
        operation.settled_by = None
        _plan_next_look(operation, now=now)
    else:
        operation.settled_by, operation.settled_at = by, now
        operation.next_look_at = None
    facts = {"amount": operation.amount} if operation.amount_minor else {}
    record(
        actor or Actor.system("operations"),
        f"{operation.kind.value}.{state.value}",
        f"operation:{operation.id}",
        now=now,
        by=by.value,
        fact=verdict.fact,
        imp_uid=operation.imp_uid or "",
        **facts,
    )


def mark_lost(operation: MoneyOperation, *, now: datetime) -> None:
    """SENDING whose lease ran out: its process died or hangs. Unknown, and never sent again."""
    with transaction():
        row = locked(operation.id)
        if row.state is not OperationState.SENDING or not _expired(row, now):
            return
        fact = "the process that sent it never came back"
        add_step(row, "answer", fact, now=now, verdict=OperationState.UNKNOWN)
        move(
            row,
            Verdict(state=OperationState.UNKNOWN, fact=fact),
            by=SettledBy.LOCAL,
            now=now,
        )


def expire(operation: MoneyOperation, *, now: datetime) -> None:
    """READY that nobody sent in time: a person must press again."""
    with transaction():
        row = locked(operation.id)
        if row.state is OperationState.READY:
            fact = "nobody sent it in time; nothing happened"
            verdict = Verdict(state=OperationState.EXPIRED, fact=fact)
            add_step(row, "send", fact, now=now, verdict=OperationState.EXPIRED)
            move(row, verdict, by=SettledBy.LOCAL, now=now)


def hand_to_people(operation: MoneyOperation, *, now: datetime) -> None:
    """UNKNOWN for too long: it goes to the people's queue and is looked at all the same."""
    with transaction():
        row = locked(operation.id)
        if row.state is OperationState.UNKNOWN:
            fact = "still unknown after the ladder"
            verdict = Verdict(state=OperationState.HUMAN, fact=fact)
            add_step(row, "look", fact, now=now, verdict=OperationState.HUMAN)
            move(row, verdict, by=SettledBy.LOOKUP, now=now)


def _not_sent(operation_id: str, error: GatewayError, *, now: datetime) -> MoneyOperation:
    """The look before sending failed, so we sent nothing; another runner may have."""
    with transaction():
        operation = locked(operation_id)
        if operation.state is not OperationState.READY:
            raise TakenByAnother()
        fact = f"the look before sending failed: {error}"
        verdict = Verdict(state=OperationState.NOT_EXECUTED, fact=fact)
        add_step(
            operation,
            "preflight",
            fact,
            now=now,
            verdict=OperationState.NOT_EXECUTED,
            error=type(error).__name__,
        )
        move(operation, verdict, by=SettledBy.LOCAL, now=now)
    return operation


def _begin_sending(operation_id: str, seen: Seen, *, fetch_seq: int, clock: _Clock) -> int | None:
    """T2: the fence, then SENDING. Committed before the socket opens.

    Returns the place of the coming answer in the order of looks; None: do not send.
    """
    actor = Actor.system("operations")
    try:
        with transaction():
            operation = locked(operation_id)
            if operation.state is not OperationState.READY:
                raise TakenByAnother()
            now = clock.now()  # under the lock, which may have been waited for
            if seen.payments:
                mirror.apply(
                    seen.payments, fetch_seq=fetch_seq, source="operation", actor=actor, now=now
                )
            kind = KINDS[operation.kind]
            refusal = _tampered(operation) or kind.fence(operation, seen)
            state = refusal.state if refusal else OperationState.SENDING
            fact = refusal.fact if refusal else "looked once more; nothing has changed"
            add_step(operation, "preflight", fact, now=now, verdict=state, **_figures(seen))
            if refusal is not None:
                kind.settle(operation, seen, refusal, now=now)
                move(operation, refusal, by=SettledBy.LOCAL, now=now)
                return None
            operation.state = OperationState.SENDING
            operation.attempts += 1
            operation.sent_at = now
            operation.lease_until = now + SENDING_LEASE
            add_step(operation, "send", "sent to the gateway", now=now)
            record(
                actor,
                f"{operation.kind.value}.sent",
                f"operation:{operation.id}",
                now=now,
                checksum=operation.expected_left_minor or "",
            )
            return mirror.take_fetch_seq()
    except StaleDataError:
        raise TakenByAnother() from None


def _plan_next_look(operation: MoneyOperation, *, now: datetime) -> None:
    """The next rung; what ought to be a person's by now does not wait for a late one."""
    sent_at = operation.sent_at or operation.created_at
    planned = next_look(sent_at, now=now)
    overdue = operation.state is OperationState.UNKNOWN and now - sent_at >= HUMAN_AFTER
    operation.next_look_at = min(planned, now + LOOK_SOON) if overdue else planned


def _check_still_ours(operation: MoneyOperation, *, now: datetime) -> None:
    """Raise GatewayNotReached where the lease has run out unused: others have judged it since."""
    if _expired(operation, now):
        raise GatewayNotReached("it stood still beyond its lease, and nothing was sent")


def _tampered(operation: MoneyOperation) -> Verdict | None:
    """What is sent is what was decided and agreed to, to the letter."""
    if hmac.compare_digest(operation.fingerprint, fingerprint_of(operation)):
        return None
    fact = "the recorded decision is not the one that was made"
    return Verdict(state=OperationState.REJECTED, fact=fact)


def _verdict_of(error: GatewayError) -> Verdict:
    """What an error of the one write leads to (outcome table of the protocol)."""
    if isinstance(error, GatewayNotReached | GatewayUnauthorized):
        return Verdict(state=OperationState.NOT_EXECUTED, fact=str(error))
    if isinstance(error, GatewayRejected):
        return Verdict(state=OperationState.FAILED, fact=error.message)
    return Verdict(state=OperationState.UNKNOWN, fact=str(error))


def _figures(seen: Seen) -> dict[str, Any]:
    if seen.skew is not None and abs(seen.skew) > CLOCKS_TOO_FAR:
        return {"skew_seconds": int(seen.skew.total_seconds())}
    if seen.schedules:
        return {"schedules": [_told(one) for one in seen.schedules]}
    if len(seen.payments) != 1:
        return {}
    payment = seen.payments[0]
    return {
        "cancelled_minor": payment.cancelled.minor,
        "left_minor": payment.cancellable.minor,
        "status": payment.status.value,
    }


def _told(schedule: ScheduleSnapshot) -> dict[str, Any]:
    return {
        "merchant_uid": schedule.merchant_uid,
        "at": to_epoch(schedule.schedule_at),
        "amount_minor": schedule.amount.minor,
        "currency": schedule.amount.currency.value,
        "state": schedule.state.value,
    }


def _expired(operation: MoneyOperation, now: datetime) -> bool:
    return operation.lease_until is None or operation.lease_until < now
