"""What the page of one payment shows, gathered and judged before the template sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext

from admin.domain.escrow import sum_items
from admin.domain.money import Money
from admin.domain.operation import OperationKind, OperationState
from admin.domain.payment import PayMethod
from admin.domain.permissions import Permission
from admin.domain.refund import RefundPolicy, refund_policy
from admin.models import MoneyOperation, Order, Payment
from admin.models.reconciliation import DiscrepancyState
from admin.operations.intent import find_open
from admin.orders.queries import find_order
from admin.payments.history import make_history
from admin.payments.queries import discrepancies_of, observations_of, totals_of_buyer
from admin.web.access import can
from admin.web.links import trusted_receipt


def make_payment_page(payment: Payment, *, now: datetime) -> dict[str, Any]:
    """The context of payments/show.html but for the form and the way back."""
    snapshot = payment.snapshot()
    policy = refund_policy(snapshot, confirmed=False, now=now)
    waiting = find_open(payment.imp_uid)
    order = find_order(payment.merchant_uid)
    observations = observations_of(payment.id)
    buyer = totals_of_buyer(payment)
    return {
        "payment": payment,
        "state": payment.state(now),
        "policy": policy,
        "days_left": (policy.until - now).days if policy.until else None,
        "waiting": _waiting(waiting),
        "why_nots": _why_nots(payment, policy, waiting),
        "actions": _actions(payment, policy, waiting),
        "last_check": {"at": payment.checked_at, "source": gettext("at the gateway")},
        "items": _items(order),
        "item_sum": _item_sum(payment, order),
        "buyer": {
            "count": buyer.count,
            "total": buyer.net,
            "href": url_for("payments.index", q=payment.buyer_tel_digits, period="all"),
        }
        if buyer
        else None,
        "refunds": _refunds(payment),
        "differences": _differences(payment),
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
        "entries": make_history(payment, observations),
    }


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


def _actions(
    payment: Payment, policy: RefundPolicy, waiting: MoneyOperation | None
) -> dict[str, str]:
    refundable = policy.allowed and waiting is None and can(Permission.REFUNDS_CREATE.value)
    checkable = can(Permission.PAYMENTS_CHECK.value)
    asks = can(Permission.INQUIRIES_WRITE.value)
    return {
        "refund_href": url_for("refunds.new", payment_id=payment.id) if refundable else "",
        "check_action": url_for("payments.check", payment_id=payment.id) if checkable else "",
        "charge_href": "",
        "inquiry_href": url_for("inquiries.new", payment_id=payment.id) if asks else "",
        "receipt_href": trusted_receipt(payment.receipt_url),
    }


def _why_nots(
    payment: Payment, policy: RefundPolicy, waiting: MoneyOperation | None
) -> list[tuple[str, str]]:
    """Each action that is not there, with its reason."""
    reasons = []
    if not can(Permission.REFUNDS_CREATE.value):
        reasons.append((gettext("Refund"), gettext("Your role may not refund.")))
    elif waiting is not None and waiting.state is OperationState.NEEDS_APPROVAL:
        reasons.append((gettext("Refund"), gettext("Another refund waits for approval.")))
    elif waiting is not None:
        text = gettext("The outcome of an operation on this payment is not known yet.")
        reasons.append((gettext("Refund"), text))
    elif not policy.allowed and policy.why_not:
        reasons.append((gettext("Refund"), gettext(policy.why_not)))
    if not payment.escrow:
        text = gettext("This is not an escrow order.")
        reasons.append((gettext("Register delivery"), text))
    if payment.pay_method not in (PayMethod.TRANS.value, PayMethod.VBANK.value):
        text = gettext("Only for transfers and virtual accounts.")
        reasons.append((gettext("Cash receipt"), text))
    return reasons


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


def _differences(payment: Payment) -> list[dict[str, Any]]:
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
        for one in discrepancies_of(payment)
    ]
