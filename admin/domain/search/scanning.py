"""Cut what was typed into pieces: a word, or a field with its operator and value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from admin.domain.search.query import Field, clean_text
from admin.domain.search.words import close_field, find_field

_BLANK = re.compile(r"\s*")
_BARE = re.compile(r"\S*")
_NAME = re.compile(r"[^\W\d][\w\-]*")
_OPERATOR = re.compile(r"[:：]?(?:>=|<=|=>|=<|[≥≤<>=])|[:：]")
_LONE = re.compile(r"(?:>=|<=|=>|=<|[≥≤<>])(?=\S)")
_ONE_WAY = {"=>": ">=", "=<": "<=", "≥": ">=", "≤": "<=", "": ":"}
QUOTES = '"“”'


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One stretch of the text, `text[start:end]`.

    `name` is what stands before the operator, "" for a plain word; `field` what it means.
    `literal`: a backslash says that the value is meant as it stands, even a word for days.
    """

    start: int
    end: int
    value: str
    value_start: int
    name: str = ""
    field: Field | None = None
    operator: str = ""
    negated: bool = False
    quoted: bool = False
    closed: bool = True
    literal: bool = False

    @property
    def bare(self) -> bool:
        """Whether it is a word alone, without quotes, that another may go on with."""
        return not (self.name or self.operator or self.quoted or self.negated)


def scan(text: str) -> Iterator[Piece]:
    """The pieces of `text` in order; nothing but blanks stands between them."""
    place = _end(_BLANK, text, 0)
    while place < len(text):
        piece = _piece(text, place)
        yield piece
        place = _end(_BLANK, text, piece.end)


def _piece(text: str, start: int) -> Piece:
    negated = text[start] == "-" and start + 1 < len(text) and not text[start + 1].isspace()
    place = start + negated
    name, operator, value_start = _head(text, place)
    value, end, closed, literal = _value(text, value_start)
    return Piece(
        start=start,
        end=end,
        value=clean_text(value),
        value_start=value_start,
        name=name,
        field=find_field(name) if name else None,
        operator=operator,
        negated=negated,
        quoted=text[value_start : value_start + 1] in tuple(QUOTES),
        closed=closed,
        literal=literal,
    )


def _head(text: str, place: int) -> tuple[str, str, int]:
    """The name, the operator and where the value begins; no name and operator at a plain word."""
    if found := _LONE.match(text, place):
        return "", _plain(found[0]), found.end()
    named = _NAME.match(text, place)
    if named is None:
        return "", "", place
    name = named[0]
    if find_field(name) is None:
        sign = _OPERATOR.match(text, named.end())
        if sign is None or not _meant_as_field(text, name, sign):
            return "", "", place
        return name, _plain(sign[0]), sign.end()
    sign = _OPERATOR.match(text, _end(_BLANK, text, named.end()))
    if sign is None:
        return "", "", place
    behind = _end(_BLANK, text, sign.end())
    another = _names_a_field(text, behind)
    return name, _plain(sign[0]), sign.end() if another else behind


def _meant_as_field(text: str, name: str, sign: re.Match[str]) -> bool:
    """Whether an unknown name is a slip: not so in an address or in base64."""
    if sign[0] in (":", "："):
        return not text.startswith("//", sign.end())
    return close_field(name) is not None


def _names_a_field(text: str, place: int) -> bool:
    """Whether the next piece is a field of its own, so that the one before has no value."""
    if text[place : place + 1] == "-":
        place += 1
    named = _NAME.match(text, place)
    return bool(named and find_field(named[0]) and _OPERATOR.match(text, named.end()))


def _plain(operator: str) -> str:
    sign = operator.strip(":：")
    return _ONE_WAY.get(sign, sign)


def _value(text: str, start: int) -> tuple[str, int, bool, bool]:
    """The value, where it ends, whether its quotation mark is closed, whether it is literal."""
    if text[start : start + 1] not in tuple(QUOTES):
        end = _end(_BARE, text, start)
        return text[start:end], end, True, False
    letters: list[str] = []
    literal, place = False, start + 1
    while place < len(text):
        letter = text[place]
        if letter in QUOTES:
            return "".join(letters), place + 1, True, literal
        if letter == "\\" and place + 1 < len(text):
            place += 1
            letter = text[place]
            literal = literal or letter not in (*QUOTES, "\\")
        letters.append(letter)
        place += 1
    return "".join(letters), len(text), False, literal


def _end(pattern: re.Pattern[str], text: str, place: int) -> int:
    """Where a match that may be empty ends."""
    found = pattern.match(text, place)
    return found.end() if found else place
