"""Korean days as people write them, seen from a given today."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta

from admin.domain.search.query import EARLIEST, LATEST, DaySpan
from admin.domain.search.words import close_word, key_of

Days = tuple[date, date]

_MOST_BACK = 3660  # days
_WHOLE = re.compile(r"([0-9]{4})([-./])([0-9]{1,2})\2([0-9]{1,2})\.?")
_SHORT = re.compile(r"([0-9]{2})([-./])([0-9]{1,2})\2([0-9]{1,2})\.?")
_PACKED = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_MONTH = re.compile(r"([0-9]{4})[-./]([0-9]{1,2})")
_YEAR = re.compile(r"([0-9]{4})년?")
_NO_YEAR = re.compile(r"([0-9]{1,2})/([0-9]{1,2})")
_SPOKEN = re.compile(r"(?:([0-9]{4}|[0-9]{2})년)?([0-9]{1,2})월(?:([0-9]{1,2})일)?")
_BACK = re.compile(r"(?:최근|지난|last|past)?([0-9]{1,4})(d|w|days?|weeks?|일|주)(?:간|동안)?")

# What means days though no field asks for any: `7d` does, 3D and a trial of 7일 do not.
_ALONE = re.compile(
    r"(?:최근|지난)[0-9]{1,4}[일주]간?|[0-9]{1,4}[dw]|"
    r"(?:[0-9]{4}년)?[0-9]{1,2}월[0-9]{1,2}일|[0-9]{4}년[0-9]{1,2}월"
)


def _week(today: date) -> date:
    return today - timedelta(days=today.weekday())


def _last_month(today: date) -> Days:
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


_NAMED: dict[str, Callable[[date], Days]] = {}
for _names, _span in {
    "오늘 today": lambda today: (today, today),
    "어제 yesterday": lambda today: (today - timedelta(days=1), today - timedelta(days=1)),
    "그제 그저께": lambda today: (today - timedelta(days=2), today - timedelta(days=2)),
    "이번주 금주 thisweek": lambda today: (_week(today), today),
    "지난주 저번주 전주 lastweek": lambda today: (
        _week(today) - timedelta(days=7),
        _week(today) - timedelta(days=1),
    ),
    "이번달 이달 당월 thismonth": lambda today: (today.replace(day=1), today),
    "지난달 저번달 전월 lastmonth": _last_month,
    "올해 금년 thisyear": lambda today: (today.replace(month=1, day=1), today),
    "작년 지난해 lastyear": lambda today: (
        date(today.year - 1, 1, 1),
        date(today.year - 1, 12, 31),
    ),
}.items():
    _NAMED |= dict.fromkeys(_names.split(), _span)

# In the words a person reads: what the box offers where a day is asked for.
OFFERED = {
    "ko": ["오늘", "어제", "이번주", "지난주", "이번달", "지난달", "최근7일", "최근30일"],
    "en": ["today", "yesterday", "this_week", "last_week", "this_month", "last_month", "7d", "30d"],
}


def read_days(text: str, *, today: date) -> DaySpan | None:
    """The days one expression means, both ends set; None if it means none there are."""
    text = unicodedata.normalize("NFKC", text).strip()
    key = key_of(text)
    try:
        found = _relative(key, today) or _fixed(text, key, today)
    except (ValueError, OverflowError):  # the 31st of November, or a year nobody lived in
        return None
    if found is None or not EARLIEST <= found[0] <= found[1] <= LATEST:
        return None
    return DaySpan(first=found[0], last=found[1])


def speaks_of_days(text: str) -> bool:
    """Whether a word alone means days. Bare figures stay text: they may be part of a number."""
    if key_of(text) in _NAMED or _ALONE.fullmatch("".join(text.split())):
        return True
    return _WHOLE.fullmatch(text) is not None


def suggest_days(text: str, *, today: date) -> str | None:
    """What was probably meant by a text that is no day."""
    if found := _WHOLE.fullmatch(text):
        year, month = int(found[1]), int(found[3])
        if EARLIEST.year <= year <= LATEST.year and 1 <= month <= 12:
            return f"{year}-{month:02}-{monthrange(year, month)[1]:02}"
    if found := _NO_YEAR.fullmatch(text):
        turned = f"{found[2]}/{found[1]}"
        return turned if read_days(turned, today=today) else None
    return close_word(text, list(_NAMED))


def show_days(span: DaySpan) -> str:
    """The canonical text of a span: a day, a month, or a range."""
    first, last = span.first, span.last
    if first is None or last is None:
        return f"{first or ''}..{last or ''}"
    if first == last:
        return str(first)
    if first.day == 1 and last == _last_of_month(first):
        return f"{first:%Y-%m}"
    return f"{first}..{last}"


def _relative(key: str, today: date) -> Days | None:
    if key in _NAMED:
        return _NAMED[key](today)
    if found := _BACK.fullmatch(key):
        days = int(found[1]) * (7 if found[2][0] in "w주" else 1)
        return (today - timedelta(days=days - 1), today) if 0 < days <= _MOST_BACK else None
    return None


def _fixed(text: str, key: str, today: date) -> Days | None:
    if found := _WHOLE.fullmatch(text) or _SHORT.fullmatch(text):
        year = int(found[1]) if len(found[1]) == 4 else 2000 + int(found[1])
        return _one(date(year, int(found[3]), int(found[4])))
    if found := _PACKED.fullmatch(text):
        return _one(date(int(found[1]), int(found[2]), int(found[3])))
    if found := _MONTH.fullmatch(text):
        return _whole_month(date(int(found[1]), int(found[2]), 1))
    if found := _YEAR.fullmatch(text):
        return date(int(found[1]), 1, 1), date(int(found[1]), 12, 31)
    if found := _NO_YEAR.fullmatch(text):
        return _one(_newest(int(found[1]), int(found[2]), today))
    if found := _SPOKEN.fullmatch(key):
        return _said(found, today)
    return None


def _said(found: re.Match[str], today: date) -> Days:
    month = int(found[2])
    day = int(found[3] or 1)
    if found[1]:
        year = int(found[1]) if len(found[1]) == 4 else 2000 + int(found[1])
        said = date(year, month, day)
    else:
        said = _newest(month, day, today)
    return _one(said) if found[3] else _whole_month(said)


def _newest(month: int, day: int, today: date) -> date:
    """The last such day up to today: what is searched for has happened."""
    for year in range(today.year, today.year - 9, -1):
        if month == 2 and day == 29 and monthrange(year, 2)[1] < 29:
            continue
        if (found := date(year, month, day)) <= today:
            return found
    raise ValueError("no such day")


def _one(day: date) -> Days:
    return day, day


def _whole_month(day: date) -> Days:
    return day.replace(day=1), _last_of_month(day)


def _last_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])
