"""A card as a person typed it: in memory while one request lasts, and nowhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from admin.domain.card_guard import passes_luhn
from admin.domain.errors import N_, InvalidInput

_NUMBER = re.compile(r"[0-9]{4}(?:-[0-9]{4}){3}|[0-9]{15,16}")
_EXPIRY = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_BIRTH = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})")
_BUSINESS = re.compile(r"[0-9]{10}")
_PASSWORD = re.compile(r"[0-9]{2}")
# What each digit of a business number weighs in its check digit, which stands last.
_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a card company asks for. Nothing of it is shown by repr, and nothing is ever kept."""

    number: str = field(repr=False)  # dddd-dddd-dddd-dddd, or 15 or 16 digits
    expiry: str = field(repr=False)  # YYYY-MM
    birth: str | None = field(default=None, repr=False)  # YYMMDD, or a company's ten digits
    password_2_digits: str | None = field(default=None, repr=False)
    cvc: str | None = field(default=None, repr=False)

    @property
    def digits(self) -> str:
        """The number without what people set between its groups."""
        return self.number.replace("-", "").replace(" ", "")

    @property
    def last4(self) -> str:
        """The part of the number that the gateway shows, too."""
        return self.digits[-4:]

    def __reduce__(self) -> str:
        raise TypeError("a card is never written anywhere")


def check_card(card: Card, *, today: date) -> None:
    """Raise InvalidInput for what can be no card; the error never holds what was typed.

    Number and expiry are always needed. Birth and password are what the shop's contract with the
    PG asks for: they may be left out, but what is given must be one.
    """
    if not _NUMBER.fullmatch(card.number):
        raise InvalidInput(
            N_("Enter the card number as 0000-0000-0000-0000, or its digits alone."),
            field="number",
        )
    if not passes_luhn(card.digits):
        raise InvalidInput(N_("This card number has a typing error in it."), field="number")
    if (expiry := _EXPIRY.fullmatch(card.expiry)) is None:
        raise InvalidInput(N_("Enter the expiry as year and month."), field="expiry")
    if (int(expiry[1]), int(expiry[2])) < (today.year, today.month):
        raise InvalidInput(N_("This card has expired."), field="expiry")
    if card.birth and not (_is_birth(card.birth) or _is_business(card.birth)):
        raise InvalidInput(
            N_("Enter a birth date of six digits, or a business number of ten."), field="birth"
        )
    if card.password_2_digits and not _PASSWORD.fullmatch(card.password_2_digits):
        raise InvalidInput(
            N_("Enter the first two digits of the password."), field="password_2_digits"
        )


def _is_birth(text: str) -> bool:
    """A day of this century or of the last."""
    if (parts := _BIRTH.fullmatch(text)) is None:
        return False
    year, month, day = (int(part) for part in parts.groups())
    return any(_is_day(century + year, month, day) for century in (1900, 2000))


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _is_business(text: str) -> bool:
    if not _BUSINESS.fullmatch(text):
        return False
    digits = [int(digit) for digit in text]
    total = sum(digit * weight for digit, weight in zip(digits[:9], _WEIGHTS, strict=True))
    total += digits[8] * 5 // 10
    return (10 - total % 10) % 10 == digits[9]
