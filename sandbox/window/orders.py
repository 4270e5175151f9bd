"""Whether an order may be paid: what the gateway compares with what it knows of it already."""

import sqlite3

from sandbox.incoming import Body, text
from sandbox.window.refusal import NotOpened, by_kcp

PAID_ALREADY = "이미 결제가 이루어진 거래건입니다."
_PAID_ALREADY_CODE = "F1002"
_DIFFERS = "사전등록된 결제 정보와 결제 요청이 일치하지 않습니다. 결제 금액을 확인해 주세요."
_ITEM_PROPERTIES = ("orderNumber", "name", "quantity", "amount")


def check_not_paid(db: sqlite3.Connection, merchant_uid: str) -> None:
    """A paid order number opens no window, cancelled since or not."""
    if is_used_up(db, merchant_uid):
        raise NotOpened(PAID_ALREADY, code=_PAID_ALREADY_CODE)


def is_used_up(db: sqlite3.Connection, merchant_uid: str) -> bool:
    found = db.execute(
        "SELECT 1 FROM payments WHERE merchant_uid = ? AND status IN ('paid', 'cancelled')",
        (merchant_uid,),
    ).fetchone()
    return found is not None


def check_prepared(db: sqlite3.Connection, params: Body, merchant_uid: str, amount: int) -> None:
    """Not another amount than was registered, nor another currency where one was."""
    prepared = db.execute(
        "SELECT * FROM prepared WHERE merchant_uid = ?", (merchant_uid,)
    ).fetchone()
    if prepared is None:
        return
    currency = text(params, "currency") or "KRW"
    if prepared["amount"] != amount or prepared["currency"] not in {None, currency}:
        raise NotOpened(_DIFFERS)


def check_items(params: Body) -> None:
    """Escrow items have all four properties; what they add up to is never compared."""
    items = params.get("kcpProducts")
    if items is None:
        return
    if not isinstance(items, list) or not all(_is_item(item) for item in items):
        raise by_kcp("9064")
    if not items:
        raise by_kcp("9060")


def _is_item(item: object) -> bool:
    return isinstance(item, dict) and all(_is_given(item.get(name)) for name in _ITEM_PROPERTIES)


def _is_given(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""
