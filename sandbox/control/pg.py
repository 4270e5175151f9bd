"""Cancels that do not come through the API: in the gateway's console, or at KCP itself."""

from flask import Blueprint, Response

from sandbox.cancellation import CONSOLE_REASON, balance, current_reading, write_cancellation
from sandbox.envelope import Refusal, success
from sandbox.incoming import number, read_body, text
from sandbox.ledger import record
from sandbox.payment_rows import find_payment, read_one
from sandbox.state import sandbox

bp = Blueprint("pg", __name__)


@bp.post("/console/cancel")
def console_cancel() -> Response:
    """Somebody cancels in the console, all that is left or `amount`; a webhook goes out."""
    body = read_body()
    imp_uid, amount = text(body, "imp_uid") or "", number(body, "amount")
    parts = sandbox()
    with parts.store.writing() as db:
        row = find_payment(db, imp_uid)
        if row is None or not row["paid_at"]:
            raise Refusal("There is no paid payment to cancel there.", status=409)
        amount = amount or balance(row)
        if not 0 < amount <= balance(row):
            raise Refusal("The amount is more than is left.", status=409)
        cancellation_id = write_cancellation(
            db,
            row,
            amount=amount,
            reason=text(body, "reason") or CONSOLE_REASON,
            at=parts.clock.now(),
            reading=current_reading(parts.store),
            source="console",
        )
        payment = read_one(db, imp_uid)
    parts.webhooks.send(payment, cancellation_id=cancellation_id, notice_url=row["notice_url"])
    return success(payment)


@bp.post("/pg/cancel")
def pg_cancel() -> Response:
    """KCP cancels behind the gateway's back: the row stays as it is, and nobody is told."""
    imp_uid = text(read_body(), "imp_uid") or ""
    parts = sandbox()
    with parts.store.writing() as db:
        row = find_payment(db, imp_uid)
        if row is None or not row["paid_at"] or balance(row) <= 0 or row["pg_cancelled"]:
            raise Refusal("There is nothing to cancel there.", status=409)
        db.execute("UPDATE payments SET pg_cancelled = 1 WHERE id = ?", (row["id"],))
        record(
            db,
            "pg_cancel",
            at=parts.clock.now(),
            source="pg",
            imp_uid=imp_uid,
            merchant_uid=row["merchant_uid"],
            amount=balance(row),
        )
        return success(read_one(db, imp_uid))
