"""Where a request stands: money goes before the link."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from admin.domain.money import Money
from admin.domain.operation import OperationState
from admin.domain.payment import PaymentSnapshot, PaymentStatus
from admin.domain.payment_request import RequestFacts, RequestState, request_state

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
FACTS = RequestFacts(
    amount=Money(10_000),
    expires_at=NOW + HOUR,
    revoked_at=None,
    prepared=OperationState.SUCCEEDED,
)
OVER = {"expires_at": NOW}
REVOKED = {"revoked_at": NOW}


def a_payment(status: PaymentStatus = PaymentStatus.PAID, **changes) -> PaymentSnapshot:
    paid_at = NOW if status is PaymentStatus.PAID else None
    base = PaymentSnapshot(
        imp_uid="imp_1",
        merchant_uid="REQ-1",
        status=status,
        amount=Money(10_000),
        cancelled=Money(0),
        started_at=NOW,
        paid_at=paid_at,
    )
    return replace(base, **changes)


WAITING = a_payment(PaymentStatus.READY, vbank_num="562", vbank_due_at=NOW + HOUR)


@pytest.mark.parametrize(
    ("changes", "payments", "state"),
    [
        ({}, [], RequestState.OPEN),
        ({"prepared": None}, [], RequestState.OPEN),
        ({"prepared": OperationState.UNKNOWN}, [], RequestState.PREPARING),
        ({"prepared": OperationState.MISMATCH}, [], RequestState.PREPARING),
        ({"prepared": OperationState.REJECTED}, [], RequestState.NOT_PREPARED),
        (OVER, [], RequestState.EXPIRED),
        (REVOKED, [], RequestState.REVOKED),
        ({}, [a_payment(PaymentStatus.FAILED)], RequestState.OPEN),
        ({}, [a_payment(PaymentStatus.READY)], RequestState.OPEN),
        ({}, [a_payment()], RequestState.PAID),
        (OVER, [a_payment()], RequestState.PAID),
        (REVOKED, [a_payment()], RequestState.PAID),
        ({}, [a_payment(PaymentStatus.FAILED), a_payment()], RequestState.PAID),
        ({}, [a_payment(), a_payment(imp_uid="imp_2")], RequestState.DIFFERS),
        ({}, [a_payment(amount=Money(100))], RequestState.DIFFERS),
        ({}, [a_payment(cancelled=Money(3_000))], RequestState.PAID),
        ({}, [a_payment(cancelled=Money(10_000))], RequestState.GIVEN_BACK),
        ({}, [WAITING], RequestState.AWAITING),
        (OVER, [WAITING], RequestState.AWAITING),
        ({}, [replace(WAITING, vbank_due_at=NOW - HOUR)], RequestState.OPEN),
        ({"amount": Money(0), "key_stored": True, **OVER}, [], RequestState.STORED),
        ({"amount": Money(0), "key_stored": True}, [a_payment()], RequestState.DIFFERS),
        ({"amount": Money(0)}, [a_payment(amount=Money(0))], RequestState.OPEN),
    ],
)
def test_the_state_of_a_request(changes, payments, state):
    assert request_state(replace(FACTS, **changes), payments, now=NOW) is state
