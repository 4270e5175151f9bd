"""The payments before and after one in the list that a reader came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from admin.models import Payment, db
from admin.payments.finding import NEWEST, Plan, page_order, select_payments


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """Keys of payments; None at the ends of the list, and where the list has no place for it."""

    previous: int | None = None
    next: int | None = None


def find_neighbours(drawn: Plan, payment: Payment, *, ascending: bool) -> Neighbours:
    """One walk along the order of the list each way, from the payment's own place.

    The payment itself need not match any more: what was just refunded has left the list of the
    paid, and its neighbours there are still the next ones to look at.
    """
    order = page_order(drawn)
    place = [getattr(payment, column.key) for column in order]
    if None in place:
        return Neighbours()
    return Neighbours(
        previous=_nearest(drawn, order, place, upward=not ascending),
        next=_nearest(drawn, order, place, upward=ascending),
    )


def _nearest(
    drawn: Plan, order: Sequence[Any], place: Sequence[Any], *, upward: bool
) -> int | None:
    query = select_payments(drawn).with_only_columns(Payment.id)
    query = query.where(_beyond(order, place, upward=upward))
    if not drawn.is_exact and not drawn.streamed:
        # What matches may be rare: no more payments are met on the way than a text is sought in.
        edge = _edge(order, place, upward=upward)
        query = query.where(sa.not_(_beyond(order, edge, upward=upward))) if edge else query
    return db.session.scalars(query.order_by(*_turned(order, upward=upward)).limit(1)).first()


def _edge(order: Sequence[Any], place: Sequence[Any], *, upward: bool) -> Sequence[Any] | None:
    query = sa.select(*order).where(_beyond(order, place, upward=upward))
    ordered = query.order_by(*_turned(order, upward=upward)).offset(NEWEST).limit(1)
    return db.session.execute(ordered).first()


def _beyond(order: Sequence[Any], place: Sequence[Any], *, upward: bool) -> sa.ColumnElement[bool]:
    here = sa.tuple_(*order)
    values = zip(place, order, strict=True)
    there = sa.tuple_(*[sa.literal(value, column.type) for value, column in values])
    return here > there if upward else here < there


def _turned(order: Sequence[Any], *, upward: bool) -> list[Any]:
    return [column.asc() if upward else column.desc() for column in order]
