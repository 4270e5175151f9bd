"""A card on its way to the gateway: the only place that writes its fields."""

from __future__ import annotations

from admin.domain.card import Card


def write_card(card: Card) -> dict[str, str]:
    """The body's card fields. Raises ValueError for what can be no card, without showing it."""
    digits = card.digits
    if not (digits.isascii() and digits.isdigit() and 13 <= len(digits) <= 19):
        raise ValueError("a card number has 13 to 19 digits")
    fields = {
        "card_number": "-".join((digits[:4], digits[4:8], digits[8:12], digits[12:])),
        "expiry": card.expiry,
        "birth": card.birth,
        "pwd_2digit": card.password_2_digits,
        "cvc": card.cvc,
    }
    return {name: value for name, value in fields.items() if value}
