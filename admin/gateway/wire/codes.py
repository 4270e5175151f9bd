"""What the gateway says about itself: card and bank codes, channels, prepared amounts, balances."""

from __future__ import annotations

from dataclasses import dataclass

from admin.domain.money import Currency, Money
from admin.gateway.errors import GatewayMalformed
from admin.gateway.wire.fields import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardCode:
    """A card company's or bank's three digits and its name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One contract with a payment provider. Source: PgSettingAnnotation."""

    pg_provider: str
    pg_id: str
    sandbox: bool
    kind: str  # payment, api_payment or certification
    name: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedAmount:
    """The amount an order number was registered with before the window opens."""

    merchant_uid: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxParts:
    """How an amount is made up. Source: PaymentBalanceAnnotation."""

    tax_free: Money
    supply: Money
    vat: Money
    service: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What is left of a PAYCO payment, by means. Source: PaymentBalanceResponseAnnotation."""

    amount: Money
    cash_receipt: TaxParts
    primary: TaxParts
    secondary: TaxParts
    discount: TaxParts


def read_code(raw: object) -> StandardCode:
    """Read one code with its name."""
    row = Fields(raw, "code")
    return StandardCode(code=row.identity("code"), name=row.identity("name"))


def read_codes(raw: object) -> tuple[StandardCode, ...]:
    """Read a list of codes."""
    return tuple(read_code(row) for row in _rows(raw, "codes"))


def read_channels(raw: object) -> tuple[Channel, ...]:
    """Read the account's channels."""
    return tuple(_read_channel(row) for row in _rows(raw, "channels"))


def read_prepared(raw: object) -> PreparedAmount:
    """Read a prepared amount."""
    row = Fields(raw, "prepared amount")
    return PreparedAmount(
        merchant_uid=row.identity("merchant_uid"),
        amount=row.money("amount", row.currency("currency")),
    )


def read_balance(raw: object) -> Balance:
    """Read a balance; PAYCO settles in won alone."""
    row = Fields(raw, "balance")
    return Balance(
        amount=row.money("amount", Currency.KRW),
        cash_receipt=_read_parts(row.object("cash_receipt")),
        primary=_read_parts(row.object("primary")),
        secondary=_read_parts(row.object("secondary")),
        discount=_read_parts(row.object("discount")),
    )


def _read_channel(raw: object) -> Channel:
    row = Fields(raw, "channel")
    return Channel(
        pg_provider=row.identity("pg_provider"),
        pg_id=row.identity("pg_id"),
        sandbox=row.flag("sandbox"),
        kind=row.identity("type"),
        name=row.text("channel_name"),
        key=row.text("channel_key"),
    )


def _read_parts(row: Fields) -> TaxParts:
    return TaxParts(
        tax_free=row.money("tax_free", Currency.KRW),
        supply=row.money("supply", Currency.KRW),
        vat=row.money("vat", Currency.KRW),
        service=row.money("service", Currency.KRW),
    )


def _rows(raw: object, what: str) -> list[object]:
    if not isinstance(raw, list):
        raise GatewayMalformed(f"{what}: not a list")
    return raw
