"""What each answer to a charge leads to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from admin.customers.service import ChargeInProgress
from admin.domain.operation import OperationState, SettledBy
from admin.models import Payment
from tests.operations.desk import Network, audited, later, refused

pytestmark = pytest.mark.slow

AGAIN = "/subscribe/payments/again"
Q = OperationState


def test_a_paid_charge_succeeds_with_the_gateways_number(desk, key, stand_in):
    operation = desk.charge(key)

    assert (operation.state, operation.settled_by) == (Q.SUCCEEDED, SettledBy.RESPONSE)
    assert stand_in.payment(operation.imp_uid)["merchant_uid"] == "CHG-1"
    mirrored = desk.know(operation.imp_uid)
    assert (mirrored.customer_uid, mirrored.amount_minor) == ("cus_1", 10_000)
    assert {"charge.requested", "charge.sent", "charge.succeeded"} <= set(audited())


def test_fault_f19_a_declined_charge_fails_with_the_card_companys_words(desk, key, stand_in):
    stand_in.control("customers", {"customers": [{"customer_uid": "cus_1", "decline": "CC54"}]})

    operation = desk.charge(key)

    assert operation.state is Q.FAILED
    assert operation.outcome == stand_in.payment(operation.imp_uid)["fail_reason"]
    assert "CC54" in operation.outcome
    assert stand_in.done("charge") == 0
    desk.sweep(seconds=75)
    assert (operation.state, operation.next_look_at) == (Q.FAILED, None)


@pytest.mark.parametrize(
    ("action", "options"),
    [
        ("drop", {}),
        ("status", {"status": 500}),
        ("truncate", {}),
        ("no_length_truncate", {}),
        ("garbage", {}),
        ("float_amount", {}),
    ],
    ids=["fault_f02", "fault_f07", "fault_f14", "fault_f15", "fault_f16", "fault_f22"],
)
def test_a_charge_that_happened_behind_an_unclear_answer_is_found_by_its_order_number(
    desk, key, stand_in, action, options
):
    stand_in.fail_next(AGAIN, action, method="POST", when="after_commit", **options)

    operation = desk.charge(key)

    assert operation.state is Q.UNKNOWN
    assert desk.look(operation, seconds=15).state is Q.SUCCEEDED
    assert operation.imp_uid
    assert (stand_in.sent(AGAIN), stand_in.done("charge")) == (1, 1)


def test_fault_f03_absence_is_believed_late_twice_and_beside_a_canary(desk, key, payment, stand_in):
    stand_in.fail_next(AGAIN, "drop", method="POST", when="before_commit")
    operation = desk.charge(key)

    assert operation.state is Q.UNKNOWN
    assert desk.look(operation, minutes=11).state is Q.UNKNOWN  # the first silent look
    assert desk.look(operation, minutes=13).state is Q.NOT_EXECUTED

    again = desk.charge(key, after=timedelta(minutes=14))  # the same order number
    assert again.state is Q.SUCCEEDED
    assert again.merchant_uid == operation.merchant_uid
    assert (stand_in.sent(AGAIN), stand_in.done("charge")) == (2, 1)


def test_a_look_that_failed_is_no_silence(desk, key, payment, stand_in):
    stand_in.fail_next(AGAIN, "drop", method="POST", when="before_commit")
    operation = desk.charge(key)
    stand_in.fail_next("/payments/findAll/CHG-1", "status", status=500, times=3)

    desk.look(operation, minutes=1)

    assert operation.first_absent_at is None
    assert desk.look(operation, minutes=11).state is Q.UNKNOWN
    assert operation.first_absent_at is not None


def test_without_the_canary_silence_proves_nothing(desk, key, payment, stand_in):
    stand_in.fail_next(AGAIN, "drop", method="POST", when="before_commit")
    operation = desk.charge(key)
    stand_in.control("reset", {"seed": "empty"})  # a gateway that finds nothing at all

    desk.look(operation, minutes=11)

    assert desk.look(operation, minutes=13).state is Q.UNKNOWN


def test_a_silent_look_within_the_quiet_period_proves_nothing(desk, key, payment, stand_in):
    stand_in.fail_next(AGAIN, "drop", method="POST", when="before_commit")
    operation = desk.charge(key)

    desk.look(operation, minutes=5)

    assert desk.look(operation, minutes=9).state is Q.UNKNOWN


@pytest.mark.parametrize("action", ["wrong_amount", "wrong_uid"], ids=["fault_f20", "fault_f21"])
def test_a_charge_of_something_else_blocks_the_key_until_a_person_looked(
    desk, key, stand_in, action
):
    stand_in.fail_next(AGAIN, action, method="POST", when="after_commit")

    operation = desk.charge(key)

    assert (operation.state, operation.is_uncertain) == (Q.MISMATCH, True)
    with pytest.raises(ChargeInProgress):
        desk.charge(key, 20_000, number="CHG-2")
    assert stand_in.sent(AGAIN) == 1


def test_two_payments_under_one_order_number_are_a_mismatch(desk, key, stand_in):
    stand_in.fail_next(AGAIN, "drop", method="POST", when="after_commit")
    operation = desk.charge(key)
    stand_in.paid("imp_900000000001", merchant_uid="CHG-1")

    assert desk.look(operation, seconds=15).state is Q.MISMATCH


def test_fault_f04_a_charge_that_could_not_be_sent_is_not_executed(desk, key, stand_in, connect):
    nobody = connect(network=Network("POST", AGAIN, refused))

    assert desk.charge(key, gateway=nobody).state is Q.NOT_EXECUTED
    assert desk.charge(key).state is Q.SUCCEEDED
    assert stand_in.done("charge") == 1


def test_fault_f11_a_stale_token_is_renewed_once(desk, key, stand_in):
    stand_in.fail_next(AGAIN, "status", method="POST", status=401)

    assert desk.charge(key).state is Q.SUCCEEDED
    assert stand_in.done("charge") == 1


def test_fault_f12_credentials_refused_for_good_charge_nothing(desk, key, stand_in):
    stand_in.fail_next(AGAIN, "status", method="POST", status=401, times=-1)

    assert desk.charge(key).state is Q.NOT_EXECUTED
    assert stand_in.done("charge") == 0
    assert len(stand_in.requests(path="/users/getToken")) <= 2


def test_what_the_next_try_paid_is_no_late_success_of_the_one_before(desk, key, stand_in):
    stand_in.fail_next(AGAIN, "status", method="POST", status=403)
    first = desk.charge(key)
    assert first.state is Q.NOT_EXECUTED
    second = desk.charge(key, after=timedelta(minutes=1))
    assert (second.state, stand_in.done("charge")) == (Q.SUCCEEDED, 1)

    desk.look(first, minutes=2)
    assert first.state is Q.NOT_EXECUTED


def test_an_order_that_is_paid_already_is_never_charged(desk, key, stand_in):
    stand_in.paid("imp_900000000001", merchant_uid="CHG-1")

    operation = desk.charge(key)

    assert (operation.state, stand_in.sent(AGAIN)) == (Q.REJECTED, 0)
    assert isinstance(desk.know("imp_900000000001"), Payment)


def test_a_declined_charge_that_turns_paid_hours_later_is_a_late_success(desk, key, stand_in):
    stand_in.control("customers", {"customers": [{"customer_uid": "cus_1", "decline": "CC54"}]})
    operation = desk.charge(key)
    desk.sweep(seconds=75)
    assert operation.state is Q.FAILED

    stand_in.paid("imp_400000000001", merchant_uid="CHG-1")
    later(desk).know("imp_400000000001")  # the walk or a webhook brings it
    assert desk.sweep(hours=3) == 1
    assert (operation.state, operation.imp_uid) == (Q.SUCCEEDED_LATE, "imp_400000000001")
    assert "charge.succeeded_late" in audited()
    assert desk.sweep(hours=4) == 0


def test_a_charge_that_came_to_nothing_is_not_doubted_because_of_its_second_try(
    desk, key, payment, stand_in
):
    stand_in.fail_next(AGAIN, "status", method="POST", status=403)
    first = desk.charge(key)
    second = desk.charge(key, after=timedelta(minutes=20))
    assert (first.state, second.state) == (Q.NOT_EXECUTED, Q.SUCCEEDED)
    assert desk.sweep(hours=1) == 0
    assert first.state is Q.NOT_EXECUTED


def test_what_another_amount_contradicts_is_doubted_once(desk, key, stand_in):
    stand_in.control("customers", {"customers": [{"customer_uid": "cus_1", "decline": "CC54"}]})
    operation = desk.charge(key)
    desk.sweep(seconds=75)
    stand_in.paid("imp_400000000001", merchant_uid="CHG-1", amount=1)
    later(desk).know("imp_400000000001")
    assert [desk.sweep(hours=hour) for hour in (3, 4, 5)] == [1, 0, 0]
    assert operation.state is Q.FAILED


def test_a_refused_charge_is_looked_at_once_more_and_may_turn_out_paid(desk, key, stand_in):
    stand_in.fail_next(AGAIN, "code", method="POST", when="after_commit", code=-1)

    operation = desk.charge(key)
    assert operation.state is Q.FAILED

    assert desk.sweep(seconds=75) == 1
    assert operation.state is Q.SUCCEEDED_LATE
    assert "charge.succeeded_late" in audited()
