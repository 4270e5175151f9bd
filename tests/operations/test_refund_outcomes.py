"""What each answer to a refund leads to. Nothing is sent twice, and nothing is guessed."""

from __future__ import annotations

import pytest

from admin.domain.operation import OperationState, SettledBy
from admin.gateway.settings import Deadlines
from tests.operations.conftest import UID
from tests.operations.desk import Network, audited, later, refused

pytestmark = pytest.mark.slow

CANCEL = "/payments/cancel"


HAPPENED = {
    "fault_f24_dropped": ("drop", {}),
    "fault_f07_500": ("status", {"status": 500}),
    "503": ("status", {"status": 503}),
    "fault_f08_html": ("html", {}),
    "fault_f14_truncated": ("truncate", {}),
    "fault_f15_truncated_without_length": ("no_length_truncate", {}),
    "fault_f16_broken_json": ("garbage", {}),
    "fault_f16_empty_object": ("garbage", {"body": "{}"}),
    "fault_f16_null": ("garbage", {"body": "null"}),
    "fault_f16_list": ("garbage", {"body": "[]"}),
    "fault_f16_no_number": ("garbage", {"body": '{"code":0,"response":{"amount":NaN}}'}),
    "reset": ("reset", {}),
    "fault_f18_redirected": ("redirect", {"location": "http://127.0.0.1:9/elsewhere"}),
    "fault_f20_other_amount": ("wrong_amount", {}),
    "fault_f21_other_order_number": ("wrong_uid", {}),
    "fault_f22_half_a_won": ("float_amount", {}),
}


@pytest.mark.parametrize(("action", "options"), HAPPENED.values(), ids=HAPPENED)
def test_a_refund_that_happened_behind_an_unclear_answer_is_settled_by_its_marker(
    desk, payment, stand_in, action, options
):
    stand_in.fail_next(CANCEL, action, method="POST", when="after_commit", **options)

    operation = desk.refund(payment, 3_000)

    assert (operation.state, operation.settled_by) == (OperationState.UNKNOWN, None)
    assert operation.next_look_at is not None
    looked = desk.look(operation, seconds=15)
    assert (looked.state, looked.settled_by) == (OperationState.SUCCEEDED, SettledBy.LOOKUP)
    assert looked.claimed_key
    assert stand_in.sent(CANCEL) == len(stand_in.effects()) == 1
    assert payment.cancelled_minor == stand_in.payment(UID)["cancel_amount"] == 3_000


@pytest.mark.parametrize(
    ("action", "options"),
    [
        ("drop", {}),
        ("status", {"status": 502}),
        ("status", {"status": 429, "headers": {"Retry-After": "5"}}),
        ("html", {}),
        ("garbage", {}),
    ],
    ids=["fault_f03_dropped", "502", "fault_f10_429", "fault_f08_html", "fault_f16_broken_json"],
)
def test_a_refund_that_never_happened_is_called_so_only_after_the_quiet_period(
    desk, payment, stand_in, action, options
):
    stand_in.fail_next(CANCEL, action, method="POST", when="before_commit", **options)

    operation = desk.refund(payment, 3_000)

    assert operation.state is OperationState.UNKNOWN
    assert desk.look(operation, minutes=9, seconds=50).state is OperationState.UNKNOWN
    assert desk.look(operation, minutes=12).state is OperationState.NOT_EXECUTED
    assert (stand_in.sent(CANCEL), stand_in.effects()) == (1, [])
    again = desk.refund(payment, 3_000)
    assert again.state is OperationState.SUCCEEDED
    assert len(stand_in.effects()) == 1


def test_fault_f17_a_dripping_answer_ends_at_the_deadline(desk, payment, stand_in, connect):
    slow = connect(deadlines=Deadlines(money=0.4))
    stand_in.fail_next(CANCEL, "drip", method="POST", when="after_commit", delay_ms=100)

    operation = desk.refund(payment, 3_000, gateway=slow)

    assert operation.state is OperationState.UNKNOWN
    assert desk.look(operation, seconds=15).state is OperationState.SUCCEEDED


def test_fault_f04_a_refund_that_could_not_be_sent_is_not_executed_at_once(
    desk, payment, stand_in, connect
):
    nobody = connect(network=Network("POST", CANCEL, refused))

    operation = desk.refund(payment, 3_000, gateway=nobody)

    assert (operation.state, operation.is_open) == (OperationState.NOT_EXECUTED, False)
    assert stand_in.sent(CANCEL) == 0
    assert desk.refund(payment, 3_000).state is OperationState.SUCCEEDED


def test_fault_f04_nothing_is_sent_when_the_look_before_it_fails(desk, payment, stand_in, connect):
    closed = connect(url="http://127.0.0.1:9")

    operation = desk.refund(payment, 3_000, gateway=closed)

    assert (operation.state, operation.attempts) == (OperationState.NOT_EXECUTED, 0)
    assert stand_in.sent(CANCEL) == 0


def test_fault_f11_a_stale_token_is_renewed_once_and_the_refund_goes_through(
    desk, payment, stand_in
):
    stand_in.fail_next(CANCEL, "status", method="POST", status=401)

    operation = desk.refund(payment, 3_000)

    assert operation.state is OperationState.SUCCEEDED
    assert (stand_in.sent(CANCEL), len(stand_in.effects())) == (2, 1)


@pytest.mark.parametrize("status", [401, 403], ids=["fault_f12_401", "403"])
def test_refused_credentials_mean_that_nothing_was_executed(desk, payment, stand_in, status):
    stand_in.fail_next(CANCEL, "status", method="POST", status=status, times=-1)

    operation = desk.refund(payment, 3_000)

    assert operation.state is OperationState.NOT_EXECUTED
    assert stand_in.effects() == []
    assert len(stand_in.requests(path="/users/getToken")) <= 2


@pytest.mark.parametrize(
    ("action", "options"),
    [
        ("code", {"code": 1, "message": "취소할 수 없는 결제입니다."}),
        ("status", {"status": 400}),
        ("status", {"status": 409}),
        ("status", {"status": 422}),
    ],
)
def test_a_refusal_fails_the_refund_and_is_looked_at_once_more(
    desk, payment, stand_in, action, options
):
    stand_in.fail_next(CANCEL, action, method="POST", **options)

    operation = desk.refund(payment, 3_000)

    assert (operation.state, operation.settled_by) == (OperationState.FAILED, SettledBy.RESPONSE)
    assert operation.outcome == options.get("message", operation.outcome)
    assert desk.sweep(seconds=30) == 0
    assert desk.sweep(seconds=75) == 1
    assert (operation.state, operation.next_look_at) == (OperationState.FAILED, None)
    assert desk.sweep(days=1) == 0


def test_an_early_look_does_not_take_the_place_of_the_one_that_is_due(desk, payment, stand_in):
    stand_in.fail_next(CANCEL, "code", method="POST", when="before_commit", code=-1)
    operation = desk.refund(payment, 3_000)
    desk.look(operation, seconds=5)  # as when its page is opened: perhaps of an old view
    assert operation.state is OperationState.FAILED

    reason = f"[{operation.marker}] 상품 불량"
    stand_in.control("console/cancel", {"imp_uid": UID, "amount": 3_000, "reason": reason})
    assert desk.sweep(seconds=75) == 1
    assert operation.state is OperationState.SUCCEEDED_LATE


def test_a_refund_that_shows_hours_after_it_was_called_off_is_a_late_success(
    desk, payment, stand_in
):
    stand_in.fail_next(CANCEL, "drop", method="POST", when="before_commit")
    operation = desk.refund(payment, 3_000)
    desk.look(operation, minutes=12)
    assert operation.state is OperationState.NOT_EXECUTED

    reason = f"[{operation.marker}] 상품 불량"
    stand_in.control("console/cancel", {"imp_uid": UID, "amount": 3_000, "reason": reason})
    later(desk).know(UID)
    assert desk.sweep(hours=3) == 1
    assert operation.state is OperationState.SUCCEEDED_LATE
    assert operation.claimed_key


def test_a_refusal_that_turns_out_to_have_happened_is_a_late_success(desk, payment, stand_in):
    stand_in.fail_next(CANCEL, "code", method="POST", when="after_commit", code=-1)

    operation = desk.refund(payment, 3_000)
    desk.sweep(seconds=75)

    assert operation.state is OperationState.SUCCEEDED_LATE
    assert payment.cancelled_minor == 3_000
    assert "refund.succeeded_late" in audited()


def test_fault_f26_a_refund_by_somebody_else_between_look_and_sending_meets_the_checksum(
    desk, payment, stand_in, connect
):
    late = connect(
        network=Network("POST", CANCEL, lambda _r, _f: stand_in.console_cancel(UID, 2_000))
    )

    operation = desk.refund(payment, 3_000, gateway=late)

    assert operation.state is OperationState.FAILED
    assert "8000" in operation.outcome
    assert stand_in.payment(UID)["cancel_amount"] == 2_000
    desk.sweep(seconds=75)
    assert payment.cancelled_minor == 2_000


def test_fault_f26_a_refund_by_somebody_else_before_the_look_is_never_sent(desk, payment, stand_in):
    stand_in.console_cancel(UID, 2_000)

    operation = desk.refund(payment, 3_000)

    assert (operation.state, operation.settled_by) == (OperationState.REJECTED, SettledBy.LOCAL)
    assert stand_in.sent(CANCEL) == 0
    assert payment.cancelled_minor == 2_000


def test_fault_f25_the_same_amount_cancelled_in_the_console_is_not_taken_for_ours(
    desk, payment, stand_in
):
    stand_in.fail_next(CANCEL, "drop", method="POST", when="before_commit")
    operation = desk.refund(payment, 3_000)
    stand_in.console_cancel(UID, 3_000)

    assert desk.look(operation, seconds=15).state is OperationState.UNKNOWN
    assert payment.cancelled_minor == 3_000
    assert desk.look(operation, minutes=12).state is OperationState.NOT_EXECUTED
    assert operation.claimed_key is None


def test_one_cancellation_is_claimed_by_one_refund_alone(desk, payment, stand_in):
    first = desk.refund(payment, 3_000)
    stand_in.fail_next(CANCEL, "drop", method="POST", when="after_commit")
    second = desk.refund(payment, 3_000)

    desk.look(second, seconds=15)

    assert {first.state, second.state} == {OperationState.SUCCEEDED}
    assert first.claimed_key
    assert second.claimed_key
    assert first.claimed_key != second.claimed_key


@pytest.mark.parametrize("reading", ["cancelled", "paid"])
def test_parts_are_refunded_one_after_the_other_under_both_readings_of_a_partial_cancel(
    desk, payment, stand_in, reading
):
    stand_in.control("settings", {"partial_reading": reading})

    states = [desk.refund(payment, amount).state for amount in (3_000, 2_000, 5_000)]

    assert states == [OperationState.SUCCEEDED] * 3
    bodies = [one["fields"] for one in stand_in.requests(path=CANCEL)]
    assert [(one["amount"], one["checksum"]) for one in bodies] == [
        (3_000, 10_000),
        (2_000, 7_000),
        (5_000, 5_000),
    ]
    assert payment.cancellable.minor == 0
