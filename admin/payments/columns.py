"""The columns that the list of payments can show, and which of them somebody chose.

What a row always has ready (its time, state, order, numbers and amount) the template draws by the
kind of the column; all others are one text each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext

from admin.columns.service import chosen_columns
from admin.domain.money import Money
from admin.models import Payment
from admin.web.filters import kst, mask_email, mask_phone, money
from admin.web.labels import method_label

LIST = "payments.page"  # a file of the list has a choice of its own
USUAL = ("time", "status", "order", "buyer", "method", "ids", "amount")
ORDER = "order"  # holds the link to the payment: a row cannot do without

Cell = tuple[str, str]  # kind, text
# Kinds of a column that is one text: short, an amount, money that went back, of any length.
TEXT, NUMBER, MINUS, LONG = "", "number", "minus", "long"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownColumn:
    """One column. `needs` names what of a payment it shows beyond what every row holds."""

    name: str
    heading: str
    kind: str = TEXT
    text: Callable[[Any], str] = lambda payment: ""
    needs: tuple[str, ...] = ()
    is_usual: bool = False


def shown_columns(operator_id: int | None, time_heading: str) -> list[ShownColumn]:
    """The columns this person chose, in their order; nothing where the list is as it always is."""
    chosen = chosen_columns(operator_id, LIST)
    if not chosen or tuple(chosen) == USUAL:
        return []
    offered = {one.name: one for one in all_columns(time_heading)}
    return [offered[name] for name in chosen if name in offered]


def needed(columns: list[ShownColumn]) -> list[str]:
    """What of a payment these columns show beyond what every row holds."""
    return [name for column in columns for name in column.needs]


def all_columns(time_heading: str) -> list[ShownColumn]:
    """Every column, headings in the reader's language; the usual ones first and in their order."""
    escrow, test = gettext("Escrow"), gettext("Test")
    return [
        ShownColumn(name="time", heading=time_heading, kind="time", is_usual=True),
        ShownColumn(name="status", heading=gettext("Status"), kind="status", is_usual=True),
        ShownColumn(name=ORDER, heading=gettext("Order"), kind=ORDER, is_usual=True),
        ShownColumn(name="buyer", heading=gettext("Buyer"), kind="buyer", is_usual=True),
        ShownColumn(name="method", heading=gettext("Method"), kind="method", is_usual=True),
        ShownColumn(
            name="ids", heading=gettext("Order no. · payment id"), kind="ids", is_usual=True
        ),
        ShownColumn(
            name="amount",
            heading=gettext("Amount (KRW)"),
            kind="amount",
            is_usual=True,
        ),
        _text("phone", gettext("Phone"), lambda one: mask_phone(one.buyer_tel), "buyer_tel"),
        _text("email", gettext("Email"), lambda one: mask_email(one.buyer_email), "buyer_email"),
        _text("apply_num", gettext("Approval no."), lambda one: one.apply_num or "", "apply_num"),
        _text("card", gettext("Card"), _card, "card_number"),
        _text("mid", gettext("KCP site code"), lambda one: one.pg_id or "", "pg_id"),
        _text("pg_tid", gettext("KCP transaction no."), lambda one: one.pg_tid or "", "pg_tid"),
        ShownColumn(
            name="cancelled",
            heading=gettext("Cancelled (KRW)"),
            kind=MINUS,
            text=lambda one: _won(-one.cancelled_minor, one) if one.cancelled_minor else "",
        ),
        ShownColumn(
            name="left",
            heading=gettext("Left (KRW)"),
            kind=NUMBER,
            text=lambda one: (
                _won(one.amount_minor - one.cancelled_minor, one) if one.paid_at else ""
            ),
        ),
        _text("escrow", escrow, lambda one: escrow if one.escrow else ""),
        _text("test", test, lambda one: test if one.sandbox else ""),
        _text(
            "cancel_reason",
            gettext("Cancel reason"),
            lambda one: one.cancel_reason or "",
            "cancel_reason",
            kind=LONG,
        ),
        _text(
            "fail_reason",
            gettext("Failure"),
            lambda one: one.fail_reason or "",
            "fail_reason",
            kind=LONG,
        ),
        _moment("started_at", gettext("Requested at"), lambda one: one.started_at),
        _moment("paid_at", gettext("Approved at"), lambda one: one.paid_at),
        _moment("cancelled_at", gettext("Cancelled at"), lambda one: one.cancelled_at),
    ]


def _text(
    name: str, heading: str, text: Callable[[Any], str], *needs: str, kind: str = TEXT
) -> ShownColumn:
    return ShownColumn(name=name, heading=heading, text=text, needs=needs, kind=kind)


def _moment(name: str, heading: str, moment: Callable[[Any], datetime | None]) -> ShownColumn:
    def text(payment: Payment) -> str:
        at = moment(payment)
        return kst(at, "short") if at else ""

    return _text(name, heading, text)


def _won(minor: int, payment: Any) -> str:
    return money(Money(minor, payment.currency))


def _card(payment: Any) -> str:
    """`신한카드 4111-****-****-1111` as the gateway masks it; nothing where no card was used."""
    parts = (payment.card_name, payment.card_number)
    if any(parts):
        return " ".join(part for part in parts if part)
    return method_label("card") if payment.pay_method == "card" else ""
