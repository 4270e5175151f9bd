"""Payments as ready texts for lists: formatted once in Python, never per cell in a template."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import get_template_attribute, url_for
from flask_babel import gettext
from markupsafe import Markup

from admin.domain.clock import KST, kst_date
from admin.domain.money import Money
from admin.domain.payment import PaymentState, PayMethod, state_at
from admin.models import Payment, TimeBasis
from admin.payments.columns import Cell, ShownColumn
from admin.payments.finding import time_column
from admin.payments.sums import DayTotals
from admin.web.filters import counted, day_pill, kst, kst_writer, money
from admin.web.i18n import language
from admin.web.labels import LABELS, OUTCOME_UNKNOWN, method_label

Listed = Payment | sa.Row[Any]  # whatever has the columns of a line of the list
COUNTED = frozenset({PaymentState.PAID, PaymentState.PART_REFUNDED, PaymentState.REFUNDED})


@dataclass(frozen=True, slots=True)
class Mark:
    """A small word after the order name."""

    text: str
    is_test: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One payment, every text ready."""

    href: str
    time: str
    full_time: str
    status: Markup  # the badge of its state
    order_name: str
    marks: list[Mark]
    buyer: str
    method: str
    merchant_uid: str
    imp_uid: str
    amount: str
    cancelled: str
    is_counted: bool
    left_minor: int  # what a refund of all that is left gives back
    cells: Sequence[Cell] = ()  # where somebody chose columns of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The rows of one Korean day."""

    pill: str
    count: str
    net: str
    rows: list[Row] = field(default_factory=list)


def make_groups(
    payments: Sequence[Listed],
    *,
    basis: TimeBasis,
    days: dict[date, DayTotals] | None,
    uncertain: frozenset[str],
    place: str | None = None,
    now: datetime,
    columns: Sequence[ShownColumn] = (),
) -> list[Group]:
    """Rows under their days. `uncertain` holds the imp_uids with an unknown outcome, `place` the
    query string of the list they stand in.

    A day without sums in `days` is summed over the rows shown; without `days` no sum is told.
    """
    key = time_column(basis).key
    link = row_links(place)
    words = _words(language())
    groups = []
    for day, members in groupby(payments, key=lambda one: kst_date(getattr(one, key))):
        shown = list(members)
        sums = (days.get(day) or _sum(day, shown, now=now)) if days is not None else None
        groups.append(
            Group(
                pill=day_pill(day),
                count=counted(sums.count) if sums else "",
                net=money(sums.net) if sums else "",
                rows=[
                    make_row(
                        one,
                        getattr(one, key),
                        link=link,
                        words=words,
                        uncertain=uncertain,
                        now=now,
                        columns=columns,
                    )
                    for one in shown
                ],
            )
        )
    return groups


def make_one_group(
    payments: Sequence[Listed],
    *,
    basis: TimeBasis,
    uncertain: frozenset[str],
    place: str | None = None,
    now: datetime,
    columns: Sequence[ShownColumn] = (),
) -> list[Group]:
    """Rows in an order that is not that of days: each tells its own."""
    key = time_column(basis).key
    link, words = row_links(place), _words(language())
    rows = []
    for one in payments:
        moment = getattr(one, key)
        row = make_row(
            one, moment, link=link, words=words, uncertain=uncertain, now=now, columns=columns
        )
        rows.append(replace(row, time=kst(moment, "short")))
    return [Group(pill="", count="", net="", rows=rows)]


def _sum(day: date, payments: Sequence[Listed], *, now: datetime) -> DayTotals:
    paid = [
        one
        for one in payments
        if state_at(one.standing, due_at=one.vbank_due_at, now=now) in COUNTED
    ]
    net = sum(one.amount_minor - one.cancelled_minor for one in paid)
    return DayTotals(day=day, count=len(payments), net=Money(net))


def row_links(place: str | None = None) -> Callable[[int], str]:
    """The address of a payment by its key, built once a page and not once a row.

    `place` is the query string of the list, which the payment's page leads back to and on from.
    """
    pattern = url_for("payments.show", payment_id=0)
    head = pattern[: pattern.rindex("0")]
    tail = "" if place is None else f"?{urlencode({'from': place})}"
    return lambda payment_id: f"{head}{payment_id}{tail}"


def make_row(
    payment: Listed,
    moment: datetime,
    *,
    link: Callable[[int], str],
    words: _Words,
    uncertain: frozenset[str],
    now: datetime,
    columns: Sequence[ShownColumn] = (),
) -> Row:
    """One payment as texts."""
    state = state_at(payment.standing, due_at=payment.vbank_due_at, now=now)
    unknown = payment.imp_uid in uncertain
    here = moment.astimezone(KST)
    return Row(
        href=link(payment.id),
        time=words.time(here),
        full_time=words.full_time(here),
        status=words.unknown if unknown else words.states[state],
        order_name=payment.order_name or payment.merchant_uid,
        marks=make_marks(payment, words),
        buyer=payment.buyer_name or "–",
        method=shown_method(payment, words),
        merchant_uid=payment.merchant_uid,
        imp_uid=payment.imp_uid,
        amount=money(Money(payment.amount_minor, payment.currency)),
        cancelled=money(-Money(payment.cancelled_minor, payment.currency))
        if payment.cancelled_minor
        else "",
        is_counted=state in COUNTED and not unknown,
        left_minor=payment.amount_minor - payment.cancelled_minor if state in COUNTED else 0,
        cells=[(one.kind, one.text(payment)) for one in columns],
    )


def make_marks(payment: Listed, words: _Words) -> list[Mark]:
    """Recurring, escrow and test marks."""
    marks = []
    if (payment.customer_uid_usage or "").startswith("payment"):
        marks.append(words.recurring)
    if payment.escrow:
        marks.append(words.escrow)
    if payment.sandbox:
        marks.append(words.test)
    return marks


def method_words() -> list[tuple[str, str]]:
    """Every way to pay as its value and its word."""
    names = _words(language()).methods
    return [(method.value, names[method.value]) for method in PayMethod]


def shown_method(payment: Any, words: _Words | None = None) -> str:
    """`카드 · 신한 6개월`, `카카오페이`, `가상계좌 · 농협`. `words` are the page's, if at hand."""
    words = words or _words(language())
    name = words.methods[payment.pay_method]
    if payment.wallet and payment.wallet != payment.pay_method:
        return f"{words.methods[payment.wallet]} · {name}"
    if issuer := payment.card_name or payment.vbank_name or payment.bank_name:
        name = f"{name} · {issuer.removesuffix('카드').removesuffix('은행') or issuer}"
    return f"{name} {words.months[payment.card_quota]}" if payment.card_quota else name


class _Found(dict[Any, str]):
    """Words found once and not once a row."""

    def __init__(self, find: Callable[[Any], str]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, value: Any) -> str:
        word = self[value] = self._find(value)
        return word


@cache
def _words(spoken: str) -> _Words:
    """The words of rows in one language: the one of the present page."""
    return _Words()


class _Words:
    """What rows say whatever they hold, found once and not once a row."""

    def __init__(self) -> None:
        badge = get_template_attribute("components/badge.html", "badge")
        self.states = {state: badge(LABELS[state]) for state in PaymentState}
        self.unknown = badge(OUTCOME_UNKNOWN)
        self.methods = _Found(method_label)
        self.months = _Found(lambda months: gettext("%(months)s mo", months=months))
        self.time = kst_writer("time")
        self.full_time = kst_writer("full")
        self.recurring = Mark(gettext("Recurring"))
        self.escrow = Mark(gettext("Escrow"))
        self.test = Mark(gettext("Test"), is_test=True)
