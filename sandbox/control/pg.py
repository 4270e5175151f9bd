"""What happens beside the API: in the gateway's console, at KCP itself, and on the road."""

from flask import Blueprint, Response

from sandbox import deadlines
from sandbox.business_days import business_days_after
from sandbox.cancellation import CONSOLE_REASON, balance, current_reading, write_cancellation
from sandbox.control.deposits import take_deposit
from sandbox.envelope import Refusal, success
from sandbox.incoming import number, read_body, text
from sandbox.ledger import record
from sandbox.payment_rows import find_payment, read_one
from sandbox.state import sandbox

bp = Blueprint("pg", __name__)

_DAYS_AFTER_DELIVERY = 3


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


@bp.post("/console/deposit")
def fake_deposit() -> Response:
    """The console's button for a deposit notice: the row reads paid, and no money came."""
    imp_uid = text(read_body(), "imp_uid") or ""
    parts = sandbox()
    now = parts.clock.now()
    with parts.store.writing() as db:
        row = take_deposit(db, imp_uid, now=now)
        record(
            db,
            "fake_deposit",
            at=now,
            source="console",
            imp_uid=imp_uid,
            merchant_uid=row["merchant_uid"],
            amount=row["amount"],
        )
        payment = read_one(db, imp_uid)
    parts.webhooks.send(payment, notice_url=row["notice_url"])
    return success(payment)


@bp.post("/courier/delivered")
def delivered() -> Response:
    """The parcel of an escrow order arrived; three business days later it counts as confirmed."""
    imp_uid = text(read_body(), "imp_uid") or ""
    parts = sandbox()
    now = parts.clock.now()
    with parts.store.writing() as db:
        row = find_payment(db, imp_uid)
        has_left = db.execute("SELECT 1 FROM deliveries WHERE imp_uid = ?", (imp_uid,)).fetchone()
        if row is None or not has_left or row["escrow_decision"] or balance(row) <= 0:
            raise Refusal("No parcel is on its way to an undecided buyer there.", status=409)
        due_at = business_days_after(now, _DAYS_AFTER_DELIVERY)
        deadlines.give_up(db, "confirm", imp_uid)
        deadlines.plan(db, "confirm", imp_uid, due_at=due_at)
        record(
            db,
            "delivered",
            at=now,
            source="courier",
            imp_uid=imp_uid,
            merchant_uid=row["merchant_uid"],
        )
    return success({"imp_uid": imp_uid, "confirmed_at": due_at})


@bp.get("/deadlines")
def still_to_come() -> Response:
    """What KCP will do by itself: automatic confirmations, and refunds that are registered."""
    return success(deadlines.planned(sandbox().store))
