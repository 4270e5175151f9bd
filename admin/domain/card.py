"""A card as a person typed it: in memory while one request lasts, and nowhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from admin.domain.errors import N_, InvalidInput

_NUMBER = re.compile(r"[0-9]{13,19}")
_EXPIRY = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a card company asks for. Nothing of it is shown by repr, and nothing is ever kept."""

    number: str = field(repr=False)  # 13 to 19 digits, with or without dashes
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


def check_card(card: Card) -> None:
    """Raise InvalidInput for what can be no card; the error never holds what was typed."""
    if not _NUMBER.fullmatch(card.digits):
        raise InvalidInput(N_("A card number has 13 to 19 digits."), field="number")
    if not _EXPIRY.fullmatch(card.expiry):
        raise InvalidInput(N_("Enter the expiry as year and month."), field="expiry")
