"""GET /payments/{imp_uid}/balance: what is left of a PAYCO payment, split by tax."""

import sqlite3
from typing import Any

from flask import Blueprint, Response

from sandbox.envelope import NO_PAYMENT, http_refusal, success
from sandbox.payment_rows import find_payment, read_one
from sandbox.state import sandbox
from sandbox.store import Row

bp = Blueprint("balance", __name__)

_VAT_SHARE = 11  # a price holds its VAT as one part in eleven
_NOTHING = {"tax_free": 0, "supply": 0, "vat": 0, "service": 0}


@bp.get("/payments/<segment:imp_uid>/balance")
def show(imp_uid: str) -> Response:
    """405 for every payment that was not made with PAYCO."""
    with sandbox().store.reading() as db:
        row = find_payment(db, imp_uid)
        if row is None:
            raise http_refusal(404, NO_PAYMENT)
        if "payco" not in {row["pay_method"], row["emb_pg_provider"], row["pg_provider"]}:
            raise http_refusal(405, "페이코 결제건만 잔액을 조회할 수 있습니다.")
        return success(_balance(db, row))


def _balance(db: sqlite3.Connection, row: Row) -> dict[str, Any]:
    """The balance now, and after the payment and each cancel, oldest first."""
    if not row["paid_at"]:
        return {"amount": 0, **_sources(0, 0), "histories": []}
    left, free = row["amount"], row["tax_free"]
    histories = [{**_sources(left, free), "created": row["paid_at"]}]
    for entry in read_one(db, row["imp_uid"])["cancel_history"]:
        left -= entry["amount"]
        histories.append({**_sources(left, min(free, left)), "created": entry["cancelled_at"]})
    free -= row["tax_free_cancelled"]
    return {"amount": left, **_sources(left, free), "histories": histories}


def _sources(amount: Any, tax_free: Any) -> dict[str, Any]:
    """All of it from the first source; no coupon, no points, no cash receipt."""
    vat = int(amount - tax_free) // _VAT_SHARE
    primary = {
        "tax_free": tax_free, "supply": amount - tax_free - vat, "vat": vat, "service": 0,
    }  # fmt: skip
    return {
        "cash_receipt": _NOTHING, "primary": primary, "secondary": _NOTHING, "discount": _NOTHING,
    }  # fmt: skip
