"""What the day chart draws: points with ready texts, and an axis of three round steps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from flask_babel import gettext

from admin.domain.money import Money
from admin.web.filters import kst_day, man_eok, money


class DayFigures(Protocol):
    """One day's sums. `cancelled` is never negative; `href` opens the day's rows."""

    @property
    def day(self) -> date: ...

    @property
    def gross(self) -> Money: ...

    @property
    def cancelled(self) -> Money: ...

    @property
    def net(self) -> Money: ...

    @property
    def href(self) -> str: ...

    @property
    def is_running(self) -> bool: ...


def day_chart(days: Sequence[DayFigures]) -> dict[str, Any]:
    """The chart as plain data for `static/js/modules/chart.js`."""
    top = max((figures.gross.minor for figures in days), default=0)
    bottom = max((figures.cancelled.minor for figures in days), default=0)
    step = _step(top, bottom)
    above = max(-(-top // step), 1)
    marks = [step * number for number in range(above + 1)]
    scale = _exponent(days)
    return {
        "points": [_point(figures) for figures in days],
        "marks": marks,
        "max": step * above,
        # Room below the axis for the cancelled bars and the figure under the longest.
        "min": -round(bottom + step * above * 0.09),
        "axis": {str(mark): man_eok(mark // scale) if mark else "0" for mark in marks},
        "words": {
            "gross": gettext("Approved"),
            "cancelled": gettext("Cancelled"),
            "net": gettext("Net"),
        },
    }


def _point(figures: DayFigures) -> dict[str, Any]:
    today = gettext("today") if figures.is_running else kst_day(figures.day, "weekday")
    return {
        "label": f"{kst_day(figures.day)}\n{today}",
        "gross": figures.gross.minor,
        "cancelled": figures.cancelled.minor,
        "gross_label": man_eok(figures.gross),
        "cancelled_label": man_eok(-figures.cancelled),
        "gross_text": money(figures.gross),
        "cancelled_text": money(-figures.cancelled),
        "net_text": money(figures.net),
        "href": figures.href,
        "running": figures.is_running,
    }


def _step(top: int, bottom: int) -> int:
    """A round step (1, 2, 2.5 or 5 times a power of ten) that gives about three lines."""
    wanted = Decimal(max(top, bottom, 3)) / 3
    power = Decimal(10) ** wanted.adjusted()
    for factor in (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5)):
        if factor * power >= wanted:
            return max(int(factor * power), 1)
    return int(power * 10)


def _exponent(days: Sequence[DayFigures]) -> int:
    return int(10 ** days[0].gross.currency.exponent) if days else 1
