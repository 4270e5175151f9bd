"""/vbanks: virtual accounts over the API, which KCP leaves to its window."""

import sqlite3
from typing import Any

from flask import Blueprint, Response, request

from sandbox.envelope import NO_PAYMENT, Refusal, http_refusal, success
from sandbox.facts.codes import BANKS
from sandbox.facts.kcp import CHANNELS, SHOP_NAME
from sandbox.incoming import Body, addresses, number, read_body, text
from sandbox.ledger import record
from sandbox.numbering import new_imp_uid, new_pg_tid
from sandbox.payment_rows import blank_payment, find_payment, insert_payments, read_one
from sandbox.state import sandbox
from sandbox.store import Row

bp = Blueprint("vbanks", __name__, url_prefix="/vbanks")

# The gateways that issue accounts over the API, and the one that changes them afterwards.
ISSUERS = frozenset(
    "settle nice nice_v2 html5_inicis ksnet smartro_v2 tosspayments welcome".split()
)
CHANGEABLE_AT = "settle"
REVOKED = "가상계좌 발급이 취소되었습니다."

_NO_CONTRACT = "가상계좌 발급에 실패하였습니다. API 가상계좌 발급은 별도의 계약이 필요합니다."
_CHANNEL_PREFIX = "channel-key-"
_BUYER = {"name": 16, "email": 64, "tel": 16, "addr": 128, "postcode": 8}
# Of these accounts no holder is known.
_UNKNOWN_ENDING = "0000"


@bp.post("/")
def issue() -> Response:
    """Refused for the shop's own channels, all KCP; issued when another gateway is named."""
    body = read_body()
    parts = sandbox()
    now = parts.clock.now()
    row = _account_row(body, now=now)
    with parts.store.writing() as db:
        if db.execute(
            "SELECT 1 FROM payments WHERE merchant_uid = ? AND paid_at > 0", (row["merchant_uid"],)
        ).fetchone():
            raise Refusal("이미 결제가 완료된 merchant_uid입니다.")
        row["imp_uid"] = new_imp_uid(db, by_api=True)
        insert_payments(db, [row])
        _note(db, "vbank_issue", row, at=now)
        payment = read_one(db, row["imp_uid"])
    parts.webhooks.send(payment, notice_url=row["notice_url"])
    return success(payment)


@bp.put("/<segment:imp_uid>")
def change(imp_uid: str) -> Response:
    """Another amount or deadline for an account that waits for its deposit."""
    body = read_body()
    parts = sandbox()
    now = parts.clock.now()
    with parts.store.writing() as db:
        row = _waiting_account(db, imp_uid)
        if row["pg_provider"] != CHANGEABLE_AT:
            raise http_refusal(400, "가상계좌 변경을 지원하지 않는 PG사입니다.")
        amount, due = number(body, "amount"), number(body, "vbank_due")
        if (amount is not None and amount <= 0) or (due is not None and due <= now):
            raise http_refusal(400, "amount 또는 vbank_due 파라메터가 올바르지 않습니다.")
        changed = {
            "amount": row["amount"] if amount is None else int(amount),
            "due": row["vbank_date"] if due is None else int(due),
            "now": now,
            "id": row["id"],
        }
        db.execute(
            "UPDATE payments SET amount = :amount, vbank_date = :due, updated_at = :now"
            " WHERE id = :id",
            changed,
        )
        _note(db, "vbank_change", dict(row) | changed, at=now)
        return success(read_one(db, imp_uid))


@bp.delete("/<segment:imp_uid>")
def revoke(imp_uid: str) -> Response:
    """The account takes no deposit any more; the row reads failed, as no money ever came."""
    parts = sandbox()
    now = parts.clock.now()
    with parts.store.writing() as db:
        row = _waiting_account(db, imp_uid)
        db.execute(
            "UPDATE payments SET status = 'failed', failed_at = ?, fail_reason = ?,"
            " updated_at = ? WHERE id = ?",
            (now, REVOKED, now, row["id"]),
        )
        _note(db, "vbank_revoke", row, at=now)
        return success(read_one(db, imp_uid))


@bp.get("/holder")
def holder() -> Response:
    """Whose account it is; published no more, and still asked for."""
    bank, account = request.args.get("bank_code"), request.args.get("bank_num")
    if not bank or not account:
        raise http_refusal(400, "bank_code, bank_num 파라메터가 누락되었습니다.")
    if bank not in BANKS or not account.isdecimal() or account.endswith(_UNKNOWN_ENDING):
        raise http_refusal(404, "예금주를 조회할 수 없습니다. 은행과 계좌번호를 확인해주세요.")
    return success({"bank_holder": "홍길동"})


def _account_row(body: Body, *, now: int) -> dict[str, Any]:
    merchant_uid, amount = text(body, "merchant_uid", longest=40), number(body, "amount")
    code, due = text(body, "vbank_code"), number(body, "vbank_due")
    if not merchant_uid or amount is None or not code or due is None:
        raise Refusal("merchant_uid, amount, vbank_code, vbank_due 파라메터가 누락되었습니다.")
    if amount <= 0 or amount != int(amount):
        raise Refusal("결제 금액이 올바르지 않습니다.")
    if code not in BANKS:
        raise Refusal("vbank_code 파라메터가 올바른 은행코드가 아닙니다.")
    if due <= now:
        raise Refusal("vbank_due 파라메터는 현재 시각 이후여야 합니다.")
    provider, site = _provider(body)
    row = blank_payment() | {
        "merchant_uid": merchant_uid,
        "pay_method": "vbank",
        "channel": "api",
        "pg_provider": provider,
        "pg_id": site,
        "pg_tid": new_pg_tid(now),
        "vbank_code": code,
        "vbank_name": BANKS[code],
        "vbank_num": f"562{now % 10**11:011d}",
        "vbank_holder": text(body, "vbank_holder", longest=16) or SHOP_NAME,
        "vbank_date": int(due),
        "vbank_issued_at": now,
        "name": text(body, "name", longest=40),
        "amount": int(amount),
        "tax_free": number(body, "tax_free") or 0,
        "custom_data": text(body, "custom_data"),
        "notice_url": addresses(body, "notice_url"),
        "started_at": now,
        "updated_at": now,
    }
    for part, longest in _BUYER.items():
        row[f"buyer_{part}"] = text(body, f"buyer_{part}", longest=longest)
    return row


def _provider(body: Body) -> tuple[str, str | None]:
    """The gateway that is named as `pg` or `channel-key-{gateway}`, with its site code."""
    channel, pg = text(body, "channel_key"), text(body, "pg", longest=80)
    named = pg or (channel or "").removeprefix(_CHANNEL_PREFIX)
    if channel in {one["channel_key"] for one in CHANNELS}:
        raise Refusal(_NO_CONTRACT)
    provider, _, site = named.partition(".")
    if provider not in ISSUERS:
        raise Refusal(_NO_CONTRACT)
    return provider, site or None


def _waiting_account(db: sqlite3.Connection, imp_uid: str) -> Row:
    row = find_payment(db, imp_uid)
    if row is None:
        raise http_refusal(404, NO_PAYMENT)
    if row["pay_method"] != "vbank" or row["status"] != "ready" or not row["vbank_num"]:
        raise http_refusal(400, "입금 대기 중인 가상계좌 결제건이 아닙니다.")
    return row


def _note(db: sqlite3.Connection, kind: str, row: Any, *, at: int) -> None:
    record(
        db,
        kind,
        at=at,
        source="api",
        imp_uid=row["imp_uid"],
        merchant_uid=row["merchant_uid"],
        amount=row["amount"],
    )
