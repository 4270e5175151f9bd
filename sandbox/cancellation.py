"""Writing a cancel onto a payment row, whoever asked for it."""

import sqlite3
import uuid
from typing import Any

from sandbox import deadlines
from sandbox.business_days import business_days_after
from sandbox.clock import in_kst
from sandbox.ledger import record
from sandbox.payment_rows import insert_cancellations
from sandbox.store import Row, Store

CONSOLE_REASON = "관리자페이지취소"
DEFAULT_REASON = "취소요청api를 통한 취소"


def balance(row: Row) -> Any:
    """What can still be cancelled, in won."""
    return row["amount"] - row["cancel_amount"]


def goes_to_an_account(row: Row, *, at: int) -> bool:
    """Whether a cancel at this moment is only registered and paid out the next business day:
    virtual accounts always, phone bills after the month of payment."""
    paid, today = in_kst(row["paid_at"]), in_kst(at)
    is_old = (paid.year, paid.month) != (today.year, today.month)
    return row["pay_method"] == "vbank" or (row["pay_method"] == "phone" and is_old)


def current_reading(store: Store) -> str:
    """How a partly cancelled payment reads at the moment."""
    reading: str = store.setting("partial_reading", "cancelled")
    return reading


def change_reading(store: Store, reading: str) -> None:
    """Change it for the payments that are there, too."""
    with store.writing() as db:
        store.keep_setting("partial_reading", reading)
        db.execute(
            "UPDATE payments SET status = ? WHERE cancel_amount > 0 AND cancel_amount < amount",
            (reading,),
        )


def status_after(amount: Any, cancelled: Any, reading: str) -> str:
    """How a payment with this much cancelled reads; papers disagree about a part of it."""
    return "cancelled" if cancelled >= amount else reading


def account_refunds(store: Store) -> str:
    """When a refund to a bank account shows in the payment: at_once, or only when_paid."""
    form: str = store.setting("account_refunds", "at_once")
    return form


def register_cancellation(
    db: sqlite3.Connection, row: Row, *, amount: Any, reason: str, at: int, tax_free: Any
) -> str:
    """Take a refund to a bank account that shows only once it is paid out; returns its id."""
    cancellation_id = uuid.uuid4().hex
    db.execute(
        "INSERT INTO registered VALUES (?, ?, ?, ?, ?)",
        (row["imp_uid"], cancellation_id, amount, tax_free, reason),
    )
    due_at = business_days_after(at, 1)
    deadlines.plan(db, "refund_shown", row["imp_uid"], due_at=due_at, amount=amount)
    return cancellation_id


def is_registered(db: sqlite3.Connection, imp_uid: str) -> bool:
    """Whether a refund to a bank account waits to be paid out, and does not show yet."""
    found = db.execute("SELECT 1 FROM registered WHERE imp_uid = ?", (imp_uid,)).fetchone()
    return found is not None


def show_registered(db: sqlite3.Connection, row: Row, *, at: int, reading: str) -> None:
    """What was registered has been paid out: now the payment shows it."""
    taken = db.execute("SELECT * FROM registered WHERE imp_uid = ?", (row["imp_uid"],)).fetchone()
    db.execute("DELETE FROM registered WHERE imp_uid = ?", (row["imp_uid"],))
    write_cancellation(
        db,
        row,
        amount=taken["amount"],
        reason=taken["reason"],
        at=at,
        reading=reading,
        source="api",
        tax_free=taken["tax_free"],
        cancellation_id=taken["cancellation_id"],
    )


def write_cancellation(
    db: sqlite3.Connection,
    row: Row,
    *,
    amount: Any,
    reason: str,
    at: int,
    reading: str,
    source: str,
    tax_free: Any = 0,
    cancellation_id: str = "",
) -> str:
    """Give `amount` back and return the new cancellation's id."""
    paid_out = bool(cancellation_id)
    cancellation_id = cancellation_id or uuid.uuid4().hex
    cancelled = row["cancel_amount"] + amount
    db.execute(
        "UPDATE payments SET cancel_amount = ?, tax_free_cancelled = tax_free_cancelled + ?,"
        " status = ?, cancelled_at = ?, cancel_reason = ?, updated_at = ? WHERE id = ?",
        (
            cancelled,
            tax_free,
            status_after(row["amount"], cancelled, reading),
            at,
            reason,
            at,
            row["id"],
        ),
    )
    insert_cancellations(
        db,
        [
            {
                "imp_uid": row["imp_uid"],
                "cancellation_id": cancellation_id,
                "pg_tid": row["pg_tid"] or "",
                "amount": amount,
                "cancelled_at": at,
                "reason": reason,
            }
        ],
    )
    record(
        db,
        "cancel",
        at=at,
        source=source,
        imp_uid=row["imp_uid"],
        merchant_uid=row["merchant_uid"],
        customer_uid=row["customer_uid"],
        amount=amount,
        reason=reason,
    )
    if row["escrow"]:
        deadlines.give_up(db, "confirm", row["imp_uid"])
    if goes_to_an_account(row, at=at) and not paid_out:
        due_at = business_days_after(at, 1)
        deadlines.plan(db, "refund_paid", row["imp_uid"], due_at=due_at, amount=amount)
    return cancellation_id
