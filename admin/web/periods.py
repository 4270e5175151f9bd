"""Periods of Korean days: what a person picks, and the usual ones by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from admin.domain.clock import kst_date, kst_day
from admin.web.filters import kst_day as shown_day
from admin.web.i18n import language

NAMES: dict[str, LazyString] = {
    "today": _l("Today"),
    "yesterday": _l("Yesterday"),
    "week": _l("Last 7 days"),
    "month": _l("This month"),
    "last_month": _l("Last month"),
    "all": _l("All time"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """First and last day, both included; None is open. `name` is one of NAMES or ""."""

    first: date | None = None
    last: date | None = None
    name: str = ""

    @property
    def start(self) -> datetime | None:
        """The first moment, UTC."""
        return kst_day(self.first)[0] if self.first else None

    @property
    def end(self) -> datetime | None:
        """The first moment after the period, UTC."""
        return kst_day(self.last)[1] if self.last else None

    def shown(self) -> str:
        """As the button shows it."""
        if self.first is None and self.last is None:
            return gettext("All time")
        if self.first == self.last:
            return shown_day(self.first, "date")
        if self.first is None or self.last is None:
            ends = [shown_day(day, "date") if day else "" for day in (self.first, self.last)]
            return " – ".join(ends).strip()
        return _span(self.first, self.last)


def _span(first: date, last: date) -> str:
    """Two days without what they share: `2026.11.17 – 11.23`, in English `17 – 23 Nov 2026`."""
    if first.year != last.year:
        return f"{shown_day(first, 'date')} – {shown_day(last, 'date')}"
    if language() == "ko":
        return f"{shown_day(first, 'date')} – {shown_day(last, 'day')}"
    begin = str(first.day) if first.month == last.month else shown_day(first, "day")
    return f"{begin} – {shown_day(last, 'date')}"


def named_period(name: str, *, now: datetime) -> Period:
    """The usual period called `name`, seen from `now`; an unknown name is all time."""
    today = kst_date(now)
    month = today.replace(day=1)
    before = month - timedelta(days=1)
    spans = {
        "today": (today, today),
        "yesterday": (today - timedelta(days=1), today - timedelta(days=1)),
        "week": (today - timedelta(days=6), today),
        "month": (month, today),
        "last_month": (before.replace(day=1), before),
    }
    first, last = spans.get(name, (None, None))
    return Period(first=first, last=last, name=name if name in NAMES else "all")
