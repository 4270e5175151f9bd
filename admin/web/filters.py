"""How values are written for people: money, moments in Korean time, masked personal data.

Filters take typed values and give text in the reader's language. `money` is the only place
that writes thousands separators and the minus sign.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache

import phonenumbers
from babel.dates import get_day_names, get_month_names
from flask import Flask
from flask_babel import get_locale, gettext

from admin.domain.clock import KST
from admin.domain.money import Currency, Money

MINUS = "\u2212"
NOTHING = "\u2013"
DOT = "\u2022"

_PATTERNS: dict[str, dict[str, str]] = {
    "ko": {
        "time": "HH:mm",
        "seconds": "HH:mm:ss",
        "short": "MM.dd HH:mm",
        "full": "yyyy.MM.dd HH:mm:ss",
        "minute": "yyyy.MM.dd HH:mm",
        "day": "MM.dd",
        "date": "yyyy.MM.dd",
        "pill": "MM.dd EEE",
        "weekday": "EEE",
        "long": "yyyy.MM.dd EEEE",
    },
    "en": {
        "time": "HH:mm",
        "seconds": "HH:mm:ss",
        "short": "d MMM HH:mm",
        "full": "d MMM yyyy HH:mm:ss",
        "minute": "d MMM yyyy HH:mm",
        "day": "d MMM",
        "date": "d MMM yyyy",
        "pill": "EEE d MMM",
        "weekday": "EEE",
        "long": "EEEE d MMMM yyyy",
    },
}

# The parts of a pattern as `str.format` reads them off a moment (0), the names of its weekday (1)
# and of its month (2), each short and in full.
_FIELDS = {
    "yyyy": "{0.year:04d}",
    "MMMM": "{2[1]}",
    "MMM": "{2[0]}",
    "MM": "{0.month:02d}",
    "EEEE": "{1[1]}",
    "EEE": "{1[0]}",
    "dd": "{0.day:02d}",
    "d": "{0.day}",
    "HH": "{0.hour:02d}",
    "mm": "{0.minute:02d}",
    "ss": "{0.second:02d}",
}
_PARTS = re.compile("|".join(_FIELDS))  # the longer before what they begin with


def init_app(app: Flask) -> None:
    """Register every filter below under its own name."""
    for function in (
        money,
        money_with_unit,
        unit,
        count,
        counted,
        count_word,
        kst,
        kst_day,
        day_pill,
        iso,
        mask_phone,
        mask_email,
        mask_name,
        phone,
        man_eok,
        percent,
    ):
        app.add_template_filter(function)


def money(amount: Money | None, zero: str = NOTHING) -> str:
    """`128,000`, `−27,000`; `zero` stands for nothing and for no amount at all."""
    if amount is None or amount.minor == 0:
        return zero
    text = f"{abs(amount.major):,}"
    return f"{MINUS}{text}" if amount.minor < 0 else text


def unit(currency: Currency | None = None) -> str:
    """The word that stands once beside totals: 원 in Korean, KRW in English."""
    if currency is None or currency is Currency.KRW:
        return gettext("KRW")
    return currency.value


def money_with_unit(amount: Money | None) -> str:
    """`128,000원` in Korean, `128,000 KRW` in English; an absent amount is a dash."""
    if amount is None:
        return NOTHING
    if amount.currency is Currency.KRW:
        # Translators: an amount of won in a sentence.
        return gettext("%(amount)s KRW", amount=money(amount, zero="0"))
    return f"{money(amount, zero='0')} {amount.currency.value}"


def count(number: int | None, capped: bool = False) -> str:
    """`5,000+` past the cap, a dash for zero."""
    if not number:
        return NOTHING
    return f"{number:,}+" if capped else f"{number:,}"


def counted(number: int | None, capped: bool = False) -> str:
    """A number of things as a title shows it: `214건`, in English `214`."""
    text = count(number, capped) if number else "0"
    # Translators: a count of things beside a title, such as 214건.
    return gettext("%(count)s", count=text)


def count_word(_number: int | None = None) -> str:
    """The unit of a count where the number stands apart: 건 in Korean, nothing in English."""
    return gettext("%(count)s", count="").strip()


def kst_writer(pattern: str) -> Callable[[datetime], str]:
    """What `kst` does, made ready once for the rows of a page. Takes Korean time."""
    return _writer(_language(), pattern)


def kst(moment: datetime | None, pattern: str = "short") -> str:
    """An aware moment in Korean time: time, seconds, short, minute, full, day, date, pill, long."""
    if moment is None:
        return NOTHING
    return _writer(_language(), pattern)(moment.astimezone(KST))


def kst_day(day: date | datetime | None, pattern: str = "day") -> str:
    """A Korean calendar day: `11.26`, in English `26 Nov`. A moment gives its Korean day."""
    if day is None:
        return NOTHING
    if isinstance(day, datetime):
        return kst(day, pattern)
    return _writer(_language(), pattern)(day)


def day_pill(day: date | datetime) -> str:
    """`11.23 월`, in English `Mon 23 Nov`."""
    return kst_day(day, "pill")


def iso(moment: datetime | None) -> str:
    """For the `datetime` attribute."""
    return moment.isoformat() if moment else ""


def phone(number: str | None) -> str:
    """`010-1234-4821`; what is no Korean number stays as it came."""
    if not number:
        return NOTHING
    try:
        parsed = phonenumbers.parse(number, "KR")
    except phonenumbers.NumberParseException:
        return number
    if not phonenumbers.is_possible_number(parsed):
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)


def mask_phone(number: str | None) -> str:
    """`010-••••-4821`: the first group and the last four digits stay."""
    plain = (number or "").replace("-", "")
    if len(plain) == 11 and plain.startswith("010") and plain.isdecimal() and plain.isascii():
        return f"010-{DOT * 4}-{plain[7:]}"  # the usual form, without parsing it: lists have many
    text = phone(number)
    groups = text.split("-")
    if text == NOTHING:
        return text
    if len(groups) < 3:
        return DOT * max(len(text) - 4, 4) + text[-4:]
    middle = [DOT * len(group) for group in groups[1:-1]]
    return "-".join([groups[0], *middle, groups[-1]])


def mask_email(address: str | None) -> str:
    """`do••••@naver.com`: two characters and the domain stay."""
    if not address:
        return NOTHING
    name, at, domain = address.partition("@")
    kept = name[:2] if len(name) > 2 else name[:1]
    return f"{kept}{DOT * 4}{at}{domain}"


def mask_name(name: str | None) -> str:
    """`이•윤`: the first and the last character stay, of two the first."""
    if not name:
        return NOTHING
    if len(name) <= 2:
        return name[0] + DOT * (len(name) - 1)
    return name[0] + DOT * (len(name) - 2) + name[-1]


def man_eok(amount: Money | int) -> str:
    """A short figure for an axis: `721만`, `1.2억`, in English `7.2M`."""
    value = amount.major if isinstance(amount, Money) else Decimal(amount)
    sign, size = (MINUS if value < 0 else ""), abs(value)
    steps = (
        ((Decimal(10**8), "억"), (Decimal(10**4), "만"))
        if _language() == "ko"
        else ((Decimal(10**9), "B"), (Decimal(10**6), "M"), (Decimal(10**3), "K"))
    )
    for step, word in steps:
        if size >= step:
            short = size / step
            digits = 0 if short >= 100 or short == short.to_integral_value() else 1
            if word == "만":
                digits = 0
            text = f"{short:,.{digits}f}"
            return f"{sign}{text}{word}"
    return f"{sign}{size:,}"


def percent(share: float | Decimal | None, digits: int = 1) -> str:
    """A share of one as per cent: 0.542 gives `54.2%`."""
    return NOTHING if share is None else f"{share * 100:.{digits}f}%"


def _language() -> str:
    locale = get_locale()
    return "ko" if locale is None or locale.language == "ko" else "en"


@cache
def _writer(spoken: str, name: str) -> Callable[[date], str]:
    """How a day or moment is written by a pattern: a list has two hundred of them, and reading
    the pattern anew for each takes longer than all the rest of the page."""
    text = _PARTS.sub(lambda part: _FIELDS[part[0]], _PATTERNS[spoken][name])
    short_days, whole_days = (
        get_day_names("abbreviated", locale=spoken),
        get_day_names(locale=spoken),
    )
    short, whole = get_month_names("abbreviated", locale=spoken), get_month_names(locale=spoken)
    days = {day: (short_days[day], whole_days[day]) for day in range(7)}
    months = {month: (short[month], whole[month]) for month in range(1, 13)}
    return lambda one: text.format(one, days[one.weekday()], months[one.month])
