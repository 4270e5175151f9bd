"""What the buyer's last press does: the payment is paid, failed, or waits for its deposit."""

import sqlite3

from sandbox.billing_cards import card_fields, check_card
from sandbox.customers import key_fields, save_customer
from sandbox.envelope import Refusal
from sandbox.facts.codes import CARDS, VBANK_ISSUERS
from sandbox.facts.kcp import RESULT_TEXTS
from sandbox.incoming import Body, number, text
from sandbox.payment_rows import Payment, read_one
from sandbox.window.channels import BILLING
from sandbox.window.offers import direct_card, offered_cards, offered_quotas, vbank_deadline
from sandbox.window.orders import is_used_up
from sandbox.window.rows import (
    WALLETS,
    WITH_CARD,
    Choice,
    approved,
    method_fields,
    note_charge,
    refused,
)
from sandbox.window.sessions import LIFE, Window
from sandbox.window.texts import BANK_NAMES, TEST_CARDS

CLOSED_BY_BUYER = "3001"
_EXPIRED = "8310"
_ORDER_USED_TWICE = "8338"
_WRONG_CARD = "CC14"


def settle(db: sqlite3.Connection, window: Window, body: Body, *, now: int) -> Payment:
    """Carry out what was chosen. `answer` is a KCP code to fail with, empty for an approval.

    Raises Refusal (400) for a choice the window never offered.
    """
    code = text(body, "answer")
    if code is not None and code not in RESULT_TEXTS:
        raise Refusal("Unknown KCP code in answer.", status=400)
    if now - window.opened_at > LIFE:
        code = _EXPIRED
    elif is_used_up(db, window.payment["merchant_uid"]):
        code = _ORDER_USED_TWICE
    if window.payment["pg_provider"] == BILLING:
        fields = _issued(window, body, code, now=now)
    else:
        fields = _paid(window, body, code, now=now)
    return _write(db, window, fields)


def close(db: sqlite3.Connection, window: Window, *, now: int) -> Payment:
    """The buyer leaves."""
    return _write(db, window, refused(CLOSED_BY_BUYER, now=now))


def _paid(window: Window, body: Body, code: str | None, *, now: int) -> Payment:
    method = _method(window)
    choice = _read_choice(window, method, body, now=now)
    if code is not None:
        return refused(code, now=now)
    return method_fields(method, choice, now=now) | approved(method, now=now)


def _issued(window: Window, body: Body, code: str | None, *, now: int) -> Payment:
    """The key is stored under its name and nothing is charged."""
    company = _read_card(window, body)
    digits = TEST_CARDS.get(text(body, "test_card") or "")
    if digits is None:
        raise Refusal("The window offers no such test card.", status=400)
    if code is not None:
        return refused(code, now=now)
    try:
        check_card(digits, "2099-12", now=now)
    except Refusal:
        return refused(_WRONG_CARD, now=now)
    card = card_fields(digits) | {"card_code": company, "card_name": CARDS[company]}
    row = window.payment
    key = key_fields(row["customer_uid"], {}) | {
        "pg_provider": row["pg_provider"],
        "pg_id": row["pg_id"],
        "sandbox": row["sandbox"],
        **{f"customer_{part}": row[f"buyer_{part}"] for part in ("name", "tel", "email", "addr")},
        "customer_postcode": row["buyer_postcode"],
    }
    save_customer(key | card, now=now, source="buyer")
    shown = {name: card[name] for name in ("card_code", "card_name", "card_number", "card_type")}
    return shown | approved("card", now=now)


def _method(window: Window) -> str:
    """A wallet is in the request only; the row has what it pays with."""
    asked = text(window.params, "pay_method")
    return asked if asked in WALLETS else str(window.payment["pay_method"])


def _read_choice(window: Window, method: str, body: Body, *, now: int) -> Choice:
    if method in WITH_CARD:
        return Choice(card_code=_read_card(window, body), card_quota=_read_quota(window, body))
    if method == "trans":
        return Choice(bank_code=_read_bank(body, tuple(BANK_NAMES)))
    if method == "vbank":
        deadline = vbank_deadline(text(window.params, "vbank_due"), now=now)
        return Choice(bank_code=_read_bank(body, VBANK_ISSUERS), vbank_date=deadline)
    return Choice()


def _read_card(window: Window, body: Body) -> str:
    direct = direct_card(window.params, window.payment["amount"])
    code = direct.code if direct else text(body, "card_code")
    if code not in offered_cards(window.params):
        raise Refusal("The window does not offer that card.", status=400)
    return code


def _read_quota(window: Window, body: Body) -> int:
    amount = window.payment["amount"]
    direct = direct_card(window.params, amount)
    quota = direct.quota if direct else int(number(body, "card_quota") or 0)
    if quota not in offered_quotas(window.params, amount):
        raise Refusal("The window does not offer that many instalments.", status=400)
    return quota


def _read_bank(body: Body, offered: tuple[str, ...]) -> str:
    code = text(body, "bank_code")
    if code not in offered:
        raise Refusal("The window does not offer that bank.", status=400)
    return code


def _write(db: sqlite3.Connection, window: Window, fields: Payment) -> Payment:
    changes = ", ".join(f"{name} = :{name}" for name in fields)
    row = dict(window.payment) | fields
    db.execute(f"UPDATE payments SET {changes} WHERE id = :id", row)
    if row["status"] == "paid" and row["customer_uid_usage"] is None:
        note_charge(db, row)
    return read_one(db, row["imp_uid"])
