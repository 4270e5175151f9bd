"""The one page of the control plane, for a person with a mouse."""

from flask import Blueprint, render_template

from sandbox.clock import in_kst
from sandbox.ledger import read_ledger
from sandbox.payment_rows import read_payments
from sandbox.state import sandbox

bp = Blueprint("page", __name__)

_NEWEST = 12
_METHODS = {
    "card": "카드", "kakaopay": "카카오페이", "naverpay": "네이버페이", "tosspay": "토스페이",
    "payco": "페이코", "samsung": "삼성페이", "trans": "계좌이체", "vbank": "가상계좌",
    "phone": "휴대폰", "point": "포인트", "cultureland": "문화상품권",
    "smartculture": "스마트문상", "happymoney": "해피머니", "booknlife": "도서문화상품권",
}  # fmt: skip
_ACTIONS = {
    "drop": "답 없이 끊기", "reset": "연결 초기화", "truncate": "반만 보내기", "delay": "늦추기",
    "status": "HTTP 500", "html": "HTML 오류 화면", "garbage": "깨진 JSON",
}  # fmt: skip


@bp.get("/")
def show() -> str:
    parts = sandbox()
    with parts.store.reading() as db:
        rows = db.execute(
            "SELECT * FROM payments ORDER BY started_at DESC, id DESC LIMIT ?", (_NEWEST,)
        ).fetchall()
        payments = read_payments(db, rows)
    return render_template(
        "control.html",
        now=in_kst(parts.clock.now()),
        payments=payments,
        ledger=read_ledger(parts.store)[-_NEWEST:],
        faults=parts.faults.pending(),
        in_kst=in_kst,
        methods=_METHODS,
        actions=_ACTIONS,
    )


@bp.app_template_filter("won")
def won(amount: object) -> str:
    """With commas; an amount a test planted as text is shown as it is."""
    return f"{amount:,}" if isinstance(amount, int | float) else str(amount)
