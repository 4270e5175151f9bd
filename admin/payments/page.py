"""What the page of one payment shows, gathered and judged before the template sees it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext

from admin.domain.escrow import sum_items
from admin.domain.money import Money
from admin.domain.operation import HAPPENED_STATES, OperationKind, OperationState
from admin.domain.permissions import Permission
from admin.domain.refund import refund_policy
from admin.domain.search.printing import show
from admin.domain.search.query import Compare, Field, Query, Term, clean_text
from admin.domain.tax import declared_tax_free, split
from admin.holidays.queries import closed_days
from admin.models import Discrepancy, MoneyOperation, Order, Payment
from admin.models.reconciliation import DiscrepancyState
from admin.operations.intent import find_open
from admin.orders.queries import find_order
from admin.payments.actions import make_actions
from admin.payments.around import Attempts, attempts_of, billing_key_of, gather
from admin.payments.facts import (
    buyer_facts,
    gateway_facts,
    method_facts,
    pretty,
    receipt_facts,
    shop_facts,
)
from admin.payments.finding import plan
from admin.payments.history.story import make_story
from admin.payments.history.timeline import make_history
from admin.payments.listing import read_search
from admin.payments.mentions import colleagues
from admin.payments.neighbours import find_neighbours
from admin.payments.place import Place
from admin.payments.sums import totals_of_buyer
from admin.web.access import can
from admin.web.i18n import language
from admin.web.labels import LABELS, method_label


def make_payment_page(
    payment: Payment, *, place: Place | None, arguments: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """The context of payments/show.html but for the form.

    `place` is the list the reader came from; `arguments` say what of the timeline is shown.
    """
    policy = refund_policy(
        payment.snapshot(), escrow=payment.escrow_state, now=now, holidays=closed_days()
    )
    waiting = find_open(payment.imp_uid)
    order = find_order(payment.merchant_uid)
    around = gather(payment)
    buyer = totals_of_buyer(payment)
    actions = make_actions(payment, policy, waiting, billing_key_of(payment))
    return {
        "payment": payment,
        "state": payment.state(now),
        "policy": policy,
        "days_left": (policy.until - now).days if policy.until else None,
        "waiting": _waiting(waiting),
        "actions": actions,
        "why_nots": [(one.name, one.why_not) for one in actions.values() if one.why_not],
        "last_check": {"at": payment.checked_at, "source": gettext("at the gateway")},
        "amounts": _amounts(payment),
        "items": _items(order),
        "item_sum": _item_sum(payment, order),
        "buyer": {
            "count": buyer.count,
            "total": buyer.net,
            "href": url_for("payments.index", q=payment.buyer_tel_digits, period="all"),
        }
        if buyer
        else None,
        "buyer_facts": buyer_facts(payment),
        "method_facts": method_facts(payment),
        "shop_facts": shop_facts(payment),
        "gateway_facts": gateway_facts(payment),
        "receipt_facts": receipt_facts(payment),
        "custom_data": pretty(payment.custom_data),
        "extra": pretty(payment.extra),
        "attempts": _attempts(payment, attempts_of(payment), now=now),
        "refunds": _refunds(payment),
        "differences": _differences(around.findings),
        "inquiries": [
            {
                "subject": one.subject,
                "state": one.state,
                "at": one.created_at,
                "href": url_for("inquiries.show", inquiry_id=one.id),
            }
            for one in payment.inquiries
        ],
        "escrow": {
            "state": payment.escrow_order.state,
            "href": url_for("escrow_orders.show", payment_id=payment.id),
        }
        if payment.escrow_order
        else None,
        "story": make_story(
            make_history(payment, around),
            show=arguments.get("show", ""),
            everything=bool(arguments.get("all")),
            address=_addresses(payment, place),
        ),
        "looks_href": url_for("payments.looks", payment_id=payment.id)
        if len(around.observations) > 1
        else "",
        "colleagues": [one for one in colleagues() if one.may_be_called]
        if can(Permission.NOTES_WRITE.value)
        else [],
        "around": make_way(payment, place, now=now),
    }


def make_way(payment: Payment, place: Place | None, *, now: datetime) -> dict[str, str]:
    """The list the reader came from, and the payments before and after this one in it."""
    if place is None:
        return {"back": url_for("payments.index"), "previous": "", "next": ""}
    search = read_search(dict(place.pairs), now=now)
    drawn = plan(search.filter, now=now)
    found = find_neighbours(drawn, payment, ascending=search.ascending)
    return {
        "back": place.href,
        "previous": place.payment(found.previous) if found.previous is not None else "",
        "next": place.payment(found.next) if found.next is not None else "",
    }


def _addresses(payment: Payment, place: Place | None) -> Any:
    """The page itself with another part of its timeline; the place in the list is kept."""
    kept: dict[str, Any] = {} if place is None else place.kept

    def address(**parts: str) -> str:
        asked: dict[str, Any] = {name: part for name, part in parts.items() if part}
        return url_for("payments.show", payment_id=payment.id, **kept, **asked, _anchor="history")

    return address


def _waiting(operation: MoneyOperation | None) -> dict[str, Any] | None:
    if operation is None:
        return None
    asks = operation.state is OperationState.NEEDS_APPROVAL
    return {
        "holds": "approval" if asks else "unknown",
        "kind": operation.kind,
        "amount": operation.amount,
        "href": url_for("operations.show", operation_id=operation.id),
    }


def _amounts(payment: Payment) -> dict[str, Any]:
    """Approved, given back and left; by tax as well where the shop declared its tax-free part.

    Who gives back outside Jangbu does not say of which kind it was: then no refund is split, nor
    is what is left.
    """
    tax_free = declared_tax_free(payment.snapshot())
    if tax_free is None:
        return {"is_split": False, "approved": None, "refunded": None, "left": None}
    approved = split(payment.amount, tax_free=tax_free)
    ours = [
        one
        for one in payment.operations
        if one.kind is OperationKind.REFUND and one.state in HAPPENED_STATES
    ]
    if sum(one.amount_minor or 0 for one in ours) != payment.cancelled_minor:
        return {"is_split": True, "approved": approved, "refunded": None, "left": None}
    free_back = sum(int(one.details.get("tax_free_minor", 0)) for one in ours)
    back = split(payment.cancelled, tax_free=Money(free_back, payment.currency))
    return {
        "is_split": True,
        "approved": approved,
        "refunded": back,
        "left": {
            "tax_free": approved.tax_free - back.tax_free,
            "supply": approved.supply - back.supply,
            "vat": approved.vat - back.vat,
        },
    }


def _attempts(payment: Payment, found: Attempts, *, now: datetime) -> dict[str, Any] | None:
    """Every payment of this order number, where there is more than this one."""
    if found.count < 2:
        return None
    return {
        "count": found.count,
        "paid_twice": found.is_paid_twice,
        "holding": found.holding,
        "held": found.held,
        "href": url_for("payments.index", q=_same_order(payment), period="all"),
        "rows": [
            {
                "at": one.started_at,
                "state": LABELS[one.state(now)],
                "method": method_label(one.method),
                "amount": one.amount,
                "cancelled": one.cancelled,
                "is_this": one.id == payment.id,
                "href": url_for("payments.show", payment_id=one.id),
                "imp_uid": one.imp_uid,
            }
            for one in found.payments
        ],
    }


def _same_order(payment: Payment) -> str:
    """A search for this order number alone, as a reader would write it."""
    number = clean_text(payment.merchant_uid)
    if not number:
        return payment.merchant_uid
    term = Term(field=Field.ORDER, compare=Compare.IS, value=number)
    return show(Query((term,)), language())


def _items(order: Order | None) -> list[dict[str, Any]]:
    if order is None:
        return []
    return [
        {
            "name": item.name,
            "quantity": item.quantity,
            "amount": Money(item.amount_minor, order.currency),
            "is_tax_free": False,
            "is_refunded": False,
        }
        for item in order.items
    ]


def _item_sum(payment: Payment, order: Order | None) -> Any:
    if order is None or not order.items:
        return None
    amounts = [Money(item.amount_minor, order.currency) for item in order.items]
    return sum_items(amounts, paid=payment.amount)


def _refunds(payment: Payment) -> list[dict[str, Any]]:
    """Our refunds with their state, and what the gateway cancelled without us."""
    ours = [one for one in payment.operations if one.kind is OperationKind.REFUND]
    claimed = {one.claimed_key for one in ours}
    rows = [
        {
            "at": one.sent_at or one.created_at,
            "amount": one.amount,
            "reason": one.reason,
            "who": one.created_by,
            "state": one.state,
            "href": url_for("operations.show", operation_id=one.id),
        }
        for one in ours
    ]
    rows.extend(
        {
            "at": entry.cancelled_at,
            "amount": Money(entry.amount_minor, payment.currency),
            "reason": entry.reason,
            "who": gettext("outside Jangbu"),
            "state": None,
            "href": "",
        }
        for entry in payment.cancellations
        if entry.key not in claimed
    )
    return sorted(rows, key=lambda row: row["at"], reverse=True)


def _differences(findings: list[Discrepancy]) -> list[dict[str, Any]]:
    if not can(Permission.RECONCILIATION_READ.value):
        return []
    words = {
        DiscrepancyState.OPEN: gettext("open"),
        DiscrepancyState.RESOLVED: gettext("settled"),
    }
    return [
        {
            "kind": one.kind,
            "state": words[one.state],
            "href": url_for("reconciliation.show", discrepancy_id=one.id),
        }
        for one in findings
    ]
