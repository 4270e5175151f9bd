"""What each answer to taking a scheduled charge back leads to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from admin.customers.key_service import NothingNamed
from admin.domain.approval import ClosureClaim
from admin.domain.operation import OperationKind, OperationState, SettledBy
from admin.gateway.errors import GatewayError
from admin.models import transaction
from admin.operations.closing import GatewaySaysOtherwise
from admin.operations.intent import Intent, open_operation
from admin.operations.service import execute
from tests.operations.closures import agree, left_to_people, say
from tests.operations.conftest import keep_key
from tests.operations.desk import (
    UNCLEAR,
    Killed,
    Network,
    every_operation,
    fresh,
    killed_after,
    killed_before,
    refused,
)
from tests.operations.schedules.conftest import PLANNED, UNSCHEDULE, standing

pytestmark = pytest.mark.slow

Q = OperationState


def test_what_is_taken_back_is_revoked_and_nothing_else_is(desk, planned, gateway):
    desk.schedule(planned, number="SUB-2", within=timedelta(days=2))

    operation = desk.unschedule(planned, "SUB-1")

    assert (operation.state, operation.settled_by) == (Q.SUCCEEDED, SettledBy.RESPONSE)
    assert (standing(gateway), standing(gateway, "SUB-2")) == ("revoked", "scheduled")


@pytest.mark.parametrize("numbers", [(), ("",), ("", "")], ids=["none", "blank", "blanks"])
def test_fault_f54_without_a_name_nothing_is_sent(desk, planned, gateway, stand_in, numbers):
    with pytest.raises(NothingNamed):
        desk.unschedule(planned, *numbers)

    assert stand_in.sent(UNSCHEDULE) == 0
    assert standing(gateway) == "scheduled"


def test_fault_f54_an_operation_that_names_nothing_is_stopped_and_the_client_refuses_too(
    desk, planned, gateway, stand_in
):
    intent = Intent(
        kind=OperationKind.UNSCHEDULE,
        form_key=desk.new_form(),
        customer_uid="cus_1",
        details={"merchant_uids": []},
    )
    with transaction():
        operation = open_operation(intent, actor=desk.actor, gateway=gateway, now=desk.now)

    assert execute(operation.id, gateway=gateway, now=desk.now).state is Q.REJECTED
    with pytest.raises(ValueError, match="name the schedules"):
        gateway.unschedule_charges("cus_1", [])
    assert stand_in.sent(UNSCHEDULE) == 0
    assert standing(gateway) == "scheduled"


@pytest.mark.parametrize("action", UNCLEAR)
def test_one_taken_back_behind_an_unclear_answer_is_found_by_looking(
    desk, planned, stand_in, action
):
    stand_in.fail_next(UNSCHEDULE, action, method="POST", when="after_commit")

    operation = desk.unschedule(planned, "SUB-1")

    assert operation.state is Q.UNKNOWN
    assert desk.look(operation, seconds=15).state is Q.SUCCEEDED
    assert stand_in.sent(UNSCHEDULE) == stand_in.done("unschedule") == 1


def test_a_request_that_never_arrived_is_called_so_after_the_quiet_period(
    desk, planned, stand_in, gateway
):
    stand_in.fail_next(UNSCHEDULE, "drop", method="POST", when="before_commit")
    operation = desk.unschedule(planned, "SUB-1")

    assert desk.look(operation, minutes=9).state is Q.UNKNOWN
    assert desk.look(operation, minutes=12).state is Q.NOT_EXECUTED
    assert standing(gateway) == "scheduled"
    again = desk.unschedule(planned, "SUB-1", after=timedelta(minutes=13))
    assert again.state is Q.SUCCEEDED


def test_fault_f53_it_ran_between_the_look_and_the_sending(
    desk, planned, stand_in, connect, gateway
):
    jumps = [2 * 86_400]

    def its_moment(request, forward):
        while jumps:
            stand_in.control("clock", {"advance_seconds": jumps.pop()})

    racing = connect(network=Network("POST", UNSCHEDULE, its_moment))

    operation = desk.unschedule(planned, "SUB-1", gateway=racing)

    assert operation.state is Q.NOT_EXECUTED
    assert fresh(operation).steps[-1].facts["schedules"][0]["state"] == "paid"
    assert standing(gateway) == "paid"
    assert stand_in.done("charge") == 1


def test_fault_f53_it_was_taken_back_just_before_it_ran(desk, planned, stand_in, connect, gateway):
    def its_moment(request, forward):
        forward(request)
        stand_in.control("clock", {"advance_seconds": 2 * 86_400})
        stand_in.fail_next(UNSCHEDULE, "drop", method="POST")

    racing = connect(network=Network("POST", UNSCHEDULE, its_moment))

    operation = desk.unschedule(planned, "SUB-1", gateway=racing)

    assert operation.state is Q.UNKNOWN
    assert desk.look(operation, seconds=15).state is Q.SUCCEEDED
    assert standing(gateway) == "revoked"
    assert stand_in.done("charge") == 0


def test_fault_f53_the_answer_was_lost_and_the_charge_had_won(desk, planned, stand_in):
    stand_in.fail_next(UNSCHEDULE, "drop", method="POST", when="before_commit")
    operation = desk.unschedule(planned, "SUB-1")
    stand_in.control("clock", {"advance_seconds": 2 * 86_400})

    assert desk.look(operation, seconds=15).state is Q.NOT_EXECUTED
    assert fresh(operation).steps[-1].facts["schedules"][0]["state"] == "paid"


def test_one_of_two_that_ran_first_is_left_to_people(desk, planned, stand_in, gateway):
    desk.schedule(planned, number="SUB-2", within=timedelta(days=9))
    stand_in.fail_next(UNSCHEDULE, "drop", method="POST", when="before_commit")
    operation = desk.unschedule(planned, "SUB-1", "SUB-2")
    stand_in.control("clock", {"advance_seconds": 2 * 86_400})
    gateway.unschedule_charges("cus_1", ["SUB-2"])

    assert desk.look(operation, seconds=15).state is Q.MISMATCH
    closed = agree(desk, say(desk, operation, ClosureClaim.HAPPENED, "SUB-2"))
    assert closed.state is Q.SUCCEEDED


def test_what_does_not_wait_any_more_is_not_asked_for(desk, planned, stand_in):
    stand_in.control("clock", {"advance_seconds": 2 * 86_400})

    assert desk.unschedule(planned, "SUB-1").state is Q.REJECTED
    assert desk.unschedule(planned, "SUB-9").state is Q.REJECTED
    assert stand_in.sent(UNSCHEDULE) == 0


def test_the_schedule_of_another_key_is_never_taken_back(desk, planned, stand_in, now):
    stand_in.control("customers", {"customers": [{"customer_uid": "cus_2"}]})
    other = keep_key("cus_2", now=now)

    assert desk.unschedule(other, "SUB-1").state is Q.REJECTED
    assert stand_in.sent(UNSCHEDULE) == 0


def test_a_refusal_of_what_still_waits_is_a_failure_in_the_gateways_words(desk, planned, stand_in):
    stand_in.fail_next(UNSCHEDULE, "code", method="POST", code=-1, message="점검 중")

    operation = desk.unschedule(planned, "SUB-1")

    assert (operation.state, operation.outcome) == (Q.FAILED, "점검 중")
    desk.sweep(seconds=75)
    assert (operation.state, operation.next_look_at) == (Q.FAILED, None)


def test_the_same_form_is_one_request(desk, planned, stand_in):
    first = desk.unschedule(planned, "SUB-1", form_key="one-form")

    assert desk.unschedule(planned, "SUB-1", form_key="one-form").id == first.id
    assert stand_in.sent(UNSCHEDULE) == 1


def test_fault_f04_a_request_that_could_not_be_sent_is_not_executed(
    desk, planned, connect, gateway
):
    nobody = connect(network=Network("POST", UNSCHEDULE, refused))

    assert desk.unschedule(planned, "SUB-1", gateway=nobody).state is Q.NOT_EXECUTED
    assert standing(gateway) == "scheduled"


@pytest.mark.parametrize(
    ("how", "settled", "effects"),
    [(killed_before, Q.NOT_EXECUTED, 0), (killed_after, Q.SUCCEEDED, 1)],
    ids=["crash_c2", "crash_c4"],
)
def test_a_process_killed_while_asking_is_settled_by_looking(
    desk, planned, stand_in, connect, *, how, settled, effects
):
    with pytest.raises(Killed):
        desk.unschedule(planned, "SUB-1", gateway=connect(network=Network("POST", UNSCHEDULE, how)))
    operation = every_operation()[-1]
    before = stand_in.sent(UNSCHEDULE)

    for seconds in (90, 120, 300, 720):
        desk.sweep(seconds=seconds)

    assert fresh(operation).state is settled
    assert (stand_in.sent(UNSCHEDULE), stand_in.done("unschedule")) == (before, effects)


def test_two_people_close_it_by_what_the_gateway_shows(desk, planned, stand_in, gateway):
    stand_in.fail_next(UNSCHEDULE, "drop", method="POST", when="before_commit")
    operation = left_to_people(desk, desk.unschedule(planned, "SUB-1"), stand_in, PLANNED)

    with pytest.raises(GatewaySaysOtherwise):
        say(desk, operation, ClosureClaim.HAPPENED, "SUB-1")
    assert agree(desk, say(desk, operation, ClosureClaim.DID_NOT_HAPPEN)).state is (Q.NOT_EXECUTED)


def test_a_look_that_failed_proves_nothing(desk, planned, stand_in, gateway):
    stand_in.fail_next(UNSCHEDULE, "drop", method="POST", when="after_commit")
    operation = desk.unschedule(planned, "SUB-1")
    stand_in.fail_next(PLANNED, "status", status=500, times=3)

    assert desk.look(operation, minutes=12).state is Q.UNKNOWN
    stand_in.fail_next(PLANNED, "status", status=500, times=3)
    with pytest.raises(GatewayError):
        gateway.get_schedule("SUB-1")
    assert desk.look(operation, minutes=13).state is Q.SUCCEEDED
