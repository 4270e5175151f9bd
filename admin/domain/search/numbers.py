"""Whole numbers as people write them: 50,000 · 5만 · 1.5만 · 3천5백원 · ₩50,000 · 50k."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from admin.domain.search.query import LARGEST

_SIGN = re.compile(r"^[₩￦\\]\s*")
_UNIT = re.compile(r"\s*(?:원|won|krw|개월|months?)$")
_PLAIN = re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?")
_GREAT = (("억", 100_000_000), ("만", 10_000))
_SMALL = (("천", 1000), ("백", 100))


def read_number(text: str) -> int | None:
    """The whole number `text` states, from zero to LARGEST; None if it states none."""
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    plain = _UNIT.sub("", _SIGN.sub("", plain))
    if plain.endswith("k"):
        found = _scaled(plain[:-1], 1000)
    elif plain in ("일시불", "lump"):
        found = Fraction(0)
    else:
        found = _spoken(plain)
    if found is None or found.denominator != 1 or found > LARGEST:
        return None
    return found.numerator


def _spoken(text: str) -> Fraction | None:
    """Hundred millions, ten thousands and the rest; each before its word or alone."""
    total, rest = Fraction(0), text
    for word, size in _GREAT:
        head, mark, behind = rest.partition(word)
        if mark:
            part = _small(head)
            if part is None:
                return None
            total, rest = total + part * size, behind
    if not rest and text:
        return total
    last = _small(rest)
    return None if last is None else total + last


def _small(text: str) -> Fraction | None:
    total, rest = Fraction(0), text
    for word, size in _SMALL:
        head, mark, behind = rest.partition(word)
        if mark:
            part = _scaled(head, size) if head else Fraction(size)
            if part is None:
                return None
            total, rest = total + part, behind
    if not rest and text:
        return total
    last = _scaled(rest, 1)
    return None if last is None else total + last


def _scaled(text: str, size: int) -> Fraction | None:
    return Fraction(text.replace(",", "")) * size if _PLAIN.fullmatch(text) else None
