"""Payments that clues may speak of: a few looks along indexes, the surest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import product

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from admin.domain.clock import kst_day
from admin.domain.search.clues import Clue, ClueKind, Facts, Match, rank
from admin.domain.search.query import Compare, Field, Query, Term, Value, clean_text
from admin.models import Payment, PaymentCancellation, TimeBasis, db
from admin.payments.finding import PaymentFilter, page_order, plan, select_payments, time_column
from admin.search.queries import bounded

Told = dict[ClueKind, list[str | int | date | time]]

MOST_CANDIDATES = 200
MOST_LOOKS = 40
MOST_OF_A_LOOK = 30
MOST_OF_A_KIND = 5  # values of one kind that are looked for
MOST_SHOWN = 10
FAR_BEHIND = 3  # times: what meets so much less than the best says nothing beside it

_NUMBERS = {
    ClueKind.PAYMENT: Payment.imp_uid,
    ClueKind.ORDER: Payment.merchant_uid,
    ClueKind.APPROVAL: Payment.apply_num,
}
_FIELDS = {
    ClueKind.EMAIL: (Field.EMAIL, Compare.HOLDS),
    ClueKind.PHONE: (Field.PHONE, Compare.IS),
    ClueKind.ACCOUNT: (Field.VBANK, Compare.HOLDS),
    ClueKind.CARD_END: (Field.CARD, Compare.HOLDS),
    ClueKind.AMOUNT: (Field.AMOUNT, Compare.IS),
    ClueKind.NAME: (Field.BUYER, Compare.HOLDS),
}
# Which clues are looked for together, the surest first. A day is the period of a look.
_TOGETHER: tuple[tuple[ClueKind, ...], ...] = (
    (ClueKind.PHONE,),
    (ClueKind.EMAIL,),
    (ClueKind.ACCOUNT,),
    (ClueKind.CARD_END, ClueKind.AMOUNT),
    (ClueKind.NAME, ClueKind.AMOUNT),
    (ClueKind.AMOUNT, ClueKind.DAY),
    (ClueKind.CARD_END, ClueKind.DAY),
    (ClueKind.NAME, ClueKind.DAY),
    (ClueKind.NAME,),
    (ClueKind.AMOUNT,),
    (ClueKind.CARD_END,),
)
_BASES = (TimeBasis.APPROVED, TimeBasis.CANCELLED, TimeBasis.REQUESTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A payment and the clues that it meets."""

    payment: Payment
    match: Match


def find_by_clues(clues: Sequence[Clue], *, now: datetime) -> list[Found]:
    """The payments that meet the clues best, at most MOST_SHOWN, the best first."""
    payments = {one.imp_uid: one for one in _candidates(clues, now=now)}
    newest = sorted(payments.values(), key=lambda one: one.id, reverse=True)
    matches = rank(clues, [_facts(one) for one in newest])[:MOST_SHOWN]
    return [
        Found(payment=payments[match.facts.imp_uid], match=match)
        for match in matches
        if match.score * FAR_BEHIND >= matches[0].score
    ]


def _candidates(clues: Sequence[Clue], *, now: datetime) -> list[Payment]:
    told: Told = {}
    for clue in clues:
        values = told.setdefault(clue.kind, [])
        if len(values) < MOST_OF_A_KIND:
            values.append(clue.value)
    found: dict[int, Payment] = {}
    for look in (*_by_number(told), *_by_cancel(told)):
        found |= {one.id: one for one in db.session.scalars(look)}
    looks = _looks(told)
    for _ in range(MOST_LOOKS):
        wanted = next(looks, None)
        if wanted is None or len(found) >= MOST_CANDIDATES:
            break
        found |= {one.id: one for one in _look(wanted, now=now)}
    return list(found.values())[:MOST_CANDIDATES]


def _by_number(told: Told) -> Iterator[sa.Select[Payment]]:
    """Whole numbers, each along the index of its column."""
    for kind, column in _NUMBERS.items():
        if values := told.get(kind):
            query = _whole(sa.select(Payment).where(column.in_(values)))
            yield query.order_by(Payment.id.desc()).limit(MOST_OF_A_LOOK)


def _by_cancel(told: Told) -> Iterator[sa.Select[Payment]]:
    """Amounts that went back on a day, along the index of that moment."""
    amounts = told.get(ClueKind.AMOUNT, [])
    for day in told.get(ClueKind.DAY, []) if amounts else []:
        if isinstance(day, date):
            start, end = kst_day(day)
            of_the_day = sa.select(PaymentCancellation.payment_id).where(
                PaymentCancellation.cancelled_at >= start,
                PaymentCancellation.cancelled_at < end,
                PaymentCancellation.amount_minor.in_(amounts),
            )
            query = _whole(sa.select(Payment).where(Payment.id.in_(of_the_day)))
            yield query.order_by(Payment.id.desc()).limit(MOST_OF_A_LOOK)


def _looks(told: Told) -> Iterator[PaymentFilter]:
    for kinds in _TOGETHER:
        for values in product(*(told.get(kind, []) for kind in kinds)):
            terms = []
            day: date | None = None
            for kind, value in zip(kinds, values, strict=True):
                if isinstance(value, date):
                    day = value
                elif (term := _term(kind, value)) is not None:
                    terms.append(term)
            if len(terms) + (day is not None) < len(kinds):
                continue  # a part of a name alone leads nowhere
            query = Query(tuple(terms))
            if day is None:
                yield PaymentFilter(query=query)
                continue
            start, end = kst_day(day)
            for basis in _BASES:
                yield PaymentFilter(query=query, basis=basis, start=start, end=end)


def _term(kind: ClueKind, value: str | int | date | time) -> Term | None:
    field, compare = _FIELDS[kind]
    wanted: Value
    if isinstance(value, int):
        wanted = value
    else:
        wanted = clean_text(str(value))
        if not wanted or "*" in wanted:
            return None
    return Term(field=field, compare=compare, value=wanted)


def _look(wanted: PaymentFilter, *, now: datetime) -> Sequence[Payment]:
    """The newest of one look. What no index narrows is read among the newest payments alone."""
    drawn = plan(wanted, now=now)
    query = bounded(select_payments(drawn), drawn)
    order = [column.desc() for column in page_order(drawn)]
    return db.session.scalars(_whole(query).order_by(*order).limit(MOST_OF_A_LOOK)).all()


def _whole(query: sa.Select[Payment]) -> sa.Select[Payment]:
    return query.options(selectinload(Payment.cancellations))


def _facts(payment: Payment) -> Facts:
    cancels = payment.cancellations
    moments = [getattr(payment, time_column(basis).key) for basis in TimeBasis]
    moments += [one.cancelled_at for one in cancels]
    amounts = [
        payment.amount_minor,
        payment.cancelled_minor,
        *(one.amount_minor for one in cancels),
    ]
    return Facts(
        imp_uid=payment.imp_uid,
        merchant_uid=payment.merchant_uid,
        approval=payment.apply_num or "",
        names=tuple(filter(None, (payment.buyer_name, payment.vbank_holder))),
        email=payment.buyer_email or "",
        phone=payment.buyer_tel or "",
        account=payment.vbank_num or "",
        card_number=payment.card_number or "",
        amounts=tuple(dict.fromkeys(amounts)),
        moments=tuple(moment for moment in dict.fromkeys(moments) if moment is not None),
    )
