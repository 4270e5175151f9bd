"""Find payments: one filter, made a plan, followed by the page, the sums and the exports.

Nothing here walks all payments to show a page. What a filter can be found by is tried first
(the text index, an index of a column), and where that gives few, those are all there is: every
sum is exact. Where it gives many, the page is read along an index until it is full, and its sums
are read from the sums of the days if they know the filter, else on demand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from admin.domain.clock import kst_date, kst_day, to_epoch
from admin.domain.search.query import Field, Query, StatusWord, Term
from admin.models import Payment, PaymentText, TimeBasis, db
from admin.models.search import (
    STANDINGS,
    Alternatives,
    Compiled,
    compile_query,
    marks_of_status,
    status_condition,
)
from admin.models.text_index import is_postgresql, matches, pieces_table

MANY = 5_000  # more than this is not counted one by one
NEWEST = 5_000  # a text that fills a page from these may be too common for the index
PAGE = 51
EVERYTHING = Query()
# What the sums of the days do not know: a payment comes to it and leaves it with the clock.
BY_THE_HOUR = (StatusWord.AWAITING, StatusWord.EXPIRED, StatusWord.UNKNOWN)


class Sort(Enum):
    """What a list is ordered by; each has an index of its own."""

    TIME = "time"  # of the basis
    AMOUNT = "amount"
    ORDER = "order"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFilter:
    """What to find. Empty fields do not narrow; `start` is included, `end` is not (UTC)."""

    query: Query = EVERYTHING
    tab: StatusWord | None = None
    basis: TimeBasis = TimeBasis.REQUESTED
    start: datetime | None = None
    end: datetime | None = None
    sort: Sort = Sort.TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a filter is looked for. Made by `plan`; the other functions follow it."""

    wanted: PaymentFilter
    now: datetime
    compiled: Compiled
    few: tuple[int, ...] | None = None  # keys that hold all there is, at most MANY
    by_pieces: bool = False  # the text index gave them, and with them what it decides
    tabbed: bool = False  # they hold only what the present tab shows
    streamed: bool = False  # read newest first out of the text index itself
    summed: bool = False  # the sums of the days know this filter

    @property
    def is_exact(self) -> bool:
        """Whether counts and sums of this filter cost next to nothing."""
        return self.summed or self.few is not None


_SHOWN = (
    Payment.id,
    Payment.imp_uid,
    Payment.merchant_uid,
    Payment.started_at,
    Payment.paid_at,
    Payment.cancelled_at,
    Payment.standing,
    Payment.vbank_due_at,
    Payment.order_name,
    Payment.buyer_name,
    Payment.customer_uid_usage,
    Payment.escrow,
    Payment.sandbox,
    Payment.wallet,
    Payment.pay_method,
    Payment.card_name,
    Payment.vbank_name,
    Payment.bank_name,
    Payment.card_quota,
    Payment.currency,
    Payment.amount_minor,
    Payment.cancelled_minor,
)


def time_column(basis: TimeBasis) -> InstrumentedAttribute[Any]:
    """The column a time basis goes by."""
    columns: dict[TimeBasis, InstrumentedAttribute[Any]] = {
        TimeBasis.REQUESTED: Payment.started_at,
        TimeBasis.APPROVED: Payment.paid_at,
        TimeBasis.CANCELLED: Payment.cancelled_at,
    }
    return columns[basis]


def plan(wanted: PaymentFilter, *, now: datetime, many: int = MANY) -> Plan:
    """Decide what a filter is found by; more than `many` are never counted one by one."""
    compiled = compile_query(wanted.query, now=now)
    drawn = Plan(wanted=wanted, now=now, compiled=compiled, summed=_is_summed(wanted))
    if drawn.summed and wanted.sort is Sort.TIME:
        return drawn
    by_time = wanted.basis is TimeBasis.REQUESTED and wanted.sort is Sort.TIME
    common = False  # the text stands in so many payments that a walk meets it soon
    if compiled.pieces:
        common = _is_dear(compiled) and _fills_a_page(compiled)
        if not common:
            streamed = by_time and not is_postgresql()
            for tabbed in (False, True):
                ids = _few(_indexed(replace(drawn, tabbed=tabbed)), many)
                if ids is not None:
                    found = replace(drawn, few=ids, by_pieces=True, tabbed=tabbed)
                    return replace(found, streamed=streamed)
    for driver, tabbed in _drivers(drawn):
        ids = _few(driver, many)
        if ids is not None:
            return replace(drawn, few=ids, tabbed=tabbed)
    return replace(drawn, streamed=bool(compiled.pieces) and by_time and not common)


def select_payments(drawn: Plan) -> sa.Select[Payment]:
    """Payments that match, unordered; page by `page_order`."""
    if not drawn.streamed:
        return sa.select(Payment).where(*conditions(drawn))
    pieces = pieces_table()
    held = (matches(_pieces(drawn)), *_span(drawn.wanted, pieces.c.id))
    rest = (*_around(replace(drawn, few=None)), *drawn.compiled.rest)
    if is_postgresql():
        # Newest first before anything else is read of them: PostgreSQL thinks that few match and
        # would read thousands of payments and texts to show fifty. OFFSET keeps it from seeing in.
        found = sa.select(pieces.c.id).where(*held).order_by(pieces.c.id.desc()).offset(0)
        keys = found.subquery()
        return sa.select(Payment).join(keys, Payment.id == keys.c.id).where(*rest)
    # The plus keeps SQLite from asking the text index for one row at a time.
    return (
        sa.select(Payment)
        .join(pieces, Payment.id == pieces.c.id.op("+")(0))
        .where(*held)
        .where(*rest)
    )


def select_rows(drawn: Plan, also: Sequence[str] = ()) -> sa.Select[*tuple[Any, ...]]:
    """As `select_payments`: no entities, but rows with what a line of the list shows, and `also`
    the attributes that chosen columns need."""
    more = [getattr(Payment, name) for name in also]
    query = select_payments(drawn)
    return query.with_only_columns(*_SHOWN, *more, maintain_column_froms=True)


def page_order(drawn: Plan) -> list[Any]:
    """The keyset the list is paged by: its time, amount or number, then the key."""
    if drawn.streamed:
        return [Payment.id if is_postgresql() else pieces_table().c.id]
    wanted = drawn.wanted
    first: dict[Sort, InstrumentedAttribute[Any]] = {
        Sort.TIME: time_column(wanted.basis),
        Sort.AMOUNT: Payment.amount_minor,
        Sort.ORDER: Payment.merchant_uid,
    }
    return [first[wanted.sort], Payment.id]


def count_up_to(drawn: Plan, most: int = MANY) -> int:
    """How many match, or `most` + 1 when there are more."""
    ids = select_payments(drawn).with_only_columns(Payment.id, maintain_column_froms=True)
    inner = ids.limit(most + 1).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(inner)) or 0


def oldest(drawn: Plan) -> datetime | None:
    """The earliest moment, by the basis, of everything that matches; None when nothing does."""
    column = time_column(drawn.wanted.basis)
    found = sa.select(column).where(*conditions(drawn), column.is_not(None))
    return db.session.scalar(found.order_by(column.asc()).limit(1))


def conditions(drawn: Plan) -> list[sa.ColumnElement[bool]]:
    """All that a payment must be."""
    terms = drawn.compiled.rest if drawn.by_pieces else drawn.compiled.conditions
    return [*_around(drawn), *terms]


def _around(drawn: Plan) -> list[sa.ColumnElement[bool]]:
    """All that a payment must be but for the terms of the query."""
    wanted = drawn.wanted
    conditions: list[sa.ColumnElement[bool]] = []
    if drawn.few is not None:
        conditions.append(_is_one_of(drawn.few))
    column = time_column(wanted.basis)
    if wanted.basis is not TimeBasis.REQUESTED:
        conditions.append(column.is_not(None))
    conditions.extend(_span(wanted, column))
    if wanted.tab is not None:
        state = status_condition(wanted.tab, now=drawn.now)
        walks = wanted.sort is not Sort.TIME and drawn.few is None and not is_postgresql()
        # Else SQLite reads every payment of that state and sorts them, to show fifty.
        conditions.append(sa.func.likely(state) if walks else state)
    return conditions


def _span(wanted: PaymentFilter, column: Any) -> list[sa.ColumnElement[bool]]:
    """The period, as a condition on a moment or on the keys, which are in order of request."""
    ends = []
    for moment, is_start in ((wanted.start, True), (wanted.end, False)):
        if moment is None:
            continue
        edge = moment if isinstance(column, InstrumentedAttribute) else to_epoch(moment) << 20
        ends.append(column >= edge if is_start else column < edge)
    return ends


def _pieces(drawn: Plan) -> list[Alternatives]:
    """What the text index is asked for: the words, and with them the method and the state."""
    tab = drawn.wanted.tab if drawn.tabbed or drawn.streamed else None
    marks = marks_of_status(tab) if tab is not None else ()
    found = [*drawn.compiled.pieces, *drawn.compiled.marks]
    return [*found, marks] if marks else found


def _indexed(drawn: Plan) -> sa.Select[int]:
    """Ids that the text index gives."""
    pieces = pieces_table()
    query = sa.select(pieces.c.id).where(matches(_pieces(drawn)))
    if drawn.wanted.basis is TimeBasis.REQUESTED:
        query = query.where(*_span(drawn.wanted, pieces.c.id))
    return query


def _drivers(drawn: Plan) -> Iterator[tuple[sa.Select[int], bool]]:
    """What else may give few: each a walk along one index, and whether it is of the tab alone."""
    wanted = drawn.wanted
    key = sa.select(Payment.id)
    if wanted.tab is StatusWord.UNKNOWN:
        yield key.where(status_condition(wanted.tab, now=drawn.now)), True
    amounts = [term for term in wanted.query.terms if term.field is Field.AMOUNT]
    if any(not term.negated for term in amounts):
        only = Query(tuple(term for term in amounts if not term.negated))
        yield key.where(*compile_query(only, now=drawn.now).conditions), False
    span = _span(wanted, time_column(wanted.basis))
    standing = STANDINGS.get(wanted.tab) if wanted.tab is not None else None
    methods = [
        term.value for term in wanted.query.terms if term.field is Field.METHOD and not term.negated
    ]
    if methods:
        within = _span(wanted, Payment.started_at) if wanted.basis is TimeBasis.REQUESTED else []
        yield key.where(Payment.method == methods[0], *within), False
    if standing is not None:
        within = span if wanted.basis is not TimeBasis.CANCELLED else []
        yield key.where(Payment.standing == standing, *within), True
    if span:
        yield key.where(*span), False


def _few(ids: sa.Select[int], many: int) -> tuple[int, ...] | None:
    """The keys, or None where there are more than `many`. They are counted before they are read:
    most searches that match many are found out in a millisecond."""
    inner = ids.limit(many + 1).subquery()
    count = db.session.scalar(sa.select(sa.func.count()).select_from(inner)) or 0
    return tuple(db.session.connection().execute(ids).scalars()) if count <= many else None


def _is_one_of(ids: tuple[int, ...]) -> sa.ColumnElement[bool]:
    """As one value, not as thousands: found once, asked for by page, sums and days."""
    if is_postgresql():
        return Payment.id == sa.any_(sa.literal(list(ids), ARRAY(sa.BigInteger)))
    each = sa.func.json_each(json.dumps(ids)).table_valued("value")
    return Payment.id.in_(sa.select(each.c.value))


def _is_dear(compiled: Compiled) -> bool:
    """Whether the index gives all that match or nothing: a GIN index always, FTS5 where it has to
    put many pieces together that begin alike."""
    return is_postgresql() or any(
        one.beginnings and not one.pieces for entry in compiled.pieces for one in entry
    )


def _fills_a_page(compiled: Compiled) -> bool:
    """Whether the newest payments alone hold a page of this text.

    A common word may stand in a tenth of all payments; it is met soon on a walk.
    """
    newest = (
        sa.select(PaymentText.payment_id.label("id"))
        .order_by(PaymentText.payment_id.desc())
        .limit(NEWEST)
        .subquery()
    )
    found = (
        sa.select(Payment.id)
        .join(newest, newest.c.id == Payment.id)
        .where(*compiled.conditions)
        .limit(PAGE)
        .subquery()
    )
    return (db.session.scalar(sa.select(sa.func.count()).select_from(found)) or 0) >= PAGE


def _is_summed(wanted: PaymentFilter) -> bool:
    """Whether the sums of the days know all that this filter asks."""
    days = all(
        moment is None or moment == kst_day(kst_date(moment))[0]
        for moment in (wanted.start, wanted.end)
    )
    return days and all(_is_in_days(term) for term in wanted.query.terms)


def _is_in_days(term: Term) -> bool:
    if term.field is Field.METHOD:
        return True
    return term.field is Field.STATUS and term.value not in BY_THE_HOUR
