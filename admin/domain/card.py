"""A card as a person typed it: in memory while one request lasts, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a card company asks for. Nothing of it is shown by repr, and nothing is ever kept."""

    number: str = field(repr=False)  # 13 to 19 digits, with or without dashes
    expiry: str = field(repr=False)  # YYYY-MM
    birth: str | None = field(default=None, repr=False)  # YYMMDD, or a company's ten digits
    password_2_digits: str | None = field(default=None, repr=False)
    cvc: str | None = field(default=None, repr=False)

    def __reduce__(self) -> str:
        raise TypeError("a card is never written anywhere")
