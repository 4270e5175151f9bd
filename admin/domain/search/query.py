"""What a search asks for: terms that must all hold, each about one field or about any.

A term is refused when it is built in a shape the language cannot write, so everything a
query holds can be shown as text and read again.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import Enum

from admin.domain.payment import PayMethod

EARLIEST = date(2000, 1, 1)
LATEST = date(2099, 12, 31)
LARGEST = 999_999_999_999  # won, and whatever else is counted
LONGEST = 100  # characters of one value
MOST_TERMS = 20
_DROPPED = dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u00ad"))  # pasted along, never meant
_METHODS = frozenset(method.value for method in PayMethod)


class Field(Enum):
    """What a term can be about. The value is the field's English name in the language."""

    STATUS = "status"
    METHOD = "method"
    AMOUNT = "amount"
    CANCELLED = "cancelled"  # the sum given back so far
    REQUESTED = "requested"
    APPROVED = "approved"
    CANCELLED_ON = "cancelled_on"
    ORDER = "order"  # merchant_uid
    PAYMENT = "payment"  # imp_uid
    APPROVAL = "approval"  # apply_num
    RECEIPT = "receipt"  # apply_num of the cash receipt
    BUYER = "buyer"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    GOODS = "goods"  # order_name
    CARD = "card"  # masked number: its first or its last digits
    ISSUER = "issuer"  # card_name
    BANK = "bank"
    VBANK = "vbank"  # number of the virtual account
    HOLDER = "holder"
    REASON = "reason"  # of the cancel
    FAILURE = "failure"
    CUSTOMER = "customer"  # customer_uid
    MID = "mid"  # pg_id
    PG = "pg"
    TID = "tid"
    INSTALMENTS = "instalments"  # months; 0 is a lump sum
    ENVIRONMENT = "environment"
    ESCROW = "escrow"


DAY_FIELDS = frozenset({Field.REQUESTED, Field.APPROVED, Field.CANCELLED_ON})
NUMBER_FIELDS = frozenset({Field.AMOUNT, Field.CANCELLED, Field.INSTALMENTS})
CHOICE_FIELDS = frozenset({Field.STATUS, Field.METHOD, Field.ENVIRONMENT, Field.ESCROW})
TEXT_FIELDS = frozenset(Field) - DAY_FIELDS - NUMBER_FIELDS - CHOICE_FIELDS


class Compare(Enum):
    """How a term's value is meant."""

    HOLDS = "holds"  # a text stands somewhere in the field, or in any of them
    IS = "is"  # an enumerated value or a number is this one; a text is exactly this
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    MORE = "more"
    LESS = "less"
    BETWEEN = "between"  # both ends included


class StatusWord(Enum):
    """What can be asked of a payment's state; the tabs over the list by the same names."""

    PAID = "paid"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"
    AWAITING = "awaiting"
    OPENED = "opened"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySpan:
    """Korean days, both included; None is open, never at both ends."""

    first: date | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        days = [day for day in (self.first, self.last) if day is not None]
        if not days or days != sorted(days) or not all(EARLIEST <= day <= LATEST for day in days):
            raise ValueError("a span of days runs forward, between 2000 and 2099")


@dataclass(frozen=True, slots=True, kw_only=True)
class IntSpan:
    """Whole numbers (won, months), both ends included."""

    least: int
    most: int

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.most <= LARGEST:
            raise ValueError("a span of numbers runs forward, from zero")


Value = str | int | StatusWord | DaySpan | IntSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One condition. No field: the text stands in any of the fields a plain word is sought in.

    The shapes there are:
    no field: HOLDS str · TEXT_FIELDS: HOLDS or IS str · DAY_FIELDS: BETWEEN DaySpan ·
    NUMBER_FIELDS: IS, AT_LEAST, AT_MOST, MORE or LESS int, BETWEEN IntSpan ·
    STATUS: IS StatusWord · METHOD: IS the value of a PayMethod ·
    ENVIRONMENT: IS "live" or "test" · ESCROW: IS bool.
    Raises ValueError for any other, and for a text that is not `clean_text` of itself.
    """

    field: Field | None = None
    compare: Compare
    value: Value
    negated: bool = False

    def __post_init__(self) -> None:
        if not _has_a_shape(self.field, self.compare, self.value):
            raise ValueError(f"no such term: {self.field} {self.compare}")


@dataclass(frozen=True, slots=True)
class Query:
    """Terms that must all hold. None of them: everything is found."""

    terms: tuple[Term, ...] = ()

    def __post_init__(self) -> None:
        if len(self.terms) > MOST_TERMS:
            raise ValueError(f"a query has at most {MOST_TERMS} terms")

    def __bool__(self) -> bool:
        return bool(self.terms)

    def without(self, term: Term) -> Query:
        """The query less every occurrence of `term`, as closing its chip leaves it."""
        return Query(tuple(kept for kept in self.terms if kept != term))


def clean_text(text: str) -> str:
    """The one way a text is written: composed, single blanks, nothing that cannot be seen."""
    seen = "".join(
        " " if unicodedata.category(letter) == "Cc" else letter
        for letter in text.translate(_DROPPED)
        if unicodedata.category(letter) != "Cs"
    )
    return " ".join(unicodedata.normalize("NFC", seen).split())


def _has_a_shape(field: Field | None, compare: Compare, value: Value) -> bool:
    if field is None or field in TEXT_FIELDS:
        exact = compare is Compare.IS and field is not None
        return (compare is Compare.HOLDS or exact) and _is_text(value)
    if field in DAY_FIELDS:
        return compare is Compare.BETWEEN and isinstance(value, DaySpan)
    if field in NUMBER_FIELDS:
        if compare is Compare.BETWEEN:
            return isinstance(value, IntSpan)
        return compare is not Compare.HOLDS and _is_count(value)
    return compare is Compare.IS and _is_choice(field, value)


def _is_text(value: Value) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST and value == clean_text(value)


def _is_count(value: Value) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def _is_choice(field: Field, value: Value) -> bool:
    if field is Field.STATUS:
        return isinstance(value, StatusWord)
    if field is Field.METHOD:
        return isinstance(value, str) and value in _METHODS
    if field is Field.ENVIRONMENT:
        return value in ("live", "test")
    return isinstance(value, bool)
