"""Operations: every intended write to the gateway, from intent to certainty.

NEEDS_APPROVAL ──> READY (a second person agreed) | REJECTED | EXPIRED
READY ──> SENDING ──> SUCCEEDED | ACCEPTED | FAILED | NOT_EXECUTED | UNKNOWN | MISMATCH
READY ──> REJECTED (a fence said no) | EXPIRED (nobody sent it in time)
UNKNOWN ──> SUCCEEDED | ACCEPTED | FAILED | NOT_EXECUTED | MISMATCH | HUMAN
FAILED, NOT_EXECUTED ──> SUCCEEDED_LATE, on positive evidence only
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from admin.domain.errors import N_, Conflict


class OperationKind(Enum):
    """What is asked of the gateway."""

    REFUND = "refund"
    CHARGE = "charge"
    KEY_IN = "key_in"  # a charge of a card typed here
    DELIVERY = "delivery"
    KEY_ISSUE = "billing_key_issue"
    KEY_DELETE = "billing_key_delete"
    SCHEDULE = "schedule"
    UNSCHEDULE = "unschedule"
    PREPARE = "prepare"


# What is sent of these (a card) is in the memory of the deciding request and nowhere else: once
# that request is gone, no worker can send them, and none may try.
FROM_MEMORY = frozenset({OperationKind.KEY_ISSUE, OperationKind.KEY_IN})


class OperationState(Enum):
    """How far an operation has come. The outcome is never guessed."""

    NEEDS_APPROVAL = "needs_approval"  # a second person is asked; nothing is sent before
    READY = "ready"
    SENDING = "sending"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"  # taken by the gateway, to be done later; shown until it is seen
    HUMAN = "human"  # still unknown after the ladder; a person's to close
    MISMATCH = "mismatch"  # something happened, but not what was asked; a person's to close
    SUCCEEDED = "succeeded"
    SUCCEEDED_LATE = "succeeded_late"
    FAILED = "failed"
    NOT_EXECUTED = "not_executed"
    REJECTED = "rejected"
    EXPIRED = "expired"


class SettledBy(Enum):
    """What the outcome rests on."""

    RESPONSE = "response"
    LOOKUP = "lookup"
    LOCAL = "local"  # decided before anything was sent
    HUMAN = "human"  # two people closed it, by the gateway's own word


# States in which the outcome is still owed: they hold the payment against a second operation.
OPEN_STATES = frozenset(
    {
        OperationState.NEEDS_APPROVAL,
        OperationState.READY,
        OperationState.SENDING,
        OperationState.UNKNOWN,
        OperationState.ACCEPTED,
        OperationState.HUMAN,
        OperationState.MISMATCH,
    }
)
# States that give an order number free again: nothing was charged under it.
SPENT_STATES = frozenset(
    {
        OperationState.NOT_EXECUTED,
        OperationState.REJECTED,
        OperationState.EXPIRED,
        OperationState.SUCCEEDED_LATE,
    }
)
# States in which nothing happened and nothing will: it may be asked for once more.
CAME_TO_NOTHING = frozenset(
    {
        OperationState.FAILED,
        OperationState.NOT_EXECUTED,
        OperationState.REJECTED,
        OperationState.EXPIRED,
    }
)
# States in which what was asked for happened.
HAPPENED_STATES = frozenset({OperationState.SUCCEEDED, OperationState.SUCCEEDED_LATE})
# States shown in the top bar: money whose whereabouts we do not know.
UNCERTAIN_STATES = frozenset(
    {OperationState.SENDING, OperationState.UNKNOWN, OperationState.HUMAN, OperationState.MISMATCH}
)

_S = OperationState
_MOVES: dict[OperationState, frozenset[OperationState]] = {
    _S.NEEDS_APPROVAL: frozenset({_S.READY, _S.REJECTED, _S.EXPIRED}),
    _S.READY: frozenset({_S.SENDING, _S.REJECTED, _S.NOT_EXECUTED, _S.EXPIRED}),
    _S.SENDING: frozenset(
        {_S.SUCCEEDED, _S.ACCEPTED, _S.FAILED, _S.NOT_EXECUTED, _S.UNKNOWN, _S.MISMATCH}
    ),
    _S.UNKNOWN: frozenset(
        {_S.SUCCEEDED, _S.ACCEPTED, _S.FAILED, _S.NOT_EXECUTED, _S.MISMATCH, _S.HUMAN}
    ),
    _S.ACCEPTED: frozenset({_S.SUCCEEDED, _S.HUMAN}),
    _S.HUMAN: frozenset({_S.SUCCEEDED, _S.ACCEPTED, _S.FAILED, _S.NOT_EXECUTED, _S.MISMATCH}),
    _S.MISMATCH: frozenset({_S.SUCCEEDED, _S.FAILED, _S.NOT_EXECUTED}),
    _S.FAILED: frozenset({_S.SUCCEEDED_LATE}),
    _S.NOT_EXECUTED: frozenset({_S.SUCCEEDED_LATE}),
}

READY_TO_WORKER = timedelta(seconds=60)  # a worker may send what its web request left READY
READY_EXPIRES = timedelta(minutes=15)  # after that a person must press again
SENDING_LEASE = timedelta(seconds=75)  # the 60 s deadline of a money call, and a margin
QUIET_PERIOD = timedelta(minutes=10)  # a request the gateway took has ended by then (chosen)
ABSENCE_GAP = timedelta(seconds=60)  # two silent look-ups must lie this far apart
HUMAN_AFTER = timedelta(minutes=30)
APPROVAL_EXPIRES = timedelta(minutes=30)

_LADDER = [
    timedelta(seconds=15),
    timedelta(seconds=45),
    timedelta(minutes=2),
    timedelta(minutes=5),
    timedelta(minutes=10),
    timedelta(minutes=12),  # where the look at ten failed, or a second silence was wanted
    timedelta(minutes=15),
    timedelta(minutes=20),
    timedelta(minutes=25),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
]


class IllegalMove(Conflict):
    """A state asked for that the present one does not lead to."""

    message = N_("This operation has already moved on to %(state)s.")


def check_move(now: OperationState, then: OperationState) -> None:
    """Raise IllegalMove unless `then` may follow `now`."""
    if then not in _MOVES.get(now, frozenset()):
        raise IllegalMove(state=now.value)


def next_look(sent_at: datetime, *, now: datetime) -> datetime:
    """The first rung of the ladder after `now`, counted from the sending; then once a day.

    A rung stands at the end of the quiet period, so that silence is judged when it may be.
    """
    for rung in _LADDER:
        if sent_at + rung > now:
            return sent_at + rung
    return sent_at + timedelta(days=(now - sent_at) // timedelta(days=1) + 1)
