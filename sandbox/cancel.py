"""POST /payments/cancel: the gateway's own rules first, then KCP's."""

import sqlite3
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response

from sandbox.cancellation import (
    DEFAULT_REASON,
    account_refunds,
    balance,
    current_reading,
    goes_to_an_account,
    is_registered,
    register_cancellation,
    write_cancellation,
)
from sandbox.envelope import Refusal, success
from sandbox.facts.codes import REFUND_BANKS
from sandbox.facts.kcp import ALREADY_CANCELLED, CANCEL_REFUSED, NO_DEPOSIT_TEXT, kcp_text
from sandbox.incoming import Body, boolean, number, read_body, text
from sandbox.payment_rows import find_payment, read_one
from sandbox.state import sandbox
from sandbox.store import Row

bp = Blueprint("cancel", __name__)

LONGEST_REASON = 256
BAD_AMOUNT = "취소 금액이 올바르지 않습니다."


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder:
    """What the caller asked for; `amount` None means everything that is left."""

    amount: Any
    tax_free: Any
    checksum: Any
    reason: str
    refund_account: tuple[str | None, str | None, str | None]
    escrow_confirmed: bool
    enable_webhook: bool


@bp.post("/payments/cancel")
def cancel() -> Response:
    body = read_body()
    order = _read_order(body)
    parts = sandbox()
    now = parts.clock.now()
    # Comparing and cancelling in one transaction: of two calls with one checksum, one wins.
    with parts.store.writing() as db:
        row = _find(db, body)
        amount = _check_gateway_rules(row, order)
        tax_free = _check_kcp_rules(db, row, order, amount, now=now)
        if goes_to_an_account(row, at=now) and account_refunds(parts.store) == "when_paid":
            cancellation_id = register_cancellation(
                db, row, amount=amount, reason=order.reason, at=now, tax_free=tax_free
            )
        else:
            cancellation_id = write_cancellation(
                db,
                row,
                amount=amount,
                reason=order.reason,
                at=now,
                reading=current_reading(parts.store),
                source="api",
                tax_free=tax_free,
            )
        payment = read_one(db, row["imp_uid"])
    if order.enable_webhook:
        parts.webhooks.send(payment, cancellation_id=cancellation_id, notice_url=row["notice_url"])
    return success(payment)


def _read_order(body: Body) -> CancelOrder:
    amount = number(body, "amount")
    if amount is not None and amount < 0:
        raise Refusal(BAD_AMOUNT)
    return CancelOrder(
        amount=amount or None,
        tax_free=number(body, "tax_free"),
        checksum=number(body, "checksum"),
        reason=text(body, "reason", longest=LONGEST_REASON) or DEFAULT_REASON,
        refund_account=(
            text(body, "refund_holder"),
            text(body, "refund_bank"),
            text(body, "refund_account"),
        ),
        escrow_confirmed=boolean(body.get("escrow_confirmed")),
        enable_webhook=boolean(body.get("enable_webhook")),
    )


def _find(db: sqlite3.Connection, body: Body) -> Row:
    """imp_uid wins; a wrong one is not made good by a right order number."""
    imp_uid, merchant_uid = text(body, "imp_uid"), text(body, "merchant_uid")
    if not imp_uid and not merchant_uid:
        raise Refusal("취소할 imp_uid 또는 merchant_uid를 지정해주셔야합니다.")
    if imp_uid:
        row = find_payment(db, imp_uid)
    else:
        row = db.execute(
            "SELECT * FROM payments WHERE merchant_uid = ?"
            " ORDER BY paid_at > 0 DESC, cancel_amount < amount DESC, started_at DESC, id DESC",
            (merchant_uid,),
        ).fetchone()
    if row is None:
        raise Refusal("취소할 결제건이 존재하지 않습니다.")
    return row


def _check_gateway_rules(row: Row, order: CancelOrder) -> Any:
    """The amount to give back, or the gateway's refusal."""
    left = balance(row)
    if row["status"] == "ready" and row["vbank_num"]:
        raise _refused_by_kcp(NO_DEPOSIT_TEXT)
    if row["status"] in {"ready", "failed"}:
        raise Refusal("결제가 완료되지 않은 건은 취소할 수 없습니다.")
    if left <= 0:
        raise Refusal("이미 전액취소된 주문입니다.")
    if order.checksum is not None and order.checksum != left:
        raise Refusal(
            f"취소 가능 금액 검증(checksum)에 실패하였습니다. 취소 가능 금액은 {left}원입니다."
        )
    amount = left if order.amount is None else order.amount
    if row["currency"] == "KRW" and amount != int(amount):
        raise Refusal(BAD_AMOUNT)
    if amount > left:
        raise Refusal(f"취소 요청 금액이 취소 가능 금액을 초과하였습니다. ({left}원)")
    return amount


def _check_kcp_rules(
    db: sqlite3.Connection, row: Row, order: CancelOrder, amount: Any, *, now: int
) -> Any:
    """The tax-free part of the cancel, or KCP's refusal."""
    if is_registered(db, row["imp_uid"]):
        raise _refused_by_kcp("이미 환불 요청이 접수된 거래입니다.")
    if row["pg_cancelled"]:
        raise _refused_by_kcp(kcp_text(ALREADY_CANCELLED))
    if order.amount is None and row["cancel_amount"]:
        raise _refused_by_kcp(kcp_text("8040"))
    is_partial = amount < row["amount"]
    if row["escrow"]:
        _check_escrow(row, order, is_partial=is_partial)
    if row["pay_method"] == "vbank" and _is_fake_deposit(db, row):
        raise _refused_by_kcp(NO_DEPOSIT_TEXT)
    if goes_to_an_account(row, at=now):
        _check_refund_account(order)
    elif row["pay_method"] == "phone" and is_partial:
        raise _refused_by_kcp(kcp_text("8392"))
    return _tax_free_part(row, order, amount)


def _check_escrow(row: Row, order: CancelOrder, *, is_partial: bool) -> None:
    """Before the buyer confirms only the whole; after it only as a confirmed cancel."""
    if row["escrow_decision"] == "confirmed":
        if not order.escrow_confirmed:
            raise _refused_by_kcp(kcp_text("8E02"))
    elif is_partial:
        raise _refused_by_kcp(kcp_text("8392"))


def _is_fake_deposit(db: sqlite3.Connection, row: Row) -> bool:
    """Whether the console only said that money came."""
    return (
        db.execute(
            "SELECT 1 FROM ledger WHERE kind = 'fake_deposit' AND imp_uid = ?", (row["imp_uid"],)
        ).fetchone()
        is not None
    )


def _check_refund_account(order: CancelOrder) -> None:
    holder, bank, account = order.refund_account
    if not (holder and bank and account):
        raise Refusal("환불계좌 정보(refund_holder, refund_bank, refund_account)가 필요합니다.")
    if bank not in REFUND_BANKS:
        raise Refusal("refund_bank 파라메터가 올바른 은행코드가 아닙니다.")


def _tax_free_part(row: Row, order: CancelOrder, amount: Any) -> Any:
    """KCP does not work it out for us, except when the whole payment goes back."""
    free_left = row["tax_free"] - row["tax_free_cancelled"]
    if order.tax_free is None:
        part = free_left if amount == balance(row) else 0
    else:
        part = order.tax_free
    if part < 0 or part > free_left or part > amount:
        raise _refused_by_kcp(kcp_text("8099"))
    if amount - part > balance(row) - free_left:
        raise _refused_by_kcp(kcp_text("8098"))
    return part


def _refused_by_kcp(reason: str) -> Refusal:
    return Refusal(f"{CANCEL_REFUSED} {reason}", code=-1)
