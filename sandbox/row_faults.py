"""Faults of the gateway's own rows: a payment that is there twice, and a replica that lags.

`dup_row` really adds a second paid payment with the order number of the one in the answer;
`stale_read` shows every payment in the answer as it stood one step before.
"""

import json
from typing import Any

from flask import Response

from sandbox.cancellation import current_reading, status_after
from sandbox.envelope import answer
from sandbox.ledger import record
from sandbox.numbering import new_apply_num, new_imp_uid, new_pg_tid
from sandbox.payment_rows import Payment, find_payment, insert_payments
from sandbox.schema import STORED
from sandbox.state import Sandbox

_UNPAID = {"status": "ready", "paid_at": 0, "pg_tid": None, "apply_num": None, "receipt_url": None}
_NOT_CANCELLED = {"status": "paid", "cancelled_at": 0, "cancel_reason": None}


def duplicate_row(parts: Sandbox, real: Response) -> Response:
    """Write the paid payment of an answer a second time; the answer itself stays right."""
    payment = json.loads(real.get_data()).get("response")
    if not isinstance(payment, dict) or not payment.get("paid_at"):
        return real
    now = parts.clock.now()
    with parts.store.writing() as db:
        original = find_payment(db, payment["imp_uid"])
        if original is None:
            return real
        twin = {name: original[name] for name in STORED} | {
            "imp_uid": new_imp_uid(db, by_api=original["channel"] == "api"),
            "pg_tid": new_pg_tid(now),
            "apply_num": new_apply_num() if original["apply_num"] else original["apply_num"],
            "status": "paid",
            "cancel_amount": 0,
            "cancelled_at": 0,
            "cancel_reason": None,
            "tax_free_cancelled": 0,
        }
        insert_payments(db, [twin])
        record(
            db,
            "charge",
            at=now,
            source="pg",
            imp_uid=twin["imp_uid"],
            merchant_uid=twin["merchant_uid"],
            customer_uid=twin["customer_uid"],
            amount=twin["amount"],
        )
    return real


def read_stale(parts: Sandbox, real: Response) -> Response:
    """The same answer from before each payment's last change."""
    envelope = json.loads(real.get_data())
    reading = current_reading(parts.store)
    body = _earlier(envelope["response"], reading)
    return answer(envelope["code"], envelope["message"], body, real.status_code)


def _earlier(body: Any, reading: str) -> Any:
    """Payments wherever they are: alone, in a list, or on a page."""
    if isinstance(body, list):
        return [_earlier(item, reading) for item in body]
    if isinstance(body, dict) and "list" in body:
        return body | {"list": _earlier(body["list"], reading)}
    if isinstance(body, dict) and {"imp_uid", "status", "cancel_history"} <= body.keys():
        return _one_step_back(body, reading)
    return body


def _one_step_back(payment: Payment, reading: str) -> Payment:
    """Without its last cancel, or else without its payment."""
    *before, last = payment["cancel_history"] or [None]
    if last is None:
        return payment | (_UNPAID if payment["paid_at"] else {})
    cancelled = payment["cancel_amount"] - last["amount"]
    earlier = payment | {
        "cancel_amount": cancelled,
        "cancel_history": before,
        "cancel_receipt_urls": payment["cancel_receipt_urls"][:-1],
    }
    if not before:
        return earlier | _NOT_CANCELLED
    return earlier | {
        "status": status_after(payment["amount"], cancelled, reading),
        "cancelled_at": before[-1]["cancelled_at"],
        "cancel_reason": before[-1]["reason"],
    }
