"""What can be done with one payment, and why each of the other things cannot."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext

from admin.domain.escrow import EscrowState, escrow_policy
from admin.domain.operation import OperationKind, OperationState
from admin.domain.payment import PayMethod
from admin.domain.permissions import Permission
from admin.domain.refund import RefundPolicy
from admin.models import BillingKey, MoneyOperation, Payment
from admin.operations.intent import find_open
from admin.web.access import can
from admin.web.links import trusted_receipt

CASH_LIKE = (PayMethod.TRANS.value, PayMethod.VBANK.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing people do with payments: where it is done, or why it is not."""

    name: str
    href: str = ""
    why_not: str = ""


def make_actions(
    payment: Payment,
    policy: RefundPolicy,
    waiting: MoneyOperation | None,
    key: BillingKey | None,
) -> dict[str, Action]:
    """Every action there is; each has an address or a reason, never neither."""
    refund = _refund(payment, policy, waiting)
    return {
        "refund": refund,
        "part": _part(policy, refund),
        "check": _check(payment),
        "receipt": _receipt(payment),
        "delivery": _delivery(payment),
        "charge": _charge(payment, key),
        "cash_receipt": _cash_receipt(payment),
        "inquiry": _inquiry(payment),
    }


def delivery_why_not(state: EscrowState) -> str:
    """Why no delivery can be registered for an escrow order in this state; "" when one can."""
    why_not = escrow_policy(state).delivery
    return gettext(why_not) if why_not else ""


def _refund(payment: Payment, policy: RefundPolicy, waiting: MoneyOperation | None) -> Action:
    why_not = ""
    if not can(Permission.REFUNDS_CREATE.value):
        why_not = gettext("Your role may not refund.")
    elif waiting is not None and waiting.state is OperationState.NEEDS_APPROVAL:
        why_not = gettext("Another refund waits for approval.")
    elif waiting is not None:
        why_not = gettext("The outcome of an operation on this payment is not known yet.")
    elif not policy.allowed and policy.why_not:
        why_not = gettext(policy.why_not)
    href = url_for("refunds.new", payment_id=payment.id)
    return _action(gettext("Refund"), href, why_not)


def _part(policy: RefundPolicy, refund: Action) -> Action:
    """A part goes back on the page of the refund; what stops the whole stops a part."""
    why_not = refund.why_not
    if not why_not and policy.why_not_part:
        why_not = gettext(policy.why_not_part)
    return _action(gettext("Refund of a part"), refund.href, why_not)


def _check(payment: Payment) -> Action:
    may = can(Permission.PAYMENTS_CHECK.value)
    why_not = "" if may else gettext("Your role may not look payments up at the gateway.")
    return _action(
        gettext("Look up again"), url_for("payments.check", payment_id=payment.id), why_not
    )


def _receipt(payment: Payment) -> Action:
    href = trusted_receipt(payment.receipt_url)
    why_not = ""
    if not payment.receipt_url:
        why_not = gettext("The gateway gave no address of one.")
    elif not href:
        why_not = gettext("Its address is not one of KCP's.")
    return _action(gettext("Receipt"), href, why_not)


def _delivery(payment: Payment) -> Action:
    order = payment.escrow_order
    if order is None:
        why_not = gettext("This is not an escrow order.")
    elif not can(Permission.DELIVERIES_CREATE.value):
        why_not = gettext("Your role may not register deliveries.")
    elif find_open(payment.imp_uid, OperationKind.DELIVERY) is not None:
        why_not = gettext("The outcome of a registration is not known yet.")
    else:
        why_not = delivery_why_not(order.state)
    href = url_for("escrow_orders.show", payment_id=payment.id)
    return _action(gettext("Register delivery"), href, why_not)


def _charge(payment: Payment, key: BillingKey | None) -> Action:
    name = gettext("Charge again")
    if not payment.customer_uid:
        return _action(name, "", gettext("It was not paid with a billing key."))
    if not can(Permission.CHARGES_CREATE.value):
        return _action(name, "", gettext("Your role may not charge billing keys."))
    if key is None:
        return _action(name, "", gettext("Its billing key is not known here."))
    if key.known_to_gateway is False:
        return _action(name, "", gettext("The gateway knows its billing key no longer."))
    return _action(name, url_for("customers.new_charge", billing_key_id=key.id), "")


def _cash_receipt(payment: Payment) -> Action:
    if payment.pay_method not in CASH_LIKE:
        why_not = gettext("Only for transfers and virtual accounts.")
    elif payment.cash_receipt_issued:
        why_not = gettext("One is issued already.")
    else:
        why_not = gettext("It is issued in KCP's own admin, not from here.")
    return _action(gettext("Cash receipt"), "", why_not)


def _inquiry(payment: Payment) -> Action:
    may = can(Permission.INQUIRIES_WRITE.value)
    why_not = "" if may else gettext("Your role may not open inquiries.")
    href = url_for("inquiries.new", payment_id=payment.id)
    return _action(gettext("Open an inquiry"), href, why_not)


def _action(name: str, href: str, why_not: str) -> Action:
    return Action(name=name, href="" if why_not else href, why_not=why_not)
