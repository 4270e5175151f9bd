"""Find payments. One filter feeds the page, its sums, its tabs and the exports."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from admin.domain.clock import kst_day
from admin.domain.money import Money
from admin.domain.operation import UNCERTAIN_STATES
from admin.domain.payment import PaymentStatus
from admin.models import Discrepancy, MoneyOperation, Observation, Payment, db
from admin.models.kst import kst_day_of
from admin.models.payment import digits_of

EXPORT_BATCH = 2000
FEWEST_PHONE_DIGITS = 4


class TimeBasis(Enum):
    """Which moment of a payment a period goes by."""

    REQUESTED = "requested"
    APPROVED = "approved"
    CANCELLED = "cancelled"


class Tab(Enum):
    """The tabs over the list: every state people ask for, and the unknown outcomes."""

    ALL = "all"
    PAID = "paid"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"
    AWAITING = "awaiting"
    OPENED = "opened"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFilter:
    """What to find. Empty fields do not narrow; `start` is included, `end` is not (UTC)."""

    text: str = ""
    tab: Tab = Tab.ALL
    method: str = ""
    basis: TimeBasis = TimeBasis.REQUESTED
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a set of payments adds up to. Gross counts only money that really came."""

    count: int
    gross: Money
    cancelled: Money

    @property
    def net(self) -> Money:
        return self.gross - self.cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTotals:
    """One Korean day of a list."""

    day: date
    count: int
    net: Money


def time_column(basis: TimeBasis) -> InstrumentedAttribute[Any]:
    """The column a time basis goes by."""
    columns: dict[TimeBasis, InstrumentedAttribute[Any]] = {
        TimeBasis.REQUESTED: Payment.started_at,
        TimeBasis.APPROVED: Payment.paid_at,
        TimeBasis.CANCELLED: Payment.cancelled_at,
    }
    return columns[basis]


def select_payments(wanted: PaymentFilter, *, now: datetime) -> sa.Select[Payment]:
    """Payments that match, unordered; page by `page_order(wanted.basis)`."""
    return sa.select(Payment).where(*_conditions(wanted, now=now))


def page_order(basis: TimeBasis) -> list[InstrumentedAttribute[Any]]:
    """The keyset the list is paged by: its time, then the key."""
    return [time_column(basis), Payment.id]


def total(wanted: PaymentFilter, *, now: datetime) -> Totals:
    """Count, gross and cancelled of everything that matches."""
    query = sa.select(*_sums()).where(*_conditions(wanted, now=now))
    count, gross, cancelled = db.session.execute(query).one()
    return _totals(count, gross, cancelled)


def totals_by_day(
    wanted: PaymentFilter, days: tuple[date, date], *, now: datetime
) -> dict[date, DayTotals]:
    """Count and net of each day between `days`, of everything that matches, not of one page."""

    column = time_column(wanted.basis)
    day = kst_day_of(column)
    query = (
        sa.select(day, *_sums())
        .where(*_conditions(wanted, now=now))
        .where(column >= kst_day(days[0])[0], column < kst_day(days[1])[1])
        .group_by(day)
    )
    rows = db.session.execute(query)
    return {
        found: DayTotals(day=found, count=count, net=_totals(count, gross, cancelled).net)
        for found, count, gross, cancelled in rows
    }


def count_tabs(wanted: PaymentFilter, *, now: datetime) -> dict[Tab, int]:
    """How many of the matching payments each tab holds."""
    base = replace(wanted, tab=Tab.ALL)
    counts = [
        sa.func.count(sa.case((_tab_condition(tab, now=now), 1)))
        for tab in Tab
        if tab is not Tab.ALL
    ]
    query = sa.select(sa.func.count(), *counts).where(*_conditions(base, now=now))
    row = db.session.execute(query).one()
    return dict(zip(Tab, row, strict=True))


def iterate(wanted: PaymentFilter, *, now: datetime) -> Iterator[Payment]:
    """Every payment that matches now, newest first.

    A reader may take an hour over the file. So which ones they are is read at once, eight bytes
    each, and the rows in batches: between two of them no transaction is open.
    """
    order = (time_column(wanted.basis).desc(), Payment.id.desc())
    ordered = select_payments(wanted, now=now).with_only_columns(Payment.id).order_by(*order)
    ids = array("q", db.session.scalars(ordered.execution_options(yield_per=EXPORT_BATCH)))
    for start in range(0, len(ids), EXPORT_BATCH):
        batch = ids[start : start + EXPORT_BATCH].tolist()
        query = sa.select(Payment).where(Payment.id.in_(batch))
        rows = {row.id: row for row in db.session.scalars(query)}
        for row in rows.values():
            db.session.expunge(row)
        db.session.rollback()
        yield from (rows[key] for key in batch if key in rows)


def find_exact(text: str) -> Payment | None:
    """The one payment an exact gateway number names."""
    query = sa.select(Payment).where(Payment.imp_uid == text)
    return db.session.scalars(query).one_or_none()


def get_payment(payment_id: int) -> Payment | None:
    """One payment with what its page shows."""
    query = (
        sa.select(Payment)
        .where(Payment.id == payment_id)
        .options(
            selectinload(Payment.cancellations),
            selectinload(Payment.operations),
            selectinload(Payment.notes),
            selectinload(Payment.inquiries),
            selectinload(Payment.escrow_order),
        )
    )
    return db.session.scalars(query).one_or_none()


def observations_of(payment_id: int) -> list[Observation]:
    """What the gateway said about one payment, oldest first."""
    query = (
        sa.select(Observation).where(Observation.payment_id == payment_id).order_by(Observation.id)
    )
    return list(db.session.scalars(query))


def totals_of_buyer(payment: Payment, *, now: datetime) -> Totals | None:
    """Everything paid from the same telephone number."""
    if not payment.buyer_tel_digits:
        return None
    query = sa.select(*_sums()).where(
        Payment.buyer_tel_digits == payment.buyer_tel_digits, _tab_condition(Tab.PAID, now=now)
    )
    return _totals(*db.session.execute(query).one())


def _conditions(wanted: PaymentFilter, *, now: datetime) -> list[sa.ColumnElement[bool]]:
    column = time_column(wanted.basis)
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.basis is not TimeBasis.REQUESTED:
        conditions.append(column.is_not(None))
    if wanted.start is not None:
        conditions.append(column >= wanted.start)
    if wanted.end is not None:
        conditions.append(column < wanted.end)
    if wanted.method:
        plain = sa.and_(Payment.pay_method == wanted.method, Payment.wallet.is_(None))
        conditions.append(sa.or_(plain, Payment.wallet == wanted.method))  # as reports count it
    if wanted.tab is not Tab.ALL:
        conditions.append(_tab_condition(wanted.tab, now=now))
    if wanted.text:
        conditions.append(_holds(wanted.text))
    return conditions


def _holds(text: str) -> sa.ColumnElement[bool]:
    """Every word stands somewhere in the numbers, the names or the contact of a payment."""
    every_word = sa.and_(*[_holds_word(word) for word in text.split()[:8]])
    if digits := _phone_digits(text):  # a number may be typed with blanks in it
        return sa.or_(every_word, Payment.buyer_tel_digits.contains(digits))
    return every_word


def _holds_word(word: str) -> sa.ColumnElement[bool]:
    columns = (
        Payment.merchant_uid,
        Payment.imp_uid,
        Payment.buyer_name,
        Payment.buyer_email,
        Payment.order_name,
        Payment.apply_num,
    )
    places = [column.icontains(word, autoescape=True) for column in columns]
    if digits := _phone_digits(word):
        places.append(Payment.buyer_tel_digits.contains(digits))
    return sa.or_(*places)


def _phone_digits(text: str) -> str:
    """The digits of what is written like a part of a telephone number, else nothing."""
    digits = digits_of(text) or ""
    like_phone = len(digits) >= FEWEST_PHONE_DIGITS and not text.strip("0123456789-.() +")
    return digits if like_phone else ""


def _tab_condition(tab: Tab, *, now: datetime) -> sa.ColumnElement[bool]:
    ended_well = Payment.status.in_([PaymentStatus.PAID, PaymentStatus.CANCELLED])
    took_money = sa.or_(Payment.paid_at.is_not(None), Payment.status == PaymentStatus.PAID)
    ready = Payment.status == PaymentStatus.READY
    has_account = sa.or_(Payment.vbank_num.is_not(None), Payment.vbank_due_at.is_not(None))
    overdue = sa.and_(Payment.vbank_due_at.is_not(None), Payment.vbank_due_at < now)
    uncertain = (
        sa.select(MoneyOperation.imp_uid)
        .where(MoneyOperation.state.in_(UNCERTAIN_STATES), MoneyOperation.imp_uid.is_not(None))
        .scalar_subquery()
    )
    conditions: dict[Tab, sa.ColumnElement[bool]] = {
        Tab.PAID: sa.and_(ended_well, took_money, Payment.cancelled_minor == 0),
        Tab.PART_REFUNDED: sa.and_(
            ended_well,
            Payment.cancelled_minor > 0,
            Payment.cancelled_minor < Payment.amount_minor,
        ),
        Tab.REFUNDED: sa.and_(
            ended_well,
            Payment.cancelled_minor > 0,
            Payment.cancelled_minor >= Payment.amount_minor,
        ),
        Tab.AWAITING: sa.and_(ready, has_account, sa.not_(overdue)),
        Tab.OPENED: sa.and_(ready, sa.not_(has_account)),
        Tab.EXPIRED: sa.and_(ready, overdue),
        Tab.FAILED: Payment.status == PaymentStatus.FAILED,
        Tab.UNKNOWN: Payment.imp_uid.in_(uncertain),
    }
    return conditions[tab]


def _sums() -> tuple[sa.ColumnElement[Any], ...]:
    """Count, gross, cancelled. An unpaid or failed payment is counted and adds nothing."""
    took_money = sa.or_(Payment.paid_at.is_not(None), Payment.status == PaymentStatus.PAID)
    gross = sa.case((took_money, Payment.amount_minor), else_=0)
    return (
        sa.func.count(),
        sa.func.sum(gross),
        sa.func.sum(sa.case((took_money, Payment.cancelled_minor), else_=0)),
    )


def _totals(count: int, gross: int | None, cancelled: int | None) -> Totals:
    return Totals(count=count, gross=Money(int(gross or 0)), cancelled=Money(int(cancelled or 0)))


def discrepancies_of(payment: Payment) -> list[Discrepancy]:
    """What reconciliation found about this payment or its order, open ones first."""
    query = (
        sa.select(Discrepancy)
        .where(
            sa.or_(
                Discrepancy.imp_uid == payment.imp_uid,
                Discrepancy.order_number == payment.merchant_uid,
            )
        )
        .order_by(Discrepancy.state, Discrepancy.id.desc())
    )
    return list(db.session.scalars(query))


def find_by_number(number: str) -> Payment | None:
    """The payment of this gateway number, or the newest one of this order number."""
    query = (
        sa.select(Payment)
        .where(sa.or_(Payment.imp_uid == number, Payment.merchant_uid == number))
        .order_by(Payment.id.desc())
        .limit(1)
    )
    return db.session.scalars(query).one_or_none()
