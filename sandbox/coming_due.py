"""Let happen what KCP does by itself.

Nothing runs in the background; whatever is due happens before the next request is answered.
"""

import sqlite3

from sandbox.cancellation import current_reading, show_registered
from sandbox.ledger import record
from sandbox.payment_rows import find_payment
from sandbox.store import Row, Store


def carry_out(store: Store, *, now: int) -> None:
    """Let everything happen that is due at `now`, dated with the moment it was due."""
    with store.reading() as db:
        if not _due(db, now):
            return
    reading = current_reading(store)
    with store.writing() as db:
        for deadline in _due(db, now):
            db.execute("DELETE FROM deadlines WHERE id = ?", (deadline["id"],))
            row = find_payment(db, deadline["imp_uid"])
            if row is not None:
                _happen(db, deadline, row, reading=reading)


def _due(db: sqlite3.Connection, now: int) -> list[Row]:
    return db.execute(
        "SELECT * FROM deadlines WHERE due_at <= ? ORDER BY due_at, id", (now,)
    ).fetchall()


def _happen(db: sqlite3.Connection, deadline: Row, row: Row, *, reading: str) -> None:
    if deadline["kind"] == "confirm":
        db.execute("UPDATE payments SET escrow_decision = 'confirmed' WHERE id = ?", (row["id"],))
    if deadline["kind"] == "refund_shown":
        show_registered(db, row, at=deadline["due_at"], reading=reading)
    record(
        db,
        "confirm" if deadline["kind"] == "confirm" else "refund_paid",
        at=deadline["due_at"],
        source="pg",
        imp_uid=row["imp_uid"],
        merchant_uid=row["merchant_uid"],
        amount=deadline["amount"],
    )
