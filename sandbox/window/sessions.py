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
class Window:
    """One opened window: its request, its page's origin on a desk, and its payment's row.

    `origin` is None where the page that opened it told none.
    """

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


def keep_window(
    db: sqlite3.Connection,
    params: Body,
    *,
    imp_uid: str,
    is_mobile: bool,
    origin: str | None,
    now: int,
) -> str:
    """Note an opened window under an id that nobody guesses, and return it."""
    window_id = secrets.token_urlsafe(24)
    _keep(db, params, id=window_id, imp_uid=imp_uid, mobile=is_mobile, origin=origin, at=now)
    return window_id


def keep_refused(
    db: sqlite3.Connection,
    params: Body,
    refusal: NotOpened,
    *,
    is_mobile: bool,
    origin: str | None,
    now: int,
) -> None:
    """Note a request that opened nothing."""
    _keep(
        db,
        params,
        mobile=is_mobile,
        origin=origin,
        at=now,
        error_code=refusal.code,
        error_msg=refusal.text,
    )


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
            "params": json.loads(row["params"]),
            "imp_uid": row["imp_uid"],
            "mobile": bool(row["mobile"]),
            "at": row["at"],
            "error_code": row["error_code"],
            "error_msg": row["error_msg"],
        }
        for row in rows
    ]


def _keep(db: sqlite3.Connection, params: Body, **columns: Any) -> None:
    row = dict.fromkeys(("id", "imp_uid", "error_code", "error_msg")) | columns
    row["merchant_uid"] = str(params.get("merchant_uid"))
    row["params"] = json.dumps(params, ensure_ascii=False)
    row["mobile"] = int(row["mobile"])
    db.execute(
        "INSERT INTO windows (id, merchant_uid, imp_uid, params, mobile, origin, at, error_code,"
        " error_msg) VALUES (:id, :merchant_uid, :imp_uid, :params, :mobile, :origin, :at,"
        " :error_code, :error_msg)",
        row,
    )
