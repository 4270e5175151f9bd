"""Scheduled charges: register, revoke, move, and charge a failed one again."""

import secrets
import sqlite3
from typing import Any

from flask import Blueprint, Response

from sandbox.billing_cards import card_fields, check_card
from sandbox.cancellation import current_reading, write_cancellation
from sandbox.charging import Card, charge, check_not_paid_yet, find_key, read_order, with_buyer
from sandbox.customers import key_fields, save_customer
from sandbox.envelope import Refusal, http_refusal, success
from sandbox.execution import execute
from sandbox.incoming import Body, Number, number, read_body, text, texts
from sandbox.ledger import record
from sandbox.schedule_rows import Schedule, find_schedule, insert_schedule, read_schedule
from sandbox.state import sandbox
from sandbox.store import Row

bp = Blueprint("schedules", __name__, url_prefix="/subscribe/payments")

NO_CUSTOMER = "등록된 고객정보가 없습니다."
NOTHING_TO_REVOKE = "취소할 예약결제 기록이 존재하지 않습니다."
DUPLICATE = "이미 예약된 merchant_uid입니다."
ABSENT = "존재하지 않는 예약결제 정보입니다."
PAST = "예약결제 시각은 현재 시각 이후여야 합니다."

_CHECK_NAME = "카드 확인"
_CHECK_REASON = "카드 확인 결제 자동취소"


@bp.post("/schedule")
def register() -> Response:
    """All of the schedules or none; a card that comes along is made a key first."""
    body = read_body()
    customer_uid = text(body, "customer_uid", longest=80)
    if not customer_uid:
        raise Refusal("customer_uid 파라메터가 누락되었습니다.")
    parts = sandbox()
    now = parts.clock.now()
    entries = _read_entries(body, now=now)
    checking_amount = number(body, "checking_amount") or 0
    with parts.store.writing() as db:
        for entry in entries:
            _check_new(db, entry["merchant_uid"])
        _keep_card(customer_uid, body, now=now)
        key = find_key(db, customer_uid)
        if key is None:
            raise Refusal(NO_CUSTOMER)
        if checking_amount:
            _check_by_charge(db, key, checking_amount, now=now)
        for entry in entries:
            _add(db, key, entry, body, now=now)
        added = [read_schedule(db, entry["merchant_uid"]) for entry in entries]
    return success(added)


@bp.post("/unschedule")
def unschedule() -> Response:
    """Revoke what waits: everything of a customer, or the order numbers that are named."""
    body = read_body()
    customer_uid, wanted = text(body, "customer_uid"), texts(body, "merchant_uid")
    if not customer_uid and not wanted:
        raise Refusal("customer_uid 또는 merchant_uid를 지정해주셔야합니다.")
    terms, values = ["schedule_status = 'scheduled'"], []
    if customer_uid:
        terms.append("customer_uid = ?")
        values.append(customer_uid)
    if wanted:
        terms.append(f"merchant_uid IN ({', '.join('?' * len(wanted))})")
        values.extend(wanted)
    parts = sandbox()
    now = parts.clock.now()
    with parts.store.writing() as db:
        rows = db.execute(
            f"SELECT * FROM schedules WHERE {' AND '.join(terms)} ORDER BY schedule_at, id", values
        ).fetchall()
        if not rows:
            raise Refusal(NOTHING_TO_REVOKE)
        for row in rows:
            db.execute(
                "UPDATE schedules SET schedule_status = 'revoked', revoked_at = ? WHERE id = ?",
                (now, row["id"]),
            )
            _note(db, "unschedule", row, at=now)
        revoked = [read_schedule(db, row["merchant_uid"]) for row in rows]
    return success(revoked)


@bp.get("/schedule/<segment:merchant_uid>")
def show(merchant_uid: str) -> Response:
    with sandbox().store.reading() as db:
        _get(db, merchant_uid)
        return success(read_schedule(db, merchant_uid))


@bp.put("/schedule/<segment:merchant_uid>")
def move(merchant_uid: str) -> Response:
    """Another time for one that still waits."""
    parts = sandbox()
    now = parts.clock.now()
    with parts.store.writing() as db:
        row = _get(db, merchant_uid)
        if row["schedule_status"] != "scheduled":
            raise http_refusal(400, "이미 실행되었거나 취소된 예약결제입니다.")
        return _set_time(db, row, _new_time(read_body(), now=now), now=now)


@bp.post("/schedule/<segment:merchant_uid>/reschedule")
def reschedule(merchant_uid: str) -> Response:
    """Let one that failed or was revoked wait again; a failed payment stays what it is."""
    parts = sandbox()
    now = parts.clock.now()
    with parts.store.writing() as db:
        row = _get(db, merchant_uid)
        if row["schedule_status"] != "revoked" and row["payment_status"] != "failed":
            raise http_refusal(400, "실패하거나 취소된 예약결제만 다시 예약할 수 있습니다.")
        return _set_time(db, row, _new_time(read_body(), now=now), now=now)


@bp.post("/schedule/<segment:merchant_uid>/retry")
def retry(merchant_uid: str) -> Response:
    """Charge one that failed at once; the answer is a payment, paid or failed again."""
    parts = sandbox()
    with parts.store.writing() as db:
        row = _get(db, merchant_uid)
        if row["payment_status"] != "failed":
            raise http_refusal(400, "결제에 실패한 예약결제만 다시 시도할 수 있습니다.")
        payment = execute(db, row, at=parts.clock.now(), source="api")
    parts.webhooks.send(payment, notice_url=row["notice_url"])
    return success(payment)


def _read_entries(body: Body, *, now: int) -> list[Schedule]:
    given = body.get("schedules")
    if not isinstance(given, list) or not given:
        raise Refusal("schedules 파라메터가 누락되었습니다.")
    if not all(isinstance(entry, dict) for entry in given):
        raise Refusal("schedules 파라메터의 형식이 올바르지 않습니다.")
    entries = [_read_entry(entry, now=now) for entry in given]
    if len({entry["merchant_uid"] for entry in entries}) < len(entries):
        raise Refusal(DUPLICATE)
    return entries


def _read_entry(entry: Body, *, now: int) -> Schedule:
    schedule_at = number(entry, "schedule_at")
    if schedule_at is None:
        raise Refusal("schedule_at 파라메터가 누락되었습니다.")
    if schedule_at <= now:
        raise Refusal(PAST)
    return read_order(entry) | {
        "schedule_at": int(schedule_at),
        "promotion_id": text(entry, "promotion_id"),
    }


def _check_new(db: sqlite3.Connection, merchant_uid: str) -> None:
    check_not_paid_yet(db, merchant_uid)
    if find_schedule(db, merchant_uid) is not None:
        raise Refusal(DUPLICATE)


def _keep_card(customer_uid: str, body: Body, *, now: int) -> None:
    """Issue a key when a card comes along, over an old one too."""
    card_number, expiry = text(body, "card_number"), text(body, "expiry")
    if not card_number and not expiry:
        return
    if not card_number or not expiry:
        raise Refusal("card_number, expiry 파라메터가 누락되었습니다.")
    card = card_fields(check_card(card_number, expiry, now=now))
    save_customer(key_fields(customer_uid, body) | card, now=now)


def _check_by_charge(db: sqlite3.Connection, key: Card, amount: Number, *, now: int) -> None:
    """Charge and give back at once; a declined card schedules nothing."""
    merchant_uid = f"checking_{secrets.token_hex(8)}"
    order = read_order({"merchant_uid": merchant_uid, "amount": amount, "name": _CHECK_NAME})
    payment = charge(db, key, with_buyer(order, key), now=now, usage="payment", source="api")
    if payment["status"] == "failed":
        raise Refusal(f"카드 결제 확인에 실패하였습니다. {payment['fail_reason']}", code=-1)
    row = db.execute("SELECT * FROM payments WHERE imp_uid = ?", (payment["imp_uid"],)).fetchone()
    write_cancellation(
        db,
        row,
        amount=payment["amount"],
        reason=_CHECK_REASON,
        at=now,
        reading=current_reading(sandbox().store),
        source="api",
    )


def _add(db: sqlite3.Connection, key: Card, entry: Schedule, body: Body, *, now: int) -> None:
    fields: dict[str, Any] = with_buyer(entry, key) | {
        "customer_uid": key["customer_uid"],
        "pg_provider": key["pg_provider"],
        "pg_id": key["pg_id"],
        "customer_id": text(body, "customer_id") or key["customer_id"],
    }
    insert_schedule(db, fields)
    _note(db, "schedule", fields, at=now)


def _get(db: sqlite3.Connection, merchant_uid: str) -> Row:
    row = find_schedule(db, merchant_uid)
    if row is None:
        raise http_refusal(404, ABSENT)
    return row


def _new_time(body: Body, *, now: int) -> int:
    """The body's `schedule_at`; these operations refuse a wrong one with 400."""
    try:
        schedule_at = number(body, "schedule_at")
    except Refusal as refusal:
        raise http_refusal(400, refusal.message) from None
    if schedule_at is None:
        raise http_refusal(400, "schedule_at 파라메터가 누락되었습니다.")
    if schedule_at <= now:
        raise http_refusal(400, PAST)
    return int(schedule_at)


def _set_time(db: sqlite3.Connection, row: Row, schedule_at: int, *, now: int) -> Response:
    db.execute(
        "UPDATE schedules SET schedule_status = 'scheduled', schedule_at = ?, executed_at = 0,"
        " revoked_at = 0, imp_uid = NULL WHERE id = ?",
        (schedule_at, row["id"]),
    )
    _note(db, "reschedule", row, at=now)
    return success(read_schedule(db, row["merchant_uid"]))


def _note(db: sqlite3.Connection, kind: str, row: Row | Schedule, *, at: int) -> None:
    record(
        db,
        kind,
        at=at,
        source="api",
        merchant_uid=row["merchant_uid"],
        customer_uid=row["customer_uid"],
        amount=row["amount"],
    )
