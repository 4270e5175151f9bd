"""Pieces of text small enough to be indexed, so that any part of a word finds its payment.

Text is cut into runs of ASCII letters and digits and runs of everything else that is written
(Korean first of all). An ASCII run gives its three-letter pieces; a Korean run each syllable and
each pair. What is looked for is cut the same way: a payment that holds the text holds every
piece of it. The reverse is not true, so the text itself is compared afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_RUNS = re.compile(r"([a-z0-9]+)|([^\W_a-z0-9]+)")
ASCII_PIECE = 3
WIDE_PIECE = 2


@dataclass(frozen=True, slots=True)
class Needed:
    """What a payment's pieces must hold for a text to stand in it.

    `pieces` must all be there; of each of `beginnings` some piece that begins so. Both empty: the
    text is too short, or all punctuation, and the index cannot help.
    """

    pieces: tuple[str, ...] = ()
    beginnings: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.pieces or self.beginnings)


def folded(text: str) -> str:
    """Text as it is indexed and compared: without the difference of upper and lower case."""
    return text.lower()


def grams(text: str) -> set[str]:
    """Every piece of a text that is `folded`."""
    found: set[str] = set()
    for plain, wide in _RUNS.findall(text):
        if plain:
            if len(plain) <= ASCII_PIECE:
                found.add(plain)
            else:
                found.update(plain[at : at + 3] for at in range(len(plain) - 2))
            if len(plain) > 1:
                found.add(plain[-2:])
        else:
            found.update(wide)
            found.update(wide[at : at + 2] for at in range(len(wide) - 1))
    return found


def needed(text: str) -> Needed:
    """What must be indexed of a payment that holds `text`, which is `folded`."""
    pieces: set[str] = set()
    beginnings: set[str] = set()
    for plain, wide in _RUNS.findall(text):
        if len(plain) >= ASCII_PIECE:
            pieces.update(plain[at : at + 3] for at in range(len(plain) - 2))
        elif len(plain) == WIDE_PIECE:
            beginnings.add(plain)
        elif len(wide) == 1:
            pieces.add(wide)
        else:
            pieces.update(wide[at : at + 2] for at in range(len(wide) - 1))
    return Needed(tuple(sorted(pieces)), tuple(sorted(beginnings)))


def joined(parts: Iterable[str | None]) -> str:
    """Several texts as one that is compared: nothing is found across two of them."""
    return folded("\n".join(part for part in parts if part))
