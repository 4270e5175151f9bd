"""End what nobody could settle: one person says what happened, a second one agrees, and the
gateway, looked up both times, must bear it out."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.approval import AlreadyDecided, ClosureClaim, OwnRequest, SecondWord
from admin.domain.errors import N_, Conflict, InvalidInput, NotFound
from admin.domain.evidence import Verdict
from admin.domain.operation import OperationState, SettledBy
from admin.domain.permissions import Permission
from admin.gateway.client import Gateway
from admin.mirror import service as mirror
from admin.models import Closure, MoneyOperation, db, lock, transaction
from admin.operations.binding import check_gateway
from admin.operations.intent import add_step
from admin.operations.kinds import KINDS
from admin.operations.kinds.base import Seen
from admin.operations.service import get_operation, locked, write_outcome

CLOSABLE = frozenset({OperationState.HUMAN, OperationState.MISMATCH})


class GatewaySaysOtherwise(Conflict):
    """What people say is not what the gateway shows."""

    message = N_("The gateway does not bear this out, so it stays open. It shows: %(fact)s.")


def propose(
    operation_id: str,
    claim: ClosureClaim,
    *,
    evidence: str,
    note: str,
    actor: Actor,
    gateway: Gateway,
    now: datetime,
) -> Closure:
    """Say what became of it. `evidence` is the gateway's own id of what happened.

    Looks first. Raises GatewaySaysOtherwise, AlreadyDecided, InvalidInput or GatewayError.
    """
    actor.require(Permission.OPERATIONS_CLOSE)
    if claim is ClosureClaim.HAPPENED and not evidence:
        raise InvalidInput(N_("Enter the gateway's number of what happened."), field="evidence")
    if not note.strip():
        raise InvalidInput(N_("Write how you know."), field="note")
    _look(operation_id, claim, evidence, gateway=gateway, now=now)
    with transaction():
        operation = locked(operation_id)
        if operation.state not in CLOSABLE or find_awaited(operation_id) is not None:
            raise AlreadyDecided()
        closure = Closure(
            operation_id=operation_id,
            claim=claim,
            evidence=evidence,
            note=note,
            word=SecondWord.AWAITED,
            proposed_by_id=actor.operator_id,
            proposed_by=actor.name,
            proposed_at=now,
        )
        db.session.add(closure)
        _step(operation, closure, actor=actor, now=now)
        _record(operation, "closing_proposed", claim, evidence, actor=actor, now=now)
    return closure


def confirm(closure_id: int, *, actor: Actor, gateway: Gateway, now: datetime) -> MoneyOperation:
    """Agree, and end the operation by what the gateway shows now: one transaction, or nothing.

    Raises OwnRequest, AlreadyDecided, GatewaySaysOtherwise, NotAllowed or GatewayError.
    """
    actor.require(Permission.OPERATIONS_CLOSE)
    closure = _awaited(closure_id)
    if closure.proposed_by_id == actor.operator_id:
        raise OwnRequest()
    operation_id, claim, evidence = closure.operation_id, closure.claim, closure.evidence
    seq = mirror.next_fetch_seq(now=now)
    seen, verdict = _look(operation_id, claim, evidence, gateway=gateway, now=now)
    with transaction():
        row = lock(Closure, closure_id)
        if row is None or row.word is not SecondWord.AWAITED:
            raise AlreadyDecided()
        operation = locked(operation_id)
        if operation.state not in CLOSABLE:  # a look has settled it since ours
            raise AlreadyDecided()
        _decide(row, SecondWord.AGREED, actor=actor, now=now)
        _step(operation, row, actor=actor, now=now)
        _record(operation, "closing_confirmed", claim, evidence, actor=actor, now=now)
        write_outcome(
            operation,
            verdict,
            seen,
            by=SettledBy.HUMAN,
            phase="closing",
            fetch_seq=seq,
            now=now,
        )
    return operation


def decline(closure_id: int, *, actor: Actor, now: datetime) -> MoneyOperation:
    """Disagree, or take one's own proposal back; the operation stays open."""
    actor.require(Permission.OPERATIONS_CLOSE)
    with transaction():
        closure = lock(Closure, closure_id)
        if closure is None or closure.word is not SecondWord.AWAITED:
            raise AlreadyDecided()
        own = closure.proposed_by_id == actor.operator_id
        _decide(closure, SecondWord.WITHDRAWN if own else SecondWord.DECLINED, actor=actor, now=now)
        operation = locked(closure.operation_id)
        _step(operation, closure, actor=actor, now=now)
        _record(
            operation,
            f"closing_{closure.word.value}",
            closure.claim,
            closure.evidence,
            actor=actor,
            now=now,
        )
    return operation


def get_closure(closure_id: int) -> Closure:
    """One proposal, or NotFound."""
    closure = db.session.get(Closure, closure_id)
    if closure is None:
        raise NotFound()
    return closure


def find_awaited(operation_id: str) -> Closure | None:
    """The proposal that waits for a second person, if one does."""
    query = sa.select(Closure).where(
        Closure.operation_id == operation_id, Closure.word == SecondWord.AWAITED
    )
    return db.session.scalars(query).one_or_none()


def _awaited(closure_id: int) -> Closure:
    closure = db.session.get(Closure, closure_id, populate_existing=True)
    if closure is None or closure.word is not SecondWord.AWAITED:
        raise AlreadyDecided()
    return closure


def _look(
    operation_id: str, claim: ClosureClaim, evidence: str, *, gateway: Gateway, now: datetime
) -> tuple[Seen, Verdict]:
    """A fresh look that bears the claim out, or GatewaySaysOtherwise."""
    operation = get_operation(operation_id)
    if operation.state not in CLOSABLE:
        raise AlreadyDecided()
    check_gateway(operation, gateway)
    kind = KINDS[operation.kind]
    seen = kind.look(operation, gateway, canary=None)
    verdict = kind.judge_claim(operation, seen, claim, evidence)
    if verdict.state is None:
        raise GatewaySaysOtherwise(fact=verdict.fact)
    return seen, verdict


def _step(operation: MoneyOperation, closure: Closure, *, actor: Actor, now: datetime) -> None:
    add_step(
        operation,
        "closing",
        f"{closure.word.value}: {closure.claim.value}",
        now=now,
        who=actor.name,
        word=closure.word.value,
        claim=closure.claim.value,
        evidence=closure.evidence,
        note=closure.note,
    )


def _decide(closure: Closure, word: SecondWord, *, actor: Actor, now: datetime) -> None:
    closure.word = word
    closure.decided_by_id = actor.operator_id
    closure.decided_by = actor.name
    closure.decided_at = now


def _record(
    operation: MoneyOperation,
    what: str,
    claim: ClosureClaim,
    evidence: str,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    record(
        actor,
        f"{operation.kind.value}.{what}",
        f"operation:{operation.id}",
        now=now,
        claim=claim.value,
        evidence=evidence,
    )
