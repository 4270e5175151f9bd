"""Operations: which state may follow which, and when to look next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from admin.domain.operation import (
    HUMAN_AFTER,
    OPEN_STATES,
    QUIET_PERIOD,
    SENDING_LEASE,
    UNCERTAIN_STATES,
    IllegalMove,
    OperationState,
    check_move,
    next_look,
)

S = OperationState
OPEN = [state for state in S if state in OPEN_STATES]
FINAL = [state for state in S if state not in OPEN_STATES]
UNSENT = [S.NEEDS_APPROVAL, S.READY]
SENT = [S.SENDING, S.UNKNOWN, S.ACCEPTED, S.HUMAN, S.MISMATCH]


def may(now: OperationState, then: OperationState) -> bool:
    try:
        check_move(now, then)
    except IllegalMove:
        return False
    return True


def reachable(start: OperationState) -> set[OperationState]:
    seen, todo = {start}, [start]
    while todo:
        now = todo.pop()
        for then in S:
            if may(now, then) and then not in seen:
                seen.add(then)
                todo.append(then)
    return seen


def test_every_state_can_be_reached_from_the_beginning() -> None:
    assert reachable(S.NEEDS_APPROVAL) == set(S)


@pytest.mark.parametrize("state", OPEN)
def test_every_open_state_can_end(state: OperationState) -> None:
    assert reachable(state).intersection(FINAL)


@pytest.mark.parametrize("state", SENT)
def test_what_was_sent_is_never_sent_again(state: OperationState) -> None:
    assert S.SENDING not in reachable(state) - {state}
    assert not may(state, S.SENDING)
    assert not may(state, S.READY)


@pytest.mark.parametrize(("now", "then"), list(product(FINAL, S)))
def test_what_is_final_stays_but_for_late_success(
    now: OperationState, then: OperationState
) -> None:
    revised = now in (S.FAILED, S.NOT_EXECUTED) and then is S.SUCCEEDED_LATE
    assert may(now, then) is revised


def test_success_is_never_taken_back() -> None:
    assert reachable(S.SUCCEEDED) == {S.SUCCEEDED}
    assert reachable(S.SUCCEEDED_LATE) == {S.SUCCEEDED_LATE}


def test_only_what_was_not_sent_can_expire_or_be_rejected() -> None:
    for state in S:
        assert may(state, S.EXPIRED) is (state in UNSENT)
        assert may(state, S.REJECTED) is (state in UNSENT)


def test_what_waits_for_a_second_person_is_sent_only_through_ready() -> None:
    assert {then for then in S if may(S.NEEDS_APPROVAL, then)} == {S.READY, S.REJECTED, S.EXPIRED}


def test_an_unclear_answer_ends_in_certainty_or_with_a_person() -> None:
    assert {then for then in S if may(S.UNKNOWN, then)} == {
        S.SUCCEEDED,
        S.ACCEPTED,
        S.FAILED,
        S.NOT_EXECUTED,
        S.MISMATCH,
        S.HUMAN,
    }


def test_whatever_is_uncertain_holds_its_payment() -> None:
    assert UNCERTAIN_STATES <= OPEN_STATES


def test_a_refused_move_names_the_present_state() -> None:
    with pytest.raises(IllegalMove) as caught:
        check_move(S.SUCCEEDED, S.FAILED)
    assert caught.value.values == {"state": "succeeded"}


def test_looks_grow_rarer_and_never_stop() -> None:
    sent = datetime(2026, 11, 22, 12, tzinfo=UTC)
    at, waits = sent, []
    for _ in range(20):
        later = next_look(sent, now=at)
        waits.append(later - at)
        at = later
    assert waits[0] == timedelta(seconds=15)
    assert all(wait > timedelta() for wait in waits)
    assert waits[-1] == timedelta(days=1)


@pytest.mark.parametrize("rung", [QUIET_PERIOD, HUMAN_AFTER])
def test_a_look_stands_where_silence_and_people_are_decided(rung: timedelta) -> None:
    sent = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert next_look(sent, now=sent + rung - timedelta(seconds=1)) == sent + rung


def test_a_lease_outlasts_the_call_it_covers() -> None:
    assert timedelta(seconds=60) < SENDING_LEASE < QUIET_PERIOD
