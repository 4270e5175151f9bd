"""A refund above a limit, as two people do it on the pages; and what is asked for once more."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from admin.domain.operation import OperationState
from admin.domain.permissions import Role
from admin.gateway.client import Gateway
from admin.models import MoneyOperation, Payment, RefundLimit, RefundReason, db, transaction
from admin.payments.service import sync_payment
from tests.people import Person
from tests.stand_in import StandIn

from .test_views import UID, operations, refund

SignIn = Callable[[Role], Person]


@pytest.fixture
def payment(stand_in: StandIn, gateway: Gateway, now) -> Payment:
    stand_in.paid(UID)
    applied = sync_payment(UID, source="tests", gateway=gateway, now=now)
    return db.session.get_one(Payment, applied.payment_id)


@pytest.fixture
def manager(sign_in: SignIn) -> Person:
    return sign_in(Role.MANAGER)


def limit_support_to(minor: int) -> None:
    with transaction():
        statement = sa.update(RefundLimit).where(RefundLimit.scope == "role:support")
        db.session.execute(statement.values(per_refund_minor=minor))


def test_a_manager_approves_what_support_asked_for(
    support: Person, manager: Person, payment: Payment, stand_in: StandIn
) -> None:
    limit_support_to(1_000)
    asked = refund(support, payment, "3,000")
    (operation,) = operations()
    assert "승인을 기다려요" in asked.text
    assert "승인하고 보내기" not in asked.text
    assert stand_in.payment(UID)["cancel_amount"] == 0

    page = manager.get(f"/operations/{operation.id}").text
    assert "승인하고 보내기" in page
    assert operation.created_by in page
    done = manager.post(f"/operations/{operation.id}/approval/", {}, follow_redirects=True)
    assert "환불했어요" in done.text
    assert stand_in.payment(UID)["cancel_amount"] == 3_000


def test_support_cannot_approve_at_all(support: Person, payment: Payment) -> None:
    limit_support_to(1_000)
    refund(support, payment, "3,000")
    (operation,) = operations()
    answer = support.post(f"/operations/{operation.id}/approval/", {})
    assert answer.status_code == 403


def test_a_refusal_says_why_and_frees_the_payment(
    support: Person, manager: Person, payment: Payment
) -> None:
    limit_support_to(1_000)
    refund(support, payment, "3,000")
    (operation,) = operations()
    without = manager.post(f"/operations/{operation.id}/refusal/", {"note": ""})
    assert without.status_code == 422
    manager.post(f"/operations/{operation.id}/refusal/", {"note": "영수증이 없어요"})
    assert operations()[0].state is OperationState.REJECTED
    assert refund(support, payment, "1,000").status_code == 200


def test_what_waits_is_seen_where_people_look(
    support: Person, manager: Person, payment: Payment
) -> None:
    limit_support_to(1_000)
    refund(support, payment, "3,000")
    assert "승인할 환불" in manager.get("/").text
    assert "승인 대기" in manager.get("/refunds/?state=approval").text
    assert "승인을 기다려요" in support.get(f"/payments/{payment.id}").text
    again = refund(support, payment, "500")
    assert again.status_code == 409


def test_what_came_to_nothing_is_asked_for_once_more_with_a_link_to_the_first(
    support: Person, payment: Payment, stand_in: StandIn
) -> None:
    stand_in.fail_next("/payments/cancel", "code", method="POST")
    refund(support, payment, "3,000", note="전화로 요청")
    (first,) = operations()
    assert first.state is OperationState.FAILED
    assert f"again={first.id}" in support.get(f"/operations/{first.id}").text

    path = f"/payments/{payment.id}/refunds/new?again={first.id}"
    page = support.get(path).text
    assert 'value="3,000"' in page
    assert "전화로 요청" in page
    form = {**support.hidden_fields(path), "amount": "3,000", "reason": "late", "note": ""}
    support.post(f"/payments/{payment.id}/refunds/", form)
    assert [one.retry_of_id for one in operations()] == [None, first.id]
    assert operations()[1].state is OperationState.SUCCEEDED


def test_a_virtual_account_asks_for_the_buyers_account_and_keeps_what_was_typed(
    support: Person, stand_in: StandIn, gateway: Gateway, now
) -> None:
    stand_in.paid(UID, pay_method="vbank", vbank_num="56201234567890")
    applied = sync_payment(UID, source="tests", gateway=gateway, now=now)
    payment = db.session.get_one(Payment, applied.payment_id)
    typed = {"holder": "이도윤", "bank": "BK88", "account_number": "12"}
    short = refund(support, payment, "3,000", **typed)
    assert short.status_code == 422
    assert "계좌번호를 숫자 7~16자리로" in short.text
    assert 'value="이도윤"' in short.text
    assert operations() == []

    done = refund(support, payment, "3,000", **{**typed, "account_number": "110-345-678901"})
    assert "신한은행 ****8901" in done.text
    assert "110345678901" not in done.text
    assert operations()[0].state is OperationState.SUCCEEDED


def test_reasons_are_the_managed_ones(support: Person, payment: Payment) -> None:
    with transaction():
        db.session.execute(
            sa.update(RefundReason).where(RefundReason.code == "late").values(is_active=False)
        )
    assert "배송 지연" not in support.get(f"/payments/{payment.id}/refunds/new").text
    assert refund(support, payment, "1,000", reason="late").status_code == 422
    assert db.session.scalars(sa.select(MoneyOperation)).all() == []
