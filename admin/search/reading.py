"""What a text typed into the box over everything asks for, in every way it may be meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from admin.domain.search.numbers import read_number
from admin.domain.search.parsing import parse
from admin.domain.search.query import Compare, DaySpan, Field, IntSpan, Query, Term

_ROUND = re.compile(r"[0-9]+(?:\.([0-9]+))?(만|천|k)", re.IGNORECASE)
_SIZES = {"만": 10_000, "천": 1_000, "k": 1_000}
_FIGURES = re.compile(
    r"[₩￦]?[0-9][0-9,.]*\s?(?:만|천|k|원|won|krw)*(?:[0-9]천)?원?", re.IGNORECASE
)
_SMALLEST = 100  # won; what is smaller is a number of something else


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word, and the won it may mean."""

    text: str
    amount: IntSpan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A text that was read. `text` is "" when nothing may be searched."""

    text: str = ""
    queries: tuple[Query, ...] = ()  # of payments; the likelier meaning first
    words: tuple[Word, ...] = ()  # of everything else; none once a field of payments is named
    day: date | None = None  # when a day is all that was asked for


def read(text: str, *, today: date) -> Asked:
    """Read `text`. Never raises; `today` is the Korean day from which days are seen."""
    query = parse(text, today=today).query
    if not query:
        return Asked(text=text)
    plain = all(term.field is None and not term.negated for term in query.terms)
    words = tuple(
        Word(text=str(term.value), amount=_amount(str(term.value))) for term in query.terms
    )
    meant = Query(tuple(map(_as_amount, query.terms)))
    return Asked(
        text=text,
        queries=_meanings(query, meant, words),
        words=words if plain else (),
        day=_day(query),
    )


def _meanings(query: Query, meant: Query, words: tuple[Word, ...]) -> tuple[Query, ...]:
    """Bare digits are sooner a part of a number than an amount; `12만` and `1,200` are amounts."""
    if meant == query:
        return (query,)
    bare = any(word.amount is not None and word.text.isdecimal() for word in words)
    return (query, meant) if bare else (meant, query)


def _amount(word: str) -> IntSpan | None:
    """`12만` is anything from 120,000 up to 129,999; `128,000` is itself."""
    if not _FIGURES.fullmatch(word):
        return None
    least = read_number(word)
    if least is None or least < _SMALLEST:
        return None
    rounded = _ROUND.fullmatch(word)
    step = _SIZES[rounded[2].lower()] // 10 ** len(rounded[1] or "") if rounded else 1
    return IntSpan(least=least, most=least + max(step, 1) - 1)


def _as_amount(term: Term) -> Term:
    amount = _amount(str(term.value)) if term.field is None and not term.negated else None
    if amount is None:
        return term
    if amount.least == amount.most:
        return Term(field=Field.AMOUNT, compare=Compare.IS, value=amount.least)
    return Term(field=Field.AMOUNT, compare=Compare.BETWEEN, value=amount)


def _day(query: Query) -> date | None:
    only = query.terms[0].value if len(query.terms) == 1 else None
    if isinstance(only, DaySpan) and only.first == only.last:
        return only.first
    return None
