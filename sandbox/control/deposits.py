"""A virtual account turns paid: by money, or by a notice that somebody made up."""

import sqlite3

from sandbox.envelope import Refusal
from sandbox.payment_rows import find_payment
from sandbox.store import Row


def take_deposit(db: sqlite3.Connection, imp_uid: str, *, now: int) -> Row:
    """Mark it paid and return the row as it was; 409 where nothing waits."""
    row = find_payment(db, imp_uid)
    if row is None or row["status"] != "ready" or not row["vbank_num"]:
        raise Refusal("No virtual account waits for a deposit there.", status=409)
    db.execute(
        "UPDATE payments SET status = 'paid', paid_at = ?, updated_at = ? WHERE id = ?",
        (now, now, row["id"]),
    )
    return row
