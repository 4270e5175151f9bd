"""Refunding as a person does it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from admin.domain.operation import OperationState
from admin.gateway.client import Gateway
from admin.models import AuditEntry, MoneyOperation, Payment, db
from admin.payments.service import sync_payment
from tests.people import Person
from tests.stand_in import StandIn

UID = "imp_100000000001"


@pytest.fixture
def payment(stand_in: StandIn, gateway: Gateway, now) -> Payment:
    """A paid payment of 10,000 won that the mirror knows."""
    stand_in.paid(UID)
    applied = sync_payment(UID, source="tests", gateway=gateway, now=now)
    return db.session.get_one(Payment, applied.payment_id)


def refund(person: Person, payment: Payment, amount: str, **fields: str):
    hidden = person.hidden_fields(f"/payments/{payment.id}/refunds/new")
    form = {**hidden, "amount": amount, "reason": "defective", "note": "", **fields}
    return person.post(f"/payments/{payment.id}/refunds/", form, follow_redirects=True)


def operations() -> list[MoneyOperation]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(MoneyOperation).order_by(MoneyOperation.id)))


def test_a_partial_refund_reaches_the_gateway_and_the_audit_trail(support, payment, stand_in):
    answer = refund(support, payment, "3,000")

    assert "3,000" in answer.text
    assert answer.status_code == 200
    assert stand_in.payment(UID)["cancel_amount"] == 3_000
    assert [one.state for one in operations()] == [OperationState.SUCCEEDED]
    actions = db.session.scalars(sa.select(AuditEntry.action)).all()
    assert {"refund.requested", "refund.sent", "refund.succeeded"} <= set(actions)
    db.session.refresh(payment)
    assert payment.cancelled_minor == 3_000


def test_the_same_form_sent_twice_is_one_refund(support, payment, stand_in):
    hidden = support.hidden_fields(f"/payments/{payment.id}/refunds/new")
    form = {**hidden, "amount": "3000", "reason": "late", "note": ""}

    first = support.post(f"/payments/{payment.id}/refunds/", form)
    second = support.post(f"/payments/{payment.id}/refunds/", form)

    assert first.location == second.location
    assert stand_in.payment(UID)["cancel_amount"] == 3_000


@pytest.mark.slow
@pytest.mark.parametrize(
    "typed",
    ["0", "-1", "", "abc", "10001", "1,00", "3.5", "1e3", "99999999999999999999", "１２,３"],
)
def test_an_amount_that_cannot_be_is_refused_at_the_field(support, payment, stand_in, typed):
    answer = refund(support, payment, typed)

    assert answer.status_code == 422
    assert "field__error" in answer.text or "money-field" in answer.text
    assert stand_in.requests(path="/payments/cancel") == []
    assert operations() == []


def test_full_width_digits_and_commas_are_read(support, payment, stand_in):
    refund(support, payment, "３，０００")

    assert stand_in.payment(UID)["cancel_amount"] == 3_000


def test_a_lost_answer_is_unknown_and_settled_by_looking(support, payment, stand_in, gateway, now):
    stand_in.fail_next("/payments/cancel", "drop", method="POST", when="after_commit")

    answer = refund(support, payment, "4000")

    assert [one.state for one in operations()] == [OperationState.UNKNOWN]
    assert len(stand_in.effects()) == 1
    operation_id = operations()[0].id
    looked = support.post(f"/operations/{operation_id}/looks/", follow_redirects=True)
    assert looked.status_code == 200
    assert [one.state for one in operations()] == [OperationState.SUCCEEDED]
    assert len(stand_in.effects()) == 1
    assert answer.status_code == 200


def test_a_refund_by_somebody_else_meanwhile_is_seen_before_sending(support, payment, stand_in):
    hidden = support.hidden_fields(f"/payments/{payment.id}/refunds/new")
    stand_in.console_cancel(UID, 2_000)

    form = {**hidden, "amount": "3000", "reason": "late", "note": ""}
    outcome = support.post(f"/payments/{payment.id}/refunds/", form, follow_redirects=True)

    assert [one.state for one in operations()] == [OperationState.REJECTED]
    assert "장부 밖에서" in outcome.text
    assert "관리자페이지취소" in outcome.text
    assert stand_in.payment(UID)["cancel_amount"] == 2_000


def test_a_viewer_may_not_refund(viewer, payment, stand_in):
    answer = viewer.post(f"/payments/{payment.id}/refunds/", {"amount": "1000"})

    assert answer.status_code == 403
    assert operations() == []


def test_while_the_outcome_is_unknown_a_second_refund_is_answered_409(
    support, finance, payment, stand_in
):
    later = finance.hidden_fields(f"/payments/{payment.id}/refunds/new")
    stand_in.fail_next("/payments/cancel", "drop", method="POST", when="before_commit")
    refund(support, payment, "3000")

    form = {**later, "amount": "1000", "reason": "late", "note": ""}
    answer = finance.post(f"/payments/{payment.id}/refunds/", form)

    assert answer.status_code == 409
    assert support.operator.name in answer.text
    assert len(operations()) == len(stand_in.requests(path="/payments/cancel")) == 1


def test_fault_f29_a_form_left_open_over_another_refund_shows_the_new_remainder(
    support, finance, payment, stand_in
):
    later = finance.hidden_fields(f"/payments/{payment.id}/refunds/new")
    refund(support, payment, "3000")

    form = {**later, "amount": "9000", "reason": "late", "note": ""}
    too_much = finance.post(f"/payments/{payment.id}/refunds/", form)
    stale = finance.post(f"/payments/{payment.id}/refunds/", {**form, "amount": "1000"})

    assert (too_much.status_code, stale.status_code) == (422, 409)
    assert "7,000" in too_much.text
    assert "7,000" in stale.text
    assert f"{support.operator.name} 님이" in stale.text  # who did what meanwhile
    assert "3,000원을 환불했어요" in stale.text
    assert stand_in.payment(UID)["cancel_amount"] == 3_000


@pytest.mark.parametrize("change", [{"seen": "forged"}, {"form_key": "another"}, {"seen": ""}])
def test_what_the_reader_saw_cannot_be_forged(support, payment, stand_in, change):
    answer = refund(support, payment, "3000", **change)

    assert answer.status_code == 422
    assert stand_in.requests(path="/payments/cancel") == []


def test_the_list_tells_how_each_refund_ended(support, payment, stand_in):
    refund(support, payment, "1000")
    stand_in.fail_next("/payments/cancel", "code", method="POST", message="취소할 수 없는 결제")
    refund(support, payment, "2000")

    done = support.get("/refunds/?state=done").text
    not_done = support.get("/refunds/?state=not_done").text

    first, second = [one.id for one in operations()]
    assert (first in done, second in done) == (True, False)
    assert (first in not_done, second in not_done) == (False, True)
    assert "취소할 수 없는 결제" in support.get(f"/operations/{second}").text
