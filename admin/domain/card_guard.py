"""Card numbers typed where they do not belong are recognised and refused.

The shape of real card numbers (length by first digits, Luhn) is asked for, so that an order
number such as ORD20261122-01217 or KCP's 14-digit transaction number never looks like one.
"""

import re
import unicodedata

SHORTEST = 14  # digits of the shortest card number
_CANDIDATE = re.compile(r"(?<![A-Za-z0-9])\d(?:[ \-.]?\d){13,18}(?![A-Za-z0-9])")


def holds_card_number(text: str) -> bool:
    """Whether `text` holds a card number, spaced, dashed, full-width or plain."""
    if len(text) < SHORTEST:
        return False
    flat = unicodedata.normalize("NFKC", text)
    return any(_is_card(match.group()) for match in _CANDIDATE.finditer(flat))


def hide_card_numbers(text: str) -> str:
    """`text` with every card number in it replaced."""
    flat = unicodedata.normalize("NFKC", text)
    if not holds_card_number(flat):
        return text
    return _CANDIDATE.sub(
        lambda match: "[card]" if _is_card(match.group()) else match.group(), flat
    )


def _is_card(written: str) -> bool:
    digits = re.sub(r"\D", "", written)
    return _has_card_shape(digits) and _luhn(digits)


def _has_card_shape(digits: str) -> bool:
    length, first = len(digits), digits[0]
    if length in (14, 15):
        return first == "3"  # Diners, American Express
    if length == 16:
        return first in "34569" or 2221 <= int(digits[:4]) <= 2720
    return length == 19 and first in "456"


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
