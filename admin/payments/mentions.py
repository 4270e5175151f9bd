"""Who may be called in a note, and whom notes have called."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from admin.domain.mentions import Colleague
from admin.domain.permissions import Permission, may
from admin.models import Note, NoteMention, Operator, Payment, db


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Notes on one payment that wait for a person; `author` wrote the newest of them."""

    payment_id: int
    order: str
    author: str
    count: int


def colleagues() -> list[Colleague]:
    """Everyone with an account, by name; called are those who can sign in and may see payments."""
    query = (
        sa.select(Operator)
        .options(selectinload(Operator.roles))
        .order_by(Operator.name, Operator.id)
    )
    return [
        Colleague(
            operator_id=one.id,
            name=one.name,
            email=one.email,
            may_be_called=one.active and may(one.role, Permission.PAYMENTS_READ),
        )
        for one in db.session.scalars(query)
    ]


def waiting_mentions(payment_id: int, operator_id: int | None) -> list[int]:
    """The notes on a payment that call a person who has not opened it since."""
    query = (
        sa.select(NoteMention.note_id)
        .join(Note, Note.id == NoteMention.note_id)
        .where(
            NoteMention.operator_id == operator_id,
            NoteMention.opened_at.is_(None),
            Note.payment_id == payment_id,
        )
    )
    return list(db.session.scalars(query))


def calls_for(operator_id: int, *, limit: int) -> list[Call]:
    """The payments whose notes wait for a person, the newest note first."""
    newest = sa.func.max(Note.id).label("newest")
    by_payment = (
        sa.select(Note.payment_id, newest, sa.func.count().label("notes"))
        .join(NoteMention, NoteMention.note_id == Note.id)
        .where(NoteMention.operator_id == operator_id, NoteMention.opened_at.is_(None))
        .group_by(Note.payment_id)
        .order_by(newest.desc())
        .limit(limit)
        .subquery()
    )
    query = (
        sa.select(Payment.id, Payment.merchant_uid, Note.author, by_payment.c.notes)
        .join(by_payment, by_payment.c.payment_id == Payment.id)
        .join(Note, Note.id == by_payment.c.newest)
        .order_by(by_payment.c.newest.desc())
    )
    return [
        Call(payment_id=key, order=order, author=author, count=count)
        for key, order, author, count in db.session.execute(query)
    ]
