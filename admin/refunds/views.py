"""Refunds: the list, and the page on which one is decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.domain.clock import utc_now
from admin.domain.errors import Busy, DomainError, InvalidInput, NotFound
from admin.domain.money import Money
from admin.domain.operation import CAME_TO_NOTHING, OperationKind
from admin.domain.permissions import Permission
from admin.domain.refund import RefundAmountChanged, refund_policy
from admin.domain.tax import split
from admin.gateway.errors import GatewayError
from admin.holidays.queries import closed_days
from admin.models import MoneyOperation, Payment
from admin.operations.errors import OperationInProgress
from admin.operations.queries import given_back_since
from admin.operations.rows import make_row, tell_given_back
from admin.operations.service import get_operation
from admin.orders.queries import find_order
from admin.payments.queries import get_payment
from admin.payments.service import check_payment
from admin.refund_rules.queries import limit_of, spent_today
from admin.refunds.forms import RefundForm
from admin.refunds.queries import (
    GROUPS,
    RefundFilter,
    count_groups,
    payments_of,
    select_refunds,
    tax_left_of,
    total_done,
)
from admin.refunds.service import refund_payment
from admin.saved_views.menu import make_menu, viewed
from admin.web.access import can, current_actor, requires
from admin.web.errors import gateway_sentence, sentence, show_at_field
from admin.web.filters import count, money
from admin.web.keyset import page_of
from admin.web.links import paging
from admin.web.services import gateway, gateway_pause

bp = Blueprint("refunds", __name__)

GLYPHS = {"approval": "clock", "unknown": "half"}


@bp.get("/refunds/")
@requires(Permission.REFUNDS_READ, audit="refunds.searched")
def index() -> ResponseReturnValue:
    """Refunds newest first, by how they ended."""
    group = request.args.get("state", "")
    wanted = RefundFilter(group=group)
    page = page_of(select_refunds(wanted), [MoneyOperation.id], cursor=request.args.get("cursor"))
    payments = payments_of(list(page.rows))
    return render_template(
        "refunds/index.html",
        page=paging(page),
        saved=make_menu("refunds"),
        tabs=_tabs(group),
        rows=[_row(one, payments.get(one.imp_uid or "")) for one in page.rows],
        total=money(-total_done(wanted)),
        empty=_empty() if not page.rows else None,
    )


@bp.get("/payments/<int:payment_id>/refunds/new")
@requires(Permission.REFUNDS_CREATE, audit="payment.viewed")
def new(payment_id: int) -> ResponseReturnValue:
    """The form, over what the gateway says is left right now."""
    error = _look_first(payment_id)
    payment = _payment(payment_id)
    form = RefundForm(formdata=None)
    form.prepare(payment, again=_again(payment, request.args.get("again", "")))
    return _page(payment, form, error=error)


@bp.post("/payments/<int:payment_id>/refunds/")
@requires(Permission.REFUNDS_CREATE)
def create(payment_id: int) -> ResponseReturnValue:
    """Decide one refund and show its outcome on a page that is safe to reload."""
    payment = _payment(payment_id)
    form = RefundForm()
    fine = form.validate_on_submit()
    if not fine or not form.check_amount(payment):
        return _page(payment, form), 422
    try:
        operation = refund_payment(
            form.to_command(payment), actor=current_actor(), gateway=gateway(), now=utc_now()
        )
    except InvalidInput as error:
        show_at_field(form, error, otherwise="amount")
        return _page(payment, form), 422
    except RefundAmountChanged as error:
        payment = _payment(payment_id)
        told = tell_given_back(given_back_since(payment, form.seen_of(payment)), left=error.left)
        form.remember(payment)
        return _page(payment, form, error=told or sentence(error)), 409
    except OperationInProgress as error:
        return _page(payment, form, error=sentence(error)), 409
    except Busy as error:
        return _page(payment, form, error=sentence(error)), 503
    except NotFound:
        raise
    except DomainError as error:
        return _page(payment, form, error=sentence(error)), 422
    return redirect(url_for("operations.show", operation_id=operation.id), 303)


def _page(payment: Payment, form: RefundForm, *, error: str = "") -> str:
    now = utc_now()
    policy = refund_policy(
        payment.snapshot(), escrow=payment.escrow_state, now=now, holidays=closed_days()
    )
    taxes = tax_left_of(payment)
    allowance = _allowance(now=now)
    if pause := gateway_pause():
        policy, error = replace(policy, allowed=False), pause
    if not policy.allowed and not error:
        error = gettext(policy.why_not) if policy.why_not else ""
    return render_template(
        "refunds/new.html",
        payment=payment,
        policy=policy,
        form=form,
        taxes=taxes,
        parts=split(payment.cancellable, tax_free=taxes.tax_free),
        allowance=allowance,
        action=url_for("refunds.create", payment_id=payment.id),
        back_href=url_for("payments.show", payment_id=payment.id),
        items=_items(payment),
        escrow=_escrow(payment),
        error=error,
    )


def _escrow(payment: Payment) -> dict[str, Any] | None:
    """What the buyer of an escrow order decided, as far as it is recorded here."""
    if payment.escrow_state is None:
        return None
    return {
        "state": payment.escrow_state,
        "href": url_for("escrow_orders.show", payment_id=payment.id),
        "may_decide": can(Permission.ESCROW_DECIDE.value),
    }


def _allowance(*, now: datetime) -> Money | None:
    """The most this person may send alone just now; None when nothing limits it."""
    actor = current_actor()
    limit, spent = limit_of(actor), spent_today(actor, now=now)
    rooms = [limit.per_refund] if limit.per_refund is not None else []
    if limit.per_day is not None:
        rooms.append(max(limit.per_day - spent.by_person, Money(0)))
    return min(rooms) if rooms else None


def _again(payment: Payment, operation_id: str) -> MoneyOperation | None:
    """An earlier refund of this very payment that came to nothing."""
    if not operation_id:
        return None
    operation = get_operation(operation_id)
    is_ours = operation.imp_uid == payment.imp_uid and operation.kind is OperationKind.REFUND
    return operation if is_ours and operation.state in CAME_TO_NOTHING else None


def _look_first(payment_id: int) -> str:
    """The form is shown over a fresh look; without one it says so and goes by what we hold."""
    try:
        check_payment(payment_id, actor=current_actor(), gateway=gateway(), now=utc_now())
    except GatewayError as error:
        return gateway_sentence(error)
    return ""


def _payment(payment_id: int) -> Payment:
    payment = get_payment(payment_id)
    if payment is None:
        raise NotFound()
    return payment


def _items(payment: Payment) -> list[dict[str, Any]]:
    order = find_order(payment.merchant_uid)
    if order is None:
        return []
    return [
        {
            "name": item.name,
            "amount": Money(item.amount_minor, order.currency),
            "is_tax_free": False,
            "is_refunded": False,
        }
        for item in order.items
    ]


def _row(operation: MoneyOperation, payment: Payment | None) -> dict[str, Any]:
    row = make_row(operation, payment.order_name or "" if payment else "")
    return {
        "href": row.href,
        "day": row.day,
        "time": row.time,
        "full_time": row.full_time,
        "status": row.status,
        "order_name": row.subject,
        "subject": row.subject,
        "buyer": payment.buyer_name or "–" if payment else "–",
        "reason": row.reason,
        "who": row.who,
        "order_number": row.order_number,
        "amount": row.amount,
    }


def _tabs(current: str) -> list[dict[str, Any]]:
    words = {
        "": gettext("All"),
        "approval": gettext("Awaiting approval"),
        "unknown": gettext("Checking"),
        "done": gettext("Refunded"),
        "not_done": gettext("Not made"),
    }
    counts = count_groups()
    return [
        {
            "label": word,
            "href": url_for("refunds.index", state=group or None, view=viewed()),
            "is_current": group == current or (group == "" and current not in GROUPS),
            "count": count(counts[group]),
            "tone": "amber" if group in GLYPHS and counts[group] else "",
            "glyph": GLYPHS.get(group, "") if counts[group] else "",
        }
        for group, word in words.items()
    ]


def _empty() -> dict[str, str]:
    return {
        "text": gettext("No refund here. One begins on the page of its payment."),
        "href": url_for("payments.index"),
        "action": gettext("See payments"),
    }
