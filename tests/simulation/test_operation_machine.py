"""Operations under any order of verdicts: only legal moves, and only one way out of the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from admin.domain.evidence import judge_refund, with_marker
from admin.domain.money import Money
from admin.domain.operation import (
    OPEN_STATES,
    QUIET_PERIOD,
    IllegalMove,
    OperationState,
    check_move,
    next_look,
)
from admin.domain.payment import PaymentStatus
from tests.domain.factories import a_cancellation, a_payment

pytestmark = pytest.mark.slow

S = OperationState
MARKER = "R7K2M9QX"
SENT = datetime(2026, 11, 23, 1, tzinfo=UTC)
AMOUNT = 3_000
ANSWERS = (S.SUCCEEDED, S.ACCEPTED, S.FAILED, S.NOT_EXECUTED, S.UNKNOWN, S.MISMATCH)


class Refund(RuleBasedStateMachine):
    """One refund from its sending on: the gateway executes it or not, others refund, we look."""

    @initialize(answer=st.sampled_from(ANSWERS), executed=st.booleans(), late=st.integers(0, 599))
    def send(self, answer: OperationState, executed: bool, late: int) -> None:
        """The gateway executes within the quiet period, or never; what it answers is another
        matter, but it does not say yes and never do it, nor know of nothing and do it."""
        if answer is S.SUCCEEDED:
            executed, late = True, 0
        if answer in (S.NOT_EXECUTED, S.MISMATCH, S.ACCEPTED):
            executed = False
        self.now = SENT
        self.executes_at = SENT + timedelta(seconds=late) if executed else None
        self.others: list[int] = []
        self.state = S.SENDING
        self.trail = [S.SENDING]
        self._move(answer)

    @rule(seconds=st.integers(1, 2_000))
    def wait(self, seconds: int) -> None:
        """Time passes, at most until the next look is due."""
        due = next_look(SENT, now=self.now)
        assert due > self.now
        self.now = min(self.now + timedelta(seconds=seconds), due)

    @rule(amount=st.sampled_from([AMOUNT, 1_000]))
    def somebody_else_refunds(self, amount: int) -> None:
        """A colleague gives money back in the console, perhaps the very same amount."""
        if len(self.others) < 2:
            self.others.append(amount)

    @precondition(lambda self: self.state in OPEN_STATES or self.state is S.FAILED)
    @rule()
    def look(self) -> None:
        """What a true look proves decides; a refusal is only overturned."""
        verdict = judge_refund(
            self._payment(),
            marker=MARKER,
            amount=Money(AMOUNT),
            baseline_cancelled=Money(0),
            claimed=frozenset(),
            sent_at=SENT,
            now=self.now,
        )
        if self.state is S.FAILED:
            if verdict.state is S.SUCCEEDED:
                self._move(S.SUCCEEDED_LATE)
        elif verdict.state is not None and verdict.state is not self.state:
            self._move(verdict.state)

    @rule(then=st.sampled_from(S))
    def anything_else_is_refused(self, then: OperationState) -> None:
        """From the end no move leads anywhere but to a late success."""
        if self.state in OPEN_STATES:
            return
        try:
            check_move(self.state, then)
        except IllegalMove:
            return
        assert then is S.SUCCEEDED_LATE
        assert self.state in (S.FAILED, S.NOT_EXECUTED)

    @invariant()
    def it_never_claims_what_is_not(self) -> None:
        """Done only if it was executed; not executed only if it never will be."""
        if not hasattr(self, "state"):
            return
        if self.state in (S.SUCCEEDED, S.SUCCEEDED_LATE):
            assert self._executed()
        if self.state is S.NOT_EXECUTED:
            assert self.executes_at is None

    @invariant()
    def it_was_sent_once(self) -> None:
        """No way leads back to the sending."""
        assert getattr(self, "trail", [S.SENDING]).count(S.SENDING) == 1

    def _move(self, then: OperationState) -> None:
        try:
            check_move(self.state, then)
        except IllegalMove:
            assert self.state is S.ACCEPTED  # which waits to be seen, and is never called off
            assert then is S.NOT_EXECUTED
            return
        self.state = then
        self.trail.append(then)

    def _executed(self) -> bool:
        return self.executes_at is not None and self.executes_at <= self.now

    def _payment(self):
        entries = [
            a_cancellation(amount, cancellation_id=f"their-{place}", reason="관리자페이지취소")
            for place, amount in enumerate(self.others)
        ]
        if self._executed():
            reason = with_marker("단순 변심", MARKER)
            entries.append(a_cancellation(AMOUNT, cancellation_id="ours", reason=reason))
        cancelled = sum(entry.amount.minor for entry in entries)
        status = PaymentStatus.CANCELLED if cancelled else PaymentStatus.PAID
        return a_payment(status=status, cancelled=Money(cancelled), cancellations=tuple(entries))


TestRefund = Refund.TestCase
TestRefund.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)


def test_the_quiet_period_is_the_bound_of_the_machine() -> None:
    assert timedelta(seconds=599) < QUIET_PERIOD
