"""Evidence: what a look at the gateway proves about an operation, and what it does not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.domain.evidence import Verdict, judge_charge, judge_refund, marked, with_marker
from admin.domain.operation import ABSENCE_GAP, QUIET_PERIOD, OperationState
from admin.domain.payment import PaymentSnapshot, PaymentStatus

from .factories import NOW, a_cancellation, a_payment, refunded, won

JUST_SENT = NOW - timedelta(seconds=30)
LONG_AGO = NOW - QUIET_PERIOD
MARKER = "R7K2M9QX"
OURS = a_cancellation(3000, reason=with_marker("단순 변심", MARKER))
THEIRS = a_cancellation(3000, cancellation_id="can_theirs", reason="관리자페이지취소")


def refund_verdict(seen: PaymentSnapshot, **changed: Any) -> Verdict:
    values: dict[str, Any] = {
        "marker": MARKER,
        "amount": won(3000),
        "baseline_cancelled": won(0),
        "claimed": frozenset(),
        "sent_at": JUST_SENT,
        "now": NOW,
        **changed,
    }
    return judge_refund(seen, **values)


@given(st.text(max_size=400))
def test_the_marker_comes_first_and_survives_any_reason(reason: str) -> None:
    sent = with_marker(reason, MARKER)
    assert marked(sent, MARKER)
    assert len(sent) <= 256
    assert not marked(sent, "OTHERONE")


def test_a_refund_with_our_marker_happened_however_fresh() -> None:
    verdict = refund_verdict(refunded(3000, cancellations=(THEIRS, OURS), cancelled=won(6000)))
    assert verdict.state is OperationState.SUCCEEDED
    assert verdict.cancellation_id == OURS.key
    assert verdict.imp_uid == "imp_1"


def test_a_cancellation_somebody_else_claimed_proves_nothing() -> None:
    seen = refunded(3000, cancellations=(OURS,))
    assert refund_verdict(seen, claimed=frozenset({OURS.key})).state is None


def test_our_marker_with_another_amount_proves_nothing() -> None:
    seen = refunded(2000, cancellations=(a_cancellation(2000, reason=OURS.reason),))
    assert refund_verdict(seen).state is None
    assert refund_verdict(seen, sent_at=LONG_AGO).state is None


def test_silence_is_not_evidence_before_the_quiet_period_is_over() -> None:
    almost = LONG_AGO + timedelta(seconds=1)
    assert refund_verdict(a_payment(), sent_at=almost).state is None
    assert refund_verdict(a_payment(), sent_at=LONG_AGO).state is OperationState.NOT_EXECUTED


def test_a_colleagues_refund_of_the_same_amount_is_not_taken_for_ours() -> None:
    seen = refunded(3000, cancellations=(THEIRS,))
    assert refund_verdict(seen).state is None
    verdict = refund_verdict(seen, sent_at=LONG_AGO)
    assert verdict.state is OperationState.NOT_EXECUTED
    assert "somebody else" in verdict.fact


def test_a_total_that_its_entries_do_not_explain_stays_open() -> None:
    seen = refunded(5000, cancellations=(THEIRS,))
    assert refund_verdict(seen, sent_at=LONG_AGO).state is None


def test_an_earlier_refund_is_the_baseline_not_ours() -> None:
    seen = refunded(3000, cancellations=(THEIRS,))
    verdict = refund_verdict(seen, baseline_cancelled=won(3000), sent_at=LONG_AGO)
    assert verdict.state is OperationState.NOT_EXECUTED


def charge_verdict(*seen: PaymentSnapshot, **changed: Any) -> Verdict:
    values: dict[str, Any] = {
        "merchant_uid": "ORD-1",
        "amount": won(10_000),
        "sent_at": LONG_AGO,
        "first_absent_at": None,
        "canary_answered": True,
        "now": NOW,
        **changed,
    }
    return judge_charge(seen, **values)


FAILED = a_payment(status=PaymentStatus.FAILED, paid_at=None)
READY = a_payment(status=PaymentStatus.READY, paid_at=None)


def test_one_equal_payment_is_success() -> None:
    verdict = charge_verdict(a_payment(), FAILED, sent_at=JUST_SENT)
    assert verdict.state is OperationState.SUCCEEDED
    assert verdict.imp_uid == "imp_1"


def test_a_charge_already_given_back_still_happened() -> None:
    assert charge_verdict(refunded(10_000)).state is OperationState.SUCCEEDED


@pytest.mark.parametrize(
    "seen",
    [
        (a_payment(amount=won(9_999)),),
        (a_payment(merchant_uid="ORD-2"),),
        (a_payment(), a_payment(imp_uid="imp_2")),
        (refunded(10_000), a_payment(imp_uid="imp_2")),
    ],
)
def test_something_else_than_was_asked_is_a_persons_to_close(
    seen: tuple[PaymentSnapshot, ...],
) -> None:
    assert charge_verdict(*seen).state is OperationState.MISMATCH


def test_only_declines_are_failure_after_the_quiet_period() -> None:
    assert charge_verdict(FAILED).state is OperationState.FAILED
    assert charge_verdict(FAILED, sent_at=JUST_SENT).state is None


def test_an_open_attempt_keeps_us_looking() -> None:
    assert charge_verdict(READY).state is None
    assert charge_verdict(READY, FAILED).state is None


ABSENT: list[tuple[datetime, datetime | None, bool, OperationState | None]] = [
    (JUST_SENT, NOW - ABSENCE_GAP, True, None),
    (LONG_AGO, None, True, None),
    (LONG_AGO, NOW - ABSENCE_GAP + timedelta(seconds=1), True, None),
    (LONG_AGO, NOW - ABSENCE_GAP, False, None),
    (LONG_AGO, NOW - ABSENCE_GAP, True, OperationState.NOT_EXECUTED),
]


@pytest.mark.parametrize(("sent_at", "first_absent_at", "canary", "state"), ABSENT)
def test_absence_needs_time_a_second_look_and_a_canary(
    sent_at: datetime,
    first_absent_at: datetime | None,
    canary: bool,
    state: OperationState | None,
) -> None:
    verdict = charge_verdict(
        sent_at=sent_at, first_absent_at=first_absent_at, canary_answered=canary
    )
    assert verdict.state is state
