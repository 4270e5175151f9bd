"""Figures of a period as pages and files show them; every figure leads to its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from flask import url_for
from flask_babel import gettext

from admin.domain.clock import kst_date
from admin.domain.money import Money
from admin.reports.queries import Sales, sales_by_day, sales_by_method
from admin.web.labels import method_label
from admin.web.periods import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLine:
    """One day of a chart and its table."""

    day: date
    gross: Money
    cancelled: Money
    net: Money
    count: int
    href: str
    is_running: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodLine:
    """One pay method of a period. `share` is of the approved money, 0 to 1."""

    label: str
    count: int
    gross: Money
    cancelled: Money
    net: Money
    amount: Money
    share: float
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """One line of the exported report."""

    group: str
    label: str
    sales: Sales


def day_lines(sales: dict[date, Sales], *, now: datetime) -> list[DayLine]:
    """Each day with the address of its payments."""
    today = kst_date(now)
    return [
        DayLine(
            day=day,
            gross=one.gross,
            cancelled=one.cancelled,
            net=one.net,
            count=one.count,
            href=_payments(day, day),
            is_running=day == today,
        )
        for day, one in sales.items()
    ]


def method_lines(sales: dict[str, Sales], first: date, last: date) -> list[MethodLine]:
    """Each method with its share and the address of its payments."""
    whole = sum(one.gross.minor for one in sales.values()) or 1
    return [
        MethodLine(
            label=method_label(name),
            count=one.count,
            gross=one.gross,
            cancelled=one.cancelled,
            net=one.net,
            amount=one.gross,
            share=one.gross.minor / whole,
            href=_payments(first, last, method=name),
        )
        for name, one in sales.items()
    ]


def report_lines(period: Period) -> Iterator[ReportLine]:
    """The report as a file: days, methods, and the total that both add up to."""
    if period.start is None or period.end is None:
        return
    days = sales_by_day(period.start, period.end)
    for day, sales in days.items():
        yield ReportLine(group=gettext("Day"), label=day.isoformat(), sales=sales)
    for name, sales in sales_by_method(period.start, period.end).items():
        yield ReportLine(group=gettext("Method"), label=method_label(name), sales=sales)
    total = sum(days.values(), Sales())
    yield ReportLine(group=gettext("Total"), label=period.shown(), sales=total)


def _payments(first: date, last: date, *, method: str | None = None) -> str:
    return url_for(
        "payments.index",
        basis="approved",
        from_day=first.isoformat(),
        to_day=last.isoformat(),
        method=method,
    )
