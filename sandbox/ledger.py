"""The ground truth: every effect the gateway had since it was seeded, in order."""

import sqlite3
from typing import Any

from sandbox.store import Store


def record(
    db: sqlite3.Connection,
    kind: str,
    *,
    at: int,
    source: str,
    imp_uid: str | None = None,
    merchant_uid: str | None = None,
    customer_uid: str | None = None,
    amount: float | None = None,
    reason: str | None = None,
) -> None:
    """Write one effect in the transaction that has it.

    `kind` is charge, decline, cancel, refund_paid, pg_cancel, key_issue, key_delete, delivery,
    delivery_change, delivered, confirm, deny, fake_deposit, receipt, receipt_revoke,
    vbank_issue, vbank_change, vbank_revoke, schedule, unschedule or reschedule; `source` is
    api, schedule, buyer, console, pg or courier.
    """
    db.execute(
        "INSERT INTO ledger (at, kind, imp_uid, merchant_uid, customer_uid, amount, reason, source)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (at, kind, imp_uid, merchant_uid, customer_uid, amount, reason, source),
    )


def read_ledger(store: Store, *, after: int = 0) -> list[dict[str, Any]]:
    """Effects after sequence number `after`, oldest first."""
    with store.reading() as db:
        rows = db.execute("SELECT * FROM ledger WHERE seq > ? ORDER BY seq", (after,)).fetchall()
    return [dict(row) for row in rows]
