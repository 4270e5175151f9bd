"""/receipts: cash receipts for transfers and virtual accounts, and for money from elsewhere."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response

from sandbox.cancellation import balance
from sandbox.envelope import NO_PAYMENT, http_refusal, success
from sandbox.incoming import Body, Number, number, read_body, text
from sandbox.ledger import record
from sandbox.numbering import automatic_receipt_num, new_pg_tid, new_receipt_num
from sandbox.payment_rows import find_payment
from sandbox.state import sandbox
from sandbox.store import Row

bp = Blueprint("receipts", __name__, url_prefix="/receipts")

_METHODS = frozenset({"trans", "vbank"})
_TYPES = frozenset({"person", "company"})
_VAT_SHARE = 11
_COMPANIES = 8  # one receipt in so many is for a company's expense
_NONE = "발급된 현금영수증이 존재하지 않습니다."
_SHOWN = (
    "receipt_tid", "apply_num", "type", "amount", "vat", "receipt_url", "applied_at",
    "cancelled_at",
)  # fmt: skip
# What a receipt is kept under: a payment here, or an order number the gateway knows nothing of.
_PAYMENT = "imp_uid"
_EXTERNAL = "merchant_uid"


@bp.get("/<segment:imp_uid>")
def show(imp_uid: str) -> Response:
    return _show(_PAYMENT, imp_uid)


@bp.post("/<segment:imp_uid>")
def issue(imp_uid: str) -> Response:
    """For what is left of the payment."""
    body = read_body()
    parts = sandbox()
    with parts.store.writing() as db:
        row = _payment_for_receipt(db, imp_uid)
        receipt = _issue(db, _PAYMENT, imp_uid, body, balance(row), now=parts.clock.now())
        _mark(db, row, is_issued=True)
        _note(db, "receipt", receipt, imp_uid=imp_uid, merchant_uid=row["merchant_uid"])
    return success(_shown(receipt))


@bp.delete("/<segment:imp_uid>")
def revoke(imp_uid: str) -> Response:
    with sandbox().store.writing() as db:
        row = find_payment(db, imp_uid)
        if row is None:
            raise http_refusal(400, NO_PAYMENT)
        receipt = _revoke(db, _PAYMENT, imp_uid, absent=400)
        _mark(db, row, is_issued=False)
        _note(db, "receipt_revoke", receipt, imp_uid=imp_uid, merchant_uid=row["merchant_uid"])
    return success(_shown(receipt))


@bp.get("/external/<segment:merchant_uid>")
def show_external(merchant_uid: str) -> Response:
    return _show(_EXTERNAL, merchant_uid)


@bp.post("/external/<segment:merchant_uid>")
def issue_external(merchant_uid: str) -> Response:
    """For money that never passed the gateway, cash on the counter for instance."""
    body = read_body()
    parts = sandbox()
    amount = number(body, "amount")
    if not text(body, "name") or amount is None:
        raise http_refusal(400, "name, amount 파라메터가 누락되었습니다.")
    if amount <= 0 or amount != int(amount):
        raise http_refusal(400, "현금영수증 발급 금액이 올바르지 않습니다.")
    with parts.store.writing() as db:
        receipt = _issue(db, _EXTERNAL, merchant_uid, body, int(amount), now=parts.clock.now())
        _note(db, "receipt", receipt, merchant_uid=merchant_uid)
    return success(_shown(receipt))


@bp.delete("/external/<segment:merchant_uid>")
def revoke_external(merchant_uid: str) -> Response:
    with sandbox().store.writing() as db:
        receipt = _revoke(db, _EXTERNAL, merchant_uid, absent=404)
        _note(db, "receipt_revoke", receipt, merchant_uid=merchant_uid)
    return success(_shown(receipt))


def _payment_for_receipt(db: sqlite3.Connection, imp_uid: str) -> Row:
    row = find_payment(db, imp_uid)
    if row is None:
        raise http_refusal(400, NO_PAYMENT)
    if row["pg_provider"] != "kcp":
        raise http_refusal(501, "현금영수증 발급을 지원하지 않는 PG사입니다.")
    if row["pay_method"] not in _METHODS:
        raise http_refusal(400, "실시간계좌이체, 가상계좌 결제건만 현금영수증 발급이 가능합니다.")
    # A part that was cancelled does not stand in the way of a receipt for the rest.
    if not row["paid_at"] or balance(row) <= 0:
        raise http_refusal(400, "결제완료 상태의 결제건만 현금영수증 발급이 가능합니다.")
    return row


def _issue(
    db: sqlite3.Connection, scope: str, uid: str, body: Body, amount: Any, *, now: int
) -> dict[str, Any]:
    identifier, kind = text(body, "identifier"), text(body, "type") or "person"
    if not identifier:
        raise http_refusal(400, "identifier 파라메터가 누락되었습니다.")
    if kind not in _TYPES:
        raise http_refusal(400, "type 파라메터는 person 또는 company여야 합니다.")
    living = _find(db, scope, uid)
    if living is not None and not living["cancelled_at"]:
        raise http_refusal(400, "이미 현금영수증이 발급된 결제건입니다.")
    receipt = _slip(
        scope,
        uid,
        tid=new_pg_tid(now),
        apply_num=new_receipt_num(),
        kind=kind,
        amount=amount,
        vat=_vat(body, amount),
        at=now,
    )
    _store(db, receipt)
    return receipt


def _slip(
    scope: str, uid: str, *, tid: str, apply_num: str, kind: str, amount: Any, vat: int, at: int
) -> dict[str, Any]:
    return {
        "scope": scope,
        "uid": uid,
        "receipt_tid": tid,
        "apply_num": apply_num,
        "type": kind,
        "amount": amount,
        "vat": vat,
        "receipt_url": "https://admin8.kcp.co.kr/assist/bill.BillActionNew.do?cmd=cash_bill"
        f"&cash_no={tid}&order_no={uid}&trade_mony={amount}",
        "applied_at": at,
        "cancelled_at": 0,
    }


def _store(db: sqlite3.Connection, receipt: Mapping[str, Any]) -> None:
    db.execute(
        f"INSERT OR REPLACE INTO receipts ({', '.join(receipt)})"
        f" VALUES ({', '.join(f':{name}' for name in receipt)})",
        receipt,
    )


def _vat(body: Body, amount: Number) -> int:
    """As the caller says, or one part in eleven of what is taxed."""
    tax_free = number(body, "tax_free") or 0
    stated = number(body, "vat_amount")
    stated = number(body, "vat") if stated is None else stated
    if not 0 <= tax_free <= amount or (stated is not None and not 0 <= stated <= amount):
        raise http_refusal(400, "tax_free 또는 vat_amount 파라메터가 올바르지 않습니다.")
    return int(amount - tax_free) // _VAT_SHARE if stated is None else int(stated)


def _revoke(db: sqlite3.Connection, scope: str, uid: str, *, absent: int) -> dict[str, Any]:
    living = _find(db, scope, uid)
    if living is None or living["cancelled_at"]:
        raise http_refusal(absent, _NONE)
    revoked = living | {"cancelled_at": sandbox().clock.now()}
    _store(db, revoked)
    return revoked


def _show(scope: str, uid: str) -> Response:
    with sandbox().store.reading() as db:
        receipt = _find(db, scope, uid)
    if receipt is None:
        raise http_refusal(404, _NONE)
    return success(_shown(receipt))


def _find(db: sqlite3.Connection, scope: str, uid: str) -> dict[str, Any] | None:
    row: Row | None = db.execute(
        "SELECT * FROM receipts WHERE scope = ? AND uid = ?", (scope, uid)
    ).fetchone()
    if row is not None:
        return dict(row)
    return _automatic(db, uid) if scope == _PAYMENT else None


def _automatic(db: sqlite3.Connection, imp_uid: str) -> dict[str, Any] | None:
    """The receipt that KCP issued from what the buyer typed into the payment window."""
    row = find_payment(db, imp_uid)
    if row is None or not row["cash_receipt_issued"] or not row["paid_at"]:
        return None
    number = automatic_receipt_num(imp_uid)
    amount = int(row["amount"])
    return _slip(
        _PAYMENT,
        imp_uid,
        tid=row["pg_tid"] or number,
        apply_num=number,
        kind="company" if int(number) % _COMPANIES == 0 else "person",
        amount=amount,
        vat=int(amount - row["tax_free"]) // _VAT_SHARE,
        at=row["paid_at"],
    )


def _mark(db: sqlite3.Connection, row: Row, *, is_issued: bool) -> None:
    db.execute(
        "UPDATE payments SET cash_receipt_issued = ?, updated_at = ? WHERE id = ?",
        (int(is_issued), sandbox().clock.now(), row["id"]),
    )


def _note(
    db: sqlite3.Connection,
    kind: str,
    receipt: Mapping[str, Any],
    *,
    merchant_uid: str,
    imp_uid: str | None = None,
) -> None:
    record(
        db,
        kind,
        at=receipt["cancelled_at"] or receipt["applied_at"],
        source="api",
        imp_uid=imp_uid,
        merchant_uid=merchant_uid,
        amount=receipt["amount"],
    )


def _shown(receipt: Mapping[str, Any] | Row) -> dict[str, Any]:
    return {receipt["scope"]: receipt["uid"], **{name: receipt[name] for name in _SHOWN}}
