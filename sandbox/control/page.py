"""The one page of the control plane, for a person with a mouse or a keyboard."""

from typing import Any

from flask import Blueprint, render_template

from sandbox import deadlines
from sandbox.cancellation import balance, current_reading
from sandbox.clock import in_kst
from sandbox.ledger import read_ledger
from sandbox.payment_rows import Payment, read_payments
from sandbox.state import Sandbox, sandbox
from sandbox.store import Row

bp = Blueprint("page", __name__)

_NEWEST = 12
_METHODS = {
    "card": "카드", "kakaopay": "카카오페이", "naverpay": "네이버페이", "tosspay": "토스페이",
    "payco": "페이코", "lpay": "엘페이", "ssgpay": "SSG페이", "applepay": "애플페이",
    "samsung": "삼성페이", "trans": "계좌이체", "vbank": "가상계좌", "phone": "휴대폰",
    "point": "포인트", "cultureland": "문화상품권", "smartculture": "스마트문상",
    "happymoney": "해피머니", "booknlife": "도서문화상품권",
}  # fmt: skip
_STATUSES = {"ready": "대기", "paid": "결제됨", "cancelled": "취소됨", "failed": "실패"}
_DECISIONS = {"confirmed": "구매확정", "denied": "구매거절"}
_ACTIONS = {
    "drop": "답 없이 끊기", "reset": "연결 초기화", "truncate": "반만 보내기",
    "no_length_truncate": "길이 없이 반만 보내기", "drip": "한 글자씩 보내기", "delay": "늦추기",
    "status": "HTTP 오류", "html": "HTML 오류 화면", "garbage": "깨진 JSON",
    "redirect": "다른 곳으로 보내기", "code": "거절하기", "wrong_amount": "다른 금액",
    "float_amount": "소수 금액", "wrong_uid": "다른 주문번호", "dup_row": "결제가 두 건",
    "stale_read": "한 걸음 늦은 조회",
}  # fmt: skip
_OPERATIONS = {
    "": "모든 요청", "POST /payments/cancel": "결제 취소",
    "POST /subscribe/payments/again": "빌링키 결제",
    "POST /subscribe/payments/onetime": "카드 결제",
    "POST /subscribe/payments/schedule": "결제 예약",
    "POST /subscribe/payments/unschedule": "결제 예약 취소",
    "POST /subscribe/customers/*": "빌링키 발급", "DELETE /subscribe/customers/*": "빌링키 삭제",
    "POST /payments/prepare": "금액 사전등록", "POST /escrows/logis/*": "배송 등록",
    "POST /receipts/*": "현금영수증 발급", "POST /vbanks": "가상계좌 발급",
    "GET /payments/imp*": "결제 한 건 조회", "GET /payments/find*": "주문번호로 조회",
    "GET /payments/status/*": "결제 목록 조회", "POST /users/getToken": "토큰 발급",
}  # fmt: skip
_TO_COME = {"confirm": "자동 구매확정", "refund_paid": "환불금 지급", "refund_shown": "환불금 지급"}


@bp.get("/")
def show() -> str:
    parts = sandbox()
    return render_template(
        "control.html",
        now=in_kst(parts.clock.now()),
        clock=parts.clock,
        payments=_newest_payments(parts),
        ledger=read_ledger(parts.store)[-_NEWEST:],
        faults=parts.faults.pending(),
        knobs=parts.webhooks.state(),
        webhook_url=parts.webhooks.url,
        webhooks=parts.webhooks.sent(wait=False)[-_NEWEST:],
        to_come=deadlines.planned(parts.store)[:_NEWEST],
        reading=current_reading(parts.store),
        in_kst=in_kst,
        names={
            "methods": _METHODS,
            "statuses": _STATUSES,
            "decisions": _DECISIONS,
            "actions": _ACTIONS,
            "operations": _OPERATIONS,
            "to_come": _TO_COME,
        },
    )


def _newest_payments(parts: Sandbox) -> list[Payment]:
    """The gateway's objects, and with each what can be done to it now."""
    with parts.store.reading() as db:
        rows = db.execute(
            "SELECT payments.*, deliveries.imp_uid IS NOT NULL AS is_shipped FROM payments"
            " LEFT JOIN deliveries USING (imp_uid) ORDER BY started_at DESC, payments.id DESC"
            " LIMIT ?",
            (_NEWEST,),
        ).fetchall()
        payments = read_payments(db, rows)
    return [payment | _possibilities(row) for row, payment in zip(rows, payments, strict=True)]


def _possibilities(row: Row) -> dict[str, Any]:
    is_open = bool(row["paid_at"]) and balance(row) > 0
    is_shipped = bool(row["escrow"] and row["is_shipped"]) and is_open
    return {
        "decision": row["escrow_decision"],
        "takes_deposit": row["status"] == "ready" and bool(row["vbank_num"]),
        "can_arrive": is_shipped and not row["escrow_decision"],
        "can_decide": is_shipped and row["escrow_decision"] != "confirmed",
        "can_cancel": is_open,
        "can_cancel_at_kcp": is_open and not row["pg_cancelled"],
        "is_gone_at_kcp": bool(row["pg_cancelled"]),
    }


@bp.app_template_filter("won")
def won(amount: object) -> str:
    """With commas; an amount a test planted as text is shown as it is."""
    return f"{amount:,}" if isinstance(amount, int | float) else str(amount)
