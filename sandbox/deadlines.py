"""What KCP will do by itself once its day has come: confirm an escrow order, pay a refund out."""

import sqlite3
from typing import Any, Literal

from sandbox.store import Store

Kind = Literal["confirm", "refund_paid", "refund_shown"]


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
