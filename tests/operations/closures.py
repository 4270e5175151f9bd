"""Two people who close what nobody could settle."""

from __future__ import annotations

from datetime import timedelta

from admin.domain.actor import Actor
from admin.domain.approval import ClosureClaim
from admin.domain.operation import OperationState
from admin.domain.permissions import Role
from admin.models import Closure, MoneyOperation
from admin.operations.closing import confirm, propose
from tests.operations.desk import Desk, fresh, person
from tests.stand_in import StandIn

TRIES = 3  # so often a look is tried


def left_to_people(
    desk: Desk, operation: MoneyOperation, stand_in: StandIn, path: str
) -> MoneyOperation:
    """Half an hour without a look at `path` that came through."""
    stand_in.fail_next(path, "status", method="GET", status=500, times=TRIES)
    desk.look(operation, minutes=31)
    operation = fresh(operation)
    assert operation.state is OperationState.HUMAN
    return operation


def say(desk: Desk, operation: MoneyOperation, claim: ClosureClaim, evidence: str = "") -> Closure:
    """The first person's word, with the gateway's number as evidence."""
    return propose(
        operation.id,
        claim,
        evidence=evidence,
        note="포트원 고객센터에 확인함",
        actor=desk.actor,
        gateway=desk.gateway,
        now=desk.now + timedelta(minutes=40),
    )


def agree(desk: Desk, closure: Closure, *, by: Actor | None = None) -> MoneyOperation:
    """The second person's word: somebody new who may close, unless somebody is named."""
    second = by or person(Role.FINANCE)
    at = desk.now + timedelta(minutes=45)
    return confirm(closure.id, actor=second, gateway=desk.gateway, now=at)
