"""What a buyer does: pay in the window, leave it, pay into a virtual account, decide on escrow."""

from typing import Any

from flask import Blueprint, Response

from sandbox import deadlines
from sandbox.control.deposits import take_deposit
from sandbox.envelope import Refusal, success
from sandbox.facts.kcp import CHANNELS, INSTALMENTS_FROM, RESULT_TEXTS
from sandbox.incoming import Body, boolean, number, read_body, text
from sandbox.ledger import record
from sandbox.numbering import new_imp_uid
from sandbox.payment_rows import Payment, find_payment, insert_payments, read_one
from sandbox.state import sandbox
from sandbox.window.channels import Channel
from sandbox.window.offers import longest_quota, vbank_deadline
from sandbox.window.orders import check_items, check_not_paid, check_prepared
from sandbox.window.refusal import NotOpened
from sandbox.window.rows import (
    Choice,
    awaiting_deposit,
    is_below_minimum,
    method_fields,
    note_charge,
    opened_row,
    paid,
    refused,
)

bp = Blueprint("buyer", __name__, url_prefix="/buyer")


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
            note_charge(db, row)
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
        note_charge(db, dict(row) | {"paid_at": now})
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
    """As the window itself does; `twice` lets a paid order number be paid again."""
    try:
        if not boolean(body.get("twice")):
            check_not_paid(db, merchant_uid)
        check_items(body)
        check_prepared(db, body, merchant_uid, amount)
    except NotOpened as refusal:
        raise Refusal(refusal.text, status=409) from None


def _window_row(body: Body, merchant_uid: str, amount: int, *, now: int) -> Payment:
    method = text(body, "pay_method") or "card"
    channel = _channel(boolean(body.get("sandbox")))
    row = opened_row(
        body | {"name": text(body, "name", longest=40) or "주문"},
        channel,
        method=method,
        amount=amount,
        is_mobile=boolean(body.get("mobile")),
        now=now,
    )
    row |= method_fields(method, _choice(body, amount, now=now), now=now)
    return row | _outcome(method, body, amount, is_test=channel["sandbox"], now=now)


def _channel(is_test: bool) -> Channel:
    return next(
        channel
        for channel in CHANNELS
        if channel["pg_provider"] == "kcp" and channel["sandbox"] == is_test
    )


def _choice(body: Body, amount: int, *, now: int) -> Choice:
    try:
        deadline = vbank_deadline(text(body, "vbank_due"), now=now)
    except ValueError:
        raise Refusal("vbank_due is YYYYMMDD and perhaps a time.", status=400) from None
    quota = _chosen_quota(body)
    return Choice(
        card_code=text(body, "card_code") or "366",
        card_quota=quota if amount >= INSTALMENTS_FROM else 0,
        bank_code=text(body, "bank_code"),
        vbank_date=deadline,
    )


def _chosen_quota(body: Body) -> int:
    quota = int(number(body, "card_quota") or 0)
    try:
        is_too_long = "display" in body and quota > longest_quota(body)
    except NotOpened as refusal:
        raise Refusal(refusal.text, status=409) from None
    if is_too_long:
        raise Refusal("The window does not offer that many instalments.", status=409)
    return quota


def _outcome(method: str, body: Body, amount: int, *, is_test: bool, now: int) -> Payment:
    outcome = text(body, "outcome") or ("ready" if method == "vbank" else "paid")
    if outcome == "failed":
        code = text(body, "fail_code") or "3001"
        if code not in RESULT_TEXTS:
            raise Refusal("Unknown KCP code in fail_code.", status=400)
        return refused(code, now=now)
    if is_below_minimum(method, amount, is_test=is_test) and (
        outcome == "paid" or method == "vbank"
    ):
        return refused("8135" if method == "card" else "8063", now=now)
    if outcome == "ready":
        return awaiting_deposit(now=now) if method == "vbank" else {}
    return paid(method, now=now)
