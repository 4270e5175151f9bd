"""What each answer to scheduling a charge leads to."""

from __future__ import annotations

import threading
from datetime import timedelta
from functools import partial

import pytest

from admin.customers.key_service import JustScheduled
from admin.domain.approval import ClosureClaim
from admin.domain.errors import InvalidInput, NotAllowed
from admin.domain.operation import OperationState, SettledBy
from admin.domain.permissions import Role
from admin.domain.schedule import SOONEST, ClocksDiffer
from admin.models import BillingKey, db
from admin.operations.closing import GatewaySaysOtherwise
from admin.operations.errors import KeyInProgress
from tests.operations.closures import agree, say
from tests.operations.conftest import keep_key
from tests.operations.desk import (
    UNCLEAR,
    Killed,
    Network,
    audited,
    every_operation,
    fresh,
    killed_after,
    killed_before,
    refused,
)
from tests.operations.schedules.conftest import PLANNED, SCHEDULE
from tests.operations.threads import at_once

pytestmark = pytest.mark.slow

Q = OperationState


def test_a_scheduled_charge_is_scheduled_and_not_yet_paid(desk, key, gateway, stand_in):
    operation = desk.schedule(key, 30_000)

    assert (operation.state, operation.settled_by) == (Q.SUCCEEDED, SettledBy.RESPONSE)
    found = gateway.get_schedule("SUB-1")
    assert (found.customer_uid, found.amount.minor) == ("cus_1", 30_000)
    assert found.schedule_at == (desk.now + timedelta(days=30)).replace(microsecond=0)
    assert (stand_in.done("schedule"), stand_in.done("charge")) == (1, 0)
    assert {"schedule.requested", "schedule.sent", "schedule.succeeded"} <= set(audited())


def test_what_its_moment_brings_is_a_payment_of_its_own(desk, planned, stand_in, gateway):
    stand_in.control("clock", {"advance_seconds": 86_400 + 60})

    (payment,) = gateway.find_all_payments("SUB-1")

    assert desk.know(payment.imp_uid).amount_minor == 10_000
    assert [one.state for one in every_operation()] == [Q.SUCCEEDED]


@pytest.mark.parametrize("action", UNCLEAR)
def test_a_schedule_behind_an_unclear_answer_is_found_by_its_number(desk, key, stand_in, action):
    stand_in.fail_next(SCHEDULE, action, method="POST", when="after_commit")

    operation = desk.schedule(key)

    assert operation.state is Q.UNKNOWN
    assert desk.look(operation, seconds=15).state is Q.SUCCEEDED
    assert stand_in.sent(SCHEDULE) == stand_in.done("schedule") == 1


def test_one_that_ran_before_it_was_found_was_scheduled(desk, key, stand_in):
    stand_in.fail_next(SCHEDULE, "drop", method="POST", when="after_commit")
    operation = desk.schedule(key, within=SOONEST + timedelta(seconds=1))
    stand_in.control("clock", {"advance_seconds": 3_600})

    assert desk.look(operation, minutes=1).state is Q.SUCCEEDED
    assert fresh(operation).steps[-1].facts["schedules"][0]["state"] == "paid"


def test_absence_is_believed_late_twice_and_beside_a_canary(desk, key, payment, stand_in):
    stand_in.fail_next(SCHEDULE, "drop", method="POST", when="before_commit")
    operation = desk.schedule(key)

    assert desk.look(operation, minutes=9).state is Q.UNKNOWN
    assert desk.look(operation, minutes=11).state is Q.NOT_EXECUTED
    again = desk.schedule(key, after=timedelta(minutes=14))  # the same order number
    assert again.state is Q.SUCCEEDED
    assert (stand_in.sent(SCHEDULE), stand_in.done("schedule")) == (2, 1)


def test_one_silent_look_proves_nothing(desk, key, payment, stand_in):
    stand_in.fail_next(SCHEDULE, "drop", method="POST", when="before_commit")
    operation = desk.schedule(key)

    assert desk.look(operation, minutes=11).state is Q.UNKNOWN
    assert desk.look(operation, minutes=11, seconds=30).state is Q.UNKNOWN


def test_without_the_canary_silence_proves_nothing(desk, key, stand_in):
    stand_in.fail_next(SCHEDULE, "drop", method="POST", when="before_commit")
    operation = desk.schedule(key)

    desk.look(operation, minutes=11)
    assert desk.look(operation, minutes=13).state is Q.UNKNOWN


@pytest.mark.parametrize("field", ["amount", "schedule_at", "customer_uid"])
def test_a_schedule_of_something_else_is_left_to_people(desk, key, stand_in, field):
    stand_in.fail_next(SCHEDULE, "drop", method="POST", when="before_commit")
    operation = desk.schedule(key)
    stand_in.control("customers", {"customers": [{"customer_uid": "cus_2"}]})
    moment = int((desk.now + timedelta(days=30)).timestamp())
    entry = {"merchant_uid": "SUB-1", "amount": 10_000, "schedule_at": moment, "name": "다른"}
    entry |= {"amount": {"amount": 9_000}, "schedule_at": {"schedule_at": moment + 60}}.get(
        field, {}
    )
    uid = "cus_2" if field == "customer_uid" else "cus_1"
    stand_in.ask(SCHEDULE, {"customer_uid": uid, "schedules": [entry]})

    assert desk.look(operation, seconds=15).state is Q.MISMATCH
    with pytest.raises(KeyInProgress):
        desk.schedule(key, number="SUB-2")
    with pytest.raises(GatewaySaysOtherwise):
        say(desk, operation, ClosureClaim.DID_NOT_HAPPEN)
    assert agree(desk, say(desk, operation, ClosureClaim.HAPPENED, "SUB-1")).state is (Q.SUCCEEDED)


@pytest.mark.parametrize("answer", [[], None, {}], ids=["nothing", "null", "no_list"])
def test_an_answer_without_the_schedule_is_unclear(desk, key, stand_in, answer):
    body = {"code": 0, "message": None, "response": answer}
    stand_in.fail_next(SCHEDULE, "status", method="POST", status=200, body=body)

    assert desk.schedule(key).state is Q.UNKNOWN


def test_a_refusal_schedules_nothing(desk, stand_in, now):
    operation = desk.schedule(keep_key("cus_gone", now=now))

    assert (operation.state, operation.outcome) == (Q.FAILED, "등록된 고객정보가 없습니다.")
    desk.sweep(seconds=75)
    assert (operation.state, operation.next_look_at) == (Q.FAILED, None)


def test_a_refused_schedule_that_stands_is_told_late(desk, key, stand_in):
    stand_in.fail_next(SCHEDULE, "code", method="POST", when="after_commit", code=-1)

    operation = desk.schedule(key)
    desk.sweep(seconds=75)

    assert operation.state is Q.SUCCEEDED_LATE


def test_a_number_that_is_used_at_the_gateway_is_not_scheduled(desk, key, stand_in):
    stand_in.paid("imp_900000000001", merchant_uid="SUB-1")
    moment = int((desk.now + timedelta(days=3)).timestamp())
    entry = {"merchant_uid": "SUB-2", "amount": 1_000, "schedule_at": moment, "name": "다른"}
    stand_in.ask(SCHEDULE, {"customer_uid": "cus_1", "schedules": [entry]})
    before = stand_in.sent(SCHEDULE)

    assert desk.schedule(key, number="SUB-1").state is Q.REJECTED
    assert desk.schedule(key, number="SUB-2").state is Q.REJECTED
    assert stand_in.sent(SCHEDULE) == before


def test_a_number_is_charged_now_or_scheduled_never_both(desk, key, stand_in):
    desk.schedule(key, number="CHG-1")
    desk.charge(key, 20_000, number="CHG-2")

    with pytest.raises(InvalidInput):
        desk.charge(key, 30_000, number="CHG-1")
    with pytest.raises(InvalidInput):
        desk.schedule(key, 30_000, number="CHG-2")


def test_two_at_once_under_one_number_with_two_keys_are_one(app, desk, key, stand_in, now):
    """The lock is on the key; the order number is held by the database alone."""
    stand_in.control("customers", {"customers": [{"customer_uid": "cus_2"}]})
    keys = [key.id, keep_key("cus_2", now=now).id]
    db.session.rollback()
    both = threading.Barrier(2)

    def press(key_id: int) -> OperationState:
        found = db.session.get(BillingKey, key_id)
        both.wait(timeout=10)
        return desk.schedule(found, form_key=f"form-of-{key_id}").state

    outcomes = at_once(app, *(partial(press, key_id) for key_id in keys))

    assert stand_in.done("schedule") == 1, outcomes
    assert Q.SUCCEEDED in outcomes


def test_the_same_amount_for_the_same_moment_again_is_held_back(desk, key):
    desk.schedule(key, number="SUB-1")

    with pytest.raises(JustScheduled):
        desk.schedule(key, number="SUB-2")
    month_later = desk.schedule(key, number="SUB-3", within=timedelta(days=60))
    assert month_later.state is Q.SUCCEEDED


def test_the_same_form_is_one_schedule(desk, key, stand_in):
    first = desk.schedule(key, form_key="one-form")

    assert desk.schedule(key, form_key="one-form").id == first.id
    assert stand_in.sent(SCHEDULE) == 1


def test_what_cannot_be_is_refused_before_anything_is_sent(desk, key, stand_in):
    for wrong in (
        {"within": SOONEST - timedelta(seconds=1)},
        {"within": timedelta(days=-1)},
        {"within": timedelta(days=366)},
        {"amount": 99},
        {"number": "x" * 33},
        {"number": ""},
    ):
        with pytest.raises(InvalidInput):
            desk.schedule(key, **wrong)
    with pytest.raises(NotAllowed):
        desk.as_role(Role.SUPPORT).schedule(key)
    assert every_operation() == []
    assert stand_in.requests(path="/subscribe*") == []


@pytest.mark.parametrize("skew", [306, -306])
def test_fault_f51_nothing_is_scheduled_by_two_clocks_far_apart(desk, key, stand_in, connect, skew):
    stand_in.control("clock", {"gateway_skew_s": skew})
    apart = connect()

    rejected = desk.schedule(key, gateway=apart)

    assert rejected.state is Q.REJECTED, "found out with the token that the look took"
    with pytest.raises(ClocksDiffer):
        desk.schedule(key, gateway=apart)
    assert stand_in.sent(SCHEDULE) == 0
    stand_in.control("clock", {"gateway_skew_s": 0})
    assert desk.schedule(key, gateway=connect()).state is Q.SUCCEEDED


def test_fault_f51_a_small_difference_is_borne(desk, key, stand_in, connect):
    stand_in.control("clock", {"gateway_skew_s": 120})

    assert desk.schedule(key, gateway=connect()).state is Q.SUCCEEDED


def test_fault_f04_a_schedule_that_could_not_be_sent_is_not_executed(desk, key, stand_in, connect):
    nobody = connect(network=Network("POST", SCHEDULE, refused))

    assert desk.schedule(key, gateway=nobody).state is Q.NOT_EXECUTED
    assert desk.schedule(key).state is Q.SUCCEEDED


def test_crash_c1_a_schedule_never_sent_is_sent_by_the_sweep(desk, key, stand_in, connect):
    network = Network("GET", PLANNED, killed_before)
    with pytest.raises(Killed):
        desk.schedule(key, gateway=connect(network=network))

    desk.sweep(seconds=75)

    assert [one.state for one in every_operation()] == [Q.SUCCEEDED]
    assert stand_in.done("schedule") == 1


@pytest.mark.parametrize(
    ("how", "settled", "effects"),
    [(killed_before, Q.NOT_EXECUTED, 0), (killed_after, Q.SUCCEEDED, 1)],
    ids=["crash_c2", "crash_c4"],
)
def test_a_process_killed_while_scheduling_is_settled_by_looking(
    desk, key, payment, stand_in, connect, *, how, settled, effects
):
    with pytest.raises(Killed):
        desk.schedule(key, gateway=connect(network=Network("POST", SCHEDULE, how)))
    operation = every_operation()[0]
    before = stand_in.sent(SCHEDULE)

    for seconds in (90, 120, 300, 720, 1_900):
        desk.sweep(seconds=seconds)

    assert operation.state is settled
    assert (stand_in.sent(SCHEDULE), stand_in.done("schedule")) == (before, effects)
