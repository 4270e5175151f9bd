"""Inquiries: opened, answered, closed and opened again, always somebody's."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.errors import InvalidInput, NotFound
from admin.domain.inquiry import (
    InquiryChannel,
    InquiryEntryKind,
    InquiryIsClosed,
    InquiryState,
)
from admin.domain.permissions import Role
from admin.inquiries.service import (
    InquiryCommand,
    assign_inquiry,
    close_inquiry,
    open_inquiry,
    reopen_inquiry,
    write_entry,
)
from admin.models import AuditEntry, Inquiry, Payment, db
from admin.payments.service import sync_payment

UID = "imp_100000000001"
EN = {"headers": {"Accept-Language": "en"}}
CARD = "4111 1111 1111 1111"
ANSWER, NOTE = InquiryEntryKind.ANSWER, InquiryEntryKind.NOTE


@pytest.fixture
def payment(stand_in, gateway, now) -> Payment:
    """A paid payment that the mirror knows."""
    stand_in.paid(UID)
    applied = sync_payment(UID, source="tests", gateway=gateway, now=now)
    return db.session.get_one(Payment, applied.payment_id)


def asked(**changed) -> InquiryCommand:
    values = {
        "payment_id": None,
        "subject": "배송이 안 와요",
        "question": "언제 오나요?",
        "channel": next(iter(InquiryChannel)),
        "customer_name": "이도윤",
        **changed,
    }
    return InquiryCommand(**values)


def inquiries() -> list[Inquiry]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Inquiry).order_by(Inquiry.id)))


def the_one() -> Inquiry:
    [inquiry] = inquiries()
    return inquiry


def actions() -> list[str]:
    query = sa.select(AuditEntry.action).where(AuditEntry.subject.startswith("inquiry:"))
    return list(db.session.scalars(query.order_by(AuditEntry.id)))


def test_an_inquiry_goes_from_open_to_answered_to_closed_and_back(actor, now):
    inquiry = open_inquiry(asked(), actor=actor, now=now)
    assert (inquiry.state, inquiry.owner_id) == (InquiryState.OPEN, actor.operator_id)

    write_entry(inquiry.id, NOTE, "택배사에 물어봄", actor=actor, now=now)
    assert the_one().state is InquiryState.OPEN
    write_entry(inquiry.id, ANSWER, "내일 도착합니다", actor=actor, now=now)
    assert (the_one().state, the_one().answered_at) == (InquiryState.ANSWERED, now)

    close_inquiry(inquiry.id, actor=actor, now=now)
    assert the_one().state is InquiryState.CLOSED
    for kind in (ANSWER, NOTE):
        with pytest.raises(InquiryIsClosed):
            write_entry(inquiry.id, kind, "아직 안 왔대요", actor=actor, now=now)
    with pytest.raises(InquiryIsClosed):
        close_inquiry(inquiry.id, actor=actor, now=now)

    reopen_inquiry(inquiry.id, actor=actor, now=now)
    assert (the_one().state, the_one().closed_at) == (InquiryState.OPEN, None)
    assert [entry.body for entry in the_one().entries] == ["택배사에 물어봄", "내일 도착합니다"]
    assert actions() == [
        "inquiry.opened",
        "inquiry.noted",
        "inquiry.answered",
        "inquiry.closed",
        "inquiry.reopened",
    ]


def test_an_inquiry_is_given_to_another_or_to_nobody(actor, support, now):
    inquiry = open_inquiry(asked(), actor=actor, now=now)

    assign_inquiry(inquiry.id, support.operator.id, actor=actor, now=now)
    assert the_one().owner.name == support.operator.name
    assign_inquiry(inquiry.id, None, actor=actor, now=now)
    assert the_one().owner_id is None
    with pytest.raises(NotFound):
        assign_inquiry(inquiry.id, 999, actor=actor, now=now)


def test_a_question_that_cannot_be_is_refused(actor, now):
    wrong = [
        *[{"subject": text} for text in (" ", "가" * 201, f"환불 {CARD}")],
        *[{"question": text} for text in ("", "가" * 4_001, f"카드 {CARD}")],
    ]

    for changed in wrong:
        with pytest.raises(InvalidInput) as refusal:
            open_inquiry(asked(**changed), actor=actor, now=now)
        assert refusal.value.field in changed

    assert inquiries() == []


def test_what_is_not_there_is_not_found(actor, now):
    with pytest.raises(NotFound):
        open_inquiry(asked(payment_id=1), actor=actor, now=now)
    with pytest.raises(NotFound):
        write_entry(1, NOTE, "x", actor=actor, now=now)
    with pytest.raises(NotFound):
        reopen_inquiry(1, actor=actor, now=now)


def test_from_the_payment_to_the_inbox_to_the_answer(support, payment):
    form = {
        "subject": "배송이 안 와요",
        "question": "<b>언제</b> 오나요?",
        "customer_name": "이도윤",
        "channel": next(iter(InquiryChannel)).value,
    }
    opened = support.post(f"/inquiries/?payment_id={payment.id}", form, follow_redirects=True, **EN)
    number = the_one().id
    assert "&lt;b&gt;언제&lt;/b&gt;" in opened.text
    assert the_one().payment_id == payment.id
    assert f"/inquiries/{number}" in support.get("/inquiries/", **EN).text
    assert f"/inquiries/{number}" in support.get("/inquiries/?state=mine", **EN).text
    assert "배송이 안 와요" in support.get(f"/payments/{payment.id}", **EN).text

    refused = support.post(f"/inquiries/{number}/answers/", {"body": f"카드 {CARD}"})
    assert refused.status_code == 422
    assert "1111" not in refused.text
    support.post(f"/inquiries/{number}/answers/", {"body": "내일 도착합니다"})
    assert the_one().state is InquiryState.ANSWERED
    support.post(f"/inquiries/{number}/closure")
    assert the_one().state is InquiryState.CLOSED
    assert support.post(f"/inquiries/{number}/closure").status_code == 409
    assert support.post(f"/inquiries/{number}/notes/", {"body": "x"}).status_code == 422
    support.post(f"/inquiries/{number}/reopening")
    assert the_one().state is InquiryState.OPEN


def test_another_person_takes_it_over(support, finance, now):
    first = Actor(name="Support", operator_id=support.operator.id, role=Role.SUPPORT)
    number = open_inquiry(asked(), actor=first, now=now).id
    assert f"/inquiries/{number}" not in finance.get("/inquiries/?state=mine").text

    finance.post(f"/inquiries/{number}/owner")

    assert the_one().owner_id == finance.operator.id
    assert f"/inquiries/{number}" in finance.get("/inquiries/?state=mine").text


def test_a_form_that_cannot_be_is_refused_without_repeating_a_card(support):
    right = {
        "subject": "배송",
        "question": "언제 오나요?",
        "customer_name": "이도윤",
        "channel": next(iter(InquiryChannel)).value,
        "order_number": "",
    }
    wrong = [
        *[{name: ""} for name in ("subject", "question", "customer_name", "channel")],
        *[{name: CARD} for name in ("subject", "question", "customer_name", "order_number")],
        {"order_number": "ORD-nothing"},
        {"channel": "pigeon"},
    ]

    for changed in wrong:
        answer = support.post("/inquiries/", {**right, **changed})
        assert answer.status_code == 422, changed
        assert "1111" not in answer.text

    assert inquiries() == []


def test_an_order_number_finds_its_payment(support, payment):
    form = {
        "subject": "배송",
        "question": "언제 오나요?",
        "customer_name": "이도윤",
        "channel": next(iter(InquiryChannel)).value,
        "order_number": payment.merchant_uid,
    }
    support.post("/inquiries/", form)

    assert the_one().payment_id == payment.id


def test_a_viewer_reads_and_writes_nothing(viewer, actor, now):
    number = open_inquiry(asked(), actor=actor, now=now).id

    assert viewer.get(f"/inquiries/{number}").status_code == 200
    assert viewer.post(f"/inquiries/{number}/answers/", {"body": "x"}).status_code == 403
    assert viewer.post("/inquiries/", {}).status_code == 403
    assert viewer.get(f"/inquiries/{number + 1}").status_code == 404
