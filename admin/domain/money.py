"""Money as whole minor units of one currency. Won has no minor unit, so 12,000 won is 12000."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from admin.domain.errors import N_, InvalidInput


class Currency(Enum):
    """ISO 4217 code of a currency the gateway may name."""

    KRW = "KRW"
    USD = "USD"
    EUR = "EUR"
    JPY = "JPY"

    @property
    def exponent(self) -> int:
        """Digits after the decimal point: 0 for KRW and JPY, else 2."""
        return 0 if self in (Currency.KRW, Currency.JPY) else 2


LARGEST_MINOR = 2**63 - 1
MOST_DIGITS = 28  # the precision of decimal arithmetic; beyond it would be rounding


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units. Arithmetic and comparison across currencies raise ValueError."""

    minor: int
    currency: Currency = Currency.KRW

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"minor units are an int, not {type(self.minor).__name__}")
        if abs(self.minor) > LARGEST_MINOR:
            raise ValueError("the amount does not fit 64 bits")

    @classmethod
    def from_major(cls, amount: Decimal, currency: Currency = Currency.KRW) -> Money:
        """Read an amount in the currency's own unit; half a won is refused (InvalidInput)."""
        exact = amount.is_finite() and len(amount.as_tuple().digits) <= MOST_DIGITS
        scaled = amount.scaleb(currency.exponent) if exact else amount
        if not exact or scaled != scaled.to_integral_value():
            raise InvalidInput(
                N_("%(amount)s is not a whole amount of %(currency)s."),
                amount=amount,
                currency=currency.value,
            )
        if abs(scaled) > LARGEST_MINOR:
            raise InvalidInput(N_("That amount is too large."))
        return cls(int(scaled), currency)

    @property
    def major(self) -> Decimal:
        """The amount in the currency's own unit."""
        return Decimal(self.minor).scaleb(-self.currency.exponent)

    def _same(self, other: Money) -> int:
        if other.currency is not self.currency:
            raise ValueError(f"{self.currency.value} and {other.currency.value} do not mix")
        return other.minor

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return f"{self.major:,} {self.currency.value}"
