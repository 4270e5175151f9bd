"""Read payment requests, and what each has come to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from admin.domain.operation import OperationKind
from admin.domain.payment import Standing
from admin.domain.payment_request import RequestState, RequestTab, request_state
from admin.models import Customer, MoneyOperation, Payment, PaymentRequest, db

MONEY_CAME = (Standing.PAID, Standing.PART_REFUNDED, Standing.REFUNDED)


def select_requests(
    tab: RequestTab | None, text: str, *, now: datetime
) -> sa.Select[PaymentRequest]:
    """Requests for newest-first paging by their key."""
    query = sa.select(PaymentRequest)
    if tab is not None:
        query = query.where(_tab(tab, now=now))
    if text:
        columns = (PaymentRequest.merchant_uid, PaymentRequest.buyer_name, PaymentRequest.name)
        query = query.where(sa.or_(*[one.icontains(text, autoescape=True) for one in columns]))
    return query


def count_by_tab(*, now: datetime) -> dict[RequestTab | None, int]:
    """How many requests stand under each tab; None is all of them."""
    counts: dict[RequestTab | None, int] = {}
    for tab in (None, *RequestTab):
        query = sa.select(sa.func.count()).select_from(PaymentRequest)
        narrowed = query if tab is None else query.where(_tab(tab, now=now))
        counts[tab] = db.session.scalar(narrowed) or 0
    return counts


def find_request(request_id: int) -> PaymentRequest | None:
    """One request."""
    return db.session.get(PaymentRequest, request_id)


def find_by_form_key(form_key: str) -> PaymentRequest | None:
    """The request this form was already sent for."""
    query = sa.select(PaymentRequest).where(PaymentRequest.form_key == form_key)
    return db.session.scalars(query).one_or_none()


def find_by_digest(hashed: str) -> PaymentRequest | None:
    """The request behind a link, by the digest of its token."""
    query = sa.select(PaymentRequest).where(PaymentRequest.token_hash == hashed)
    return db.session.scalars(query).one_or_none()


def find_customer(customer_id: int) -> Customer | None:
    """Whom a card registration is for."""
    return db.session.get(Customer, customer_id)


def payments_of(merchant_uids: Sequence[str]) -> dict[str, list[Payment]]:
    """The payments that carry each order number, newest first."""
    query = sa.select(Payment).where(Payment.merchant_uid.in_(merchant_uids))
    found: dict[str, list[Payment]] = {number: [] for number in merchant_uids}
    for payment in db.session.scalars(query.order_by(Payment.id.desc())):
        found[payment.merchant_uid].append(payment)
    return found


def preparations_of(merchant_uids: Sequence[str]) -> dict[str, MoneyOperation]:
    """The newest registering of each order number's amount."""
    query = sa.select(MoneyOperation).where(
        MoneyOperation.kind == OperationKind.PREPARE,
        MoneyOperation.merchant_uid.in_(merchant_uids),
    )
    rows = db.session.scalars(query.order_by(MoneyOperation.id))
    return {str(one.merchant_uid): one for one in rows}


def states_of(requests: Sequence[PaymentRequest], *, now: datetime) -> dict[int, RequestState]:
    """Where each request stands, by its key."""
    numbers = [one.merchant_uid for one in requests]
    payments, preparations = payments_of(numbers), preparations_of(numbers)
    states = {}
    for one in requests:
        operation = preparations.get(one.merchant_uid)
        facts = one.facts(operation.state if operation else None)
        seen = [payment.snapshot() for payment in payments[one.merchant_uid]]
        states[one.id] = request_state(facts, seen, now=now)
    return states


def state_of(request: PaymentRequest, *, now: datetime) -> RequestState:
    """Where one request stands."""
    return states_of([request], now=now)[request.id]


def _tab(tab: RequestTab, *, now: datetime) -> sa.ColumnElement[bool]:
    paid = sa.exists().where(
        Payment.merchant_uid == PaymentRequest.merchant_uid, Payment.standing.in_(MONEY_CAME)
    )
    done = sa.or_(paid, PaymentRequest.stored_at.is_not(None))
    over = sa.or_(PaymentRequest.revoked_at.is_not(None), PaymentRequest.expires_at <= now)
    return {
        RequestTab.OPEN: sa.and_(sa.not_(done), sa.not_(over)),
        RequestTab.DONE: done,
        RequestTab.ENDED: sa.and_(sa.not_(done), over),
    }[tab]
