"""Write a query as text: one way for each query, with Korean or English names."""

from __future__ import annotations

import re

from admin.domain.search.days import show_days, speaks_of_days
from admin.domain.search.query import (
    CHOICE_FIELDS,
    Compare,
    DaySpan,
    IntSpan,
    Query,
    Term,
)
from admin.domain.search.words import FIELDS, Language, choice_written, continues, is_operator

_SAFE = re.compile(r"\w[\w@.+#&/*%\-]*")
_SIGNS = {
    Compare.HOLDS: ":",
    Compare.IS: ":",
    Compare.BETWEEN: ":",
    Compare.AT_LEAST: ">=",
    Compare.AT_MOST: "<=",
    Compare.MORE: ">",
    Compare.LESS: "<",
}


def show(query: Query, language: Language = "ko") -> str:
    """The canonical text of `query`; reading it gives the same query."""
    return " ".join(
        show_term(term, language, first=place == 0) for place, term in enumerate(query.terms)
    )


def show_term(term: Term, language: Language = "ko", *, first: bool = True) -> str:
    """One term. Not the `first`: a word that could go on with what stands before is quoted."""
    minus = "-" if term.negated else ""
    if term.field is None:
        return minus + _plain_word(str(term.value), first=first)
    name = FIELDS[term.field].written(language)
    if isinstance(term.value, str) and term.field not in CHOICE_FIELDS:
        sign = "=" if term.compare is Compare.IS else ":"
        return f"{minus}{name}{sign}{quote_if_needed(term.value)}"
    return f"{minus}{name}{_SIGNS[term.compare]}{_figure(term, language)}"


def quote(text: str, *, literal: bool = False) -> str:
    """`text` in quotation marks; `literal` keeps it from being read as days."""
    inside = re.sub(r'["“”\\]', r"\\\g<0>", text)
    return f'"\\{inside}"' if literal and inside == text else f'"{inside}"'


def _plain_word(text: str, *, first: bool) -> str:
    if speaks_of_days(text):
        return quote(text, literal=True)
    if is_operator(text) or (continues(text) and not first):
        return quote(text)
    return quote_if_needed(text)


def quote_if_needed(text: str) -> str:
    """The value of a text field, in quotation marks unless it is one plain word."""
    return text if _SAFE.fullmatch(text) and ".." not in text else quote(text)


def _figure(term: Term, language: Language) -> str:
    value = term.value
    if isinstance(value, DaySpan):
        return show_days(value)
    if isinstance(value, IntSpan):
        return f"{value.least:,}..{value.most:,}"
    if term.field in CHOICE_FIELDS:
        return choice_written(term.field, value, language)
    return f"{value:,}"
