"""Escrow orders: the list by state, one order with its items, and its delivery."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.domain.clock import kst_date, utc_now
from admin.domain.errors import Busy, DomainError, InvalidInput, NotFound
from admin.domain.escrow import EscrowState, Stage
from admin.domain.money import Money
from admin.domain.permissions import Permission
from admin.escrow_orders.board import make_board
from admin.escrow_orders.decision_service import record_arrival, record_decision
from admin.escrow_orders.forms import ArrivalForm, DecisionForm, DeliveryForm, EscrowSearchForm
from admin.escrow_orders.page import make_escrow_page, make_preview
from admin.escrow_orders.queries import (
    Held,
    Place,
    count_by_state,
    find_escrow_order,
    held_by_stage,
    held_by_state,
    select_escrow_orders,
    within_stage,
)
from admin.escrow_orders.rows import item_sum, parcel_text
from admin.escrow_orders.service import (
    DeliveryCommand,
    check_escrow_order,
    register_delivery,
    rehearse_delivery,
    same_invoice_elsewhere,
)
from admin.gateway.errors import GatewayError
from admin.holidays.queries import closed_days
from admin.models import EscrowDecision, EscrowOrder, Order
from admin.orders.queries import orders_of
from admin.saved_views.menu import make_menu, viewed
from admin.web.access import current_actor, requires
from admin.web.errors import gateway_sentence, sentence, show_at_field, status_of
from admin.web.filters import count, counted, kst, money
from admin.web.keyset import page_of
from admin.web.labels import LABELS
from admin.web.links import paging
from admin.web.services import gateway

bp = Blueprint("escrow_orders", __name__, url_prefix="/escrow-orders")

TABS = (
    EscrowState.TO_SHIP,
    EscrowState.SHIPPED,
    EscrowState.DENIED,
    EscrowState.CONFIRMED,
    EscrowState.RETURNED,
    EscrowState.AWAITING_DEPOSIT,
    EscrowState.REFUNDED,
    EscrowState.ENDED,
)


@bp.get("/")
@requires(Permission.ESCROW_READ, audit="escrow_orders.searched")
def index() -> ResponseReturnValue:
    """Escrow orders newest first, by state."""
    form = EscrowSearchForm(request.args)
    form.validate()
    text = "" if form.q.errors else (form.q.data or "")
    asked = request.args.get("state", "")
    state = EscrowState(asked) if asked in {one.value for one in EscrowState} else None
    today, holidays = kst_date(utc_now()), closed_days()
    stage = _stage(state)
    within = within_stage(stage, today=today, holidays=holidays) if stage else None
    page = page_of(
        select_escrow_orders(state, text, within=within),
        [EscrowOrder.payment_id],
        cursor=request.args.get("cursor"),
    )
    orders = orders_of([one.payment.merchant_uid for one in page.rows])
    counts = count_by_state()
    stages = held_by_stage(today=today, holidays=holidays) if state is EscrowState.SHIPPED else {}
    total = counts.get(state, 0) if state else sum(counts.values())
    return render_template(
        "escrow_orders/index.html",
        count=counted(stages[stage].count if stage else total),
        page=paging(page),
        saved=make_menu("escrow_orders"),
        tabs=_tabs(state, counts),
        stages=_stages(stage, stages),
        held=Money(sum(one.money.minor for one in held_by_state().values())),
        query={"text": text, "chips": [], "error": " ".join(map(str, form.q.errors))},
        rows=[_row(one, orders.get(one.payment.merchant_uid)) for one in page.rows],
        empty=_empty() if not page.rows else None,
    )


@bp.get("/board")
@requires(Permission.ESCROW_READ, audit="escrow_orders.searched")
def board() -> ResponseReturnValue:
    """What happens next to each order, by its deadline."""
    return render_template("escrow_orders/board.html", board=make_board(now=utc_now()))


@bp.get("/<int:payment_id>")
@requires(Permission.ESCROW_READ, audit="escrow_order.viewed")
def show(payment_id: int) -> ResponseReturnValue:
    """One escrow order."""
    return _page(_order(payment_id))


@bp.post("/<int:payment_id>/deliveries/")
@requires(Permission.DELIVERIES_CREATE)
def deliver(payment_id: int) -> ResponseReturnValue:
    """Show the parcel once more; once it was seen so, register it and show the outcome."""
    order = _order(payment_id)
    form = DeliveryForm()
    if not form.validate_on_submit():
        return _page(order, delivery_form=form), 422
    command = form.to_command(payment_id)
    actor, now = current_actor(), utc_now()
    try:
        rehearse_delivery(command, actor=actor, now=now)
        other = same_invoice_elsewhere(command.notice, payment_id)
        if request.form.get("change"):
            return _page(order, delivery_form=form)
        if not form.looked_over(command, other):
            return _preview(order, form, command, other)
        if other is not None and not form.same_invoice.data:
            form.same_invoice.errors = [gettext("Tick this, or change the number.")]
            return _preview(order, form, command, other), 422
        operation = register_delivery(command, actor=actor, gateway=gateway(), now=now)
    except InvalidInput as error:
        otherwise = "sent_on" if error.field == "sent_at" else "invoice"
        show_at_field(form, error, otherwise=otherwise)
        return _page(order, delivery_form=form), 422
    except Busy as error:
        return _page(order, delivery_form=form, error=sentence(error)), 503
    except NotFound:
        raise
    except DomainError as error:
        return _page(_order(payment_id), delivery_form=form, error=sentence(error)), 409
    return redirect(url_for("operations.show", operation_id=operation.id), 303)


@bp.post("/<int:payment_id>/arrivals/")
@requires(Permission.ESCROW_DECIDE)
def arrive(payment_id: int) -> ResponseReturnValue:
    """Keep the day on which the parcel arrived."""
    order = _order(payment_id)
    form = ArrivalForm()
    if not form.validate_on_submit():
        return _page(order, arrival_form=form), 422
    try:
        record_arrival(payment_id, form.arrived_on.data, actor=current_actor(), now=utc_now())
    except NotFound:
        raise
    except DomainError as error:
        form.arrived_on.errors = [sentence(error)]
        return _page(order, arrival_form=form), status_of(error)
    flash(gettext("Kept. The deadline is counted from the arrival now."), "done")
    return redirect(url_for("escrow_orders.show", payment_id=payment_id), 303)


@bp.post("/<int:payment_id>/arrivals/removal/")
@requires(Permission.ESCROW_DECIDE)
def unarrive(payment_id: int) -> ResponseReturnValue:
    """Take the day of arrival back."""
    try:
        record_arrival(payment_id, None, actor=current_actor(), now=utc_now())
    except NotFound:
        raise
    except DomainError as error:
        flash(sentence(error), "error")
    else:
        flash(gettext("Taken back. The deadline is counted from the registration again."), "done")
    return redirect(url_for("escrow_orders.show", payment_id=payment_id), 303)


@bp.post("/<int:payment_id>/decisions/")
@requires(Permission.ESCROW_DECIDE)
def decide(payment_id: int) -> ResponseReturnValue:
    """Record what the buyer decided. Nothing is sent anywhere."""
    order = _order(payment_id)
    form = DecisionForm(_latest(order))
    if not form.validate_on_submit():
        return _page(order, decision_form=form), 422
    try:
        record_decision(form.to_command(payment_id), actor=current_actor(), now=utc_now())
    except InvalidInput as error:
        show_at_field(form, error, otherwise="decision")
        return _page(order, decision_form=form), 422
    except NotFound:
        raise
    except DomainError as error:
        order = _order(payment_id)
        form.seen.raw_data, form.seen.data = None, _number(_latest(order))
        return _page(order, decision_form=form, decision_error=sentence(error)), 409
    flash(gettext("Recorded. Refunds are judged by it from now on."), "done")
    return redirect(url_for("escrow_orders.show", payment_id=payment_id, _anchor="decision"), 303)


@bp.post("/<int:payment_id>/checks/")
@requires(Permission.PAYMENTS_CHECK)
def check(payment_id: int) -> ResponseReturnValue:
    """Ask the gateway which delivery it holds."""
    try:
        notice = check_escrow_order(
            payment_id, actor=current_actor(), gateway=gateway(), now=utc_now()
        )
    except GatewayError as error:
        flash(gateway_sentence(error), "error")
    else:
        found = gettext("Looked up: a delivery is registered.")
        none = gettext("Looked up: no delivery is registered.")
        flash(found if notice else none, "done")
    return redirect(url_for("escrow_orders.show", payment_id=payment_id), 303)


def _page(
    order: EscrowOrder,
    *,
    delivery_form: DeliveryForm | None = None,
    arrival_form: ArrivalForm | None = None,
    decision_form: DecisionForm | None = None,
    error: str = "",
    decision_error: str = "",
) -> str:
    now = utc_now()
    context = make_escrow_page(order, now=now)
    if delivery_form is None:
        delivery_form = DeliveryForm(formdata=None)
        delivery_form.prepare(now=now)
    if arrival_form is None:
        arrival_form = ArrivalForm(formdata=None)
        arrival_form.arrived_on.data = order.delivery.arrived_on if order.delivery else None
    if decision_form is None:
        decision_form = DecisionForm(_latest(order), formdata=None)
        decision_form.prepare(_latest(order), now=now)
    return render_template(
        "escrow_orders/show.html",
        **context,
        form=None if context["why_not"] else delivery_form,
        action=url_for("escrow_orders.deliver", payment_id=order.payment_id),
        error=error,
        arrival_form=None if context["arrival_why_not"] else arrival_form,
        decision_form=None if context["decision_why_not"] else decision_form,
        decision_error=decision_error,
    )


def _preview(
    order: EscrowOrder, form: DeliveryForm, command: DeliveryCommand, other: int | None
) -> str:
    form.sign(command, other)
    context = make_preview(order, command.notice, other)
    return render_template("escrow_orders/preview.html", **context, form=form)


def _latest(order: EscrowOrder) -> EscrowDecision | None:
    return order.decisions[-1] if order.decisions else None


def _number(decision: EscrowDecision | None) -> int:
    return decision.id if decision is not None else 0


def _stage(state: EscrowState | None) -> Stage | None:
    """The part of the shipped orders that is asked for."""
    asked = request.args.get("stage", "")
    known = state is EscrowState.SHIPPED and asked in {one.value for one in Stage}
    return Stage(asked) if known else None


def _stages(current: Stage | None, held: dict[Place, Held]) -> list[dict[str, Any]]:
    """The ways to narrow the shipped orders; [] in any other state."""
    if not held:
        return []

    def address(stage: Stage | None) -> str:
        part = stage.value if stage else None
        return url_for("escrow_orders.index", state="shipped", stage=part, view=viewed())

    return [
        {"label": gettext("All"), "href": address(None), "is_current": current is None},
        *[
            {
                "label": f"{LABELS[one].text} {count(held[one].count)}",
                "href": address(one),
                "is_current": current is one,
            }
            for one in Stage
        ],
    ]


def _order(payment_id: int) -> EscrowOrder:
    order = find_escrow_order(payment_id)
    if order is None:
        raise NotFound()
    return order


def _row(order: EscrowOrder, books: Order | None) -> dict[str, Any]:
    payment = order.payment
    items = item_sum(order, books)
    return {
        "href": url_for("escrow_orders.show", payment_id=order.payment_id),
        "time": kst(payment.started_at),
        "full_time": kst(payment.started_at, "full"),
        "status": LABELS[order.state],
        "order_name": payment.order_name or payment.merchant_uid,
        "buyer": payment.buyer_name or "–",
        "items": counted(len(books.items)) if books else "–",
        "items_agree": items is None or items.agrees,
        "parcel": parcel_text(order) or "–",
        "merchant_uid": payment.merchant_uid,
        "amount": money(payment.amount),
    }


def _tabs(current: EscrowState | None, counts: dict[EscrowState, int]) -> list[dict[str, Any]]:
    tabs = [
        {
            "label": gettext("All"),
            "href": url_for("escrow_orders.index", view=viewed()),
            "is_current": current is None,
            "count": count(sum(counts.values())),
            "tone": "",
            "glyph": "",
        }
    ]
    tabs.extend(
        {
            "label": str(LABELS[state].text),
            "href": url_for("escrow_orders.index", state=state.value, view=viewed()),
            "is_current": current is state,
            "count": count(counts.get(state, 0)),
            "tone": "",
            "glyph": "",
        }
        for state in TABS
    )
    return tabs


def _empty() -> dict[str, str]:
    return {
        "text": gettext("No escrow order here."),
        "href": url_for("escrow_orders.index"),
        "action": gettext("See all escrow orders"),
    }
