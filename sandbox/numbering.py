"""The gateway's and KCP's own numbers for payments made while the sandbox runs."""

import secrets
import sqlite3
import time
import zlib

from sandbox.clock import kst_minute


def new_imp_uid(db: sqlite3.Connection, *, by_api: bool) -> str:
    """`imp_` and twelve digits of the millisecond clock; `imps_` for API-made payments."""
    prefix = "imps_" if by_api else "imp_"
    moment = int(time.time() * 1000)
    while True:
        imp_uid = f"{prefix}{moment % 10**12:012d}"
        if not db.execute("SELECT 1 FROM payments WHERE imp_uid = ?", (imp_uid,)).fetchone():
            return imp_uid
        moment += 1


def new_pg_tid(at: int) -> str:
    """KCP's transaction number: the minute and four more digits."""
    return f"{kst_minute(at)}{secrets.randbelow(10_000):04d}"


def new_receipt_num() -> str:
    """The tax office's number of a cash receipt."""
    return f"{secrets.randbelow(10**9):09d}"


def automatic_receipt_num(imp_uid: str) -> str:
    """The same number each time for the receipt that KCP issued with this payment."""
    return f"{zlib.crc32(imp_uid.encode()) % 10**9:09d}"


def new_apply_num() -> str:
    """A card company's approval number."""
    return f"{secrets.randbelow(10**8):08d}"
