"""Reading one JSON object of the gateway field by field.

The gateway writes "unset" as null, "", 0 or by leaving the field out; here all of them are
None. What carries money, identity or time is read strictly and raises GatewayMalformed naming
the field; what only decorates (a bank's name) is never worth losing a payment for.
"""

from __future__ import annotations

import re
from collections.abc import Set
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from admin.domain.card_guard import hide_card_numbers
from admin.domain.clock import from_epoch
from admin.domain.errors import InvalidInput
from admin.domain.money import LARGEST_MINOR, Currency, Money
from admin.gateway.errors import GatewayMalformed

LONGEST_ID = 80
LONGEST_OTHERS = 4_000
_encoder = msgspec.json.Encoder(order="sorted", decimal_format="number")
_LATEST_MOMENT = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())
_LONG_DIGITS = re.compile(r"\d(?:[ -]?\d){11,}")


class Fields:
    """One object as the gateway sent it. `what` names it in errors."""

    __slots__ = ("_raw", "_what")

    def __init__(self, raw: object, what: str) -> None:
        if not isinstance(raw, dict):
            raise GatewayMalformed(f"{what} is not an object")
        self._raw: dict[str, Any] = raw
        self._what = what

    def identity(self, name: str) -> str:
        """An id that must be there."""
        value = self._raw.get(name)
        if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_ID:
            raise self._fault(name)
        return value

    def text(self, name: str) -> str | None:
        """Text, or None when unset. A number is taken as its digits, anything else as unset."""
        value = self._raw.get(name)
        if isinstance(value, str):
            return value if value.strip() else None
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return str(value)
        return None

    def written(self, name: str) -> str | None:
        """Text that a person may have typed: a card number in it is replaced."""
        value = self.text(name)
        return None if value is None else hide_card_numbers(value)

    def flag(self, name: str) -> bool:
        """Whether it is set; unset is no."""
        value = self._raw.get(name)
        return value is True or value in ("true", 1)

    def number(self, name: str) -> int | None:
        """A small whole number that decorates, or None."""
        value = _whole(self._raw.get(name))
        return value if value is not None and abs(value) < 2**31 else None

    def moment(self, name: str) -> datetime | None:
        """Unix seconds as an aware UTC moment; None when unset. Nonsense raises."""
        value = self._raw.get(name)
        if value is None or value == "":
            return None
        seconds = _whole(value)
        if seconds is None or not 0 <= seconds < _LATEST_MOMENT:
            raise self._fault(name)
        return from_epoch(seconds)

    def moment_at(self, name: str) -> datetime:
        """A moment that must be there."""
        moment = self.moment(name)
        if moment is None:
            raise self._fault(name)
        return moment

    def money(self, name: str, currency: Currency) -> Money:
        """An amount in the currency's own unit; exact, whole in minor units, never negative."""
        value = self._raw.get(name)
        if type(value) is int and currency.exponent == 0 and 0 <= value <= LARGEST_MINOR:
            return Money(value, currency)
        try:
            amount = _decimal(value)
            money = Money.from_major(amount, currency)
        except (InvalidInput, ArithmeticError, ValueError, TypeError):
            raise self._fault(name) from None
        if money.minor < 0 or money.major != amount:
            raise self._fault(name)
        return money

    def money_or_zero(self, name: str, currency: Currency) -> Money:
        """As `money`, and nothing at all is 0."""
        return self.money(name, currency) if self._raw.get(name) is not None else Money(0, currency)

    def currency(self, name: str) -> Currency:
        """The currency; won when left out, as in rows older than the field."""
        value = self._raw.get(name)
        try:
            return Currency.KRW if value in (None, "") else Currency(value)
        except ValueError:
            raise self._fault(name) from None

    def objects(self, name: str) -> list[Any]:
        """A list, empty when unset."""
        value = self._raw.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._fault(name)
        return value

    def object(self, name: str) -> Fields:
        """An object inside this one; it must be there."""
        return Fields(self._raw.get(name), f"{self._what}: {name}")

    def others(self, known: Set[str]) -> str | None:
        """The fields beside `known`, as JSON text in a fixed order; None when there are none."""
        unknown = self._raw.keys() - known
        if not unknown:
            return None
        others = {name: self._raw[name] for name in unknown}
        return hide_card_numbers(_encoder.encode(others).decode())[:LONGEST_OTHERS]

    def masked(self, name: str) -> str | None:
        """A card number as the gateway masked it, masked again where it was left readable."""
        value = self.text(name)
        return None if value is None else mask_card_number(value)

    def _fault(self, name: str) -> GatewayMalformed:
        return GatewayMalformed(f"{self._what}: {name} cannot be used")


def mask_card_number(text: str) -> str:
    """Put stars over the middle of every run of 12 or more readable digits.

    Some providers write 0 for a hidden digit, so a masked number can look whole.
    """

    def stars(match: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", match.group())
        return digits[:6] + "*" * (len(digits) - 10) + digits[-4:]

    return _LONG_DIGITS.sub(stars, text)


def _whole(value: object) -> int | None:
    """A whole number written as a number or as its digits, else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and abs(value) < 2**63 and value % 1 == 0 else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    return None


def _decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise TypeError
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,19}(\.[0-9]{1,4})?", value):
        raise ValueError
    try:
        return Decimal(value)
    except InvalidOperation as error:
        raise ValueError from error
