"""Escrow deliveries: register once, read back; the gateway pays out on them."""

import json
import sqlite3
from typing import Any

from flask import Blueprint, Response

from sandbox import deadlines
from sandbox.business_days import business_days_after
from sandbox.envelope import NO_PAYMENT, http_refusal, success
from sandbox.facts.codes import COURIERS, RETIRED_COURIERS
from sandbox.incoming import Body, read_body
from sandbox.ledger import record
from sandbox.payment_rows import find_payment
from sandbox.state import sandbox
from sandbox.store import Row

bp = Blueprint("escrow", __name__, url_prefix="/escrows/logis")

# Parcels of other couriers cannot be tracked; their orders count as confirmed all the same.
UNTRACKED = "ETC"
_DAYS_UNTRACKED = 6

_SHOWN = ("company", "invoice", "sent_at", "applied_at")


@bp.post("/<segment:imp_uid>")
def register(imp_uid: str) -> Response:
    """409 when there is one already or the payment cannot have one."""
    delivery = _read_delivery(read_body())
    parts = sandbox()
    with parts.store.writing() as db:
        row = _escrow_payment(db, imp_uid)
        if _find_delivery(db, imp_uid) is not None:
            raise http_refusal(409, "이미 배송정보가 등록된 결제건입니다.")
        if row["status"] != "paid":
            raise http_refusal(409, "배송정보를 등록할 수 없는 상태의 결제건입니다.")
        delivery["applied_at"] = parts.clock.now()
        _write(db, row, delivery, "delivery")
    return success(delivery)


@bp.put("/<segment:imp_uid>")
def change(imp_uid: str) -> Response:
    """Papers disagree whether KCP offers this; it is taken until the buyer confirms."""
    delivery = _read_delivery(read_body())
    parts = sandbox()
    with parts.store.writing() as db:
        row = _escrow_payment(db, imp_uid)
        if _find_delivery(db, imp_uid) is None or row["escrow_decision"] == "confirmed":
            raise http_refusal(409, "배송정보를 수정할 수 없는 상태의 결제건입니다.")
        delivery["applied_at"] = parts.clock.now()
        _write(db, row, delivery, "delivery_change")
    return success(delivery)


@bp.get("/<segment:imp_uid>")
def show(imp_uid: str) -> Response:
    with sandbox().store.reading() as db:
        _escrow_payment(db, imp_uid)
        row = _find_delivery(db, imp_uid)
    if row is None:
        raise http_refusal(409, "등록된 배송정보가 없습니다.")
    return success({name: row[name] for name in _SHOWN})


def _escrow_payment(db: sqlite3.Connection, imp_uid: str) -> Row:
    row = find_payment(db, imp_uid)
    if row is None:
        raise http_refusal(404, NO_PAYMENT)
    if not row["escrow"]:
        raise http_refusal(409, "에스크로 결제건이 아닙니다.")
    return row


def _find_delivery(db: sqlite3.Connection, imp_uid: str) -> Row | None:
    row: Row | None = db.execute(
        "SELECT * FROM deliveries WHERE imp_uid = ?", (imp_uid,)
    ).fetchone()
    return row


def _write(db: sqlite3.Connection, row: Row, delivery: dict[str, Any], kind: str) -> None:
    db.execute(
        "INSERT OR REPLACE INTO deliveries"
        " VALUES (:imp_uid, :company, :invoice, :sent_at, :applied_at)",
        {"imp_uid": row["imp_uid"], **delivery},
    )
    deadlines.give_up(db, "confirm", row["imp_uid"])
    if delivery["company"] == UNTRACKED:
        due_at = business_days_after(delivery["applied_at"], _DAYS_UNTRACKED)
        deadlines.plan(db, "confirm", row["imp_uid"], due_at=due_at)
    record(
        db,
        kind,
        at=delivery["applied_at"],
        source="api",
        imp_uid=row["imp_uid"],
        merchant_uid=row["merchant_uid"],
        reason=f"{delivery['company']} {delivery['invoice']}",
    )


def _read_delivery(body: Body) -> dict[str, Any]:
    """The `logis` object, nested, as bracket names or as JSON text; 400 when incomplete."""
    logis = body.get("logis")
    if isinstance(logis, str):
        try:
            logis = json.loads(logis)
        except ValueError:
            logis = None
    if not isinstance(logis, dict):
        raise http_refusal(400, "logis 파라메터가 누락되었습니다.")
    company, invoice = str(logis.get("company") or ""), str(logis.get("invoice") or "")
    sent_at = logis.get("sent_at")
    if not company or not invoice or not str(sent_at or "").isdecimal():
        raise http_refusal(400, "logis의 company, invoice, sent_at은 필수입니다.")
    return {
        "company": _courier(company),
        "invoice": invoice,
        "sent_at": int(str(sent_at)),
        "applied_at": 0,
    }


def _courier(code: str) -> str:
    """Unknown couriers become ETC, retired codes their successor."""
    code = RETIRED_COURIERS.get(code, code)
    return code if code in COURIERS else UNTRACKED
