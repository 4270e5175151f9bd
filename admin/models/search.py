"""The one place where what is asked of the payments becomes SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from admin.domain.clock import kst_day
from admin.domain.operation import UNCERTAIN_STATES
from admin.domain.payment import Standing
from admin.domain.search.grams import Needed, folded, needed
from admin.domain.search.hangul import initials, is_initials
from admin.domain.search.query import (
    DAY_FIELDS,
    NUMBER_FIELDS,
    Compare,
    DaySpan,
    Field,
    IntSpan,
    Query,
    StatusWord,
    Term,
)
from admin.models.cash_receipt import CashReceipt
from admin.models.operation import MoneyOperation
from admin.models.payment import Payment, PaymentCancellation, digits_of
from admin.models.text_index import (
    ESCROW_MARK,
    TEST_MARK,
    PaymentText,
    is_postgresql,
    method_mark,
    quota_mark,
    standing_mark,
)

FEWEST_PHONE_DIGITS = 4
Condition = sa.ColumnElement[bool]
Alternatives = tuple[Needed, ...]

TEXT_COLUMNS: dict[Field, sa.ColumnElement[str] | InstrumentedAttribute[Any]] = {
    Field.ORDER: Payment.merchant_uid,
    Field.PAYMENT: Payment.imp_uid,
    Field.APPROVAL: Payment.apply_num,
    Field.RECEIPT: sa.select(CashReceipt.apply_num)
    .where(CashReceipt.payment_id == Payment.id)
    .correlate(Payment)
    .scalar_subquery(),
    Field.BUYER: Payment.buyer_name,
    Field.PHONE: Payment.buyer_tel_digits,
    Field.EMAIL: Payment.buyer_email,
    Field.ADDRESS: Payment.buyer_addr,
    Field.GOODS: Payment.order_name,
    Field.CARD: Payment.card_number,
    Field.ISSUER: Payment.card_name,
    Field.BANK: Payment.bank_name,
    Field.VBANK: Payment.vbank_num,
    Field.HOLDER: Payment.vbank_holder,
    Field.REASON: Payment.cancel_reason,
    Field.FAILURE: Payment.fail_reason,
    Field.CUSTOMER: Payment.customer_uid,
    Field.MID: Payment.pg_id,
    Field.PG: Payment.pg_provider,
    Field.TID: Payment.pg_tid,
}
_UNINDEXED = frozenset({Field.PG})  # the same word in nearly every row: nothing to find by
_DIGITS_ONLY = frozenset({Field.PHONE, Field.VBANK})
_DAYS: dict[Field, InstrumentedAttribute[Any]] = {
    Field.REQUESTED: Payment.started_at,
    Field.APPROVED: Payment.paid_at,
    Field.CANCELLED_ON: Payment.cancelled_at,
}
_NUMBERS: dict[Field, InstrumentedAttribute[Any]] = {
    Field.AMOUNT: Payment.amount_minor,
    Field.CANCELLED: Payment.cancelled_minor,
    Field.INSTALMENTS: Payment.card_quota,
}
STANDINGS: dict[StatusWord, Standing] = {
    StatusWord.PAID: Standing.PAID,
    StatusWord.PART_REFUNDED: Standing.PART_REFUNDED,
    StatusWord.REFUNDED: Standing.REFUNDED,
    StatusWord.AWAITING: Standing.WAITING,
    StatusWord.EXPIRED: Standing.WAITING,
    StatusWord.OPENED: Standing.OPENED,
    StatusWord.FAILED: Standing.FAILED,
}


def _a_reason(wanted: str) -> Condition:
    """A payment given back in parts has a reason for each of them."""
    return (
        sa.select(PaymentCancellation.id)
        .where(
            PaymentCancellation.payment_id == Payment.id,
            PaymentCancellation.reason.icontains(wanted, autoescape=True),
        )
        .exists()
    )


def _an_account_bank(wanted: str) -> Condition:
    return Payment.vbank_name.icontains(wanted, autoescape=True)


_ALSO: dict[Field, Callable[[str], Condition]] = {
    Field.REASON: _a_reason,
    Field.BANK: _an_account_bank,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A query as SQL.

    `conditions` say all of it. `pieces` is what the text index must hold for them to be true, and
    `rest` what is still to be compared in rows that the index gave. `marks` are as `pieces`, but
    too common to be looked up alone.
    """

    conditions: tuple[Condition, ...] = ()
    pieces: tuple[Alternatives, ...] = ()
    marks: tuple[Alternatives, ...] = ()
    rest: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    condition: Condition
    pieces: Alternatives = ()
    decided: bool = False  # where the pieces stand, the condition is true
    marks: Alternatives = ()


def compile_query(query: Query, *, now: datetime) -> Compiled:
    """The terms of a query. `now` decides which accounts are too late."""
    conditions: list[Condition] = []
    rest: list[Condition] = []
    pieces: list[Alternatives] = []
    marks: list[Alternatives] = []
    for term in query.terms:
        part = _part(term, now=now)
        if term.negated:
            part = _Part(sa.not_(sa.func.coalesce(part.condition, sa.false())))
        conditions.append(part.condition)
        if part.pieces:
            pieces.append(part.pieces)
        if part.marks:
            marks.append(part.marks)
        if not part.decided:
            rest.append(part.condition)
    return Compiled(
        conditions=tuple(conditions), pieces=tuple(pieces), marks=tuple(marks), rest=tuple(rest)
    )


def status_condition(word: StatusWord, *, now: datetime) -> Condition:
    """Payments that people call by this word."""
    if word is StatusWord.UNKNOWN:
        return Payment.imp_uid.in_(UNCERTAIN)
    if word is StatusWord.EXPIRED:  # most of the waiting, so no index of deadlines is wanted
        due_at = sa.func.coalesce(Payment.vbank_due_at, now)
        return sa.and_(Payment.standing == Standing.WAITING, due_at < now)
    if word is StatusWord.AWAITING:
        return sa.or_(*awaiting_conditions(now=now))
    return Payment.standing == STANDINGS[word]


# Gateway numbers of the payments with an operation whose outcome is unknown.
UNCERTAIN = sa.select(MoneyOperation.imp_uid).where(
    MoneyOperation.state.in_(UNCERTAIN_STATES), MoneyOperation.imp_uid.is_not(None)
)


def awaiting_conditions(*, now: datetime) -> tuple[Condition, Condition]:
    """Accounts whose deadline is ahead, and those without one; each is found by an index."""
    return (
        sa.and_(Payment.standing == Standing.WAITING, Payment.vbank_due_at >= now),
        sa.and_(Payment.standing == Standing.WAITING, Payment.vbank_due_at.is_(None)),
    )


def marks_of_status(word: StatusWord) -> Alternatives:
    """What the text index holds of payments that people call by this word, if anything."""
    if word is StatusWord.UNKNOWN:
        return ()
    return (Needed((standing_mark(STANDINGS[word]),)),)


def _part(term: Term, *, now: datetime) -> _Part:
    field, value = term.field, term.value
    if field is None:
        return _word(str(value))
    if field in TEXT_COLUMNS:
        return _text(field, term.compare, str(value))
    if field in DAY_FIELDS and isinstance(value, DaySpan):
        return _Part(_within(_DAYS[field], value))
    if field in NUMBER_FIELDS and isinstance(value, int | IntSpan):
        return _number(field, term.compare, value)
    if isinstance(value, StatusWord):
        return _Part(status_condition(value, now=now), marks=marks_of_status(value))
    if field is Field.METHOD:
        return _Part(Payment.method == value, marks=(Needed((method_mark(str(value)),)),))
    wanted = value == "test" if field is Field.ENVIRONMENT else bool(value)
    column = Payment.sandbox if field is Field.ENVIRONMENT else Payment.escrow
    mark = TEST_MARK if field is Field.ENVIRONMENT else ESCROW_MARK
    return _Part(column.is_(wanted), (Needed((mark,)),) if wanted else (), decided=wanted)


def _word(word: str) -> _Part:
    """A word that may stand anywhere; a telephone number also as its digits alone."""
    wanted = folded(initials(word) if is_initials(word) else word)
    spellings = [wanted]
    digits = _phone_digits(wanted)
    if digits and digits != wanted:
        spellings.append(digits)
    pieces = tuple(needed(one) for one in spellings)
    condition = _held(spellings)
    if not all(pieces):
        return _Part(condition)
    decided = len(pieces) == 1 and pieces[0] == Needed((wanted,))
    return _Part(condition, pieces, decided)


def _held(spellings: Sequence[str]) -> Condition:
    """One of these stands in the payment's text, read by its key and by nothing else."""
    place = sa.func.strpos if is_postgresql() else sa.func.instr
    holds = sa.or_(*(place(PaymentText.text, one) > 0 for one in spellings))
    query = sa.select(holds).where(PaymentText.payment_id == Payment.id).scalar_subquery()
    return sa.type_coerce(query, sa.Boolean).is_(True)


def _text(field: Field, compare: Compare, value: str) -> _Part:
    column = TEXT_COLUMNS[field]
    if field in _DIGITS_ONLY:
        value = digits_of(value) or value
    wanted = folded(value)
    if compare is Compare.IS:
        condition = sa.func.lower(column) == wanted
        if value == wanted:  # written as it is stored, an index of the column serves
            condition = column == value
    elif field is Field.VBANK:
        condition = sa.func.replace(column, "-", "").contains(wanted, autoescape=True)
    elif is_initials(value):
        return _Part(_held([folded(initials(value))]), (needed(initials(value)),))
    else:
        condition = column.icontains(wanted, autoescape=True)
    if field in _ALSO:
        condition = sa.or_(condition, _ALSO[field](wanted))
    pieces = needed(wanted)
    if field in _UNINDEXED or not pieces:
        return _Part(condition)
    return _Part(condition, (pieces,))


def _within(column: InstrumentedAttribute[Any], span: DaySpan) -> Condition:
    ends: list[Condition] = []
    if span.first is not None:
        ends.append(column >= kst_day(span.first)[0])
    if span.last is not None:
        ends.append(column < kst_day(span.last)[1])
    return sa.and_(*ends)


def _number(field: Field, compare: Compare, value: int | IntSpan) -> _Part:
    column = _NUMBERS[field]
    if isinstance(value, IntSpan):
        return _Part(column.between(value.least, value.most))
    compared: dict[Compare, Callable[[], Condition]] = {
        Compare.IS: lambda: column == value,
        Compare.AT_LEAST: lambda: column >= value,
        Compare.AT_MOST: lambda: column <= value,
        Compare.MORE: lambda: column > value,
        Compare.LESS: lambda: column < value,
    }
    marked = field is Field.INSTALMENTS and compare is Compare.IS and value > 0
    return _Part(
        compared[compare](),
        (Needed((quota_mark(value),)),) if marked else (),
        decided=marked,
    )


def _phone_digits(word: str) -> str:
    """The digits of what is written like a part of a telephone number, else nothing."""
    digits = digits_of(word) or ""
    like_phone = len(digits) >= FEWEST_PHONE_DIGITS and not word.strip("0123456789-.() +")
    return digits if like_phone else ""
