"""Read customers, their keys and their payments."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import aliased, selectinload

from admin.domain.errors import NotFound
from admin.domain.money import Money
from admin.domain.operation import OperationKind
from admin.domain.payment import PaymentStatus
from admin.models import BillingKey, Customer, MoneyOperation, Payment, db
from admin.models.payment import digits_of


def select_customers(text: str) -> sa.Select[Customer]:
    """Customers whose name, number, e-mail, phone digits or billing key holds the text."""
    query = sa.select(Customer).options(selectinload(Customer.billing_keys))
    if not text:
        return query
    places = [
        column.icontains(text, autoescape=True)
        for column in (Customer.name, Customer.customer_number, Customer.email)
    ]
    digits = digits_of(text) or ""
    if len(digits) >= 4:
        places.append(Customer.tel_digits.contains(digits))
    keys = sa.select(BillingKey.customer_id).where(
        BillingKey.customer_uid.icontains(text, autoescape=True)
    )
    places.append(Customer.id.in_(keys))
    return query.where(sa.or_(*places))


def count_customers(text: str) -> int:
    """How many customers match."""
    query = sa.select(sa.func.count()).select_from(select_customers(text).subquery())
    return db.session.execute(query).scalar_one()


def get_customer(customer_id: int) -> Customer:
    """One customer with the billing keys, or NotFound."""
    query = (
        sa.select(Customer)
        .where(Customer.id == customer_id)
        .options(selectinload(Customer.billing_keys))
    )
    customer = db.session.scalars(query).one_or_none()
    if customer is None:
        raise NotFound()
    return customer


def get_billing_key(billing_key_id: int) -> BillingKey:
    """One billing key with its customer, or NotFound."""
    query = (
        sa.select(BillingKey)
        .where(BillingKey.id == billing_key_id)
        .options(selectinload(BillingKey.customer))
    )
    key = db.session.scalars(query).one_or_none()
    if key is None:
        raise NotFound()
    return key


def payments_of(customer: Customer, *, limit: int = 20) -> list[Payment]:
    """The newest payments made with the customer's keys or from their telephone."""
    query = (
        sa.select(Payment)
        .where(_belongs_to(customer))
        .order_by(Payment.started_at.desc(), Payment.id.desc())
        .limit(limit)
    )
    return list(db.session.scalars(query))


def totals_of(customer: Customer) -> tuple[int, Money]:
    """How many payments took money and what is left of them."""
    query = sa.select(
        sa.func.count(), sa.func.sum(Payment.amount_minor - Payment.cancelled_minor)
    ).where(
        _belongs_to(customer),
        Payment.status.in_([PaymentStatus.PAID, PaymentStatus.CANCELLED]),
        Payment.paid_at.is_not(None),
    )
    count, minor = db.session.execute(query).one()
    return count, Money(int(minor or 0))


def charges_of(key: BillingKey, *, limit: int = 10) -> list[MoneyOperation]:
    """The newest operations on one key that were started here; refunds stand with the payment."""
    query = (
        sa.select(MoneyOperation)
        .where(
            MoneyOperation.customer_uid == key.customer_uid,
            MoneyOperation.kind != OperationKind.REFUND,
        )
        .order_by(MoneyOperation.id.desc())
        .limit(limit)
    )
    return list(db.session.scalars(query))


def keyed_in_by(customer: Customer, *, limit: int = 10) -> list[MoneyOperation]:
    """The newest payments of the customer's cards typed here that stored none of them."""
    query = (
        sa.select(MoneyOperation)
        .where(
            MoneyOperation.kind == OperationKind.KEY_IN,
            MoneyOperation.customer_uid.is_(None),
            MoneyOperation.details["customer_id"].as_integer() == customer.id,
        )
        .order_by(MoneyOperation.id.desc())
        .limit(limit)
    )
    return list(db.session.scalars(query))


def owed_by(key: BillingKey, *, limit: int = 10) -> list[Payment]:
    """The newest failed charges of a key after which it never paid the same amount."""
    later = aliased(Payment)
    paid_since = sa.exists().where(
        later.customer_uid == Payment.customer_uid,
        later.amount_minor == Payment.amount_minor,
        later.paid_at.is_not(None),
        later.started_at > Payment.started_at,
    )
    query = (
        sa.select(Payment)
        .where(
            Payment.customer_uid == key.customer_uid,
            Payment.status == PaymentStatus.FAILED,
            ~paid_since,
        )
        .order_by(Payment.started_at.desc(), Payment.id.desc())
        .limit(limit)
    )
    return list(db.session.scalars(query))


def _belongs_to(customer: Customer) -> sa.ColumnElement[bool]:
    uids = [key.customer_uid for key in customer.billing_keys]
    places: list[sa.ColumnElement[bool]] = []
    if uids:
        places.append(Payment.customer_uid.in_(uids))
    if customer.tel_digits:
        places.append(Payment.buyer_tel_digits == customer.tel_digits)
    return sa.or_(*places) if places else sa.false()
