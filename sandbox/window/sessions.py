"""Windows and the requests they were opened with, refused requests included."""

import json
import secrets
import sqlite3
from dataclasses import dataclass
from typing import Any

from sandbox.incoming import Body
from sandbox.payment_rows import find_payment
from sandbox.store import Row
from sandbox.window.refusal import NotOpened

LIFE = 1_800  # seconds a buyer may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One `request_pay` as the script sent it, at a Unix second.

    `origin` is the page's, None where none can be named; a phone's window takes the whole page.
    """

    user_code: str | None
    tier: str | None
    params: Body
    is_mobile: bool
    origin: str | None
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One opened window: what it was asked for with, and its payment's row."""

    id: str
    params: Body
    is_mobile: bool
    origin: str | None
    opened_at: int
    payment: Row

    @property
    def has_ended(self) -> bool:
        """Paid, failed, or an account was issued."""
        return self.payment["status"] != "ready" or bool(self.payment["vbank_num"])


def keep_window(db: sqlite3.Connection, asked: Asked, *, imp_uid: str) -> str:
    """Note an opened window under an id that nobody guesses, and return it."""
    window_id = secrets.token_urlsafe(24)
    _keep(db, asked, id=window_id, imp_uid=imp_uid)
    return window_id


def keep_refused(db: sqlite3.Connection, asked: Asked, refusal: NotOpened) -> None:
    """Note a request that opened nothing."""
    _keep(db, asked, error_code=refusal.code, error_msg=refusal.text)


def find_window(db: sqlite3.Connection, window_id: str) -> Window | None:
    row = db.execute("SELECT * FROM windows WHERE id = ?", (window_id,)).fetchone()
    payment = row and find_payment(db, row["imp_uid"])
    if row is None or payment is None:
        return None
    return Window(
        id=row["id"],
        params=json.loads(row["params"]),
        is_mobile=bool(row["mobile"]),
        origin=row["origin"],
        opened_at=row["at"],
        payment=payment,
    )


def requests_for(db: sqlite3.Connection, merchant_uid: str) -> list[dict[str, Any]]:
    """Every request with this order number, oldest first."""
    rows = db.execute(
        "SELECT * FROM windows WHERE merchant_uid = ? ORDER BY seq", (merchant_uid,)
    ).fetchall()
    return [
        {
            "user_code": row["user_code"],
            "tier": row["tier"],
            "params": json.loads(row["params"]),
            "imp_uid": row["imp_uid"],
            "mobile": bool(row["mobile"]),
            "at": row["at"],
            "error_code": row["error_code"],
            "error_msg": row["error_msg"],
        }
        for row in rows
    ]


def _keep(db: sqlite3.Connection, asked: Asked, **columns: str) -> None:
    db.execute(
        "INSERT INTO windows (id, merchant_uid, imp_uid, user_code, tier, params, mobile, origin,"
        " at, error_code, error_msg) VALUES (:id, :merchant_uid, :imp_uid, :user_code, :tier,"
        " :params, :mobile, :origin, :at, :error_code, :error_msg)",
        dict.fromkeys(("id", "imp_uid", "error_code", "error_msg"))
        | {
            "merchant_uid": str(asked.params.get("merchant_uid")),
            "user_code": asked.user_code,
            "tier": asked.tier,
            "params": json.dumps(asked.params, ensure_ascii=False),
            "mobile": int(asked.is_mobile),
            "origin": asked.origin,
            "at": asked.at,
        }
        | columns,
    )
