"""A payment of the window as columns of its row: opened, approved, refused, awaiting a deposit.

Used by the window itself and by the control plane's buyer, who needs none.
"""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from sandbox.facts.codes import BANKS, CARDS
from sandbox.facts.kcp import MINIMUM_AMOUNT, SHOP_NAME, TEST_MINIMUM_AMOUNT, kcp_text
from sandbox.incoming import Body, addresses, boolean, number, text
from sandbox.ledger import record
from sandbox.numbering import new_apply_num, new_pg_tid
from sandbox.payment_rows import Payment, blank_payment
from sandbox.window.channels import Channel

# In the window the buyer chooses a wallet; the gateway stores what the wallet paid with, and the
# wallet's name beside it.
WALLETS = {
    name: name
    for name in ("kakaopay", "naverpay", "payco", "tosspay", "lpay", "ssgpay", "applepay")
} | {"naverpay_bridge": "naverpay"}
GIFTS = frozenset({"cultureland", "smartculture", "happymoney", "booknlife"})
WITH_CARD = frozenset({"card", "samsung"})
METHODS = WITH_CARD | set(WALLETS) | GIFTS | {"trans", "vbank", "phone", "point"}

BUYER = {"name": 16, "email": 64, "tel": 16, "addr": 128, "postcode": 8}
_MASKED_CARD = "451842******1093"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the buyer chose. `vbank_date` is the deadline of an account, in Unix seconds."""

    card_code: str = "366"
    card_quota: int = 0
    bank_code: str | None = None
    vbank_date: int = 0


def opened_row(
    params: Body, channel: Channel, *, method: str, amount: int, is_mobile: bool, now: int
) -> Payment:
    """The row a window has from the moment it opens, without its imp_uid."""
    row = blank_payment() | {
        "merchant_uid": text(params, "merchant_uid"),
        "amount": amount,
        "pay_method": stored_method(method),
        "channel": "mobile" if is_mobile else "pc",
        "pg_provider": channel["pg_provider"],
        "pg_id": channel["pg_id"],
        "sandbox": int(channel["sandbox"]),
        "escrow": int(boolean(params.get("escrow"))),
        "name": text(params, "name"),
        "tax_free": number(params, "tax_free") or 0,
        "custom_data": _as_text(params.get("custom_data")),
        "customer_uid": text(params, "customer_uid"),
        "notice_url": addresses(params, "notice_url"),
        "user_agent": "sorry_not_supported_anymore",
        "status": "ready",
        "started_at": now,
        "updated_at": now,
    }
    return row | {f"buyer_{part}": text(params, f"buyer_{part}") for part in BUYER}


def stored_method(method: str) -> str:
    return "card" if method in WALLETS else method


def method_fields(method: str, choice: Choice, *, now: int) -> Payment:
    """The columns that depend on what was paid with."""
    if method == "trans":
        code = choice.bank_code or "004"
        return {"pay_method": method, "bank_code": code, "bank_name": BANKS.get(code)}
    if method == "vbank":
        code = choice.bank_code or "088"
        return {
            "pay_method": method,
            "vbank_code": code,
            "vbank_name": BANKS.get(code),
            "vbank_num": f"562{now % 10**11:011d}",
            "vbank_holder": SHOP_NAME,
            "vbank_issued_at": now,
            "vbank_date": choice.vbank_date,
        }
    if method in WITH_CARD or method in WALLETS:
        return {
            "pay_method": stored_method(method),
            "emb_pg_provider": WALLETS.get(method),
            "card_code": choice.card_code,
            "card_name": CARDS.get(choice.card_code),
            "card_number": _MASKED_CARD,
            "card_type": 0,
            "card_quota": choice.card_quota,
        }
    return {"pay_method": method, "apply_num": ""}


def approved(method: str, *, now: int) -> Payment:
    """What the buyer's press leads to; an account waits for its deposit."""
    return awaiting_deposit(now=now) if method == "vbank" else paid(method, now=now)


def paid(method: str, *, now: int) -> Payment:
    fields: Payment = {
        "status": "paid",
        "paid_at": now,
        "updated_at": now,
        "pg_tid": new_pg_tid(now),
    }
    return fields | ({"apply_num": new_apply_num()} if method in WITH_CARD else {})


def awaiting_deposit(*, now: int) -> Payment:
    return {"status": "ready", "updated_at": now, "pg_tid": new_pg_tid(now)}


def refused(code: str, *, now: int) -> Payment:
    """Failed with one of KCP's codes; KeyError for another."""
    return {"status": "failed", "failed_at": now, "updated_at": now, "fail_reason": kcp_text(code)}


def is_below_minimum(method: str, amount: int, *, is_test: bool) -> bool:
    least = TEST_MINIMUM_AMOUNT if is_test else MINIMUM_AMOUNT
    return amount < least.get(method, 0)


def note_charge(db: sqlite3.Connection, row: Any) -> None:
    """Money moved: the ledger says so."""
    record(
        db,
        "charge",
        at=row["paid_at"],
        source="buyer",
        imp_uid=row["imp_uid"],
        merchant_uid=row["merchant_uid"],
        customer_uid=row["customer_uid"],
        amount=row["amount"],
    )


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
