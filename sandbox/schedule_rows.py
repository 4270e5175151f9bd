"""Scheduled charges between their table rows and the gateway's JSON object."""

import sqlite3
from typing import Any

from sandbox.store import Row

Schedule = dict[str, Any]

# What is charged when the time comes, as columns of the payment.
ORDER = (
    "merchant_uid", "amount", "name", "custom_data", "currency", "tax_free", "card_quota",
    "notice_url", "buyer_name", "buyer_email", "buyer_tel", "buyer_addr", "buyer_postcode",
)  # fmt: skip
_STORED = (
    *ORDER, "customer_uid", "pg_provider", "pg_id", "customer_id", "schedule_at", "promotion_id",
)  # fmt: skip
_SHOWN = (
    "customer_uid", "merchant_uid", "imp_uid", "pg_provider", "pg_id", "customer_id",
    "schedule_at", "executed_at", "revoked_at", "amount", "currency", "name", "buyer_name",
    "buyer_email", "buyer_tel", "buyer_addr", "buyer_postcode", "custom_data",
    "schedule_status", "payment_status", "fail_reason", "promotion_id",
)  # fmt: skip
# How the payment stands is the payment's to say: it may be cancelled later.
SELECT = (
    "SELECT schedules.*, payments.status AS payment_status, payments.fail_reason"
    " FROM schedules LEFT JOIN payments ON payments.imp_uid = schedules.imp_uid"
)


def insert_schedule(db: sqlite3.Connection, fields: Schedule) -> None:
    db.execute(
        f"INSERT INTO schedules ({', '.join(_STORED)})"
        f" VALUES ({', '.join(f':{name}' for name in _STORED)})",
        fields,
    )


def find_schedule(db: sqlite3.Connection, merchant_uid: str) -> Row | None:
    row: Row | None = db.execute(
        f"{SELECT} WHERE schedules.merchant_uid = ?", (merchant_uid,)
    ).fetchone()
    return row


def read_schedule(db: sqlite3.Connection, merchant_uid: str) -> Schedule:
    """The gateway's object for a schedule that is there."""
    row = find_schedule(db, merchant_uid)
    if row is None:
        raise LookupError(merchant_uid)
    return shown(row)


def shown(row: Row) -> Schedule:
    return {name: row[name] for name in _SHOWN}
