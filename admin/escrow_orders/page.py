"""What the page of one escrow order shows, gathered and judged before the template sees it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import url_for
from flask_babel import gettext

from admin.domain.clock import kst_date
from admin.domain.escrow import (
    HELD,
    RULES,
    Decision,
    DeliveryNotice,
    EscrowState,
    days_left,
    escrow_policy,
)
from admin.domain.money import Money
from admin.domain.operation import OperationKind
from admin.domain.permissions import Permission
from admin.escrow_orders.board import deadline_of, left_text
from admin.escrow_orders.rows import courier_name, item_sum
from admin.escrow_orders.tracking import tracking_href
from admin.holidays.queries import closed_days
from admin.models import EscrowDecision, EscrowOrder, Order
from admin.operations.intent import find_open
from admin.orders.queries import find_order
from admin.payments.actions import delivery_why_not
from admin.payments.around import gather
from admin.payments.history.timeline import make_history
from admin.web.access import can
from admin.web.filters import kst_day
from admin.web.labels import LABELS
from admin.web.links import Link
from admin.web.services import gateway_pause


def make_escrow_page(order: EscrowOrder, *, now: datetime) -> dict[str, Any]:
    """The context of escrow_orders/show.html but for its forms."""
    payment = order.payment
    waiting = find_open(payment.imp_uid, OperationKind.DELIVERY)
    books = find_order(payment.merchant_uid)
    checks = can(Permission.PAYMENTS_CHECK.value)
    return {
        "payment": payment,
        "payment_href": url_for("payments.show", payment_id=payment.id),
        "refund_href": _refund_href(order),
        "state": order.state,
        "items": _items(books),
        "item_sum": item_sum(order, books),
        "held": payment.cancellable if order.state in HELD else None,
        "release": _release(order, now=now, holidays=closed_days()),
        "delivery": _delivery(order),
        "waiting": {"href": url_for("operations.show", operation_id=waiting.id)}
        if waiting
        else None,
        "why_not": _delivery_why_not(order, waiting is not None),
        "arrival_why_not": _record_why_not(escrow_policy(order.state).arrival),
        "decision_why_not": _record_why_not(escrow_policy(order.state).decision),
        "decision": _decision(order.decisions[-1]) if order.decisions else None,
        "looked_at": order.looked_at,
        "check_action": url_for("escrow_orders.check", payment_id=payment.id) if checks else "",
        "entries": make_history(payment, gather(payment)),
        "back": Link(gettext("Escrow"), url_for("escrow_orders.index")),
    }


def make_preview(order: EscrowOrder, notice: DeliveryNotice, other: int | None) -> dict[str, Any]:
    """The parcel once more before it is sent, with the order that shares its number."""
    payment = order.payment
    total = item_sum(order, find_order(payment.merchant_uid))
    groups = [notice.invoice[at : at + 4] for at in range(0, len(notice.invoice), 4)]
    return {
        "payment": payment,
        "courier": courier_name(notice.company),
        "invoice": " ".join(groups),
        "sent_at": notice.sent_at,
        "tracking": tracking_href(notice.company, notice.invoice),
        "items_differ": total is not None and not total.agrees,
        "other_href": url_for("escrow_orders.show", payment_id=other) if other else "",
        "action": url_for("escrow_orders.deliver", payment_id=payment.id),
        "back": Link(
            payment.order_name or payment.merchant_uid,
            url_for("escrow_orders.show", payment_id=payment.id),
        ),
    }


def _refund_href(order: EscrowOrder) -> str:
    """Where a denied order is given back, for those who may."""
    if order.state is not EscrowState.DENIED or not can(Permission.REFUNDS_CREATE.value):
        return ""
    return url_for("refunds.new", payment_id=order.payment_id)


def _release(order: EscrowOrder, *, now: datetime, holidays: frozenset[date]) -> str:
    """What is known of when KCP lets the money go; nobody tells the day of its payout."""
    deadline = deadline_of(order, holidays=holidays)
    if order.state is EscrowState.SHIPPED and deadline is not None:
        sentence = gettext(
            "The buyer may decide until %(day)s (%(left)s). After that day it counts as confirmed:"
            " %(rule)s, counted from %(start)s.",
            day=kst_day(deadline.day, "date"),
            left=left_text(days_left(deadline.day, today=kst_date(now), holidays=holidays)),
            rule=LABELS[deadline.rule].text,
            start=kst_day(deadline.start),
        )
        return str(sentence)
    sentences = {
        EscrowState.AWAITING_DEPOSIT: gettext("No money has come in yet."),
        EscrowState.TO_SHIP: gettext("KCP holds the money until the buyer has decided."),
        EscrowState.CONFIRMED: gettext(
            "KCP pays the money out after the confirmation. It does not tell on which day."
        ),
        EscrowState.DENIED: gettext("KCP holds the money until all of it is given back."),
    }
    return str(sentences.get(order.state, gettext("KCP holds nothing of it.")))


def _delivery_why_not(order: EscrowOrder, waiting: bool) -> str:
    if not can(Permission.DELIVERIES_CREATE.value):
        return str(gettext("Your role may not register deliveries."))
    if waiting:
        return str(gettext("The outcome of a registration is not known yet."))
    return delivery_why_not(order.state) or str(gateway_pause())


def _record_why_not(policy_says: str | None) -> str:
    if not can(Permission.ESCROW_DECIDE.value):
        return str(gettext("Your role may not record what buyers decided."))
    return str(gettext(policy_says)) if policy_says else ""


def _delivery(order: EscrowOrder) -> dict[str, Any] | None:
    delivery = order.delivery
    if delivery is None:
        return None
    return {
        "company_name": courier_name(delivery.company),
        "invoice": delivery.invoice,
        "tracking": tracking_href(delivery.company, delivery.invoice),
        "sent_at": delivery.sent_at,
        "applied_at": delivery.applied_at,
        "arrived_on": delivery.arrived_on,
        "arrival_by": delivery.arrival_by,
    }


def _decision(latest: EscrowDecision) -> dict[str, Any]:
    return {
        "what": LABELS[latest.decision].text,
        "decided_on": latest.decided_on,
        "evidence": LABELS[latest.evidence].text,
        "note": "" if latest.evidence in RULES else latest.note,
        "recorded_by": gettext("Jangbu, by the rule")
        if latest.evidence in RULES
        else latest.recorded_by,
        "at": latest.created_at,
        "corrects": latest.corrects_id is not None,
        "is_denied": latest.decision is Decision.DENIED,
    }


def _items(books: Order | None) -> list[dict[str, Any]]:
    if books is None:
        return []
    return [
        {
            "number": item.item_order_number,
            "name": item.name,
            "quantity": item.quantity,
            "amount": Money(item.amount_minor, books.currency),
        }
        for item in books.items
    ]
