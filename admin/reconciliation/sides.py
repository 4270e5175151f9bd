"""Both sides of a discrepancy, field by field, as ready texts."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from flask_babel import gettext

from admin.domain.money import Money
from admin.domain.payment import PaymentStatus
from admin.domain.reconciliation.records import BookedStatus
from admin.models import Discrepancy
from admin.web.filters import kst, money
from admin.web.labels import LABELS, method_label

NOTHING = "–"


def make_sides(discrepancy: Discrepancy) -> dict[str, Any]:
    """Columns, lines, total and how many lines agree; see components/side_by_side.html."""
    ours, theirs = discrepancy.ours, discrepancy.theirs
    sides = [
        {"name": gettext("Our books"), "when": _number(ours)},
        *[
            {"name": gettext("Gateway"), "when": kst(discrepancy.last_seen_at, "seconds")}
            for _ in range(max(len(theirs), 1))
        ],
    ]
    seen: list[dict[str, Any] | None] = [*theirs] or [None]
    rows = [
        _row(gettext("Status"), _our_status(ours), [_their_status(one) for one in seen]),
        _row(
            gettext("Approved"),
            _amount(ours, "amount_minor"),
            [_amount(one, "amount_minor") for one in seen],
        ),
        _row(
            gettext("Cancelled"),
            _amount(ours, "cancelled_minor", minus=True),
            [_amount(one, "cancelled_minor", minus=True) for one in seen],
        ),
        _row(gettext("Order no."), _text(ours, "order_number"), _texts(seen, "order_number")),
        _row(gettext("Payment id"), _text(ours, "imp_uid"), _texts(seen, "imp_uid"), optional=True),
        _row(gettext("Approved at"), _time(ours), [_time(one) for one in seen], optional=True),
    ]
    if ours and ours.get("items_minor") is not None:
        items = money(Money(ours["items_minor"], discrepancy.currency))
        paid = [_amount(one, "amount_minor") for one in seen]
        rows.append(_row(gettext("Sum of the items"), items, paid))
    if theirs:
        methods = [method_label(one.get("pay_method")) for one in theirs]
        rows.append(_row(gettext("Method"), NOTHING, methods, optional=True))
    total = {
        "label": gettext("Left"),
        "values": _marked([_left(ours), *[_left(one) for one in seen]]),
    }
    agreeing = sum(row["agrees"] for row in rows)
    return {
        "sides": sides,
        "rows": rows,
        "total": total,
        "differing": len(rows) - agreeing,
        "agreeing": agreeing,
    }


def _row(label: str, ours: str, theirs: list[str], *, optional: bool = False) -> dict[str, Any]:
    """One line. An optional value that one side does not keep is no difference."""
    values = [ours, *theirs]
    known = [value for value in values if value != NOTHING] if optional else values
    agrees = len(set(known)) <= 1
    shown = [{"text": value, "is_odd": False} for value in values] if agrees else _marked(values)
    return {"label": label, "agrees": agrees, "values": shown}


def _marked(values: list[str]) -> list[dict[str, Any]]:
    """The odd ones out: what fewer sides say; of two, the gateway's is the odd one."""
    usual = Counter(values).most_common(1)[0][0]
    return [{"text": value, "is_odd": value != usual} for value in values]


def _our_status(side: dict[str, Any] | None) -> str:
    if side is None:
        return NOTHING
    words = {
        BookedStatus.READY: LABELS[PaymentStatus.READY],
        BookedStatus.PAID: LABELS[PaymentStatus.PAID],
        BookedStatus.FAILED: LABELS[PaymentStatus.FAILED],
        BookedStatus.CANCELLED: LABELS[PaymentStatus.CANCELLED],
    }
    return str(words[BookedStatus(side["status"])].text)


def _their_status(side: dict[str, Any] | None) -> str:
    """By amounts, so that both readings of a partial cancel compare alike."""
    if side is None:
        return NOTHING
    status = PaymentStatus(side["status"])
    if side.get("took_money") and side["cancelled_minor"] < side["amount_minor"]:
        status = PaymentStatus.PAID
    return str(LABELS[status].text)


def _amount(side: dict[str, Any] | None, name: str, *, minus: bool = False) -> str:
    if side is None:
        return NOTHING
    return money(Money(-side[name] if minus else side[name]))


def _left(side: dict[str, Any] | None) -> str:
    if side is None:
        return NOTHING
    took = side.get("took_money", side["status"] in ("paid", "cancelled"))
    return money(Money(side["amount_minor"] - side["cancelled_minor"])) if took else NOTHING


def _text(side: dict[str, Any] | None, name: str) -> str:
    return str(side.get(name) or NOTHING) if side else NOTHING


def _texts(sides: list[dict[str, Any] | None], name: str) -> list[str]:
    return [_text(one, name) for one in sides]


def _time(side: dict[str, Any] | None) -> str:
    if side is None or not side.get("paid_at"):
        return NOTHING
    return kst(datetime.fromisoformat(side["paid_at"]), "full")


def _number(side: dict[str, Any] | None) -> str:
    return str(side["order_number"]) if side else gettext("no such order")
