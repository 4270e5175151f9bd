"""Pieces of text small enough to be indexed, so that any part of a word finds its payment.

Text is cut into runs of letters, of digits and of everything else that is written (Korean first
of all). A run of letters gives its pieces of three, a run of digits those of four, a Korean run
each syllable and each pair; and each run its end, where a piece is too short to be whole. What is
looked for is cut the same way: a payment that holds the text holds every piece of it. The reverse
is not true, so the text itself is compared afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

_RUNS = re.compile(r"([a-z]+)|([0-9]+)|([^\W_a-z0-9]+)")
LETTERS = 3
DIGITS = 4
PAIR = 2
SHORTEST = 2  # of letters or digits; less stands everywhere


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
    found: list[str] = []
    for letters, digits, wide in _RUNS.findall(text):
        if wide:
            found += wide
            found += _pieces(wide, PAIR)
        else:
            found += _pieces(letters, LETTERS) if letters else _pieces(digits, DIGITS)
    return set(found)


def needed(text: str) -> Needed:
    """What must be indexed of a payment that holds `text`, which is `folded`."""
    pieces: set[str] = set()
    beginnings: set[str] = set()
    for letters, digits, wide in _RUNS.findall(text):
        if wide:
            pieces.update([wide[at : at + 2] for at in range(len(wide) - 1)] or [wide])
            continue
        run, size = (letters, LETTERS) if letters else (digits, DIGITS)
        if len(run) >= size:
            pieces.update([run[at : at + size] for at in range(len(run) - size + 1)])
        elif len(run) >= SHORTEST:
            beginnings.add(run)
    # A beginning gathers a dozen pieces and tells little beside a whole one.
    return Needed(tuple(sorted(pieces)), () if pieces else tuple(sorted(beginnings)))


def joined(parts: Iterable[str | None]) -> str:
    """Several texts as one that is compared: nothing is found across two of them."""
    return folded("\n".join(part for part in parts if part))


def _pieces(run: str, size: int) -> Sequence[str]:
    """The pieces of one run, and its end."""
    if len(run) <= SHORTEST:
        return (run,) if len(run) == SHORTEST else ()
    pieces: Sequence[str] = _cutter(len(run), size)(run)
    return pieces


@lru_cache(512)
def _cutter(length: int, size: int) -> Callable[[str], Any]:
    """Cuts a run of that length in one go; `length` is at least 3."""
    return itemgetter(*(slice(at, at + size) for at in range(length - SHORTEST + 1)))
