"""What KCP does by itself once its day has come: confirm an escrow order, pay a refund out.

Nothing runs in the background; whatever is due happens before the next request is answered.
"""

import sqlite3
from typing import Any, Literal

from sandbox.ledger import record
from sandbox.payment_rows import find_payment
from sandbox.store import Row, Store

Kind = Literal["confirm", "refund_paid"]


def plan(
    db: sqlite3.Connection, kind: Kind, imp_uid: str, *, due_at: int, amount: Any = None
) -> None:
    db.execute(
        "INSERT INTO deadlines (due_at, kind, imp_uid, amount) VALUES (?, ?, ?, ?)",
        (due_at, kind, imp_uid, amount),
    )


def give_up(db: sqlite3.Connection, kind: Kind, imp_uid: str) -> None:
    """Forget what was planned for a payment."""
    db.execute("DELETE FROM deadlines WHERE kind = ? AND imp_uid = ?", (kind, imp_uid))


def planned(store: Store) -> list[dict[str, Any]]:
    """What is still to come, soonest first."""
    with store.reading() as db:
        rows = db.execute("SELECT * FROM deadlines ORDER BY due_at, id").fetchall()
    return [dict(row) for row in rows]


def carry_out(store: Store, *, now: int) -> None:
    """Let everything happen that is due at `now`, dated with the moment it was due."""
    with store.reading() as db:
        if not _due(db, now):
            return
    with store.writing() as db:
        for deadline in _due(db, now):
            db.execute("DELETE FROM deadlines WHERE id = ?", (deadline["id"],))
            row = find_payment(db, deadline["imp_uid"])
            if row is not None:
                _happen(db, deadline, row)


def _due(db: sqlite3.Connection, now: int) -> list[Row]:
    return db.execute(
        "SELECT * FROM deadlines WHERE due_at <= ? ORDER BY due_at, id", (now,)
    ).fetchall()


def _happen(db: sqlite3.Connection, deadline: Row, row: Row) -> None:
    if deadline["kind"] == "confirm":
        db.execute("UPDATE payments SET escrow_decision = 'confirmed' WHERE id = ?", (row["id"],))
    record(
        db,
        deadline["kind"],
        at=deadline["due_at"],
        source="pg",
        imp_uid=row["imp_uid"],
        merchant_uid=row["merchant_uid"],
        amount=deadline["amount"],
    )
