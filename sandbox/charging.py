"""Charging a card without a window, whoever asks: a stored key, a card in hand, a schedule.

A declined charge is a success of the API: code 0, and a payment whose status is failed.
"""

import sqlite3
from collections.abc import Mapping
from typing import Any

from sandbox.envelope import Refusal
from sandbox.facts.kcp import INSTALMENTS_FROM, LONGEST_INSTALMENT, MINIMUM_AMOUNT, kcp_text
from sandbox.incoming import Body, addresses, number, text
from sandbox.ledger import record
from sandbox.numbering import new_apply_num, new_imp_uid, new_pg_tid
from sandbox.payment_rows import Payment, blank_payment, insert_payments, read_one

Card = Mapping[str, Any]

NO_KEY = "등록되지 않은 구매자입니다."
PAID_ALREADY = "이미 결제가 완료된 merchant_uid입니다."

_BUYER = {"name": 16, "email": 64, "tel": 16, "addr": 128, "postcode": 8}
_OF_THE_CARD = (
    "customer_uid", "pg_provider", "pg_id", "sandbox", "card_code", "card_name", "card_number",
    "card_type",
)  # fmt: skip


def read_order(body: Body) -> Payment:
    """What is to be paid and by whom, as columns of the payment; the amount in whole won."""
    merchant_uid = text(body, "merchant_uid", longest=40)
    amount = number(body, "amount")
    if not merchant_uid or amount is None:
        raise Refusal("merchant_uid, amount 파라메터가 누락되었습니다.")
    if amount <= 0 or amount != int(amount):
        raise Refusal("결제 금액이 올바르지 않습니다.")
    buyer = {
        f"buyer_{part}": text(body, f"buyer_{part}", longest=longest)
        for part, longest in _BUYER.items()
    }
    return {
        "merchant_uid": merchant_uid,
        "amount": int(amount),
        "name": text(body, "name", longest=40),
        "custom_data": text(body, "custom_data"),
        "currency": text(body, "currency") or "KRW",
        "tax_free": number(body, "tax_free") or 0,
        "card_quota": int(number(body, "card_quota") or 0),
        "notice_url": addresses(body, "notice_url"),
        **buyer,
    }


def with_buyer(order: Payment, key: Card) -> Payment:
    """The order; where it names no buyer, the key's own customer, cut to a buyer's lengths."""
    buyer = {
        f"buyer_{part}": order[f"buyer_{part}"] or (key[f"customer_{part}"] or "")[:longest] or None
        for part, longest in _BUYER.items()
    }
    return order | buyer


def find_key(db: sqlite3.Connection, customer_uid: str) -> Card | None:
    """The stored key, hidden columns included."""
    row = db.execute("SELECT * FROM customers WHERE customer_uid = ?", (customer_uid,)).fetchone()
    return None if row is None else dict(row)


def is_paid(db: sqlite3.Connection, merchant_uid: str) -> bool:
    """An order number that was paid once is used up, cancelled or not."""
    found = db.execute(
        "SELECT 1 FROM payments WHERE merchant_uid = ? AND paid_at > 0", (merchant_uid,)
    ).fetchone()
    return found is not None


def check_not_paid_yet(db: sqlite3.Connection, merchant_uid: str) -> None:
    if is_paid(db, merchant_uid):
        raise Refusal(PAID_ALREADY)


def charge(
    db: sqlite3.Connection,
    card: Card,
    order: Payment,
    *,
    now: int,
    usage: str | None,
    source: str,
    refusal: str | None = None,
) -> Payment:
    """Write the payment, paid or failed, and return the gateway's object.

    `usage` says what the key was used for; `refusal` fails the payment before the card
    company is asked.
    """
    decline = refusal or _decline(card, order["amount"], order["card_quota"])
    row = blank_payment() | order | {name: card[name] for name in _OF_THE_CARD}
    row |= {
        "imp_uid": new_imp_uid(db, by_api=True),
        "pay_method": "card",
        "channel": "api",
        "started_at": now,
        "updated_at": now,
        "customer_uid_usage": usage,
    }
    if decline:
        row |= {"status": "failed", "failed_at": now, "fail_reason": decline}
    else:
        row |= {
            "status": "paid",
            "paid_at": now,
            "pg_tid": new_pg_tid(now),
            "apply_num": new_apply_num(),
        }
    insert_payments(db, [row])
    record(
        db,
        "decline" if decline else "charge",
        at=now,
        source=source,
        imp_uid=row["imp_uid"],
        merchant_uid=row["merchant_uid"],
        customer_uid=row["customer_uid"],
        amount=row["amount"],
        reason=decline,
    )
    return read_one(db, row["imp_uid"])


def _decline(card: Card, amount: int, quota: int) -> str | None:
    """Why the card company says no, if it does."""
    if card["decline"]:
        return kcp_text(card["decline"])
    if amount < MINIMUM_AMOUNT["card"]:
        return kcp_text("8135")
    if quota and amount < INSTALMENTS_FROM:
        return kcp_text("CC34")
    if quota > LONGEST_INSTALMENT:
        return kcp_text("8125")
    return None
