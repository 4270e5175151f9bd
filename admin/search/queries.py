"""Find things of every kind by words, each look bounded.

Payments are found as their list finds them. Of a smaller table the NEWEST rows are read through
for a part of a text; older ones are found by whole numbers and names, which have an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from admin.domain.search.query import Query
from admin.models import (
    BillingKey,
    Customer,
    Discrepancy,
    Inquiry,
    MoneyOperation,
    Order,
    Payment,
    ReconciliationRun,
    db,
)
from admin.models.payment import digits_of
from admin.models.text_index import pieces_table
from admin.payments.finding import PaymentFilter, Plan, page_order, plan, select_payments
from admin.payments.queries import find_exact
from admin.search.reading import Asked, Word

NEWEST = 20_000
FEWEST_PHONE_DIGITS = 4
ULID_LENGTH = 26
LONGEST_NUMBER = 160
LARGEST = 2**63 - 1  # of a key

Condition = sa.ColumnElement[bool]
Row = TypeVar("Row")


class Kind(Enum):
    """What a whole number can be the number of."""

    PAYMENT = "payment"
    OPERATION = "operation"
    CUSTOMER = "customer"
    INQUIRY = "inquiry"


def find_number(text: str, *, kinds: frozenset[Kind]) -> tuple[Kind, int | str] | None:
    """The one thing among `kinds` that `text` is a whole number of, and its key.

    Of a payment: the gateway's, the order's, the approval's, the provider's, a cancellation's or
    the cash receipt's.
    Of an operation its id, of a customer the shop's number or a billing key, of an inquiry `#12`.
    """
    if not text or len(text) > LONGEST_NUMBER:
        return None
    if Kind.PAYMENT in kinds and (payment_id := find_exact(text)):
        return Kind.PAYMENT, payment_id
    if Kind.OPERATION in kinds and len(text) == ULID_LENGTH:
        operation = db.session.get(MoneyOperation, text.upper())
        if operation is not None:
            return Kind.OPERATION, operation.id
    if Kind.CUSTOMER in kinds and (customer_id := _customer_of(text)):
        return Kind.CUSTOMER, customer_id
    number = _inquiry_number(text) if text.startswith("#") else None
    if Kind.INQUIRY in kinds and number is not None:
        inquiry = db.session.get(Inquiry, number)
        return (Kind.INQUIRY, inquiry.id) if inquiry is not None else None
    return None


def payments_found(asked: Asked, *, now: datetime, most: int) -> tuple[list[Payment], Query]:
    """The newest payments of the likeliest meaning that finds any, and that meaning."""
    for query in asked.queries:
        if rows := newest_payments(query, now=now, most=most):
            return rows, query
    return [], asked.queries[0] if asked.queries else Query()


def newest_payments(query: Query, *, now: datetime, most: int) -> list[Payment]:
    """The newest payments that match, of all when an index leads to them, else of the NEWEST."""
    drawn = plan(PaymentFilter(query=query), now=now)
    order = [column.desc() for column in page_order(drawn)]
    return list(
        db.session.scalars(bounded(select_payments(drawn), drawn).order_by(*order).limit(most))
    )


def bounded(query: sa.Select[Payment], drawn: Plan) -> sa.Select[Payment]:
    """`query` of this plan, read among the NEWEST payments alone where nothing narrows it."""
    if drawn.few is not None or drawn.wanted.start is not None:
        return query
    if drawn.streamed:
        edge = sa.select(Payment.id).order_by(Payment.id.desc()).limit(1).offset(NEWEST)
        return query.where(pieces_table().c.id > sa.func.coalesce(edge.scalar_subquery(), 0))
    # Named by their keys, or SQLite takes the index of an amount and sorts all that it gives.
    newest = sa.select(Payment.id).order_by(Payment.id.desc()).limit(NEWEST)
    return query.where(Payment.id.in_(newest))


def customers_found(words: Sequence[Word], *, most: int) -> list[Customer]:
    """Customers by name, number, e-mail, phone digits or billing key."""
    query = sa.select(Customer).options(selectinload(Customer.billing_keys))
    parts = [_part_of_customer(word) for word in words]
    return _merged(
        query.where(*(_whole_customer(word) for word in words)),
        query.where(_among_newest(Customer.id, 0), *parts),
        key=Customer.id,
        most=most,
    )


def orders_found(words: Sequence[Word], *, most: int) -> list[Order]:
    """Orders of the shop's books that have no payment here; the others are found as payments."""
    columns = (Order.order_number, Order.order_name, Order.buyer_name)
    payment = sa.select(Payment.id).where(Payment.merchant_uid == Order.order_number)
    query = sa.select(Order).where(~payment.exists())
    return _merged(
        query.where(Order.order_number.in_([word.text for word in words])),
        query.where(
            _among_newest(Order.id, 0), _all_words(words, columns, amount=Order.amount_minor)
        ),
        key=Order.id,
        most=most,
    )


def differences_of(order_numbers: Sequence[str]) -> dict[str, int]:
    """The newest difference that reconciliation found about each of these orders."""
    query = (
        sa.select(Discrepancy.order_number, sa.func.max(Discrepancy.id))
        .where(Discrepancy.order_number.in_(order_numbers))
        .group_by(Discrepancy.order_number)
    )
    return dict(db.session.execute(query).all())


def operations_found(
    words: Sequence[Word], *, most: int
) -> list[tuple[MoneyOperation, str | None, str | None]]:
    """Refunds and all else that was sent, each with its goods and its buyer."""
    columns = (
        MoneyOperation.id,
        MoneyOperation.imp_uid,
        MoneyOperation.merchant_uid,
        MoneyOperation.customer_uid,
        MoneyOperation.reason,
        MoneyOperation.created_by,
        Payment.order_name,
        Payment.buyer_name,
    )
    query = (
        sa.select(MoneyOperation, Payment.order_name, Payment.buyer_name)
        .outerjoin(Payment, Payment.imp_uid == MoneyOperation.imp_uid)
        .where(
            _among_newest(MoneyOperation.id, ""),
            _all_words(words, columns, amount=MoneyOperation.amount_minor),
        )
        .order_by(MoneyOperation.id.desc())
        .limit(most)
    )
    return [(one, goods, buyer) for one, goods, buyer in db.session.execute(query)]


def inquiries_found(words: Sequence[Word], *, most: int) -> list[Inquiry]:
    """Inquiries by subject, question, customer, or their number."""
    columns = (Inquiry.subject, Inquiry.question, Inquiry.customer_name)
    parts = [_any_column(word, columns) for word in words]
    newest = sa.select(Inquiry).where(_among_newest(Inquiry.id, 0), *parts)
    number = _inquiry_number(words[0].text) if len(words) == 1 else None
    if number is None:
        return _merged(newest, key=Inquiry.id, most=most)
    exact = sa.select(Inquiry).where(Inquiry.id == number)
    return _merged(exact, newest, key=Inquiry.id, most=most)


def discrepancies_found(words: Sequence[Word], day: date | None, *, most: int) -> list[Discrepancy]:
    """Differences by order number or payment id, or of one day."""
    query = sa.select(Discrepancy).order_by(Discrepancy.id.desc()).limit(most)
    if day is not None:
        return list(db.session.scalars(query.where(Discrepancy.day == day)))
    columns = (Discrepancy.order_number, Discrepancy.imp_uid)
    parts = _all_words(words, columns, amount=Discrepancy.at_risk_minor)
    return list(db.session.scalars(query.where(_among_newest(Discrepancy.id, 0), parts)))


def runs_found(day: date | None, *, most: int) -> list[ReconciliationRun]:
    """The newest comparisons of one day."""
    if day is None:
        return []
    query = (
        sa.select(ReconciliationRun)
        .where(ReconciliationRun.day == day)
        .order_by(ReconciliationRun.id.desc())
    )
    return list(db.session.scalars(query.limit(most)))


def _customer_of(text: str) -> int | None:
    by_key = sa.select(BillingKey.customer_id).where(BillingKey.customer_uid == text)
    by_number = sa.select(Customer.id).where(Customer.customer_number == text)
    return db.session.scalar(by_key) or db.session.scalar(by_number)


def _inquiry_number(text: str) -> int | None:
    number = text.removeprefix("#")
    is_key = number.isascii() and number.isdecimal() and len(number) < len(str(LARGEST))
    return int(number) if is_key else None


def _merged(*selects: sa.Select[Row], key: InstrumentedAttribute[Any], most: int) -> list[Row]:
    """The newest of several looks together. One look for all of them would use no index."""
    found: dict[Any, Row] = {}
    for query in selects:
        rows = db.session.scalars(query.order_by(key.desc()).limit(most))
        found |= {getattr(row, key.key): row for row in rows}
    return [found[one] for one in sorted(found, reverse=True)][:most]


def _among_newest(
    key: InstrumentedAttribute[Any], before_all: int | str, *, size: int = NEWEST
) -> Condition:
    """Whether a row is one of the newest; a walk from the newest end stops there."""
    edge = sa.select(key).order_by(key.desc()).limit(1).offset(size).scalar_subquery()
    return key > sa.func.coalesce(edge, before_all)


def _all_words(
    words: Sequence[Word], columns: Sequence[Any], *, amount: InstrumentedAttribute[Any]
) -> Condition:
    """Every word stands in some column, or is the amount."""
    conditions = []
    for word in words:
        held = _any_column(word, columns)
        if word.amount is not None:
            held = sa.or_(held, amount.between(word.amount.least, word.amount.most))
        conditions.append(held)
    return sa.and_(*conditions)


def _any_column(word: Word, columns: Sequence[Any]) -> Condition:
    return sa.or_(*(column.icontains(word.text, autoescape=True) for column in columns))


def _whole_customer(word: Word) -> Condition:
    return sa.or_(
        Customer.name == word.text,
        Customer.customer_number == word.text,
        Customer.tel_digits == (_phone(word.text) or word.text),
        Customer.id.in_(
            sa.select(BillingKey.customer_id).where(BillingKey.customer_uid == word.text)
        ),
    )


def _part_of_customer(word: Word) -> Condition:
    found = _any_column(word, (Customer.name, Customer.customer_number, Customer.email))
    if digits := _phone(word.text):
        found = sa.or_(found, Customer.tel_digits.contains(digits))
    keys = sa.select(BillingKey.customer_id).where(
        _among_newest(BillingKey.id, 0),
        BillingKey.customer_uid.icontains(word.text, autoescape=True),
    )
    return sa.or_(found, Customer.id.in_(keys))


def _phone(text: str) -> str:
    """The digits of what is written like a part of a telephone number, else nothing."""
    digits = digits_of(text) or ""
    like_phone = len(digits) >= FEWEST_PHONE_DIGITS and not text.strip("0123456789-.() +")
    return digits if like_phone else ""
