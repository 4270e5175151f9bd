"""The fields of a payment as people read them: their names, their values, their sections."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext

from admin.domain.deltas import UNKEPT
from admin.domain.money import Money
from admin.domain.payment import PaymentStatus
from admin.models import Payment
from admin.web.filters import (
    DOT,
    MINUS,
    NOTHING,
    kst,
    mask_email,
    mask_phone,
    money_with_unit,
)
from admin.web.labels import LABELS, method_label
from admin.web.links import trusted_receipt

_PIECE = re.compile(r'"(?:\\.|[^"\\])*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_SHOWN_WORDS = 2  # of an address; the rest names a door


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of a section. `copies`: the text is worth copying; `note` stands small behind it."""

    name: str
    text: str
    note: str = ""
    href: str = ""
    copies: bool = False


def field_names() -> dict[str, str]:
    """What each field of a snapshot is called, in the order of a reader's interest."""
    return {
        "status": gettext("Status"),
        "amount": gettext("Amount"),
        "cancelled": gettext("Cancelled so far"),
        "cancellations": gettext("Cancellations"),
        "started_at": gettext("Requested"),
        "paid_at": gettext("Approved"),
        "failed_at": gettext("Failed at"),
        "cancelled_at": gettext("Cancelled at"),
        "fail_reason": gettext("Failure"),
        "cancel_reason": gettext("Cancel reason"),
        "pay_method": gettext("Pay method"),
        "wallet": gettext("Wallet"),
        "apply_num": gettext("Approval number"),
        "card_name": gettext("Card company"),
        "card_code": gettext("Card company's code"),
        "card_number": gettext("Card number"),
        "card_type": gettext("Kind of card"),
        "card_quota": gettext("Instalments"),
        "bank_name": gettext("Bank"),
        "bank_code": gettext("Bank code"),
        "vbank_name": gettext("Virtual account's bank"),
        "vbank_code": gettext("Virtual account's bank code"),
        "vbank_num": gettext("Virtual account number"),
        "vbank_holder": gettext("Account holder"),
        "vbank_issued_at": gettext("Account issued"),
        "vbank_due_at": gettext("Deposit due"),
        "buyer_name": gettext("Buyer"),
        "buyer_tel": gettext("Phone"),
        "buyer_email": gettext("Email"),
        "buyer_addr": gettext("Address"),
        "buyer_postcode": gettext("Postcode"),
        "order_name": gettext("Goods"),
        "merchant_uid": gettext("Order number"),
        "imp_uid": gettext("Payment id"),
        "pg_provider": gettext("Payment provider"),
        "pg_id": gettext("Shop id (MID)"),
        "pg_tid": gettext("Transaction number"),
        "channel": gettext("Channel"),
        "sandbox": gettext("Test payment"),
        "escrow": gettext("Escrow"),
        "customer_uid": gettext("Billing key"),
        "customer_uid_usage": gettext("Use of the billing key"),
        "receipt_url": gettext("Receipt"),
        "cash_receipt_issued": gettext("Cash receipt"),
        "custom_data": gettext("Data of the shop"),
        "extra": gettext("Fields added since"),
    }


def written(name: str, value: Any, payment: Payment) -> str:
    """A value as `domain/deltas.py` keeps it, in the reader's language, people masked."""
    if value is UNKEPT:
        return str(gettext("not kept at that time"))
    if value in (None, "", []):
        return NOTHING
    if isinstance(value, bool):
        return str(gettext("Yes") if value else gettext("No"))
    if name == "cancellations":
        return "\n".join(_cancellation(one, payment) for one in value)
    if name in ("amount", "cancelled"):
        return money_with_unit(Money(value, payment.currency))
    if name.endswith("_at"):
        return kst(datetime.fromisoformat(value), "full")
    if name in _WRITERS:
        return _WRITERS[name](value)
    return str(value)


def buyer_facts(payment: Payment) -> list[Fact]:
    """Who paid, masked as everywhere."""
    facts = [
        Fact(name=gettext("Phone"), text=mask_phone(payment.buyer_tel)),
        Fact(name=gettext("Email"), text=mask_email(payment.buyer_email)),
    ]
    if payment.buyer_addr or payment.buyer_postcode:
        address = _mask_address(payment.buyer_addr or "")
        facts.append(Fact(name=gettext("Address"), text=address, note=payment.buyer_postcode or ""))
    if payment.customer_uid:
        facts.append(
            Fact(
                name=gettext("Billing key"),
                text=payment.customer_uid,
                note=payment.customer_uid_usage or "",
                copies=True,
            )
        )
    return facts


def method_facts(payment: Payment) -> list[Fact]:
    """How it was paid: what the card, the bank, the account or the wallet tells."""
    facts = [Fact(name=gettext("Method"), text=method_label(payment.pay_method))]
    if payment.wallet:
        facts.append(Fact(name=gettext("Wallet"), text=method_label(payment.wallet)))
    if payment.card_name or payment.card_code:
        quota = _quota(payment.card_quota)
        kind = written("card_type", payment.card_type, payment) if _has(payment.card_type) else ""
        name = payment.card_name or payment.card_code or ""
        note = " · ".join(part for part in (quota, kind) if part)
        facts.append(Fact(name=gettext("Card company"), text=name, note=note))
    facts += _copied(gettext("Card number"), payment.card_number)
    facts += _copied(gettext("Approval number"), payment.apply_num)
    if payment.bank_name or payment.bank_code:
        name, code = payment.bank_name or payment.bank_code or "", payment.bank_code or ""
        facts.append(Fact(name=gettext("Bank"), text=name, note=code if code != name else ""))
    if payment.vbank_name or payment.vbank_num:
        facts.append(
            Fact(
                name=gettext("Account"),
                text=payment.vbank_num or NOTHING,
                note=" ".join(filter(None, (payment.vbank_name, payment.vbank_holder))),
                copies=bool(payment.vbank_num),
            )
        )
        facts += _at(gettext("Account issued"), payment.vbank_issued_at)
        facts += _at(gettext("Deposit due"), payment.vbank_due_at)
    return facts


def shop_facts(payment: Payment) -> list[Fact]:
    """Which shop it was paid to, and through what."""
    place = gettext("Test: no real money moved") if payment.sandbox else gettext("Live")
    return [
        Fact(name=gettext("Payment provider"), text=payment.pg_provider or NOTHING),
        *_copied(gettext("Shop id (MID)"), payment.pg_id),
        Fact(name=gettext("Channel"), text=payment.channel or NOTHING),
        Fact(name=gettext("Live or test"), text=place),
        Fact(name=gettext("Escrow"), text=gettext("Yes") if payment.escrow else gettext("No")),
    ]


def gateway_facts(payment: Payment) -> list[Fact]:
    """The gateway's own numbers and moments."""
    facts = [
        *_copied(gettext("Order number"), payment.merchant_uid),
        *_copied(gettext("Payment id"), payment.imp_uid),
        *_copied(gettext("Transaction number"), payment.pg_tid),
        Fact(name=gettext("Status"), text=str(LABELS[payment.status]), note=payment.status.value),
        *_at(gettext("Requested"), payment.started_at),
        *_at(gettext("Approved"), payment.paid_at),
        *_at(gettext("Failed at"), payment.failed_at),
        *_at(gettext("Cancelled at"), payment.cancelled_at),
    ]
    if payment.fail_reason:
        facts.append(Fact(name=gettext("Failure"), text=payment.fail_reason))
    if payment.cancel_reason:
        facts.append(Fact(name=gettext("Cancel reason"), text=payment.cancel_reason))
    return facts


def receipt_facts(payment: Payment) -> list[Fact]:
    """Slips that lie at KCP, each linked only where its address is one of KCP's."""
    facts = []
    if payment.receipt_url:
        facts.append(_receipt(gettext("Payment"), payment.receipt_url))
    for entry in payment.cancellations:
        if entry.receipt_url:
            amount = money_with_unit(Money(entry.amount_minor, payment.currency))
            facts.append(_receipt(gettext("Cancellation"), entry.receipt_url, f"{MINUS}{amount}"))
    return [*facts, *_cash_receipt_facts(payment)]


def pretty(text: str | None) -> str:
    """JSON with one value a line, every token as it was written; anything else as it stands."""
    try:
        is_nested = isinstance(json.loads(text or ""), dict | list)
    except (ValueError, RecursionError):
        return text or ""
    if not is_nested:
        return text or ""
    lines, depth = [""], 0
    for piece in _PIECE.findall(text or ""):
        opened = lines[-1].endswith(("{", "["))
        if piece in "}]":
            depth -= 1
            if not opened:
                lines.append("  " * depth)
        elif opened:
            lines.append("  " * depth)
        if piece in "{[":
            depth += 1
        lines[-1] += ": " if piece == ":" else piece
        if piece == ",":
            lines.append("  " * depth)
    return "\n".join(lines)


def _cancellation(entry: dict[str, Any], payment: Payment) -> str:
    amount = money_with_unit(Money(entry["amount_minor"], payment.currency))
    moment = kst(datetime.fromisoformat(entry["cancelled_at"]))
    return " · ".join(filter(None, (f"{MINUS}{amount}", moment, entry["reason"])))


def _cash_receipt_facts(payment: Payment) -> list[Fact]:
    """Whether there is one, and what the gateway told of it when it was asked."""
    name, receipt = gettext("Cash receipt"), payment.cash_receipt
    issued = gettext("Issued") if payment.cash_receipt_issued else gettext("Not issued")
    if receipt is None or receipt.apply_num is None:
        note = ""
        if payment.cash_receipt_issued and receipt is not None:
            moment = kst(receipt.looked_at)
            note = gettext("the gateway told no number, asked %(moment)s", moment=moment)
        elif payment.cash_receipt_issued:
            note = gettext("its number has not been asked for yet")
        return [Fact(name=name, text=issued, note=note)]
    if receipt.cancelled_at is not None:
        issued = gettext("Cancelled")
    return [
        _receipt(name, receipt.receipt_url, issued)
        if receipt.receipt_url
        else Fact(name=name, text=issued),
        Fact(
            name=gettext("Cash receipt number"),
            text=receipt.apply_num,
            note=_receipt_kind(receipt.kind or ""),
            copies=True,
        ),
        *_at(gettext("Cash receipt issued"), receipt.applied_at),
        *_at(gettext("Cash receipt cancelled"), receipt.cancelled_at),
    ]


def _receipt_kind(value: str) -> str:
    words = {"person": gettext("income deduction"), "company": gettext("proof of expense")}
    return str(words.get(value, value))


def _receipt(name: str, url: str, text: str = "") -> Fact:
    href = trusted_receipt(url)
    note = "" if href else gettext("its address is not one of KCP's, so it is not linked")
    return Fact(name=name, text=text or gettext("Receipt"), href=href, note=note)


def _copied(name: str, text: str | None) -> list[Fact]:
    return [Fact(name=name, text=text, copies=True)] if text else []


def _at(name: str, moment: datetime | None) -> list[Fact]:
    return [Fact(name=name, text=kst(moment, "full"))] if moment else []


def _has(value: object) -> bool:
    return value is not None


def _mask_address(address: str) -> str:
    """`서울 강남구 ••••`: the first words stay."""
    words = address.split()
    if len(words) <= _SHOWN_WORDS:
        return f"{DOT * 4}" if words else NOTHING
    return f"{' '.join(words[:_SHOWN_WORDS])} {DOT * 4}"


def _card_kind(value: int) -> str:
    words = {0: gettext("credit card"), 1: gettext("check card")}
    return str(words.get(value, value))


def _quota(value: int) -> str:
    return str(gettext("%(months)s months", months=value) if value else gettext("lump sum"))


def _status(value: str) -> str:
    return str(LABELS[PaymentStatus(value)])


_WRITERS: dict[str, Callable[[Any], str]] = {
    "buyer_tel": mask_phone,
    "buyer_email": mask_email,
    "buyer_addr": _mask_address,
    "pay_method": method_label,
    "wallet": method_label,
    "card_type": _card_kind,
    "card_quota": _quota,
    "status": _status,
}
