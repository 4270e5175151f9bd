"""Operations: the list behind the top bar's indicator, and one outcome, safe to reload."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.domain.clock import utc_now
from admin.domain.money import Money
from admin.domain.operation import (
    CAME_TO_NOTHING,
    HUMAN_AFTER,
    OPEN_STATES,
    OperationKind,
    OperationState,
)
from admin.domain.permissions import Permission
from admin.models import MoneyOperation, Payment
from admin.operations.billing_keys import find_key
from admin.operations.closing import CLOSABLE, find_awaited
from admin.operations.forms import ClosureForm, DeclineForm
from admin.operations.key_sentences import explain
from admin.operations.queries import (
    SHOWN_AS_UNKNOWN,
    count_all,
    find_payment,
    given_back_since,
    select_operations,
    subjects_of,
)
from admin.operations.resolver import advance, look
from admin.operations.rows import make_row, tell_given_back
from admin.operations.service import get_operation
from admin.operations.steps import make_entry
from admin.web.access import can, current_actor, requires
from admin.web.filters import count
from admin.web.keyset import page_of
from admin.web.links import Link, paging
from admin.web.services import gateway, settings

bp = Blueprint("operations", __name__, url_prefix="/operations")

REFRESH_SECONDS = 5
GROUPS: dict[str, frozenset[OperationState] | None] = {
    "unknown": SHOWN_AS_UNKNOWN,
    "human": CLOSABLE,
    "late": frozenset({OperationState.SUCCEEDED_LATE}),
    "approval": frozenset({OperationState.NEEDS_APPROVAL}),
    "open": OPEN_STATES,
    "": None,
}
CANCELLED_AT_PG = "기 취소"  # KCP's words for a payment that its own admin has cancelled
# What changes by itself soon, so that the page follows it.
MOVING = OPEN_STATES - {OperationState.NEEDS_APPROVAL}


@bp.get("/")
@requires(Permission.OPERATIONS_READ)
def index() -> ResponseReturnValue:
    """Operations newest first; `state=unknown` holds those whose outcome is not known."""
    group = request.args.get("state", "unknown")
    states = GROUPS.get(group)
    query = select_operations(states=states)
    page = page_of(query, [MoneyOperation.id], cursor=request.args.get("cursor"))
    subjects = subjects_of(page.rows)
    return render_template(
        "operations/index.html",
        page=paging(page),
        tabs=_tabs(group),
        rows=[make_row(one, subjects.get(one.id, "")) for one in page.rows],
        empty=_empty(group) if not page.rows else None,
    )


@bp.get("/<operation_id>")
@requires(Permission.OPERATIONS_READ)
def show(operation_id: str) -> ResponseReturnValue:
    """What became of one operation. Opening it looks, when a look is due."""
    now = utc_now()
    operation = get_operation(operation_id)
    if operation.is_open and operation.next_look_at and operation.next_look_at <= now:
        operation = advance(operation_id, gateway=gateway(), now=now)
    return operation_page(operation_id)


def operation_page(
    operation_id: str,
    *,
    decline_form: DeclineForm | None = None,
    closure_form: ClosureForm | None = None,
    error: str = "",
) -> str:
    """The page of one operation as its row stands, with the forms a second person may fill in."""
    now = utc_now()
    operation = get_operation(operation_id)
    payment = find_payment(operation)
    open_now = operation.state in OPEN_STATES
    closable = operation.state in CLOSABLE and can(Permission.OPERATIONS_CLOSE.value)
    return render_template(
        "operations/show.html",
        operation=operation,
        subject=_subject(operation, payment),
        figures=_figures(operation) if open_now else None,
        entries=[make_entry(step, operation) for step in operation.steps],
        next_look=_seconds_to_look(operation, now=now),
        human_at=_human_at(operation),
        wait=REFRESH_SECONDS if operation.state in MOVING else "",
        check_action=_check_action(operation),
        again_href=_again_href(operation, payment),
        explanation=_explanation(operation, payment),
        account=operation.details.get("account", ""),
        tax_free=_tax_free(operation),
        asks=_asks(operation),
        decline_form=decline_form or DeclineForm(formdata=None),
        closure_form=(closure_form or ClosureForm(formdata=None)) if closable else None,
        closure=_closure(operation) if closable else None,
        error=error,
    )


@bp.post("/<operation_id>/looks/")
@requires(Permission.PAYMENTS_CHECK)
def look_now(operation_id: str) -> ResponseReturnValue:
    """Ask the gateway now ("확인"). The only button there is while the outcome is unknown."""
    now = utc_now()
    before = get_operation(operation_id).state
    if before in (OperationState.READY, OperationState.SENDING):
        after = advance(operation_id, gateway=gateway(), now=now)
    else:
        after = look(operation_id, gateway=gateway(), now=now)
    if after.state is before:
        flash(gettext("Looked up: the outcome is still not known. We keep looking."))
    return redirect(url_for("operations.show", operation_id=operation_id), 303)


def _asks(operation: MoneyOperation) -> dict[str, Any] | None:
    """Who is asked to agree, why, and what this reader may do about it."""
    approval = operation.approval
    if approval is None or operation.state is not OperationState.NEEDS_APPROVAL:
        return None
    own = operation.created_by_id == current_actor().operator_id
    limit = approval.limit_minor
    return {
        "cause": approval.cause,
        "limit": Money(limit, operation.currency) if limit is not None else None,
        "expires_at": approval.expires_at,
        "is_own": own,
        "may_decide": not own and can(Permission.REFUNDS_APPROVE.value),
    }


def _closure(operation: MoneyOperation) -> dict[str, Any] | None:
    """What somebody says became of it, waiting for a second person."""
    closure = find_awaited(operation.id)
    if closure is None:
        return None
    own = closure.proposed_by_id == current_actor().operator_id
    return {"row": closure, "is_own": own}


def _tax_free(operation: MoneyOperation) -> Money | None:
    minor = int(operation.details.get("tax_free_minor", 0))
    return Money(minor, operation.currency) if minor else None


def _again_href(operation: MoneyOperation, payment: Payment | None) -> str:
    """Where what did not happen may be asked for once more."""
    if operation.state not in CAME_TO_NOTHING:
        return ""
    if operation.kind is OperationKind.REFUND and payment is not None:
        href = url_for("refunds.new", payment_id=payment.id, again=operation.id)
        return href if can(Permission.REFUNDS_CREATE.value) else ""
    if operation.kind is OperationKind.KEY_IN:
        customer = operation.details["customer_id"]
        href = url_for("cards.new_payment", customer_id=customer, again=operation.id)
        return href if settings().key_in and can(Permission.CARDS_KEY_IN.value) else ""
    key = find_key(operation.customer_uid or "")
    if operation.kind is OperationKind.CHARGE and key is not None:
        href = url_for("customers.new_charge", billing_key_id=key.id, again=operation.id)
        return href if can(Permission.CHARGES_CREATE.value) else ""
    return ""


def _explanation(operation: MoneyOperation, payment: Payment | None) -> str:
    """Why nothing was sent, where the general sentence would leave that open."""
    if told := explain(operation):
        return told
    if operation.state is OperationState.FAILED and CANCELLED_AT_PG in operation.outcome:
        return gettext(
            "KCP has cancelled it already. Somebody may have done so in KCP's own admin, which the "
            "gateway does not learn of. Compare there before you go on."
        )
    if operation.state is not OperationState.REJECTED:
        return ""
    if operation.kind is OperationKind.REFUND and payment is not None:
        seen = Money(operation.seen_minor or 0, operation.currency)
        return tell_given_back(given_back_since(payment, seen), left=payment.cancellable)
    return {
        OperationKind.CHARGE: gettext("This order number is paid already, so nothing was sent."),
        OperationKind.DELIVERY: gettext(
            "The gateway holds a delivery for this payment already, so nothing was sent."
        ),
    }.get(operation.kind, "")


def _subject(operation: MoneyOperation, payment: Any) -> Link:
    if payment is not None:
        name = f"{payment.merchant_uid} · {payment.order_name or ''}".rstrip(" ·")
        return Link(name, url_for("payments.show", payment_id=payment.id))
    customer = operation.details.get("customer_id")
    number = operation.merchant_uid or operation.customer_uid
    name = f"{number} · {operation.details.get('order_name', '')}".rstrip(" ·")
    if customer and can(Permission.CUSTOMERS_READ.value):
        return Link(name, url_for("customers.show", customer_id=customer))
    return Link(name, url_for("operations.index"))


def _figures(operation: MoneyOperation) -> list[dict[str, Any]] | None:
    """Before, now and if it happened: the cancelled total by which a refund will be known."""
    if operation.kind is not OperationKind.REFUND or operation.baseline_cancelled_minor is None:
        return None
    baseline = operation.baseline_cancelled_minor
    left = operation.expected_left_minor or 0
    amount = operation.amount_minor or 0

    def line(label: str, cancelled: int, rest: int, meaning: str, **more: Any) -> dict[str, Any]:
        return {
            "label": label,
            "cancelled": Money(cancelled, operation.currency),
            "left": Money(rest, operation.currency),
            "meaning": meaning,
            "tone": "",
            "is_now": False,
            **more,
        }

    lines = [line(gettext("Before sending"), baseline, left, gettext("as it was then"))]
    looks = [step.facts for step in operation.steps if step.phase == "look" and step.facts]
    if looks:
        cancelled, rest = looks[-1]["cancelled_minor"], looks[-1]["left_minor"]
        same = cancelled == baseline
        meaning = gettext("not changed yet") if same else gettext("something moved")
        now = gettext("Looked up now")
        lines.append(line(now, cancelled, rest, meaning, tone="amber", is_now=True))
    meaning = gettext("once this is seen, it is done")
    lines.append(line(gettext("If it happened"), baseline + amount, left - amount, meaning))
    return lines


def _seconds_to_look(operation: MoneyOperation, *, now: datetime) -> int | None:
    if operation.state not in OPEN_STATES or operation.next_look_at is None:
        return None
    return max(int((operation.next_look_at - now).total_seconds()), 0)


def _human_at(operation: MoneyOperation) -> datetime | None:
    if operation.state is not OperationState.UNKNOWN or operation.sent_at is None:
        return None
    return operation.sent_at + HUMAN_AFTER


def _check_action(operation: MoneyOperation) -> str:
    if operation.state not in MOVING or not can(Permission.PAYMENTS_CHECK.value):
        return ""
    return url_for("operations.look_now", operation_id=operation.id)


def _tabs(current: str) -> list[dict[str, Any]]:
    words = {
        "unknown": gettext("Outcome unknown"),
        "human": gettext("Needs a person"),
        "late": gettext("Done late"),
        "approval": gettext("Awaiting approval"),
        "open": gettext("Still open"),
        "": gettext("All"),
    }
    tabs = []
    for group, word in words.items():
        number = count_all(GROUPS[group])
        amber = group == "unknown" and number > 0
        tabs.append(
            {
                "label": word,
                "href": url_for("operations.index", state=group),
                "is_current": group == current,
                "count": count(number),
                "tone": "amber" if amber else "",
                "glyph": "half" if amber else "",
            }
        )
    return tabs


def _empty(group: str) -> dict[str, str]:
    text = gettext("Every outcome is known.") if group else gettext("Nothing was asked for yet.")
    href = url_for("operations.index", state="") if group else url_for("payments.index")
    action = gettext("See all operations") if group else gettext("See payments")
    return {"text": text, "href": href, "action": action}
