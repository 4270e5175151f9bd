"""Open an inquiry, write under it, take it over, close it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.card_guard import holds_card_number
from admin.domain.errors import N_, InvalidInput, NotFound
from admin.domain.inquiry import (
    InquiryChannel,
    InquiryEntryKind,
    InquiryState,
    check_writable,
)
from admin.models import Inquiry, InquiryEntry, Operator, Payment, db, lock, transaction

LONGEST_SUBJECT = 200
LONGEST_TEXT = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryCommand:
    """A customer's question as it reached us."""

    payment_id: int | None
    subject: str
    question: str
    channel: InquiryChannel
    customer_name: str


def open_inquiry(command: InquiryCommand, *, actor: Actor, now: datetime) -> Inquiry:
    """Keep a question; whoever takes it in owns it first. Raises NotFound or InvalidInput."""
    _check(command.subject, "subject", LONGEST_SUBJECT)
    _check(command.question, "question", LONGEST_TEXT)
    with transaction():
        if command.payment_id is not None and lock(Payment, command.payment_id) is None:
            raise NotFound()
        inquiry = Inquiry(
            payment_id=command.payment_id,
            subject=command.subject.strip(),
            question=command.question.strip(),
            channel=command.channel,
            customer_name=command.customer_name.strip(),
            state=InquiryState.OPEN,
            owner_id=actor.operator_id,
            created_by=actor.name,
            created_at=now,
        )
        db.session.add(inquiry)
        db.session.flush()
        record(actor, "inquiry.opened", f"inquiry:{inquiry.id}", now=now)
    return inquiry


def write_entry(
    inquiry_id: int, kind: InquiryEntryKind, text: str, *, actor: Actor, now: datetime
) -> Inquiry:
    """Add an answer or a note. An answer makes the inquiry answered.

    Raises NotFound, InvalidInput or InquiryIsClosed.
    """
    _check(text, "text", LONGEST_TEXT)
    with transaction():
        inquiry = _locked(inquiry_id)
        check_writable(inquiry.state)
        db.session.add(
            InquiryEntry(
                inquiry_id=inquiry.id,
                kind=kind,
                body=text.strip(),
                author=actor.name,
                written_at=now,
            )
        )
        if kind is InquiryEntryKind.ANSWER:
            inquiry.state = InquiryState.ANSWERED
            inquiry.answered_at = now
        action = "inquiry.answered" if kind is InquiryEntryKind.ANSWER else "inquiry.noted"
        record(actor, action, f"inquiry:{inquiry.id}", now=now)
    return inquiry


def close_inquiry(inquiry_id: int, *, actor: Actor, now: datetime) -> Inquiry:
    """Nothing is left to do. Raises NotFound or InquiryIsClosed."""
    with transaction():
        inquiry = _locked(inquiry_id)
        check_writable(inquiry.state)
        inquiry.state = InquiryState.CLOSED
        inquiry.closed_at = now
        record(actor, "inquiry.closed", f"inquiry:{inquiry.id}", now=now)
    return inquiry


def reopen_inquiry(inquiry_id: int, *, actor: Actor, now: datetime) -> Inquiry:
    """The customer came back. Raises NotFound."""
    with transaction():
        inquiry = _locked(inquiry_id)
        if inquiry.state is InquiryState.CLOSED:
            inquiry.state = InquiryState.OPEN
            inquiry.closed_at = None
            record(actor, "inquiry.reopened", f"inquiry:{inquiry.id}", now=now)
    return inquiry


def assign_inquiry(
    inquiry_id: int, owner_id: int | None, *, actor: Actor, now: datetime
) -> Inquiry:
    """Give an inquiry to a person, or to nobody. Raises NotFound."""
    with transaction():
        inquiry = _locked(inquiry_id)
        if owner_id is not None and lock(Operator, owner_id) is None:
            raise NotFound()
        inquiry.owner_id = owner_id
        owner = owner_id if owner_id is not None else "nobody"
        record(actor, "inquiry.assigned", f"inquiry:{inquiry.id}", now=now, owner=owner)
    return inquiry


def _check(text: str, field: str, most: int) -> None:
    if not text.strip():
        raise InvalidInput(N_("Write something first."), field=field)
    if len(text) > most:
        raise InvalidInput(N_("At most %(most)s characters fit here."), field=field, most=most)
    if holds_card_number(text):
        raise InvalidInput(
            N_("That looks like a card number. Card numbers are not kept here."), field=field
        )


def _locked(inquiry_id: int) -> Inquiry:
    inquiry = lock(Inquiry, inquiry_id)
    if inquiry is None:
        raise NotFound()
    return inquiry
