"""Payments: the gateway's PaymentAnnotation, alone and in pages, read into snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from admin.domain.money import Currency, Money
from admin.domain.payment import Cancellation, PaymentSnapshot, PaymentStatus
from admin.gateway.errors import GatewayMalformed, GatewayUnknownStatus
from admin.gateway.wire.fields import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableRow:
    """A payment whose row could not be believed. `why` names the field, never its content."""

    imp_uid: str | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPage:
    """One page of payments; iterating gives the readable ones.

    `total` counts every page together. `previous` and `next` are page numbers, 0 for none.
    Unreadable rows are kept apart: they exist, so nobody may call them missing.
    """

    total: int
    previous: int = 0
    next: int = 0
    payments: tuple[PaymentSnapshot, ...] = ()
    unreadable: tuple[UnreadableRow, ...] = ()

    def __iter__(self) -> Iterator[PaymentSnapshot]:
        return iter(self.payments)

    def __len__(self) -> int:
        return len(self.payments)


# What a payment is documented to hold; some of it is of no use here and is not read.
KNOWN_FIELDS = frozenset(
    "imp_uid merchant_uid pay_method channel pg_provider emb_pg_provider pg_tid pg_id sandbox "
    "escrow apply_num bank_code bank_name card_code card_name card_issuer_code card_issuer_name "
    "card_publisher_code card_publisher_name card_quota card_number card_type vbank_code "
    "vbank_name vbank_num vbank_holder vbank_date vbank_issued_at name amount cancel_amount "
    "currency buyer_name buyer_email buyer_tel buyer_addr buyer_postcode custom_data user_agent "
    "status started_at paid_at failed_at cancelled_at fail_reason cancel_reason receipt_url "
    "cancel_history cancel_receipt_urls deposit_history cash_receipt_issued customer_uid "
    "customer_uid_usage promotion".split()
)
EMPTY_PAGE = PaymentPage(total=0)


def read_payment(raw: object) -> PaymentSnapshot:
    """Read one payment. Raises GatewayUnknownStatus for a word that is none of the four, and
    GatewayMalformed for a row that cannot be believed:

    an unknown currency, a missing id, an amount that is not whole or is negative,
    more cancelled than paid, a time that is none.
    """
    row = Fields(raw, "payment")
    currency = row.currency("currency")
    amount = row.money("amount", currency)
    cancelled = row.money_or_zero("cancel_amount", currency)
    if cancelled > amount:
        raise GatewayMalformed("payment: cancel_amount exceeds amount")
    return PaymentSnapshot(
        imp_uid=row.identity("imp_uid"),
        merchant_uid=row.identity("merchant_uid"),
        status=_read_status(row),
        amount=amount,
        cancelled=cancelled,
        started_at=row.moment_at("started_at"),
        paid_at=row.moment("paid_at"),
        failed_at=row.moment("failed_at"),
        cancelled_at=row.moment("cancelled_at"),
        pay_method=row.text("pay_method") or "",
        wallet=row.text("emb_pg_provider"),
        pg_provider=row.text("pg_provider"),
        pg_tid=row.text("pg_tid"),
        pg_id=row.text("pg_id"),
        channel=row.text("channel"),
        sandbox=row.flag("sandbox"),
        escrow=row.flag("escrow"),
        apply_num=row.text("apply_num"),
        card_code=row.text("card_code"),
        card_name=row.text("card_name"),
        card_number=row.masked("card_number"),
        card_quota=row.number("card_quota") or 0,
        card_type=row.number("card_type"),
        bank_code=row.text("bank_code"),
        bank_name=row.text("bank_name"),
        vbank_code=row.text("vbank_code"),
        vbank_name=row.text("vbank_name"),
        vbank_num=row.text("vbank_num"),
        vbank_holder=row.text("vbank_holder"),
        vbank_due_at=row.moment("vbank_date"),
        vbank_issued_at=row.moment("vbank_issued_at"),
        order_name=row.written("name"),
        buyer_name=row.written("buyer_name"),
        buyer_email=row.written("buyer_email"),
        buyer_tel=row.written("buyer_tel"),
        buyer_addr=row.written("buyer_addr"),
        buyer_postcode=row.text("buyer_postcode"),
        customer_uid=row.text("customer_uid"),
        customer_uid_usage=row.text("customer_uid_usage"),
        custom_data=row.written("custom_data"),
        fail_reason=row.written("fail_reason"),
        cancel_reason=row.written("cancel_reason"),
        receipt_url=row.text("receipt_url"),
        cash_receipt_issued=row.flag("cash_receipt_issued"),
        extra=row.others(KNOWN_FIELDS),
        cancellations=tuple(
            _read_cancellation(entry, currency) for entry in row.objects("cancel_history")
        ),
    )


def read_page(raw: object) -> PaymentPage:
    """Read a page, or a bare list taken as the only page. One bad row does not lose the others.

    Raises GatewayMalformed when the page itself is none.
    """
    if isinstance(raw, list):
        return replace(_read_rows(raw), total=len(raw))
    page = Fields(raw, "page")
    total = page.number("total")
    if total is None or total < 0:
        raise GatewayMalformed("page: total cannot be used")
    return replace(
        _read_rows(page.objects("list")),
        total=total,
        previous=max(page.number("previous") or 0, 0),
        next=max(page.number("next") or 0, 0),
    )


def write_amount(amount: Money) -> int | Decimal:
    """An amount in the currency's own unit, as the JSON number the gateway takes."""
    return int(amount.major) if amount.currency.exponent == 0 else amount.major


def _read_rows(rows: list[Any]) -> PaymentPage:
    payments: list[PaymentSnapshot] = []
    unreadable: list[UnreadableRow] = []
    for row in rows:
        try:
            payments.append(read_payment(row))
        except GatewayMalformed as error:
            unreadable.append(UnreadableRow(imp_uid=_imp_uid(row), why=str(error)))
    return PaymentPage(total=0, payments=tuple(payments), unreadable=tuple(unreadable))


def _imp_uid(row: object) -> str | None:
    try:
        return Fields(row, "payment").identity("imp_uid")
    except GatewayMalformed:
        return None


def _read_status(row: Fields) -> PaymentStatus:
    try:
        return PaymentStatus(row.text("status"))
    except ValueError:
        raise GatewayUnknownStatus(row.text("status") or "") from None


def _read_cancellation(raw: object, currency: Currency) -> Cancellation:
    entry = Fields(raw, "cancel_history")
    return Cancellation(
        cancellation_id=entry.text("cancellation_id") or "",
        amount=entry.money("amount", currency),
        cancelled_at=entry.moment_at("cancelled_at"),
        reason=entry.written("reason") or "",
        pg_tid=entry.text("pg_tid") or "",
        receipt_url=entry.text("receipt_url"),
    )
