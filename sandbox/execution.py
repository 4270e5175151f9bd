"""Scheduled charges whose time has come.

They run before the next request is answered, when the control plane moves the clock, and at a
tick of the server: whichever is first. The real gateway never sleeps, so a charge is dated at
the moment it was scheduled for, however late the sandbox gets to it.
"""

import sqlite3
import threading

from flask import Flask

from sandbox.charging import NO_KEY, PAID_ALREADY, Card, charge, find_key, is_paid
from sandbox.payment_rows import Payment
from sandbox.schedule_rows import ORDER, SELECT
from sandbox.state import Sandbox, sandbox
from sandbox.store import Row

_TICK_SECONDS = 1.0
_DUE = "schedule_status = 'scheduled' AND schedule_at <= ?"


def register_execution(app: Flask) -> None:
    """Let every request find the world as its clock says."""

    @app.before_request
    def catch_up() -> None:
        run_due(sandbox())


def run_due(parts: Sandbox) -> None:
    """Charge every schedule the clock has passed, oldest first, and tell the shop of each."""
    now = parts.clock.now()
    with parts.store.reading() as db:
        if not db.execute(f"SELECT 1 FROM schedules WHERE {_DUE} LIMIT 1", (now,)).fetchone():
            return
    with parts.store.writing() as db:
        due = db.execute(
            f"{SELECT} WHERE {_DUE} ORDER BY schedule_at, schedules.id", (now,)
        ).fetchall()
        payments = [
            (execute(db, row, at=row["schedule_at"], source="schedule"), row["notice_url"])
            for row in due
        ]
    for payment, notice_url in payments:
        parts.webhooks.send(payment, notice_url=notice_url)


def execute(db: sqlite3.Connection, row: Row, *, at: int, source: str) -> Payment:
    """Charge one schedule, paid or failed, and note it on its row."""
    key = find_key(db, row["customer_uid"])
    refusal = None
    if key is None:
        refusal = NO_KEY
    elif is_paid(db, row["merchant_uid"]):
        refusal = PAID_ALREADY
    payment = charge(
        db,
        key or _without_key(row),
        {name: row[name] for name in ORDER},
        now=at,
        usage="payment.scheduled",
        source=source,
        refusal=refusal,
    )
    db.execute(
        "UPDATE schedules SET schedule_status = 'executed', executed_at = ?, imp_uid = ?"
        " WHERE id = ?",
        (at, payment["imp_uid"], row["id"]),
    )
    return payment


def _without_key(row: Row) -> Card:
    """What is still known of a card whose key was deleted."""
    return {
        "customer_uid": row["customer_uid"],
        "pg_provider": row["pg_provider"],
        "pg_id": row["pg_id"],
        "sandbox": 0,
        "card_code": None,
        "card_name": None,
        "card_number": None,
        "card_type": None,
    }


class Ticker:
    """Runs what is due once a second, so that webhooks leave without anybody asking."""

    def __init__(self, parts: Sandbox) -> None:
        self._parts = parts
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="schedules", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Return when nothing runs any more."""
        self._stopped.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stopped.wait(_TICK_SECONDS):
            run_due(self._parts)
