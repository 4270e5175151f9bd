"""Read a search: every part that can be understood becomes a term, every other a problem.

Blanks mean `and`; there is no `or`. Days given by words are settled here, seen from `today`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import islice

from admin.domain.card_guard import mask_card_numbers
from admin.domain.search.days import read_days, speaks_of_days, suggest_days
from admin.domain.search.numbers import read_number
from admin.domain.search.printing import quote
from admin.domain.search.problems import Parsed, Problem, ProblemKind
from admin.domain.search.query import (
    CHOICE_FIELDS,
    DAY_FIELDS,
    EARLIEST,
    LATEST,
    LONGEST,
    MOST_TERMS,
    NUMBER_FIELDS,
    Compare,
    DaySpan,
    Field,
    IntSpan,
    Query,
    Term,
    Value,
    clean_text,
)
from admin.domain.search.scanning import Piece, scan
from admin.domain.search.words import (
    AND_WORDS,
    FIELDS,
    NOT_WORD,
    OR_WORDS,
    RANGE_MARKS,
    close_choice,
    close_field,
    continues,
    find_choice,
    owner_of,
)

Outcome = Term | Problem | None
Meaning = tuple[Compare, Value]

_MOST_PIECES = 5 * MOST_TERMS
_MOST_WORDS = 3  # of one value without quotes: 2026년 11월 1일
_RANGE = re.compile(r"(.*?)\s*(?:\.\.|[~〜～])\s*(.*)")
_COMPARES = {
    ">=": Compare.AT_LEAST,
    "<=": Compare.AT_MOST,
    ">": Compare.MORE,
    "<": Compare.LESS,
}


class _NotRead(Exception):
    """A value that is none of its field; carries what to tell and what to write instead."""

    def __init__(self, kind: ProblemKind, instead: str | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.instead = instead


def parse(text: str, *, today: date) -> Parsed:
    """Read `text`. Never raises; `today` is the Korean day relative words are seen from."""
    pieces = list(islice(scan(text), _MOST_PIECES + 1))
    hidden = _pieces_of_cards(text, pieces)
    safe = _masked(text, [pieces[place] for place in hidden])
    terms: list[Term] = []
    spans: list[tuple[int, int]] = []
    problems: list[Problem] = []
    place = 0
    while place < len(pieces):
        start = pieces[place].start
        if len(terms) == MOST_TERMS or place == _MOST_PIECES:
            problems.append(_too_many(start, len(text.rstrip())))
            break
        if place in hidden:
            used = _neighbours(place, hidden)
            end = pieces[place + used - 1].end
            problems.append(
                Problem(kind=ProblemKind.CARD_NUMBER, start=start, end=end, suggestion="")
            )
        else:
            reach = next((at for at in range(place, len(pieces)) if at in hidden), len(pieces))
            outcome, used = _read(safe, pieces[place : min(reach, place + _MOST_WORDS)], today)
            if isinstance(outcome, Term):
                terms.append(outcome)
                spans.append((start, pieces[place + used - 1].end))
            elif outcome is not None:
                problems.append(outcome)
        place += used
    query = Query(tuple(terms))
    return Parsed(text=safe, query=query, problems=tuple(problems), spans=tuple(spans))


def _pieces_of_cards(text: str, pieces: list[Piece]) -> set[int]:
    """Which pieces hold a part of a card number, as typed or once quotation marks are gone."""
    masked = mask_card_numbers(text)
    found = {
        place
        for place, piece in enumerate(pieces)
        if masked[piece.start : piece.end] != text[piece.start : piece.end]
    }
    values = [f"{piece.name}:{piece.value}" if piece.name else piece.value for piece in pieces]
    hidden = mask_card_numbers(" ".join(values))
    begin = 0
    for place, value in enumerate(values):
        if hidden[begin : begin + len(value)] != value:
            found.add(place)
        begin += len(value) + 1
    return found


def _masked(text: str, pieces: list[Piece]) -> str:
    letters = list(mask_card_numbers(text))
    for piece in pieces:
        for place in range(piece.start, piece.end):
            if unicodedata.normalize("NFKC", letters[place]).isdecimal():
                letters[place] = "*"
    return "".join(letters)


def _neighbours(place: int, hidden: set[int]) -> int:
    used = 1
    while place + used in hidden:
        used += 1
    return used


def _too_many(start: int, end: int) -> Problem:
    return Problem(
        kind=ProblemKind.TOO_MANY, start=start, end=end, args={"most": MOST_TERMS}, suggestion=""
    )


def _read(text: str, pieces: list[Piece], today: date) -> tuple[Outcome, int]:
    """What the first of `pieces` means, with how many of them it takes."""
    piece = pieces[0]
    if not piece.closed:
        whole = text[piece.start : piece.end] + '"'
        return _problem(piece, ProblemKind.UNCLOSED_QUOTE, suggestion=whole), 1
    if len(piece.value) > LONGEST:
        return _problem(piece, ProblemKind.TOO_LONG, args={"most": LONGEST}), 1
    if piece.field is not None:
        return _read_field(text, pieces, piece.field, today)
    if piece.name:
        return _unknown_field(text, piece), 1
    if piece.operator:
        return _no_field(text, piece), 1
    return _read_word(text, pieces, today)


def _read_word(text: str, pieces: list[Piece], today: date) -> tuple[Outcome, int]:
    piece = pieces[0]
    if not piece.quoted and (problem := _operator_word(text, pieces)):
        return problem
    for words in _joined(pieces) if not piece.literal else ():
        span = _plain_days(" ".join(word.value for word in words), piece, today)
        if span is not None:
            term = Term(
                field=Field.REQUESTED,
                compare=Compare.BETWEEN,
                value=span,
                negated=piece.negated,
            )
            return term, len(words)
    return _plain_term(piece.value, negated=piece.negated), 1


def _plain_term(value: str, *, negated: bool) -> Term | None:
    return Term(compare=Compare.HOLDS, value=value, negated=negated) if value else None


def _plain_days(text: str, piece: Piece, today: date) -> DaySpan | None:
    """The days words alone mean; a range of them only where nothing is quoted."""
    if speaks_of_days(text):
        return read_days(text, today=today)
    ends = _RANGE.fullmatch(text)
    if ends is None or piece.quoted or not all(map(speaks_of_days, ends.groups())):
        return None
    try:
        return _day_range(*ends.groups(), today=today)
    except _NotRead:
        return None


def _operator_word(text: str, pieces: list[Piece]) -> tuple[Problem, int] | None:
    piece = pieces[0]
    args: dict[str, str | int] = {"value": piece.value}
    if piece.value in OR_WORDS or "|" in piece.value:
        return _problem(piece, ProblemKind.NO_OR, args=args), 1
    if piece.value in AND_WORDS:
        return _problem(piece, ProblemKind.NEEDLESS_AND, args=args, suggestion=""), 1
    if piece.value != NOT_WORD:
        return None
    behind = pieces[1] if len(pieces) > 1 else piece
    instead = "-" + text[behind.start : behind.end].lstrip("-") if behind is not piece else ""
    problem = Problem(
        kind=ProblemKind.MINUS_FOR_NOT,
        start=piece.start,
        end=behind.end,
        args=args,
        suggestion=instead,
    )
    return problem, min(len(pieces), 2)


def _joined(pieces: list[Piece]) -> Iterator[list[Piece]]:
    """The first piece with the words that can go on with it, the longest stretch first."""
    reach = 1
    if not pieces[0].quoted:
        while reach < len(pieces) and pieces[reach].bare and _goes_on(pieces, reach):
            reach += 1
    for count in range(reach, 0, -1):
        yield pieces[:count]


def _goes_on(pieces: list[Piece], place: int) -> bool:
    before = pieces[place - 1].value
    return continues(pieces[place].value) or (place > 1 and before in RANGE_MARKS)


def _read_field(text: str, pieces: list[Piece], field: Field, today: date) -> tuple[Outcome, int]:
    piece = pieces[0]
    if not piece.value:
        return _problem(piece, ProblemKind.NO_VALUE, args={"field": piece.name}, suggestion=""), 1
    reader = _reader_of(field, today)
    missed: _NotRead | None = None
    for words in _joined(pieces) if field in _SPOKEN_FIELDS else iter([pieces[:1]]):
        value = " ".join(word.value for word in words)
        try:
            compare, meaning = reader(value, piece.operator)
        except _NotRead as error:
            missed = error
            continue
        term = Term(field=field, compare=compare, value=meaning, negated=piece.negated)
        return term, len(words)
    return _not_read(text, piece, missed), 1


_SPOKEN_FIELDS = CHOICE_FIELDS | DAY_FIELDS | NUMBER_FIELDS


def _reader_of(field: Field, today: date) -> Callable[[str, str], Meaning]:
    """How the value and the operator of a field are read. Readers raise _NotRead."""
    if field in DAY_FIELDS:
        return lambda value, operator: _read_day(value, operator, today=today)
    if field in NUMBER_FIELDS:
        return _read_figure
    if field in CHOICE_FIELDS:
        return lambda value, operator: _read_choice(field, value, operator)
    return _read_text


def _read_text(value: str, operator: str) -> Meaning:
    if operator in _COMPARES:
        raise _NotRead(ProblemKind.NOT_COMPARABLE)
    return (Compare.IS if operator == "=" else Compare.HOLDS), value


def _read_choice(field: Field, value: str, operator: str) -> Meaning:
    if operator in _COMPARES:
        raise _NotRead(ProblemKind.NOT_COMPARABLE)
    choice = find_choice(field, value)
    if choice is not None:
        return Compare.IS, choice
    if "|" in value:
        raise _NotRead(ProblemKind.NO_OR)
    raise _NotRead(ProblemKind.UNKNOWN_VALUE, close_choice(field, value))


def _read_figure(value: str, operator: str) -> Meaning:
    if operator in _COMPARES:
        return _COMPARES[operator], _number(value)
    ends = _RANGE.fullmatch(value)
    if ends is None:
        return Compare.IS, _number(value)
    if not ends[1] and ends[2]:
        return Compare.AT_MOST, _number(ends[2])
    if not ends[2] and ends[1]:
        return Compare.AT_LEAST, _number(ends[1])
    least, most = _number(ends[1]), _number(ends[2])
    if least > most:
        raise _NotRead(ProblemKind.REVERSED_RANGE, f"{ends[2]}..{ends[1]}")
    return Compare.BETWEEN, IntSpan(least=least, most=most)


def _number(text: str) -> int:
    found = read_number(text)
    if found is None:
        raise _NotRead(ProblemKind.BAD_NUMBER, _number_within(text))
    return found


def _number_within(text: str) -> str | None:
    """The longest beginning of `text` that is a number: 5만 of `5만쯤`."""
    for end in range(len(text) - 1, 0, -1):
        if read_number(text[:end]) is not None:
            return text[:end].strip()
    return None


def _read_day(value: str, operator: str, *, today: date) -> Meaning:
    ends = _RANGE.fullmatch(value)
    if ends is not None and operator not in _COMPARES:
        return Compare.BETWEEN, _day_range(ends[1], ends[2], today=today)
    first, last = _days(value, today)
    day = timedelta(days=1)
    if operator == ">" and last < LATEST:
        span = DaySpan(first=last + day)
    elif operator == ">=":
        span = DaySpan(first=first)
    elif operator == "<" and first > EARLIEST:
        span = DaySpan(last=first - day)
    elif operator == "<=":
        span = DaySpan(last=last)
    elif operator in _COMPARES:
        raise _NotRead(ProblemKind.BAD_DAY)
    else:
        span = DaySpan(first=first, last=last)
    return Compare.BETWEEN, span


def _day_range(begin: str, end: str, *, today: date) -> DaySpan:
    if not begin and not end:
        raise _NotRead(ProblemKind.BAD_DAY)
    first = _days(begin, today)[0] if begin else None
    last = _days(end, today)[1] if end else None
    if first and last and first > last:
        raise _NotRead(ProblemKind.REVERSED_RANGE, f"{end}..{begin}")
    return DaySpan(first=first, last=last)


def _days(text: str, today: date) -> tuple[date, date]:
    span = read_days(text, today=today)
    if span is None or span.first is None or span.last is None:
        raise _NotRead(ProblemKind.BAD_DAY, suggest_days(text, today=today))
    return span.first, span.last


def _not_read(text: str, piece: Piece, missed: _NotRead | None) -> Problem:
    """The problem of a value, in the words its own field was asked by."""
    if missed is None:
        return _problem(piece, ProblemKind.NO_VALUE, args={"field": piece.name})
    minus = "-" if piece.negated else ""
    head = text[piece.start : piece.value_start]
    instead = f"{head}{missed.instead}" if missed.instead else None
    if missed.kind is ProblemKind.NOT_COMPARABLE:
        instead = f"{minus}{piece.name}:{text[piece.value_start : piece.end]}"
    elif missed.kind is ProblemKind.UNKNOWN_VALUE and (owner := owner_of(piece.value)):
        name = FIELDS[owner].written("ko" if _korean(piece.name) else "en")
        instead = f"{minus}{name}:{text[piece.value_start : piece.end]}"
    args: dict[str, str | int] = {"field": piece.name, "value": piece.value}
    return _problem(piece, missed.kind, args=args, suggestion=instead)


def _unknown_field(text: str, piece: Piece) -> Problem:
    """A slip of a field's name, or else a text that was meant as it stands."""
    minus = "-" if piece.negated else ""
    behind = piece.start + len(minus)
    close = close_field(piece.name)
    whole = text[behind : piece.end]
    instead = f"{close}{whole[len(piece.name) :]}" if close else quote(clean_text(whole))
    return _problem(
        piece,
        ProblemKind.UNKNOWN_FIELD,
        args={"name": piece.name},
        suggestion=minus + instead,
    )


def _no_field(text: str, piece: Piece) -> Outcome:
    """A comparison alone is about the amount, if what it compares with is a number."""
    whole = text[piece.start + piece.negated : piece.end]
    if read_number(piece.value) is None:
        return _plain_term(clean_text(whole)[:LONGEST].strip(), negated=piece.negated)
    name = FIELDS[Field.AMOUNT].written("ko")
    minus = "-" if piece.negated else ""
    return _problem(
        piece,
        ProblemKind.NO_FIELD,
        args={"value": clean_text(whole)},
        suggestion=f"{minus}{name}{whole}",
    )


def _korean(word: str) -> bool:
    return any("가" <= letter <= "힣" for letter in unicodedata.normalize("NFC", word))


def _problem(
    piece: Piece,
    kind: ProblemKind,
    *,
    args: dict[str, str | int] | None = None,
    suggestion: str | None = None,
) -> Problem:
    return Problem(
        kind=kind, start=piece.start, end=piece.end, args=args or {}, suggestion=suggestion
    )
