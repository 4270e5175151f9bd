"""Complete a search while it is typed: names of fields, and the values that are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from admin.domain.card_guard import holds_card_number
from admin.domain.search.days import OFFERED
from admin.domain.search.hangul import initials, is_initials
from admin.domain.search.printing import quote_if_needed
from admin.domain.search.query import DAY_FIELDS, LONGEST, NUMBER_FIELDS, Field, clean_text
from admin.domain.search.scanning import Piece, scan
from admin.domain.search.words import CHOICES, FIELDS, Language, every_word, key_of

MOST = 8
Thing = TypeVar("Thing")
_AMOUNTS = {"ko": "5만..10만", "en": "50k..100k"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One offer: the whole text and the place of the cursor once it is taken.

    `hint` is a piece of the language, not a sentence: an example or the field a value is of.
    """

    text_after: str
    cursor_after: int
    label: str
    hint: str = ""


def complete(
    text: str,
    cursor: int,
    *,
    language: Language,
    known: Mapping[Field, list[str]] | None = None,
) -> list[Completion]:
    """What the piece that ends at `cursor` can become, the likeliest first, at most MOST.

    `known` holds real values of text fields, such as the issuers there are. Never raises: a
    cursor outside `text` stands at its nearest end. A text with a card number gets nothing.
    """
    cursor = min(max(cursor, 0), len(text))
    if holds_card_number(text):
        return []
    piece = _piece_at(text, cursor)
    if piece is not None and len(piece.value) > LONGEST:
        return []
    if piece is None or not (piece.name or piece.operator or piece.quoted):
        begun = piece.value if piece else ""
        offers = [*_fields(begun, language), *_plain_choices(begun, language)]
    elif piece.field is not None:
        offers = list(_values(piece, language, known or {}))
    else:
        offers = []
    start = piece.start + piece.negated if piece else cursor
    return [_taken(text, (start, cursor), offer) for offer in offers[:MOST]]


Offer = tuple[str, str, str]  # what is written, its label, its hint


def _piece_at(text: str, cursor: int) -> Piece | None:
    """The piece being typed: what stands before the cursor, none behind a blank."""
    last = None
    for piece in scan(text[:cursor]):
        last = piece
    unfinished = last is not None and last.field is not None and not last.value
    return last if last and (last.end == cursor or unfinished) else None


def _fields(begun: str, language: Language) -> list[Offer]:
    found = _best(begun, ((field, every_word(names)) for field, names in FIELDS.items()))
    offers = []
    for field in found:
        name = FIELDS[field].written(language)
        offers.append((f"{name}:", name, f"{name}{_example(field, language)}"))
    return offers


def _plain_choices(begun: str, language: Language) -> list[Offer]:
    """A value typed without its field: 환불 becomes 상태:전액환불."""
    if not key_of(begun):
        return []
    offers = []
    for field in (Field.STATUS, Field.METHOD):
        name = FIELDS[field].written(language)
        table = CHOICES[field]
        for choice in _best(begun, ((each, every_word(names)) for each, names in table.items())):
            word = table[choice].written(language)
            offers.append((f"{name}:{word} ", word, name))
    return offers


def _values(piece: Piece, language: Language, known: Mapping[Field, list[str]]) -> Iterable[Offer]:
    field = piece.field
    if field is None:
        return
    head = f"{piece.name}{piece.operator}"
    if field in CHOICES:
        table = CHOICES[field]
        for choice in _best(
            piece.value, ((each, every_word(names)) for each, names in table.items())
        ):
            word = table[choice].written(language)
            yield f"{head}{word} ", word, piece.name
        return
    words = OFFERED[language] if field in DAY_FIELDS else known.get(field, [])
    kept = [clean_text(word) for word in words if not holds_card_number(word)]
    for word in _best(piece.value, ((each, (each,)) for each in dict.fromkeys(kept) if each)):
        yield f"{head}{quote_if_needed(word)} ", word, piece.name


def _example(field: Field, language: Language) -> str:
    if field in CHOICES:
        first = next(iter(CHOICES[field].values()))
        return f":{first.written(language)}"
    if field in DAY_FIELDS:
        return f":{OFFERED[language][3]}"
    if field is Field.INSTALMENTS:
        return ">=3"
    return f":{_AMOUNTS[language]}" if field in NUMBER_FIELDS else ":…"


def _best(begun: str, things: Iterable[tuple[Thing, tuple[str, ...]]]) -> list[Thing]:
    """The things one of whose words is begun, the nearest first; equal ones in their order.

    A word that the language writes goes before one that it only understands.
    """
    wanted = key_of(begun)
    ranked: list[tuple[int, Thing]] = []
    for thing, words in things:
        distance = min(_distance(wanted, key_of(word), place) for place, word in enumerate(words))
        if distance < _APART:
            ranked.append((distance, thing))
    return [thing for _, thing in sorted(ranked, key=lambda pair: pair[0])]


_WRITTEN = 2  # the first words of a thing: its Korean and its English name
_APART = 4


def _distance(wanted: str, key: str, place: int) -> int:
    if key.startswith(wanted):
        return 0 if place < _WRITTEN else 1
    if is_initials(wanted) and initials(key).startswith(initials(wanted)):
        return 2
    return 3 if wanted in key else _APART


def _taken(text: str, place: tuple[int, int], offer: Offer) -> Completion:
    (start, cursor), (written, label, hint) = place, offer
    rest = text[cursor:].lstrip() if written.endswith(" ") else text[cursor:]
    before = text[:start] + written
    return Completion(text_after=before + rest, cursor_after=len(before), label=label, hint=hint)
