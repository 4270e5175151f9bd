"""What a buyer does: pay in the window, leave it, pay into a virtual account, decide on escrow."""

import json
from datetime import datetime
from typing import Any

from flask import Blueprint, Response

from sandbox import deadlines
from sandbox.clock import KST
from sandbox.control.deposits import take_deposit
from sandbox.envelope import Refusal, success
from sandbox.facts.codes import BANKS, CARDS
from sandbox.facts.kcp import (
    INSTALMENTS_FROM,
    MINIMUM_AMOUNT,
    RESULT_TEXTS,
    SHOP_NAME,
    TEST_MINIMUM_AMOUNT,
    TEST_SITE,
    WINDOW_SITE,
    kcp_text,
)
from sandbox.incoming import Body, addresses, boolean, number, read_body, text
from sandbox.ledger import record
from sandbox.numbering import new_apply_num, new_imp_uid, new_pg_tid
from sandbox.payment_rows import Payment, blank_payment, find_payment, insert_payments, read_one
from sandbox.state import sandbox

bp = Blueprint("buyer", __name__, url_prefix="/buyer")

# In the window the buyer chooses a wallet; the gateway stores what the wallet paid with.
WALLETS = frozenset({"kakaopay", "naverpay", "payco", "tosspay", "lpay", "ssgpay", "applepay"})
_VBANK_DAYS = 3
# What a `vbank_due` without a time, or without seconds, is filled up with, by its length.
_TIME_LEFT_OUT = {8: "235959", 12: "59", 14: ""}
_ITEM_PROPERTIES = {"orderNumber", "name", "quantity", "amount"}


@bp.post("/pay")
def pay() -> Response:
    """A payment through the window. `merchant_uid` and `amount` are needed.

    `outcome` is paid (default), failed or ready; virtual accounts are ready until the
    deposit. Also: pay_method, name, buyer_*, card_code, card_quota, bank_code, escrow,
    kcpProducts, tax_free, custom_data, notice_url, sandbox, mobile, display.card_quota,
    vbank_due, and fail_code with any of KCP's codes. An order number that is paid already is
    refused, unless `twice` is true.
    """
    body = read_body()
    merchant_uid, amount = text(body, "merchant_uid", longest=40), number(body, "amount")
    if not merchant_uid or amount is None or amount <= 0 or amount != int(amount):
        raise Refusal("merchant_uid and a whole amount are needed.", status=400)
    parts = sandbox()
    with parts.store.writing() as db:
        _check_window_opens(db, body, merchant_uid, int(amount))
        row = _window_row(body, merchant_uid, int(amount), now=parts.clock.now())
        row["imp_uid"] = new_imp_uid(db, by_api=False)
        insert_payments(db, [row])
        if row["status"] == "paid":
            _note_charge(db, row)
        payment = read_one(db, row["imp_uid"])
    # Abandoned windows and ordinary failures send nothing.
    if row["status"] == "paid" or row["vbank_num"]:
        parts.webhooks.send(payment, notice_url=row["notice_url"])
    return success(payment)


@bp.post("/deposit")
def deposit() -> Response:
    """The buyer pays into the virtual account of `imp_uid`."""
    imp_uid = text(read_body(), "imp_uid") or ""
    parts = sandbox()
    now = parts.clock.now()
    with parts.store.writing() as db:
        row = take_deposit(db, imp_uid, now=now)
        if row["vbank_date"] < now:  # nothing was kept: the transaction ends here
            raise Refusal("The virtual account has expired.", status=409)
        _note_charge(db, dict(row) | {"paid_at": now})
        payment = read_one(db, imp_uid)
    parts.webhooks.send(payment, notice_url=row["notice_url"])
    return success(payment)


@bp.post("/escrow")
def decide() -> Response:
    """The buyer confirms or denies a delivered escrow order; no webhook tells of it."""
    body = read_body()
    imp_uid, decision = text(body, "imp_uid") or "", text(body, "decision")
    if decision not in {"confirmed", "denied"}:
        raise Refusal("decision is confirmed or denied.", status=400)
    parts = sandbox()
    with parts.store.writing() as db:
        row = find_payment(db, imp_uid)
        delivered = db.execute("SELECT 1 FROM deliveries WHERE imp_uid = ?", (imp_uid,)).fetchone()
        if row is None or not row["escrow"] or not delivered:
            raise Refusal("There is no delivered escrow order to decide on.", status=409)
        if row["escrow_decision"] == "confirmed":
            raise Refusal("The order is confirmed already.", status=409)
        db.execute("UPDATE payments SET escrow_decision = ? WHERE id = ?", (decision, row["id"]))
        deadlines.give_up(db, "confirm", imp_uid)
        record(
            db,
            "confirm" if decision == "confirmed" else "deny",
            at=parts.clock.now(),
            source="buyer",
            imp_uid=imp_uid,
            merchant_uid=row["merchant_uid"],
        )
    return success({"imp_uid": imp_uid, "decision": decision})


def _check_window_opens(db: Any, body: Body, merchant_uid: str, amount: int) -> None:
    """Not for a paid order number, nor another amount than prepared, nor with escrow items
    that lack one of their four properties; what the items add up to is never checked."""
    is_paid = db.execute(
        "SELECT 1 FROM payments WHERE merchant_uid = ? AND status IN ('paid', 'cancelled')",
        (merchant_uid,),
    ).fetchone()
    if is_paid and not boolean(body.get("twice")):
        raise Refusal("The order number is paid already.", status=409)
    for item in body.get("kcpProducts") or ():
        if not isinstance(item, dict) or not item.keys() >= _ITEM_PROPERTIES:
            raise Refusal("kcpProducts need orderNumber, name, quantity and amount.", status=409)
    prepared = db.execute(
        "SELECT amount FROM prepared WHERE merchant_uid = ?", (merchant_uid,)
    ).fetchone()
    if prepared is not None and prepared["amount"] != amount:
        raise Refusal("The amount differs from the prepared one.", status=409)


def _window_row(body: Body, merchant_uid: str, amount: int, *, now: int) -> Payment:
    method = text(body, "pay_method") or "card"
    row = blank_payment() | {
        "merchant_uid": merchant_uid,
        "amount": amount,
        "channel": "mobile" if boolean(body.get("mobile")) else "pc",
        "pg_provider": "kcp",
        "sandbox": int(boolean(body.get("sandbox"))),
        "escrow": int(boolean(body.get("escrow"))),
        "name": text(body, "name", longest=40) or "주문",
        "tax_free": number(body, "tax_free") or 0,
        "custom_data": _as_text(body.get("custom_data")),
        "customer_uid": text(body, "customer_uid", longest=80),
        "notice_url": addresses(body, "notice_url"),
        "user_agent": "sorry_not_supported_anymore",
        "started_at": now,
        "updated_at": now,
    }
    row["pg_id"] = TEST_SITE if row["sandbox"] else WINDOW_SITE
    for part in ("name", "email", "tel", "addr", "postcode"):
        row[f"buyer_{part}"] = text(body, f"buyer_{part}")
    row |= _method_fields(method, body, amount, now=now)
    return row | _outcome(method, body, amount, now=now)


def _method_fields(method: str, body: Body, amount: int, *, now: int) -> Payment:
    if method == "trans":
        code = text(body, "bank_code") or "004"
        return {"pay_method": method, "bank_code": code, "bank_name": BANKS.get(code)}
    if method == "vbank":
        code = text(body, "bank_code") or "088"
        return {
            "pay_method": method,
            "vbank_code": code,
            "vbank_name": BANKS.get(code),
            "vbank_num": f"562{now % 10**11:011d}",
            "vbank_holder": SHOP_NAME,
            "vbank_issued_at": now,
            "vbank_date": _vbank_date(body, now=now),
        }
    if method in {"card", "samsung"} or method in WALLETS:
        code = text(body, "card_code") or "366"
        quota = _chosen_quota(body)
        return {
            "pay_method": "card" if method in WALLETS else method,
            "emb_pg_provider": method if method in WALLETS else None,
            "card_code": code,
            "card_name": CARDS.get(code),
            "card_number": "451842******1093",
            "card_type": 0,
            "card_quota": quota if amount >= INSTALMENTS_FROM else 0,
        }
    return {"pay_method": method, "apply_num": ""}


def _vbank_date(body: Body, *, now: int) -> int:
    """`vbank_due`, a day (to its last second) or a day with minutes or seconds, Korean time."""
    due = text(body, "vbank_due")
    if due is None:
        return now + _VBANK_DAYS * 86_400
    try:
        written = due + _TIME_LEFT_OUT[len(due)]
        moment = datetime.strptime(written, "%Y%m%d%H%M%S").replace(tzinfo=KST)
    except (KeyError, ValueError):
        raise Refusal("vbank_due is YYYYMMDD and perhaps a time.", status=400) from None
    return int(moment.timestamp())


def _chosen_quota(body: Body) -> int:
    """What the buyer chose; KCP reads the longest of the shop's `display.card_quota` as a
    limit and offers everything up to it."""
    quota = int(number(body, "card_quota") or 0)
    display = body.get("display")
    offered = display.get("card_quota") if isinstance(display, dict) else None
    if isinstance(offered, list) and quota > max(map(int, offered), default=0):
        raise Refusal("The window does not offer that many instalments.", status=409)
    return quota


def _outcome(method: str, body: Body, amount: int, *, now: int) -> Payment:
    outcome = text(body, "outcome") or ("ready" if method == "vbank" else "paid")
    if outcome == "failed":
        return _failure(text(body, "fail_code") or "3001", now=now)
    least = TEST_MINIMUM_AMOUNT if boolean(body.get("sandbox")) else MINIMUM_AMOUNT
    if amount < least.get(method, 0) and (outcome == "paid" or method == "vbank"):
        return _failure("8135" if method == "card" else "8063", now=now)
    if outcome == "ready":
        return {"status": "ready", "pg_tid": new_pg_tid(now) if method == "vbank" else None}
    paid: Payment = {"status": "paid", "paid_at": now, "pg_tid": new_pg_tid(now)}
    return paid | ({"apply_num": new_apply_num()} if method in {"card", "samsung"} else {})


def _failure(code: str, *, now: int) -> Payment:
    if code not in RESULT_TEXTS:
        raise Refusal("Unknown KCP code in fail_code.", status=400)
    return {"status": "failed", "failed_at": now, "fail_reason": kcp_text(code)}


def _note_charge(db: Any, row: Payment) -> None:
    record(
        db,
        "charge",
        at=row["paid_at"],
        source="buyer",
        imp_uid=row["imp_uid"],
        merchant_uid=row["merchant_uid"],
        customer_uid=row["customer_uid"],
        amount=row["amount"],
    )


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
