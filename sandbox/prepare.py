"""Amounts registered before the payment window opens, so that it cannot be tampered with."""

from typing import Any

from flask import Blueprint, Response

from sandbox.envelope import Refusal, http_refusal, success
from sandbox.incoming import Body, number, read_body, text
from sandbox.state import sandbox

bp = Blueprint("prepare", __name__, url_prefix="/payments/prepare")

ABSENT = "사전등록된 결제정보가 존재하지 않습니다."
DUPLICATE = "결제정보 사전등록에 실패하였습니다(이미 등록된 merchant_uid입니다)."


@bp.post("/")
def register() -> Response:
    entry = _read_entry(read_body())
    with sandbox().store.writing() as db:
        added = db.execute(
            "INSERT OR IGNORE INTO prepared VALUES (:merchant_uid, :amount, :currency)", entry
        )
        if not added.rowcount:
            raise Refusal(DUPLICATE)
    return success(entry)


@bp.put("/")
def change() -> Response:
    entry = _read_entry(read_body())
    with sandbox().store.writing() as db:
        changed = db.execute(
            "UPDATE prepared SET amount = :amount, currency = :currency"
            " WHERE merchant_uid = :merchant_uid",
            entry,
        )
        if not changed.rowcount:
            raise http_refusal(404, ABSENT)
    return success(entry)


@bp.get("/<segment:merchant_uid>")
def show(merchant_uid: str) -> Response:
    with sandbox().store.reading() as db:
        row = db.execute(
            "SELECT * FROM prepared WHERE merchant_uid = ?", (merchant_uid,)
        ).fetchone()
    if row is None:
        raise http_refusal(404, ABSENT)
    return success(dict(row))


def _read_entry(body: Body) -> dict[str, Any]:
    merchant_uid, amount = text(body, "merchant_uid", longest=40), number(body, "amount")
    if not merchant_uid or amount is None:
        raise Refusal("merchant_uid, amount 파라메터가 누락되었습니다.")
    return {"merchant_uid": merchant_uid, "amount": amount, "currency": text(body, "currency")}
