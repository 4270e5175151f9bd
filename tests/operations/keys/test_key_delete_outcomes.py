"""What each answer to deleting a billing key leads to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from admin.customers.key_service import KeyGone
from admin.domain.approval import ClosureClaim
from admin.domain.errors import NotAllowed
from admin.domain.operation import OperationState, SettledBy
from admin.domain.permissions import Role
from admin.operations.closing import GatewaySaysOtherwise
from admin.operations.resolver import sweep
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
    stored,
)
from tests.operations.keys.conftest import OLD

pytestmark = pytest.mark.slow

Q = OperationState


def test_a_deleted_key_is_gone_here_and_there(desk, key, stand_in):
    operation = desk.delete_key(key)

    assert (operation.state, operation.settled_by) == (Q.SUCCEEDED, SettledBy.RESPONSE)
    assert stored("cus_1").known_to_gateway is False
    assert (stand_in.sent(OLD, "DELETE"), stand_in.done("key_delete")) == (1, 1)
    with pytest.raises(KeyGone):
        desk.delete_key(key)


def test_fault_f56_a_key_with_scheduled_charges_is_not_deleted_and_they_are_named(
    desk, key, stand_in
):
    for number, days in (("SUB-1", 30), ("SUB-2", 300)):
        desk.schedule(key, number=number, within=timedelta(days=days))

    operation = desk.delete_key(key)

    assert operation.state is Q.REJECTED
    assert stand_in.sent(OLD, "DELETE") == 0
    assert stored("cus_1").known_to_gateway is True
    facts = fresh(operation).steps[-1].facts["schedules"]
    assert [one["merchant_uid"] for one in facts] == ["SUB-1", "SUB-2"]
    assert [one["amount_minor"] for one in facts] == [10_000, 10_000]


@pytest.mark.parametrize("form", ["paged", "array"])
def test_fault_f56_whichever_way_the_gateway_lists_them(desk, key, stand_in, form):
    stand_in.control("settings", {"schedule_lists": form})
    desk.schedule(key, within=timedelta(days=364))

    assert desk.delete_key(key).state is Q.REJECTED


def test_fault_f56_every_page_of_them_is_read(desk, key, stand_in):
    first = int(desk.now.timestamp()) + 86_400
    entries = [
        {"merchant_uid": f"SUB-{n}", "amount": 1_000, "schedule_at": first + n, "name": "정기"}
        for n in range(45)
    ]
    body = {"customer_uid": "cus_1", "schedules": entries}
    stand_in.ask("/subscribe/payments/schedule", body)

    operation = desk.delete_key(key)

    assert operation.state is Q.REJECTED
    assert len(fresh(operation).steps[-1].facts["schedules"]) == 45


def test_fault_f56_one_scheduled_between_the_page_and_the_press_stops_it_too(
    desk, key, stand_in, connect
):
    entry = {"merchant_uid": "THEIRS", "amount": 5_000, "name": "다른 곳에서"}
    entry["schedule_at"] = int(desk.now.timestamp()) + 86_400
    waiting = [{"customer_uid": "cus_1", "schedules": [entry]}]

    def in_between(request, forward):
        while waiting:
            stand_in.ask("/subscribe/payments/schedule", waiting.pop())

    path = f"{OLD}/schedules"
    operation = desk.delete_key(key, gateway=connect(network=Network("GET", path, in_between)))

    assert operation.state is Q.REJECTED
    assert stand_in.sent(OLD, "DELETE") == 0


def test_what_ran_or_was_taken_back_does_not_stop_it(desk, key, stand_in, connect):
    desk.gateway = connect()
    desk.schedule(key, number="SUB-1", within=timedelta(days=1))
    desk.schedule(key, number="SUB-2", within=timedelta(days=40))
    desk.unschedule(key, "SUB-2")
    stand_in.control("clock", {"advance_seconds": 2 * 86_400})
    assert stand_in.requests(path=OLD, method="DELETE") == []

    assert desk.delete_key(key).state is Q.SUCCEEDED


@pytest.mark.parametrize("action", UNCLEAR)
def test_a_deletion_behind_an_unclear_answer_is_found_by_looking(
    desk, key, payment, stand_in, action
):
    stand_in.fail_next(OLD, action, method="DELETE", when="after_commit")

    operation = desk.delete_key(key)

    assert operation.state is Q.UNKNOWN
    assert stored("cus_1").known_to_gateway is not False
    assert desk.look(operation, seconds=15).state is Q.SUCCEEDED
    assert stored("cus_1").known_to_gateway is False
    assert stand_in.sent(OLD, "DELETE") == stand_in.done("key_delete") == 1


def test_a_deletion_that_never_arrived_is_called_so_after_the_quiet_period(desk, key, stand_in):
    stand_in.fail_next(OLD, "drop", method="DELETE", when="before_commit")
    operation = desk.delete_key(key)

    assert desk.look(operation, minutes=9).state is Q.UNKNOWN
    assert desk.look(operation, minutes=12).state is Q.NOT_EXECUTED
    assert stored("cus_1").known_to_gateway is True
    assert desk.delete_key(key, after=timedelta(minutes=13)).state is Q.SUCCEEDED
    assert stand_in.done("key_delete") == 1


def test_a_gateway_that_finds_nothing_at_all_has_not_deleted_it(desk, key, payment, stand_in):
    stand_in.fail_next(OLD, "drop", method="DELETE", when="before_commit")
    operation = desk.delete_key(key)
    stand_in.control("reset", {"seed": "empty"})

    assert desk.look(operation, minutes=1).state is Q.UNKNOWN


def test_a_refusal_keeps_the_key(desk, key, stand_in):
    stand_in.fail_next(OLD, "code", method="DELETE", code=-1, message="점검 중")

    operation = desk.delete_key(key)

    assert (operation.state, operation.outcome) == (Q.FAILED, "점검 중")
    assert stored("cus_1").known_to_gateway is not False
    desk.sweep(seconds=75)
    assert (operation.state, operation.next_look_at) == (Q.FAILED, None)


def test_a_refused_deletion_that_happened_is_told_late(desk, key, stand_in):
    stand_in.fail_next(OLD, "code", method="DELETE", when="after_commit", code=-1)

    operation = desk.delete_key(key)
    desk.sweep(seconds=75)

    assert operation.state is Q.SUCCEEDED_LATE
    assert stored("cus_1").known_to_gateway is False


def test_a_key_the_gateway_does_not_know_is_not_deleted(desk, stand_in, now):
    gone = keep_key("cus_gone", now=now)

    assert desk.delete_key(gone).state is Q.REJECTED
    assert stored("cus_gone").known_to_gateway is False
    assert stand_in.sent("/subscribe/customers/cus_gone", "DELETE") == 0


@pytest.mark.parametrize("action", ["redirect", "status"])
def test_a_deletion_is_sent_once_whatever_comes_back(desk, key, stand_in, action):
    stand_in.fail_next(OLD, action, method="DELETE", times=-1, status=None)

    operation = desk.delete_key(key)
    for seconds in (20, 60, 130, 310, 620, 1_900):
        sweep(gateway=desk.gateway, now=desk.now + timedelta(seconds=seconds))

    assert operation.state is Q.NOT_EXECUTED
    assert stand_in.sent(OLD, "DELETE") == 1


def test_fault_f04_a_deletion_that_could_not_be_sent_is_not_executed(desk, key, stand_in, connect):
    nobody = connect(network=Network("DELETE", OLD, refused))

    assert desk.delete_key(key, gateway=nobody).state is Q.NOT_EXECUTED
    assert stand_in.done("key_delete") == 0


def test_crash_c1_a_deletion_never_sent_is_sent_by_the_sweep_and_looks_again_first(
    desk, key, stand_in, connect
):
    network = Network("GET", f"{OLD}/schedules", killed_before)
    with pytest.raises(Killed):
        desk.delete_key(key, gateway=connect(network=network))
    operation = every_operation()[0]

    desk.sweep(seconds=75)

    assert operation.state is Q.SUCCEEDED
    assert stand_in.done("key_delete") == 1


@pytest.mark.parametrize(
    ("how", "settled", "effects"),
    [(killed_before, Q.NOT_EXECUTED, 0), (killed_after, Q.SUCCEEDED, 1)],
    ids=["crash_c2", "crash_c4"],
)
def test_a_process_killed_while_deleting_is_settled_by_looking(
    desk, key, stand_in, connect, *, how, settled, effects
):
    with pytest.raises(Killed):
        desk.delete_key(key, gateway=connect(network=Network("DELETE", OLD, how)))
    operation = every_operation()[0]
    before = stand_in.sent(OLD, "DELETE")

    for seconds in (90, 120, 300, 720):
        desk.sweep(seconds=seconds)

    assert operation.state is settled
    assert (stand_in.sent(OLD, "DELETE"), stand_in.done("key_delete")) == (before, effects)


def test_only_who_may_delete_keys_deletes(desk, key, stand_in):
    with pytest.raises(NotAllowed):
        desk.as_role(Role.SUPPORT).delete_key(key)
    assert every_operation() == []


def test_a_deletion_is_closed_by_what_the_gateway_shows(desk, key, stand_in):
    stand_in.fail_next(OLD, "drop", method="DELETE", when="after_commit")
    operation = left_to_people(desk, desk.delete_key(key), stand_in, OLD)

    with pytest.raises(GatewaySaysOtherwise):
        say(desk, operation, ClosureClaim.DID_NOT_HAPPEN)
    with pytest.raises(GatewaySaysOtherwise):
        say(desk, operation, ClosureClaim.HAPPENED, "cus_other")
    closed = agree(desk, say(desk, operation, ClosureClaim.HAPPENED, "cus_1"))

    assert (closed.state, closed.settled_by) == (Q.SUCCEEDED, SettledBy.HUMAN)
    assert stored("cus_1").known_to_gateway is False
