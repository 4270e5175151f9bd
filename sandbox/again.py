"""POST /subscribe/payments/again: charge a stored billing key.

A declined charge is a success of the API: code 0, and a payment whose status is failed.
"""

import sqlite3
from typing import Any

from flask import Blueprint, Response

from sandbox.envelope import Refusal, success
from sandbox.facts.kcp import INSTALMENTS_FROM, LONGEST_INSTALMENT, MINIMUM_AMOUNT, kcp_text
from sandbox.incoming import Body, addresses, number, read_body, text
from sandbox.ledger import record
from sandbox.numbering import new_apply_num, new_imp_uid, new_pg_tid
from sandbox.payment_rows import Payment, blank_payment, insert_payments, read_one
from sandbox.state import sandbox
from sandbox.store import Row

bp = Blueprint("again", __name__)

_BUYER = {"name": 16, "email": 64, "tel": 16, "addr": 128, "postcode": 8}


@bp.post("/subscribe/payments/again")
def again() -> Response:
    body = read_body()
    customer_uid = text(body, "customer_uid", longest=80)
    merchant_uid = text(body, "merchant_uid", longest=40)
    amount = number(body, "amount")
    if not customer_uid or not merchant_uid or amount is None:
        raise Refusal("customer_uid, merchant_uid, amount 파라메터가 누락되었습니다.")
    if amount <= 0 or amount != int(amount):
        raise Refusal("결제 금액이 올바르지 않습니다.")
    parts = sandbox()
    with parts.store.writing() as db:
        key = db.execute(
            "SELECT * FROM customers WHERE customer_uid = ?", (customer_uid,)
        ).fetchone()
        if key is None:
            raise Refusal("등록되지 않은 구매자입니다.")
        _check_not_paid_yet(db, merchant_uid)
        payment = _charge(db, key, body, merchant_uid, int(amount), now=parts.clock.now())
    # Charges made over the API are silent unless they name an address of their own.
    if notice_url := addresses(body, "notice_url"):
        parts.webhooks.send(payment, notice_url=notice_url)
    return success(payment)


def _check_not_paid_yet(db: sqlite3.Connection, merchant_uid: str) -> None:
    """An order number that was paid once is used up, cancelled or not."""
    if db.execute(
        "SELECT 1 FROM payments WHERE merchant_uid = ? AND paid_at > 0", (merchant_uid,)
    ).fetchone():
        raise Refusal("이미 결제가 완료된 merchant_uid입니다.")


def _charge(
    db: sqlite3.Connection, key: Row, body: Body, merchant_uid: str, amount: int, *, now: int
) -> Payment:
    """Write the payment, paid or failed, and return the gateway's object."""
    quota = int(number(body, "card_quota") or 0)
    decline = _decline(key, amount, quota)
    row = (
        blank_payment()
        | _order_fields(body, key)
        | {
            "imp_uid": new_imp_uid(db, by_api=True),
            "merchant_uid": merchant_uid,
            "pay_method": "card",
            "channel": "api",
            "pg_provider": key["pg_provider"],
            "pg_id": key["pg_id"],
            "sandbox": key["sandbox"],
            "card_code": key["card_code"],
            "card_name": key["card_name"],
            "card_number": key["card_number"],
            "card_type": key["card_type"],
            "card_quota": quota,
            "amount": amount,
            "started_at": now,
            "updated_at": now,
            "customer_uid": key["customer_uid"],
            "customer_uid_usage": "payment",
        }
    )
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
        source="api",
        imp_uid=row["imp_uid"],
        merchant_uid=merchant_uid,
        customer_uid=key["customer_uid"],
        amount=amount,
        reason=decline,
    )
    return read_one(db, row["imp_uid"])


def _decline(key: Row, amount: int, quota: int) -> str | None:
    """Why the card company says no, if it does."""
    if key["decline"]:
        return kcp_text(key["decline"])
    if amount < MINIMUM_AMOUNT["card"]:
        return kcp_text("8135")
    if quota and amount < INSTALMENTS_FROM:
        return kcp_text("CC34")
    if quota > LONGEST_INSTALMENT:
        return kcp_text("8125")
    return None


def _order_fields(body: Body, key: Row) -> dict[str, Any]:
    """Name, custom data, tax-free part, and the buyer or else the key's own customer."""
    fields: dict[str, Any] = {
        "name": text(body, "name", longest=40),
        "custom_data": text(body, "custom_data"),
        "currency": text(body, "currency") or "KRW",
        "tax_free": number(body, "tax_free") or 0,
        "notice_url": addresses(body, "notice_url"),
    }
    for part, longest in _BUYER.items():
        fields[f"buyer_{part}"] = (
            text(body, f"buyer_{part}", longest=longest) or key[f"customer_{part}"]
        )
    return fields
