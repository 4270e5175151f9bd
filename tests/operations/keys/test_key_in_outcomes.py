"""What each answer to the payment of a typed card leads to."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from admin.customers.card_service import CardInProgress
from admin.customers.service import JustCharged
from admin.domain.approval import ApprovalCause, ClosureClaim
from admin.domain.errors import InvalidInput, NotAllowed
from admin.domain.operation import OperationKind, OperationState, SettledBy
from admin.domain.permissions import Role
from admin.models import AuditEntry, db, transaction
from admin.operations.closing import GatewaySaysOtherwise
from admin.operations.intent import Intent, open_operation
from admin.operations.service import TakenByAnother, execute
from tests.operations.cards import CARD, DECLINED, REFUSED
from tests.operations.closures import agree, left_to_people, say
from tests.operations.desk import (
    UNCLEAR,
    Killed,
    Network,
    audited,
    every_operation,
    fresh,
    killed_after,
    killed_before,
    later,
    refused,
    stored,
)
from tests.operations.keys.conftest import ONCE

pytestmark = pytest.mark.slow

Q = OperationState


def test_a_paid_card_succeeds_with_the_gateways_number(desk, customer, stand_in):
    operation = desk.key_in(customer, CARD)

    assert (operation.state, operation.settled_by) == (Q.SUCCEEDED, SettledBy.RESPONSE)
    paid = stand_in.payment(operation.imp_uid)
    assert (paid["merchant_uid"], paid["amount"]) == ("KEY-1", 10_000)
    assert (paid["buyer_name"], paid["customer_uid"]) == ("이도윤", None)
    assert desk.know(operation.imp_uid).amount_minor == 10_000
    assert stored() is None, "nobody asked for the card to be kept"
    assert (stand_in.sent(ONCE), stand_in.done("charge")) == (1, 1)


def test_the_audit_trail_tells_who_whose_which_four_digits_and_how_much(desk, customer):
    operation = desk.key_in(customer, CARD)

    query = sa.select(AuditEntry).where(AuditEntry.action == "key_in.requested")
    entry = db.session.scalars(query).one()
    assert (entry.operator_id, entry.subject) == (
        desk.actor.operator_id,
        f"operation:{operation.id}",
    )
    assert entry.facts["customer_id"] == str(customer.id)
    assert entry.facts["last4"] == "1093"
    assert "10000" in entry.facts["amount"].replace(",", "")
    assert {"key_in.requested", "key_in.sent", "key_in.succeeded"} <= set(audited())


def test_fault_f19_a_declined_card_fails_with_the_card_companys_words(desk, customer, stand_in):
    operation = desk.key_in(customer, DECLINED)

    assert operation.state is Q.FAILED
    assert "CC54" in operation.outcome
    assert stand_in.done("charge") == 0
    desk.sweep(seconds=61)
    assert (fresh(operation).state, operation.next_look_at) == (Q.FAILED, None)


def test_a_card_refused_before_any_payment_fails(desk, customer, stand_in):
    operation = desk.key_in(customer, REFUSED)

    assert operation.state is Q.FAILED
    assert "CC14" in operation.outcome


@pytest.mark.parametrize("action", [*UNCLEAR, "float_amount"])
def test_fault_f02_a_payment_behind_an_unclear_answer_is_found_and_never_sent_again(
    desk, customer, stand_in, action
):
    stand_in.fail_next(ONCE, action, method="POST", when="after_commit")

    operation = desk.key_in(customer, CARD)

    assert operation.state is Q.UNKNOWN
    assert desk.look(operation, seconds=15).state is Q.SUCCEEDED
    assert operation.imp_uid
    for minutes in (1, 5, 15, 40):
        desk.sweep(minutes=minutes)
    assert (stand_in.sent(ONCE), stand_in.done("charge")) == (1, 1)


def test_fault_f03_absence_is_believed_late_twice_and_beside_a_canary(
    desk, customer, payment, stand_in
):
    stand_in.fail_next(ONCE, "drop", method="POST", when="before_commit")
    operation = desk.key_in(customer, CARD)

    assert operation.state is Q.UNKNOWN
    with pytest.raises(CardInProgress):
        desk.key_in(customer, CARD, 20_000, number="KEY-2")
    assert desk.look(operation, minutes=11).state is Q.UNKNOWN  # the first silent look
    assert desk.look(operation, minutes=13).state is Q.NOT_EXECUTED

    again = desk.key_in(customer, CARD, after=timedelta(minutes=14))  # the same order number
    assert (again.state, again.merchant_uid) == (Q.SUCCEEDED, operation.merchant_uid)
    assert (stand_in.sent(ONCE), stand_in.done("charge")) == (2, 1)


@pytest.mark.parametrize("action", ["wrong_amount", "wrong_uid"], ids=["f20", "f21"])
def test_a_payment_of_something_else_is_for_people(desk, customer, stand_in, action):
    stand_in.fail_next(ONCE, action, method="POST", when="after_commit")

    operation = desk.key_in(customer, CARD)

    assert (operation.state, operation.is_uncertain) == (Q.MISMATCH, True)
    with pytest.raises(CardInProgress):
        desk.key_in(customer, CARD, 20_000, number="KEY-2")


def test_fault_f23_two_payments_under_one_order_number_are_a_mismatch(desk, customer, stand_in):
    stand_in.fail_next(ONCE, "drop", method="POST", when="after_commit")
    operation = desk.key_in(customer, CARD)
    stand_in.paid("imp_900000000001", merchant_uid="KEY-1")

    assert desk.look(operation, seconds=15).state is Q.MISMATCH


def test_an_order_that_is_paid_already_is_never_charged(desk, customer, stand_in):
    stand_in.paid("imp_900000000001", merchant_uid="KEY-1")

    assert desk.key_in(customer, CARD).state is Q.REJECTED
    assert stand_in.sent(ONCE) == 0


def test_a_declined_card_that_turns_paid_hours_later_is_a_late_success(desk, customer, stand_in):
    operation = desk.key_in(customer, DECLINED)
    desk.sweep(seconds=61)
    stand_in.paid("imp_400000000001", merchant_uid="KEY-1")
    later(desk).know("imp_400000000001")

    assert desk.sweep(hours=3) == 1
    assert fresh(operation).state is Q.SUCCEEDED_LATE


def test_fault_f04_a_card_that_could_not_be_sent_was_not_charged(desk, customer, stand_in, connect):
    nobody = connect(network=Network("POST", ONCE, refused))

    assert desk.key_in(customer, CARD, gateway=nobody).state is Q.NOT_EXECUTED
    assert desk.key_in(customer, CARD).state is Q.SUCCEEDED
    assert stand_in.done("charge") == 1


def test_crash_c1_no_worker_ever_sends_a_card(desk, customer, stand_in, connect):
    path = "/payments/findAll/KEY-1"
    broken = connect(network=Network("GET", path, killed_before))
    with pytest.raises(Killed):
        desk.key_in(customer, CARD, gateway=broken)
    operation = every_operation()[0]
    assert operation.state is Q.READY
    with pytest.raises(TakenByAnother):
        execute(operation.id, gateway=desk.gateway, now=desk.now)

    desk.sweep(seconds=61)

    assert fresh(operation).state is Q.EXPIRED
    assert stand_in.sent(ONCE) == 0


@pytest.mark.parametrize(
    ("how", "settled", "effects"),
    [(killed_before, Q.NOT_EXECUTED, 0), (killed_after, Q.SUCCEEDED, 1)],
    ids=["crash_c2", "crash_c4"],
)
def test_a_process_killed_while_sending_is_settled_by_looking(
    desk, customer, payment, stand_in, connect, *, how, settled, effects
):
    with pytest.raises(Killed):
        desk.key_in(customer, CARD, gateway=connect(network=Network("POST", ONCE, how)))
    operation = every_operation()[0]
    before = stand_in.sent(ONCE)

    for seconds in (90, 120, 300, 720, 800):
        desk.sweep(seconds=seconds)

    assert fresh(operation).state is settled
    assert (stand_in.sent(ONCE), stand_in.done("charge")) == (before, effects)


def test_the_same_card_and_amount_a_moment_later_is_refused(desk, customer, stand_in):
    desk.key_in(customer, CARD)

    with pytest.raises(JustCharged):
        desk.key_in(customer, CARD, number="KEY-2")
    assert desk.key_in(customer, CARD, 20_000, number="KEY-3").state is Q.SUCCEEDED
    assert stand_in.sent(ONCE) == 2


def test_an_order_number_is_used_by_one_charge_of_any_kind(desk, customer, key, stand_in):
    desk.charge(key, number="ONE")
    desk.key_in(customer, CARD, 20_000, number="TWO")

    with pytest.raises(InvalidInput, match="order number"):
        desk.key_in(customer, CARD, 30_000, number="ONE")
    with pytest.raises(InvalidInput, match="order number"):
        desk.charge(key, 30_000, number="TWO")
    assert (stand_in.sent(ONCE), stand_in.done("charge")) == (1, 2)


def test_the_database_itself_holds_an_order_number_and_a_key(desk, customer):
    def opened(kind: OperationKind, number: str, uid: str | None) -> None:
        intent = Intent(kind=kind, form_key=desk.new_form(), merchant_uid=number, customer_uid=uid)
        with transaction():
            open_operation(intent, actor=desk.actor, gateway=desk.gateway, now=desk.now)

    opened(OperationKind.KEY_IN, "ONE", "cus_new")
    for kind, number, uid in (
        (OperationKind.CHARGE, "ONE", None),
        (OperationKind.KEY_IN, "ONE", None),
        (OperationKind.KEY_IN, "TWO", "cus_new"),
        (OperationKind.KEY_ISSUE, "THREE", "cus_new"),
    ):
        with pytest.raises(sa.exc.IntegrityError, match=r"(?i)unique"):
            opened(kind, number, uid)
    opened(OperationKind.KEY_IN, "FOUR", None)


def test_who_charged_a_card_gives_it_back_with_a_second_person(desk, customer):
    operation = desk.key_in(customer, CARD)

    refund = desk.refund(desk.know(operation.imp_uid), 10_000)

    assert refund.state is Q.NEEDS_APPROVAL
    assert refund.approval.cause is ApprovalCause.OWN_CHARGE


def test_only_who_may_type_cards_in_does(desk, customer):
    with pytest.raises(NotAllowed):
        desk.as_role(Role.FINANCE).key_in(customer, CARD)
    assert every_operation() == []


def test_people_close_it_by_what_the_gateway_shows(desk, customer, stand_in):
    stand_in.fail_next(ONCE, "drop", method="POST", when="after_commit")
    path = "/payments/findAll/KEY-1"
    operation = left_to_people(desk, desk.key_in(customer, CARD), stand_in, path)
    imp_uid = next(one["imp_uid"] for one in stand_in.effects())

    with pytest.raises(GatewaySaysOtherwise):
        say(desk, operation, ClosureClaim.DID_NOT_HAPPEN)
    closed = agree(desk, say(desk, operation, ClosureClaim.HAPPENED, imp_uid))

    assert (closed.state, closed.imp_uid) == (Q.SUCCEEDED, imp_uid)
