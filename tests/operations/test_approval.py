"""A second person: what is above a limit is sent only once somebody else has agreed to it."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa
from flask import Flask

from admin.domain.actor import Actor
from admin.domain.approval import AlreadyDecided, ApprovalCause, Limit, OwnRequest, SecondWord
from admin.domain.errors import NotAllowed
from admin.domain.money import Money
from admin.domain.operation import OperationState
from admin.domain.permissions import Role
from admin.models import BillingKey, MoneyOperation, Payment, db, transaction
from admin.operations.approval import approve, decline, expire_overdue, withdraw
from admin.operations.errors import OperationInProgress
from admin.refund_rules.service import set_limit
from tests.operations.conftest import UID, Connect
from tests.operations.desk import Desk, Forward, Network, audited, fresh, person
from tests.stand_in import StandIn

S = OperationState


@pytest.fixture
def manager(app: Flask) -> Actor:
    return person(Role.MANAGER)


@pytest.fixture
def asked(desk: Desk, payment: Payment, manager: Actor) -> MoneyOperation:
    """A refund of 6,000 won by somebody who gives back 5,000 alone."""
    limit(manager, desk, "role:finance", per_refund=5_000)
    return desk.refund(payment, 6_000)


def limit(manager: Actor, desk: Desk, scope: str, **most: int | None) -> None:
    money = {name: None if minor is None else Money(minor) for name, minor in most.items()}
    set_limit(scope, Limit(**money), actor=manager, now=desk.now)


def test_what_is_above_a_limit_waits_and_nothing_is_sent(
    asked: MoneyOperation, stand_in: StandIn
) -> None:
    assert asked.state is S.NEEDS_APPROVAL
    assert asked.approval is not None
    assert asked.approval.cause is ApprovalCause.PER_REFUND
    assert asked.approval.limit_minor == 5_000
    assert stand_in.requests("/payments/cancel") == []


def test_the_limit_itself_may_be_used_up(desk: Desk, payment: Payment, manager: Actor) -> None:
    limit(manager, desk, "role:finance", per_refund=5_000)
    assert desk.refund(payment, 5_000).state is S.SUCCEEDED


def test_a_second_person_sends_it(asked: MoneyOperation, desk: Desk, manager: Actor) -> None:
    done = approve(asked.id, actor=manager, gateway=desk.gateway, now=desk.now)
    assert done.state is S.SUCCEEDED
    assert done.approval is not None
    assert (done.approval.word, done.approval.decided_by) == (SecondWord.AGREED, manager.name)
    actions = [action for action in audited() if action.startswith("refund.")]
    assert actions == ["refund.requested", "refund.approved", "refund.sent", "refund.succeeded"]


def test_nobody_approves_what_they_asked_for(
    desk: Desk, payment: Payment, manager: Actor, stand_in: StandIn
) -> None:
    other = person(Role.ADMIN)
    limit(other, desk, f"operator:{manager.operator_id}", per_refund=1_000)
    asked = Desk(manager, desk.gateway, desk.now).refund(payment, 2_000)
    with pytest.raises(OwnRequest):
        approve(asked.id, actor=manager, gateway=desk.gateway, now=desk.now)
    assert fresh(asked).state is S.NEEDS_APPROVAL
    assert stand_in.requests("/payments/cancel") == []


def test_approving_takes_the_right_to_approve(asked: MoneyOperation, desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        approve(asked.id, actor=person(Role.FINANCE), gateway=desk.gateway, now=desk.now)


def test_a_request_holds_its_payment(
    asked: MoneyOperation, desk: Desk, payment: Payment, manager: Actor
) -> None:
    with pytest.raises(OperationInProgress):
        desk.refund(payment, 100)
    decline(asked.id, "영수증이 없음", actor=manager, now=desk.now)
    assert fresh(asked).state is S.REJECTED
    assert desk.refund(payment, 100).state is S.SUCCEEDED


def test_the_first_person_may_take_it_back(
    asked: MoneyOperation, desk: Desk, manager: Actor
) -> None:
    with pytest.raises(AlreadyDecided):
        withdraw(asked.id, actor=manager, now=desk.now)
    withdraw(asked.id, actor=desk.actor, now=desk.now)
    assert fresh(asked).state is S.REJECTED
    with pytest.raises(AlreadyDecided):
        approve(asked.id, actor=manager, gateway=desk.gateway, now=desk.now)


def test_an_approval_comes_within_half_an_hour_or_never(
    asked: MoneyOperation, desk: Desk, manager: Actor, stand_in: StandIn
) -> None:
    late = desk.now + timedelta(minutes=30)
    assert approve(asked.id, actor=manager, gateway=desk.gateway, now=late).state is S.EXPIRED
    assert stand_in.requests("/payments/cancel") == []


def test_what_nobody_answers_ends_by_itself(asked: MoneyOperation, desk: Desk) -> None:
    assert expire_overdue(now=desk.now + timedelta(minutes=29)) == 0
    assert expire_overdue(now=desk.now + timedelta(minutes=31)) == 1
    assert fresh(asked).state is S.EXPIRED


def test_fault_f31_an_amount_changed_after_the_request_voids_it(
    asked: MoneyOperation, desk: Desk, manager: Actor, stand_in: StandIn
) -> None:
    with transaction():
        db.session.execute(
            sa.update(MoneyOperation).where(MoneyOperation.id == asked.id).values(amount_minor=9)
        )
    db.session.expire_all()
    ended = approve(asked.id, actor=manager, gateway=desk.gateway, now=desk.now)
    assert ended.state is S.REJECTED
    assert ended.approval is not None
    assert ended.approval.word is SecondWord.VOID
    assert stand_in.requests("/payments/cancel") == []


def test_fault_f31_a_payment_that_changed_meanwhile_voids_it(
    asked: MoneyOperation, desk: Desk, manager: Actor, stand_in: StandIn
) -> None:
    stand_in.console_cancel(UID, 100)
    desk.know(UID)
    ended = approve(asked.id, actor=manager, gateway=desk.gateway, now=desk.now)
    assert ended.approval is not None
    assert (ended.state, ended.approval.word) == (S.REJECTED, SecondWord.VOID)
    assert stand_in.requests("/payments/cancel") == []


def test_what_was_decided_is_checked_again_just_before_sending(
    desk: Desk, payment: Payment, connect: Connect, stand_in: StandIn
) -> None:
    """A row changed between its two transactions is not sent, approval or none."""

    def tamper(request: httpx.Request, forward: Forward) -> None:
        with transaction():
            db.session.execute(sa.update(MoneyOperation).values(amount_minor=9_999))

    network = Network("GET", f"/payments/{UID}", tamper)
    operation = desk.refund(payment, 1_000, gateway=connect(network=network))
    assert operation.state is S.REJECTED
    assert stand_in.requests("/payments/cancel") == []


def test_a_days_refunds_add_up(desk: Desk, stand_in: StandIn, manager: Actor) -> None:
    limit(manager, desk, "role:finance", per_day=9_000)
    first, second, third = (know(desk, stand_in, f"imp_20000000000{n}") for n in range(3))
    assert desk.refund(first, 5_000).state is S.SUCCEEDED
    assert desk.refund(second, 4_000).state is S.SUCCEEDED
    above = desk.refund(third, 1)
    assert above.approval is not None
    assert above.approval.cause is ApprovalCause.PER_DAY


def test_what_waits_counts_and_what_came_to_nothing_does_not(
    desk: Desk, stand_in: StandIn, manager: Actor
) -> None:
    limit(manager, desk, "role:finance", per_day=5_000)
    first, second, third = (know(desk, stand_in, f"imp_20000000000{n}") for n in range(3))
    waiting = desk.refund(first, 5_001)
    assert waiting.state is S.NEEDS_APPROVAL
    assert desk.refund(second, 1).state is S.NEEDS_APPROVAL
    decline(waiting.id, "아니요", actor=manager, now=desk.now)
    assert desk.refund(third, 4_999).state is S.SUCCEEDED


def test_the_shops_day_counts_everybody(desk: Desk, stand_in: StandIn, manager: Actor) -> None:
    limit(manager, desk, "shop", per_day=6_000)
    first, second = (know(desk, stand_in, f"imp_20000000000{n}") for n in range(2))
    assert desk.refund(first, 5_000).state is S.SUCCEEDED
    colleague = Desk(person(Role.FINANCE), desk.gateway, desk.now, forms=50)
    above = colleague.refund(second, 1_001)
    assert above.approval is not None
    assert above.approval.cause is ApprovalCause.SHOP_PER_DAY


def test_what_one_charged_oneself_somebody_else_gives_back(
    desk: Desk, key: BillingKey, stand_in: StandIn
) -> None:
    charge = desk.charge(key)
    assert charge.imp_uid is not None
    refund = desk.refund(desk.know(charge.imp_uid), 1_000)
    assert refund.approval is not None
    assert refund.approval.cause is ApprovalCause.OWN_CHARGE


@pytest.mark.parametrize("scope", ["role:manager", "operator:{id}"])
def test_nobody_sets_the_limits_that_hold_for_themselves(
    desk: Desk, manager: Actor, scope: str
) -> None:
    with pytest.raises(NotAllowed):
        limit(manager, desk, scope.format(id=manager.operator_id), per_refund=None)


def know(desk: Desk, stand_in: StandIn, imp_uid: str) -> Payment:
    stand_in.paid(imp_uid)
    return desk.know(imp_uid)
