"""Send an operation, and settle what became of it. Never a second sending, never a guess.

T1 (a use case)  intent READY                        committed
   look once more at the gateway
T2               SENDING, lease, baseline            committed before the socket opens
   one HTTP call, no transaction open
T3               outcome, mirror, audit              committed
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from sqlalchemy.orm.exc import StaleDataError

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.errors import N_, Conflict, NotFound
from admin.domain.evidence import Verdict
from admin.domain.operation import (
    HUMAN_AFTER,
    SENDING_LEASE,
    OperationState,
    SettledBy,
    check_move,
    next_look,
)
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
from admin.operations.intent import add_step
from admin.operations.kinds import KINDS
from admin.operations.kinds.base import Seen

FAILED_IS_CHECKED_AFTER = timedelta(seconds=60)
LOOK_SOON = timedelta(seconds=15)


class TakenByAnother(Conflict):
    """Another runner is sending this operation."""

    message = N_("This operation is being sent already.")


@dataclass(frozen=True, slots=True)
class _Clock:
    """`now` carried along a call that takes its time.

    A moment that was asked for long ago (a round of many looks, a process that stood still) must
    not become the moment of sending: the lease and the quiet period are counted from it.
    """

    start: datetime
    began: float
    gateway: Gateway

    def now(self) -> datetime:
        carried = self.start + timedelta(seconds=monotonic() - self.began)
        return max(carried, self.gateway.now())


def execute(operation_id: str, *, gateway: Gateway, now: datetime) -> MoneyOperation:
    """Send a READY operation once and record its outcome, whatever it is.

    Whoever moves READY to SENDING sends; everyone else gets TakenByAnother. Raises WrongGateway
    when it was recorded for another gateway or key.
    """
    clock = _Clock(now, monotonic(), gateway)
    operation = get_operation(operation_id)
    check_gateway(operation, gateway)
    kind = KINDS[operation.kind]
    seq = mirror.next_fetch_seq(now=now)
    try:
        seen = kind.preflight(operation, gateway)
    except GatewayError as error:
        return _not_sent(operation_id, error, now=clock.now())
    if not _begin_sending(operation_id, seen, fetch_seq=seq, clock=clock):
        return get_operation(operation_id)
    seq = mirror.next_fetch_seq(now=clock.now())
    operation = get_operation(operation_id)
    before = monotonic()
    try:
        _check_still_ours(operation, now=clock.now())
        answer = kind.send(operation, gateway)
    except GatewayError as error:
        verdict, answer = _verdict_of(error), Seen()
        problem = type(error).__name__
    else:
        verdict, problem = kind.judge_answer(operation, answer), ""
    elapsed = int((monotonic() - before) * 1000)
    return settle(
        operation_id,
        verdict,
        answer,
        by=SettledBy.RESPONSE,
        phase="answer",
        fetch_seq=seq,
        error=problem,
        elapsed_ms=elapsed,
        now=clock.now(),
    )


def get_operation(operation_id: str) -> MoneyOperation:
    """One operation, or NotFound."""
    operation = db.session.get(MoneyOperation, operation_id)
    if operation is None:
        raise NotFound()
    return operation


def settle(
    operation_id: str,
    verdict: Verdict,
    seen: Seen,
    *,
    by: SettledBy,
    phase: str,
    fetch_seq: int,
    error: str = "",
    elapsed_ms: int | None = None,
    now: datetime,
) -> MoneyOperation:
    """T3: write the outcome, mirror what was seen, and the audit entry, in one transaction.

    A verdict without a state only keeps the look and plans the next one.
    """
    actor = Actor.system("operations")
    with transaction():
        operation = _locked(operation_id)
        if seen.payments:
            mirror.apply(
                seen.payments, fetch_seq=fetch_seq, source="operation", actor=actor, now=now
            )
        KINDS[operation.kind].settle(operation, seen, verdict, now=now)
        add_step(
            operation,
            phase,
            verdict.fact,
            now=now,
            verdict=verdict.state,
            error=error,
            elapsed_ms=elapsed_ms,
            **_figures(seen),
        )
        if verdict.state is None or verdict.state is operation.state:
            operation.lease_until = None  # the look is over; the next one need not wait for it
            _plan_next_look(operation, now=now)
        else:
            _move(operation, verdict, by=by, now=now)
    return operation


def mark_lost(operation: MoneyOperation, *, now: datetime) -> None:
    """SENDING whose lease ran out: its process died or hangs. Unknown, and never sent again."""
    with transaction():
        row = _locked(operation.id)
        if row.state is not OperationState.SENDING or not _expired(row, now):
            return
        fact = "the process that sent it never came back"
        add_step(row, "answer", fact, now=now, verdict=OperationState.UNKNOWN)
        _move(
            row,
            Verdict(state=OperationState.UNKNOWN, fact=fact),
            by=SettledBy.LOCAL,
            now=now,
        )


def expire(operation: MoneyOperation, *, now: datetime) -> None:
    """READY that nobody sent in time: a person must press again."""
    with transaction():
        row = _locked(operation.id)
        if row.state is OperationState.READY:
            fact = "nobody sent it in time; nothing happened"
            verdict = Verdict(state=OperationState.EXPIRED, fact=fact)
            add_step(row, "send", fact, now=now, verdict=OperationState.EXPIRED)
            _move(row, verdict, by=SettledBy.LOCAL, now=now)


def hand_to_people(operation: MoneyOperation, *, now: datetime) -> None:
    """UNKNOWN for too long: it goes to the people's queue and is looked at all the same."""
    with transaction():
        row = _locked(operation.id)
        if row.state is OperationState.UNKNOWN:
            fact = "still unknown after the ladder"
            verdict = Verdict(state=OperationState.HUMAN, fact=fact)
            add_step(row, "look", fact, now=now, verdict=OperationState.HUMAN)
            _move(row, verdict, by=SettledBy.LOOKUP, now=now)


def _not_sent(operation_id: str, error: GatewayError, *, now: datetime) -> MoneyOperation:
    """The look before sending failed, so we sent nothing; another runner may have."""
    with transaction():
        operation = _locked(operation_id)
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
        _move(operation, verdict, by=SettledBy.LOCAL, now=now)
    return operation


def _begin_sending(operation_id: str, seen: Seen, *, fetch_seq: int, clock: _Clock) -> bool:
    """T2: the fence, then SENDING. Committed before the socket opens. False: do not send."""
    actor = Actor.system("operations")
    try:
        with transaction():
            operation = _locked(operation_id)
            if operation.state is not OperationState.READY:
                raise TakenByAnother()
            now = clock.now()  # under the lock, which may have been waited for
            if seen.payments:
                mirror.apply(
                    seen.payments, fetch_seq=fetch_seq, source="operation", actor=actor, now=now
                )
            kind = KINDS[operation.kind]
            refusal = kind.fence(operation, seen)
            state = refusal.state if refusal else OperationState.SENDING
            fact = refusal.fact if refusal else "looked once more; nothing has changed"
            add_step(operation, "preflight", fact, now=now, verdict=state, **_figures(seen))
            if refusal is not None:
                kind.settle(operation, seen, refusal, now=now)
                _move(operation, refusal, by=SettledBy.LOCAL, now=now)
                return False
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
    except StaleDataError:
        raise TakenByAnother() from None
    return True


def _check_still_ours(operation: MoneyOperation, *, now: datetime) -> None:
    """Raise GatewayNotReached where the lease has run out unused: others have judged it since."""
    if _expired(operation, now):
        raise GatewayNotReached("it stood still beyond its lease, and nothing was sent")


def _move(operation: MoneyOperation, verdict: Verdict, *, by: SettledBy, now: datetime) -> None:
    """Move to the verdict's state, with its audit entry."""
    state = verdict.state
    if state is None:
        raise ValueError("a verdict without a state moves nothing")
    check_move(operation.state, state)
    operation.state = state
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
        Actor.system("operations"),
        f"{operation.kind.value}.{state.value}",
        f"operation:{operation.id}",
        now=now,
        by=by.value,
        fact=verdict.fact,
        imp_uid=operation.imp_uid or "",
        **facts,
    )


def _plan_next_look(operation: MoneyOperation, *, now: datetime) -> None:
    """The next rung; what ought to be a person's by now does not wait for a late one."""
    sent_at = operation.sent_at or operation.created_at
    planned = next_look(sent_at, now=now)
    overdue = operation.state is OperationState.UNKNOWN and now - sent_at >= HUMAN_AFTER
    operation.next_look_at = min(planned, now + LOOK_SOON) if overdue else planned


def _verdict_of(error: GatewayError) -> Verdict:
    """What an error of the one write leads to (outcome table of the protocol)."""
    if isinstance(error, GatewayNotReached | GatewayUnauthorized):
        return Verdict(state=OperationState.NOT_EXECUTED, fact=str(error))
    if isinstance(error, GatewayRejected):
        return Verdict(state=OperationState.FAILED, fact=error.message)
    return Verdict(state=OperationState.UNKNOWN, fact=str(error))


def _figures(seen: Seen) -> dict[str, Any]:
    if len(seen.payments) != 1:
        return {}
    payment = seen.payments[0]
    return {
        "cancelled_minor": payment.cancelled.minor,
        "left_minor": payment.cancellable.minor,
        "status": payment.status.value,
    }


def _expired(operation: MoneyOperation, now: datetime) -> bool:
    return operation.lease_until is None or operation.lease_until < now


def _locked(operation_id: str) -> MoneyOperation:
    operation = lock(MoneyOperation, operation_id)
    if operation is None:
        raise NotFound()
    return operation
