"""Card numbers typed where they do not belong are recognised and refused.

The shape of real card numbers (length by first digits, Luhn) is asked for, so that an order
number such as ORD20261122-01217 or KCP's 14-digit transaction number never looks like one.
Digits that stand beside a card number (a quantity before it, its expiry behind it) do not hide it.
"""

import re
import unicodedata
from collections.abc import Iterator

SHORTEST = 14  # digits of the shortest card number
_RUN = re.compile(r"(?<![A-Za-z0-9])\d+(?:[ \-.]\d+)*(?![A-Za-z0-9])")
_GROUP = re.compile(r"\d+")

Group = tuple[int, int]  # where a group of digits begins and ends


def holds_card_number(text: str) -> bool:
    """Whether `text` holds a card number, spaced, dashed, full-width or plain."""
    if len(text) < SHORTEST:
        return False
    return any(_cards(unicodedata.normalize("NFKC", text)))


def hide_card_numbers(text: str) -> str:
    """`text` with every card number in it replaced."""
    if len(text) < SHORTEST:
        return text
    flat = unicodedata.normalize("NFKC", text)
    found = list(_cards(flat))
    if not found:
        return text
    for start, end in reversed(found):
        flat = f"{flat[:start]}[card]{flat[end:]}"
    return flat


def mask_card_numbers(text: str) -> str:
    """`text`, as long as it was, with an asterisk for every digit of a card number in it."""
    flat, places = "", []
    for place, letter in enumerate(text):
        plain = unicodedata.normalize("NFKC", letter)
        flat += plain
        places += [place] * len(plain)
    letters = list(text)
    for start, end in _cards(flat):
        for at in range(start, end):
            if flat[at].isdecimal():
                letters[places[at]] = "*"
    return "".join(letters)


def _cards(flat: str) -> Iterator[Group]:
    """Every stretch of neighbouring groups of digits that together are a card number."""
    for run in _RUN.finditer(flat):
        if run.end() - run.start() < SHORTEST:
            continue
        groups = [match.span() for match in _GROUP.finditer(flat, run.start(), run.end())]
        first = 0
        while first < len(groups):
            last = _last_of_card(flat, groups, first)
            if last is not None:
                yield groups[first][0], groups[last][1]
            first = first + 1 if last is None else last + 1


def _last_of_card(flat: str, groups: list[Group], first: int) -> int | None:
    digits = ""
    for place in range(first, len(groups)):
        digits += flat[slice(*groups[place])]
        if len(digits) > 19:
            return None
        if len(digits) >= SHORTEST and _has_card_shape(digits) and passes_luhn(digits):
            return place
    return None


def _has_card_shape(digits: str) -> bool:
    length, first = len(digits), digits[0]
    if length in (14, 15):
        return first == "3"  # Diners, American Express
    if length == 16:
        return first in "34569" or 2221 <= int(digits[:4]) <= 2720
    return length == 19 and first in "456"


def passes_luhn(digits: str) -> bool:
    """Whether the last of `digits` is the check digit of those before it."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
