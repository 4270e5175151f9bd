"""What nobody could settle ends by two people and the gateway's own word, never by one of them."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from admin.domain.actor import Actor
from admin.domain.approval import AlreadyDecided, ClosureClaim, OwnRequest, SecondWord
from admin.domain.errors import InvalidInput, NotAllowed
from admin.domain.operation import OperationState, SettledBy
from admin.domain.permissions import Role
from admin.gateway.errors import GatewayError
from admin.models import BillingKey, MoneyOperation, Payment, db
from admin.operations.closing import (
    GatewaySaysOtherwise,
    decline,
    get_closure,
)
from admin.operations.resolver import look
from tests.operations.closures import TRIES, agree, left_to_people, say
from tests.operations.conftest import UID, Connect
from tests.operations.desk import Desk, Forward, Killed, Network, dying_at_commit, fresh, person
from tests.stand_in import StandIn

S = OperationState
LOOK = f"/payments/{UID}"
HAPPENED, DID_NOT = ClosureClaim.HAPPENED, ClosureClaim.DID_NOT_HAPPEN


@pytest.fixture
def second(app: object) -> Actor:
    return person(Role.FINANCE)


@pytest.fixture
def lost(desk: Desk, payment: Payment, stand_in: StandIn) -> MoneyOperation:
    """A refund that never reached the gateway and that no look could settle in half an hour."""
    stand_in.fail_next("/payments/cancel", "drop", when="before_commit")
    operation = desk.refund(payment, 3_000)
    assert operation.state is S.UNKNOWN
    return left_to_people(desk, operation, stand_in, LOOK)


def test_two_people_close_what_did_not_happen(
    lost: MoneyOperation, desk: Desk, second: Actor, payment: Payment
) -> None:
    closure = say(desk, lost, DID_NOT)
    assert fresh(lost).state is S.HUMAN
    closed = agree(desk, closure, by=second)
    assert (closed.state, closed.settled_by) == (S.NOT_EXECUTED, SettledBy.HUMAN)
    assert desk.refund(desk.know(UID), 3_000).state is S.SUCCEEDED


def test_a_process_that_dies_while_the_second_person_agrees_leaves_nothing_behind(
    lost: MoneyOperation, desk: Desk, second: Actor
) -> None:
    closure = say(desk, lost, DID_NOT)
    deaths = 0
    while True:
        with dying_at_commit(deaths):
            try:
                closed = agree(desk, closure, by=second)
            except Killed:
                deaths += 1
                assert fresh(lost).state is S.HUMAN
                assert get_closure(closure.id).word is SecondWord.AWAITED
                continue
        break
    assert deaths > 1
    assert (closed.state, get_closure(closure.id).word) == (S.NOT_EXECUTED, SecondWord.AGREED)


def test_the_second_person_is_late_when_a_look_has_settled_it_meanwhile(
    lost: MoneyOperation, desk: Desk, second: Actor, connect: Connect
) -> None:
    closure = say(desk, lost, DID_NOT)

    def settled_meanwhile(request: httpx.Request, forward: Forward) -> None:
        settled = look(lost.id, gateway=desk.gateway, now=desk.now + timedelta(minutes=44))
        assert settled.state is S.NOT_EXECUTED

    slow = connect(network=Network("GET", LOOK, settled_meanwhile))
    with pytest.raises(AlreadyDecided):
        agree(Desk(desk.actor, slow, desk.now), closure, by=second)
    db.session.expire_all()
    assert get_closure(closure.id).word is SecondWord.AWAITED
    assert fresh(lost).settled_by is SettledBy.LOOKUP


def test_one_person_closes_nothing(lost: MoneyOperation, desk: Desk) -> None:
    closure = say(desk, lost, DID_NOT)
    with pytest.raises(OwnRequest):
        agree(desk, closure, by=desk.actor)
    assert fresh(lost).state is S.HUMAN


def test_the_gateway_is_asked_before_anything_is_written_down(
    lost: MoneyOperation, desk: Desk
) -> None:
    with pytest.raises(GatewaySaysOtherwise):
        say(desk, lost, HAPPENED, "can_nothing_like_it")
    assert fresh(lost).closures == []


def test_the_gateway_is_asked_again_when_the_second_person_agrees(
    lost: MoneyOperation, desk: Desk, second: Actor, stand_in: StandIn
) -> None:
    closure = say(desk, lost, DID_NOT)
    reason = f"[{lost.marker}] 상품 불량"
    stand_in.control("console/cancel", {"imp_uid": UID, "amount": 3_000, "reason": reason})
    with pytest.raises(GatewaySaysOtherwise):
        agree(desk, closure, by=second)
    assert fresh(lost).state is S.HUMAN


def test_a_gateway_that_says_nothing_closes_nothing(
    lost: MoneyOperation, desk: Desk, second: Actor, stand_in: StandIn
) -> None:
    closure = say(desk, lost, DID_NOT)
    stand_in.fail_next(LOOK, "status", status=500, times=TRIES)
    with pytest.raises(GatewayError):
        agree(desk, closure, by=second)
    assert fresh(lost).state is S.HUMAN


def test_a_cancellation_without_our_marker_is_ours_when_two_people_say_so(
    lost: MoneyOperation, desk: Desk, second: Actor, stand_in: StandIn
) -> None:
    stand_in.console_cancel(UID, 3_000)
    entry = stand_in.payment(UID)["cancel_history"][0]["cancellation_id"]
    closed = agree(desk, say(desk, lost, HAPPENED, entry), by=second)
    assert (closed.state, closed.claimed_key) == (S.SUCCEEDED, entry)


def test_a_proposal_waits_alone_and_can_be_refused(
    lost: MoneyOperation, desk: Desk, second: Actor
) -> None:
    closure = say(desk, lost, DID_NOT)
    with pytest.raises(AlreadyDecided):
        say(desk, lost, DID_NOT)
    decline(closure.id, actor=second, now=desk.now)
    with pytest.raises(AlreadyDecided):
        agree(desk, closure, by=second)
    assert fresh(lost).state is S.HUMAN
    say(desk, lost, DID_NOT)


def test_what_happened_needs_the_gateways_number(lost: MoneyOperation, desk: Desk) -> None:
    with pytest.raises(InvalidInput):
        say(desk, lost, HAPPENED)


def test_closing_takes_the_right_to_close(lost: MoneyOperation, desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        say(desk.as_role(Role.SUPPORT), lost, DID_NOT)


def test_what_is_settled_cannot_be_closed(desk: Desk, payment: Payment) -> None:
    done = desk.refund(payment, 1_000)
    with pytest.raises(AlreadyDecided):
        say(desk, done, DID_NOT)


def test_a_charge_of_another_amount_stays_open_until_two_people_took_note(
    key: BillingKey, desk: Desk, second: Actor, stand_in: StandIn
) -> None:
    stand_in.fail_next("/subscribe/payments/again", "drop", when="before_commit")
    charge = desk.charge(key, 10_000, number="CHG-7")
    stand_in.paid(UID, merchant_uid="CHG-7", amount=9_000)
    charge = desk.look(charge, seconds=15)
    assert (charge.state, charge.imp_uid) == (S.MISMATCH, UID)
    with pytest.raises(GatewaySaysOtherwise):
        say(desk, charge, DID_NOT)
    closed = agree(desk, say(desk, charge, HAPPENED, UID), by=second)
    assert closed.state is S.SUCCEEDED
