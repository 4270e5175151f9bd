"""Find payments. One filter feeds the page, its sums, its tabs and the exports.

Nothing here walks all payments to show a page. What a filter can be found by is tried first
(the text index, an index of a column), and where that gives few, those are all there is: every
sum is exact. Where it gives many, the page is read along an index until it is full, and its sums
are read from the sums of the days if they know the filter, else on demand.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from admin.domain.clock import kst_date, kst_day, to_epoch
from admin.domain.money import Money
from admin.domain.payment import PaymentStatus, Standing
from admin.domain.search.query import Field, Query, StatusWord, Term
from admin.models import (
    Discrepancy,
    Inquiry,
    MoneyOperation,
    Note,
    NoteMention,
    Observation,
    Payment,
    PaymentDay,
    PaymentText,
    Span,
    TimeBasis,
    db,
)
from admin.models.kst import kst_day_of
from admin.models.search import (
    STANDINGS,
    Alternatives,
    Compiled,
    awaiting_conditions,
    compile_query,
    marks_of_status,
    select_uncertain,
    status_condition,
)
from admin.models.text_index import is_postgresql, matches, pieces_table

MANY = 5_000  # more than this is not counted one by one
NEWEST = 5_000  # a text that fills a page from these may be too common for the index
PAGE = 51
SHORTEST_NUMBER = 6  # what is shorter is a part of a number, if it is one at all


EVERYTHING = Query()


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


class Sort(Enum):
    """What a list is ordered by; each has an index of its own."""

    TIME = "time"  # of the basis
    AMOUNT = "amount"
    ORDER = "order"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFilter:
    """What to find. Empty fields do not narrow; `start` is included, `end` is not (UTC)."""

    query: Query = EVERYTHING
    tab: Tab = Tab.ALL
    basis: TimeBasis = TimeBasis.REQUESTED
    start: datetime | None = None
    end: datetime | None = None
    sort: Sort = Sort.TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a set of payments adds up to. Gross counts only money that really came."""

    count: int
    gross: Money
    cancelled: Money

    @property
    def net(self) -> Money:
        return self.gross - self.cancelled

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            count=self.count + other.count,
            gross=self.gross + other.gross,
            cancelled=self.cancelled + other.cancelled,
        )


NOTHING = Totals(count=0, gross=Money(0), cancelled=Money(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a filter adds up to, and how many each tab over it holds; none where that is dear."""

    totals: Totals
    tabs: dict[Tab, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTotals:
    """One Korean day of a list."""

    day: date
    count: int
    net: Money


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
    if drawn.streamed:
        pieces = pieces_table()
        # The plus keeps SQLite from asking the text index for one row at a time.
        found = Payment.id == (pieces.c.id if is_postgresql() else pieces.c.id.op("+")(0))
        return (
            sa.select(Payment)
            .join(pieces, found)
            .where(matches(_pieces(drawn)), *_span(drawn.wanted, pieces.c.id))
            .where(*_around(replace(drawn, few=None)), *drawn.compiled.rest)
        )
    return sa.select(Payment).where(*_conditions(drawn))


def select_rows(drawn: Plan, also: Sequence[str] = ()) -> sa.Select[*tuple[Any, ...]]:
    """As `select_payments`: no entities, but rows with what a line of the list shows, and `also`
    the attributes that chosen columns need."""
    more = [getattr(Payment, name) for name in also]
    query = select_payments(drawn)
    return query.with_only_columns(*_SHOWN, *more, maintain_column_froms=True)


def page_order(drawn: Plan) -> list[Any]:
    """The keyset the list is paged by: its time, amount or number, then the key."""
    if drawn.streamed:
        return [pieces_table().c.id]
    wanted = drawn.wanted
    first: dict[Sort, InstrumentedAttribute[Any]] = {
        Sort.TIME: time_column(wanted.basis),
        Sort.AMOUNT: Payment.amount_minor,
        Sort.ORDER: Payment.merchant_uid,
    }
    return [first[wanted.sort], Payment.id]


def total(drawn: Plan) -> Totals:
    """Count, gross and cancelled of everything that matches, whatever that costs."""
    if drawn.summed:
        return summarise(drawn).totals
    return _totals(*db.session.execute(select_totals(drawn)).one())


def net_of(imp_uids: Sequence[str]) -> Money:
    """What these payments add up to, as the list sums: money that came and did not go back."""
    query = sa.select(*_sums()).where(Payment.imp_uid.in_(imp_uids))
    return _totals(*db.session.execute(query).one()).net


def select_totals(drawn: Plan) -> sa.Select[int, int, int]:
    """The same from the rows themselves, for a reader with a snapshot of its own."""
    return sa.select(*_sums()).where(*_conditions(drawn))


def count_up_to(drawn: Plan, most: int = MANY) -> int:
    """How many match, or `most` + 1 when there are more."""
    inner = sa.select(Payment.id).where(*_conditions(drawn)).limit(most + 1).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(inner)) or 0


def oldest(drawn: Plan) -> datetime | None:
    """The earliest moment, by the basis, of everything that matches; None when nothing does."""
    column = time_column(drawn.wanted.basis)
    found = sa.select(column).where(*_conditions(drawn), column.is_not(None))
    return db.session.scalar(found.order_by(column.asc()).limit(1))


def totals_by_day(drawn: Plan, days: tuple[date, date]) -> dict[date, DayTotals]:
    """Count and net of each day between `days`, of everything that matches, not of one page."""
    if drawn.summed and drawn.wanted.tab not in _BY_HOUR:
        shown = sa.and_(PaymentDay.span == Span.DAY, PaymentDay.day.between(*days))
        query = (
            _day_sums(drawn, drawn.wanted.tab, over=shown)
            .add_columns(PaymentDay.day)
            .group_by(PaymentDay.day)
        )
    else:
        column = time_column(drawn.wanted.basis)
        day = kst_day_of(column)
        query = (
            sa.select(*_sums(), day)
            .where(*_conditions(drawn))
            .where(column >= kst_day(days[0])[0], column < kst_day(days[1])[1])
            .group_by(day)
        )
    return {
        day: DayTotals(day=day, count=int(count), net=_totals(count, gross, cancelled).net)
        for count, gross, cancelled, day in db.session.execute(query)
    }


def summarise(drawn: Plan) -> Summary:
    """Totals of everything that matches and the counts of the tabs, whatever that costs.

    The tabs are left out where only what the present one shows is cheap.
    """
    every = replace(drawn, wanted=replace(drawn.wanted, tab=Tab.ALL))
    if drawn.summed:
        return _summed(every, drawn.wanted.tab)
    if drawn.tabbed:
        return Summary(totals=total(drawn), tabs={})
    overdue = sa.func.coalesce(Payment.vbank_due_at, drawn.now) < drawn.now
    query = sa.select(*_sums(), Payment.standing, overdue.label("overdue"))
    found: dict[Tab, Totals] = {}
    query = query.where(*_conditions(every)).group_by(Payment.standing, "overdue")
    for *figures, standing, late in db.session.execute(query):
        here = _tab_of(standing, late=late)
        for tab in (Tab.ALL, here) if here else (Tab.ALL,):
            found[tab] = found.get(tab, NOTHING) + _totals(*figures)
    found[Tab.UNKNOWN] = _unknown(every)
    return Summary(
        totals=found.get(drawn.wanted.tab, NOTHING),
        tabs={tab: found.get(tab, NOTHING).count for tab in Tab},
    )


def find_exact(text: str) -> int | None:
    """The key of the one payment that this is a number of: the gateway's, or the only one of its
    order, approval or transaction."""
    if len(text) < SHORTEST_NUMBER:
        return None
    for column in (Payment.imp_uid, Payment.merchant_uid, Payment.apply_num, Payment.pg_tid):
        found = db.session.scalars(sa.select(Payment.id).where(column == text).limit(2)).all()
        if found:
            return found[0] if len(found) == 1 else None
    return None


def get_payment(payment_id: int) -> Payment | None:
    """One payment with what its page shows."""
    query = (
        sa.select(Payment)
        .where(Payment.id == payment_id)
        .options(
            selectinload(Payment.cancellations),
            selectinload(Payment.operations).selectinload(MoneyOperation.approval),
            selectinload(Payment.operations).selectinload(MoneyOperation.closures),
            selectinload(Payment.notes)
            .selectinload(Note.mentions)
            .selectinload(NoteMention.operator),
            selectinload(Payment.inquiries).selectinload(Inquiry.entries),
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


def totals_of_buyer(payment: Payment) -> Totals | None:
    """Everything paid from the same telephone number."""
    if not payment.buyer_tel_digits:
        return None
    query = sa.select(*_sums()).where(
        Payment.buyer_tel_digits == payment.buyer_tel_digits, Payment.standing == Standing.PAID
    )
    return _totals(*db.session.execute(query).one())


def _conditions(drawn: Plan) -> list[sa.ColumnElement[bool]]:
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
    if wanted.tab is not Tab.ALL:
        state = _tab_condition(wanted.tab, now=drawn.now)
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
    tab = drawn.wanted.tab if drawn.tabbed or drawn.streamed else Tab.ALL
    marks = marks_of_status(StatusWord(tab.value)) if tab is not Tab.ALL else ()
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
    if wanted.tab is Tab.UNKNOWN:
        yield key.where(_tab_condition(wanted.tab, now=drawn.now)), True
    amounts = [term for term in wanted.query.terms if term.field is Field.AMOUNT]
    if any(not term.negated for term in amounts):
        only = Query(tuple(term for term in amounts if not term.negated))
        yield key.where(*compile_query(only, now=drawn.now).conditions), False
    span = _span(wanted, time_column(wanted.basis))
    standing = STANDINGS.get(StatusWord(wanted.tab.value)) if wanted.tab is not Tab.ALL else None
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
    return term.field is Field.STATUS and term.value not in _BY_THE_HOUR


_BY_THE_HOUR = (StatusWord.AWAITING, StatusWord.EXPIRED, StatusWord.UNKNOWN)
_BY_HOUR = tuple(Tab(word.value) for word in _BY_THE_HOUR)
_STANDING = {Tab(word.value): standing for word, standing in STANDINGS.items()}


def _day_sums(drawn: Plan, tab: Tab, *, over: sa.ColumnElement[bool]) -> sa.Select[int, int, int]:
    """Count, gross and cancelled out of the sums of days and months that lie in `over`."""
    query = sa.select(
        sa.func.sum(PaymentDay.count),
        sa.func.sum(PaymentDay.gross_minor),
        sa.func.sum(PaymentDay.cancelled_minor),
    ).where(PaymentDay.basis == drawn.wanted.basis, over, *_day_terms(drawn.wanted.query))
    if tab is Tab.ALL:
        return query
    return query.where(PaymentDay.standing == STANDINGS[StatusWord(tab.value)])


def _day_terms(query: Query) -> list[sa.ColumnElement[bool]]:
    conditions = []
    for term in query.terms:
        if isinstance(term.value, StatusWord):
            condition = PaymentDay.standing == STANDINGS[term.value]
        else:
            condition = PaymentDay.method == term.value
        conditions.append(sa.not_(condition) if term.negated else condition)
    return conditions


def _over(wanted: PaymentFilter) -> sa.ColumnElement[bool]:
    """The period in whole months and in the days before and after them."""
    first = kst_date(wanted.start) if wanted.start else None
    end = kst_date(wanted.end) if wanted.end else None
    begin = first and (first if first.day == 1 else _month_after(first))
    stop = end and end.replace(day=1)
    if begin and stop and begin >= stop:
        return sa.and_(PaymentDay.span == Span.DAY, *_days(first, end))
    parts = [sa.and_(PaymentDay.span == Span.MONTH, *_days(begin, stop))]
    if begin and first != begin:
        parts.append(sa.and_(PaymentDay.span == Span.DAY, *_days(first, begin)))
    if stop and stop != end:
        parts.append(sa.and_(PaymentDay.span == Span.DAY, *_days(stop, end)))
    return sa.or_(*parts)


def _days(first: date | None, end: date | None) -> list[sa.ColumnElement[bool]]:
    ends = []
    if first is not None:
        ends.append(PaymentDay.day >= first)
    if end is not None:
        ends.append(PaymentDay.day < end)
    return ends


def _month_after(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _summed(drawn: Plan, tab: Tab) -> Summary:
    """From the sums of the days; what goes by the hour is looked up."""
    by_standing = (
        _day_sums(drawn, Tab.ALL, over=_over(drawn.wanted))
        .add_columns(PaymentDay.standing)
        .group_by(PaymentDay.standing)
    )
    found = {standing: _totals(*figures) for *figures, standing in db.session.execute(by_standing)}
    dated, open_ended = awaiting_conditions(now=drawn.now)
    both = _counted(drawn, dated) + _counted(drawn, open_ended)
    awaiting = db.session.scalar(sa.select(both)) or 0
    unknown = _unknown(drawn)
    counts = {
        one: found[standing].count for one, standing in _STANDING.items() if standing in found
    }
    waiting = counts.get(Tab.EXPIRED, 0)
    counts |= {
        Tab.ALL: sum(one.count for one in found.values()),
        Tab.AWAITING: awaiting,
        Tab.EXPIRED: waiting - awaiting,
        Tab.UNKNOWN: unknown.count,
    }
    if tab is Tab.UNKNOWN:
        totals = unknown
    elif tab in _BY_HOUR:  # no money has come for an account that still waits
        totals = _totals(counts[tab], 0, 0)
    else:
        shown = [one for key, one in found.items() if tab is Tab.ALL or _STANDING[tab] is key]
        totals = sum(shown, NOTHING)
    return Summary(totals=totals, tabs={one: counts.get(one, 0) for one in Tab})


def _unknown(drawn: Plan) -> Totals:
    """Those of a filter whose outcome is unknown. They are hardly ever any, and never many."""
    imp_uids = db.session.scalars(select_uncertain()).all()
    if not imp_uids:
        return NOTHING
    conditions = _conditions(replace(drawn, few=None, by_pieces=False, streamed=False))
    sums = sa.select(*_sums()).where(Payment.imp_uid.in_(imp_uids), *conditions)
    return _totals(*db.session.execute(sums).one())


def _counted(drawn: Plan, condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    query = sa.select(sa.func.count()).select_from(Payment)
    return query.where(*_conditions(drawn), condition).scalar_subquery()


def _tab_condition(tab: Tab, *, now: datetime) -> sa.ColumnElement[bool]:
    return status_condition(StatusWord(tab.value), now=now)


def _tab_of(standing: Standing, *, late: bool) -> Tab | None:
    """The tab a payment stands under; one that was called off before any money came has none."""
    if standing is Standing.CANCELLED:
        return None
    if standing is Standing.WAITING:
        return Tab.EXPIRED if late else Tab.AWAITING
    return Tab(standing.value)


def _sums() -> tuple[sa.ColumnElement[Any], ...]:
    """Count, gross, cancelled. An unpaid or failed payment is counted and adds nothing."""
    counts = sa.or_(Payment.paid_at.is_not(None), Payment.status == PaymentStatus.PAID)
    return (
        sa.func.count(),
        sa.func.sum(sa.case((counts, Payment.amount_minor), else_=0)),
        sa.func.sum(sa.case((counts, Payment.cancelled_minor), else_=0)),
    )


def _totals(count: int | None, gross: int | None, cancelled: int | None) -> Totals:
    return Totals(
        count=int(count or 0), gross=Money(int(gross or 0)), cancelled=Money(int(cancelled or 0))
    )


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


_OFFERED: dict[Field, tuple[InstrumentedAttribute[Any], ...]] = {
    Field.ISSUER: (Payment.card_name,),
    Field.BANK: (Payment.bank_name, Payment.vbank_name),
    Field.MID: (Payment.pg_id,),
    Field.PG: (Payment.pg_provider,),
    Field.REASON: (Payment.cancel_reason,),
}


def newest_values() -> dict[Field, Counter[str]]:
    """What stands in some fields of the newest MANY payments, and how often."""
    columns = {column for columns in _OFFERED.values() for column in columns}
    query = sa.select(*columns).order_by(Payment.id.desc()).limit(MANY)
    rows = db.session.execute(query).mappings().all()
    return {
        field: Counter(
            row[column.key] for row in rows for column in columns if row[column.key] is not None
        )
        for field, columns in _OFFERED.items()
    }
