"""Payments between their table rows and the gateway's JSON object."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sandbox.facts.kcp import receipt_url
from sandbox.schema import BOOLEANS, DERIVED, HIDDEN, MONEY, PAYMENT_FIELDS, STORED, WHOLE

Payment = dict[str, Any]

_INSERT = f"INSERT INTO payments ({', '.join(STORED)}) VALUES ({', '.join('?' * len(STORED))})"
_BLANK: Payment = {name: PAYMENT_FIELDS.get(name, HIDDEN.get(name)) for name in STORED}
_BATCH = 500
_as_stored = itemgetter(*STORED)


def blank_payment() -> Payment:
    """A row with nothing set, hidden columns included."""
    return _BLANK.copy()


def insert_payments(db: sqlite3.Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows that have every stored column."""
    insert_stored(db, map(_as_stored, rows))


def insert_stored(db: sqlite3.Connection, rows: Iterable[Sequence[Any]]) -> None:
    """Add rows whose values stand in the order of STORED."""
    db.executemany(_INSERT, rows)


def insert_cancellations(db: sqlite3.Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    db.executemany(
        "INSERT INTO cancellations (imp_uid, cancellation_id, pg_tid, amount, cancelled_at, reason)"
        " VALUES (:imp_uid, :cancellation_id, :pg_tid, :amount, :cancelled_at, :reason)",
        rows,
    )


def find_payment(db: sqlite3.Connection, imp_uid: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM payments WHERE imp_uid = ?", (imp_uid,)
    ).fetchone()
    return row


def read_one(db: sqlite3.Connection, imp_uid: str) -> Payment:
    """The gateway's object for a payment that is there."""
    row = find_payment(db, imp_uid)
    if row is None:
        raise LookupError(imp_uid)
    return read_payments(db, [row])[0]


def read_payments(db: sqlite3.Connection, rows: Sequence[sqlite3.Row]) -> list[Payment]:
    """The gateway's objects, in the order of the rows."""
    histories = _histories(db, [row["imp_uid"] for row in rows if row["cancel_amount"]])
    return [_payment(row, histories.get(row["imp_uid"], [])) for row in rows]


def _payment(row: sqlite3.Row, history: list[Payment]) -> Payment:
    stored: Payment = dict(row)
    payment = {
        name: default if name in DERIVED else stored[name]
        for name, default in PAYMENT_FIELDS.items()
    }
    for name in BOOLEANS:
        payment[name] = bool(payment[name])
    if stored["pg_tid"] and stored["paid_at"]:
        payment["receipt_url"] = receipt_url(stored["pg_tid"], stored["imp_uid"], stored["amount"])
    payment["cancel_history"] = history
    payment["cancel_receipt_urls"] = [entry["receipt_url"] for entry in history]
    if stored["verbatim"]:
        payment |= json.loads(stored["verbatim"])
    return payment


def _histories(db: sqlite3.Connection, imp_uids: list[str]) -> dict[str, list[Payment]]:
    found: dict[str, list[Payment]] = {}
    for start in range(0, len(imp_uids), _BATCH):
        batch = imp_uids[start : start + _BATCH]
        marks = ", ".join("?" * len(batch))
        for row in db.execute(
            f"SELECT * FROM cancellations WHERE imp_uid IN ({marks}) ORDER BY id", batch
        ):
            found.setdefault(row["imp_uid"], []).append(
                {
                    "pg_tid": row["pg_tid"],
                    "amount": row["amount"],
                    "cancelled_at": row["cancelled_at"],
                    "reason": row["reason"],
                    "cancellation_id": row["cancellation_id"],
                    "receipt_url": receipt_url(row["pg_tid"], row["imp_uid"], row["amount"]),
                }
            )
    return found


def row_from_object(given: Mapping[str, Any]) -> tuple[Payment, list[Payment]]:
    """A test's payment object as a row and its cancellations.

    Values no column can hold, an amount as text for instance, are kept aside and come back
    word for word when the payment is read.
    """
    row = blank_payment()
    verbatim: Payment = {}
    for name, value in given.items():
        if name == "cancel_history":
            continue
        if name in row and _fits(name, value):
            row[name] = value
        else:
            verbatim[name] = value
    row["started_at"] = row["started_at"] or row["paid_at"] or row["failed_at"]
    row["updated_at"] = max(
        row[name] for name in ("started_at", "paid_at", "failed_at", "cancelled_at", "updated_at")
    )
    row["verbatim"] = json.dumps(verbatim, ensure_ascii=False) if verbatim else None
    history = [
        {"imp_uid": row["imp_uid"], "reason": "", "pg_tid": row["pg_tid"] or "", **entry}
        for entry in given.get("cancel_history") or []
    ]
    return row, history


def _fits(name: str, value: object) -> bool:
    if name in MONEY or name in {"tax_free", "tax_free_cancelled"}:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if name in WHOLE or name in {"updated_at", "card_type", "pg_cancelled"}:
        return isinstance(value, int) or (value is None and name == "card_type")
    if name in BOOLEANS:
        return isinstance(value, bool)
    return value is None or isinstance(value, str)
