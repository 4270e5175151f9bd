"""What a list of payments adds up to: from the sums of the days, or from the rows themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from admin.domain.clock import kst_date, kst_day
from admin.domain.money import Money
from admin.domain.payment import PaymentStatus, Standing
from admin.domain.search.query import Query, StatusWord
from admin.models import Payment, PaymentDay, Span, db
from admin.models.kst import kst_day_of
from admin.models.search import STANDINGS, UNCERTAIN, awaiting_conditions
from admin.payments.finding import (
    BY_THE_HOUR,
    PaymentFilter,
    Plan,
    conditions,
    select_payments,
    time_column,
)


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
    tabs: dict[StatusWord | None, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTotals:
    """One Korean day of a list."""

    day: date
    count: int
    net: Money


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
    return select_payments(drawn).with_only_columns(*_sums(), maintain_column_froms=True)


def totals_by_day(drawn: Plan, days: tuple[date, date]) -> dict[date, DayTotals]:
    """Count and net of each day between `days`, of everything that matches, not of one page."""
    if drawn.summed and drawn.wanted.tab not in BY_THE_HOUR:
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
            .where(*conditions(drawn))
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
    every = replace(drawn, wanted=replace(drawn.wanted, tab=None))
    if drawn.summed:
        return _summed(every, drawn.wanted.tab)
    if drawn.tabbed:
        return Summary(totals=total(drawn), tabs={})
    overdue = sa.func.coalesce(Payment.vbank_due_at, drawn.now) < drawn.now
    query = sa.select(*_sums(), Payment.standing, overdue.label("overdue"))
    found: dict[StatusWord | None, Totals] = {}
    query = query.where(*conditions(every)).group_by(Payment.standing, "overdue")
    for *figures, standing, late in db.session.execute(query):
        here = _tab_of(standing, late=late)
        for tab in (None, here) if here else (None,):
            found[tab] = found.get(tab, NOTHING) + _totals(*figures)
    found[StatusWord.UNKNOWN] = _unknown(every)
    return Summary(
        totals=found.get(drawn.wanted.tab, NOTHING),
        tabs={tab: found.get(tab, NOTHING).count for tab in (None, *StatusWord)},
    )


def totals_of_buyer(payment: Payment) -> Totals | None:
    """Everything paid from the same telephone number."""
    if not payment.buyer_tel_digits:
        return None
    query = sa.select(*_sums()).where(
        Payment.buyer_tel_digits == payment.buyer_tel_digits, Payment.standing == Standing.PAID
    )
    return _totals(*db.session.execute(query).one())


def _day_sums(
    drawn: Plan, tab: StatusWord | None, *, over: sa.ColumnElement[bool]
) -> sa.Select[int, int, int]:
    """Count, gross and cancelled out of the sums of days and months that lie in `over`."""
    query = sa.select(
        sa.func.sum(PaymentDay.count),
        sa.func.sum(PaymentDay.gross_minor),
        sa.func.sum(PaymentDay.cancelled_minor),
    ).where(PaymentDay.basis == drawn.wanted.basis, over, *_day_terms(drawn.wanted.query))
    if tab is None:
        return query
    return query.where(PaymentDay.standing == STANDINGS[tab])


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


def _summed(drawn: Plan, tab: StatusWord | None) -> Summary:
    """From the sums of the days; what goes by the hour is looked up."""
    by_standing = (
        _day_sums(drawn, None, over=_over(drawn.wanted))
        .add_columns(PaymentDay.standing)
        .group_by(PaymentDay.standing)
    )
    found = {standing: _totals(*figures) for *figures, standing in db.session.execute(by_standing)}
    dated, open_ended = awaiting_conditions(now=drawn.now)
    both = _counted(drawn, dated) + _counted(drawn, open_ended)
    awaiting = db.session.scalar(sa.select(both)) or 0
    unknown = _unknown(drawn)
    stood = {word: found.get(standing, NOTHING) for word, standing in STANDINGS.items()}
    counts: dict[StatusWord | None, int] = {word: one.count for word, one in stood.items()}
    counts |= {
        None: sum(one.count for one in found.values()),
        StatusWord.AWAITING: awaiting,
        StatusWord.EXPIRED: stood[StatusWord.EXPIRED].count - awaiting,
        StatusWord.UNKNOWN: unknown.count,
    }
    if tab is None:
        totals = sum(found.values(), NOTHING)
    elif tab is StatusWord.UNKNOWN:
        totals = unknown
    elif tab in BY_THE_HOUR:  # no money has come for an account that still waits
        totals = _totals(counts[tab], 0, 0)
    else:
        totals = stood[tab]
    return Summary(totals=totals, tabs={one: counts[one] for one in (None, *StatusWord)})


def _unknown(drawn: Plan) -> Totals:
    """Those of a filter whose outcome is unknown. They are hardly ever any, and never many."""
    imp_uids = db.session.scalars(UNCERTAIN).all()
    if not imp_uids:
        return NOTHING
    alone = replace(drawn, few=None, by_pieces=False, streamed=False)
    sums = sa.select(*_sums()).where(Payment.imp_uid.in_(imp_uids), *conditions(alone))
    return _totals(*db.session.execute(sums).one())


def _counted(drawn: Plan, condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    query = sa.select(sa.func.count()).select_from(Payment)
    return query.where(*conditions(drawn), condition).scalar_subquery()


def _tab_of(standing: Standing, *, late: bool) -> StatusWord | None:
    """The tab a payment stands under; one that was called off before any money came has none."""
    if standing is Standing.CANCELLED:
        return None
    if standing is Standing.WAITING:
        return StatusWord.EXPIRED if late else StatusWord.AWAITING
    return StatusWord(standing.value)


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
