"""Escrow orders: the list by state, one order with its items, and its delivery."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.domain.clock import utc_now
from admin.domain.errors import Busy, DomainError, InvalidInput, NotFound
from admin.domain.escrow import COURIERS, EscrowState, ItemSum, sum_items
from admin.domain.money import Money
from admin.domain.operation import OperationKind
from admin.domain.permissions import Permission
from admin.escrow_orders.forms import DeliveryForm, EscrowSearchForm
from admin.escrow_orders.queries import (
    count_by_state,
    find_escrow_order,
    held_by_state,
    select_escrow_orders,
)
from admin.escrow_orders.service import (
    check_escrow_order,
    register_delivery,
    same_invoice_elsewhere,
)
from admin.gateway.errors import GatewayError
from admin.models import EscrowOrder, Order
from admin.operations.intent import find_open
from admin.orders.queries import find_order, orders_of
from admin.payments.actions import delivery_why_not
from admin.payments.around import gather
from admin.payments.history import make_history
from admin.saved_views.menu import make_menu, viewed
from admin.web.access import can, current_actor, requires
from admin.web.errors import gateway_sentence, sentence
from admin.web.filters import count, counted, kst, money
from admin.web.keyset import page_of
from admin.web.labels import LABELS
from admin.web.links import Link, paging
from admin.web.services import gateway, gateway_pause

bp = Blueprint("escrow_orders", __name__, url_prefix="/escrow-orders")

TABS = (
    EscrowState.TO_SHIP,
    EscrowState.SHIPPED,
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
    page = page_of(
        select_escrow_orders(state, text),
        [EscrowOrder.payment_id],
        cursor=request.args.get("cursor"),
    )
    orders = orders_of([one.payment.merchant_uid for one in page.rows])
    counts = count_by_state()
    held = sum((one.money.minor for one in held_by_state().values()), 0)
    return render_template(
        "escrow_orders/index.html",
        count=counted(counts.get(state, 0) if state else sum(counts.values())),
        page=paging(page),
        saved=make_menu("escrow_orders"),
        tabs=_tabs(state, counts),
        held=Money(held),
        query={"text": text, "chips": [], "error": " ".join(map(str, form.q.errors))},
        rows=[_row(one, orders.get(one.payment.merchant_uid)) for one in page.rows],
        empty=_empty() if not page.rows else None,
    )


@bp.get("/<int:payment_id>")
@requires(Permission.ESCROW_READ, audit="escrow_order.viewed")
def show(payment_id: int) -> ResponseReturnValue:
    """One escrow order."""
    form = DeliveryForm(formdata=None)
    form.prepare(now=utc_now())
    return _page(_order(payment_id), form)


@bp.post("/<int:payment_id>/deliveries/")
@requires(Permission.DELIVERIES_CREATE)
def deliver(payment_id: int) -> ResponseReturnValue:
    """Register the delivery and show its outcome on a page that is safe to reload."""
    order = _order(payment_id)
    form = DeliveryForm()
    if not form.validate_on_submit():
        return _page(order, form), 422
    command = form.to_command(payment_id)
    other = same_invoice_elsewhere(command.notice, payment_id)
    if other is not None and not form.same_invoice.data:
        text = gettext("This invoice number is registered for another order already. Compare it.")
        form.invoice.errors = [text]
        return _page(order, form, asks_same_invoice=True), 422
    try:
        operation = register_delivery(
            command, actor=current_actor(), gateway=gateway(), now=utc_now()
        )
    except InvalidInput as error:
        name = "sent_on" if error.field == "sent_at" else error.field
        field = form[name] if name in form else form.invoice  # noqa: SIM401
        field.errors = [sentence(error)]
        return _page(order, form), 422
    except Busy as error:
        return _page(order, form, error=sentence(error)), 503
    except NotFound:
        raise
    except DomainError as error:
        return _page(_order(payment_id), form, error=sentence(error)), 409
    return redirect(url_for("operations.show", operation_id=operation.id), 303)


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
    order: EscrowOrder, form: DeliveryForm, *, error: str = "", asks_same_invoice: bool = False
) -> str:
    payment = order.payment
    waiting = find_open(payment.imp_uid, OperationKind.DELIVERY)
    why_not = _why_not(order, waiting is not None)
    books = find_order(payment.merchant_uid)
    checks = can(Permission.PAYMENTS_CHECK.value)
    return render_template(
        "escrow_orders/show.html",
        payment=payment,
        payment_href=url_for("payments.show", payment_id=payment.id),
        state=order.state,
        items=_items(books),
        item_sum=_item_sum(order, books),
        delivery=_delivery(order),
        waiting={"href": url_for("operations.show", operation_id=waiting.id)} if waiting else None,
        form=None if why_not else form,
        asks_same_invoice=asks_same_invoice,
        why_not=why_not,
        action=url_for("escrow_orders.deliver", payment_id=payment.id),
        error=error,
        looked_at=order.looked_at,
        check_action=url_for("escrow_orders.check", payment_id=payment.id) if checks else "",
        entries=make_history(payment, gather(payment)),
        back=Link(gettext("Escrow"), url_for("escrow_orders.index")),
    )


def _order(payment_id: int) -> EscrowOrder:
    order = find_escrow_order(payment_id)
    if order is None:
        raise NotFound()
    return order


def _why_not(order: EscrowOrder, waiting: bool) -> str:
    if not can(Permission.DELIVERIES_CREATE.value):
        return gettext("Your role may not register deliveries.")
    if waiting:
        return gettext("The outcome of a registration is not known yet.")
    return delivery_why_not(order.state) or gateway_pause()


def _delivery(order: EscrowOrder) -> dict[str, Any] | None:
    if order.delivery is None:
        return None
    return {
        "company_name": COURIERS.get(order.delivery.company, order.delivery.company),
        "invoice": order.delivery.invoice,
        "sent_at": order.delivery.sent_at,
        "applied_at": order.delivery.applied_at,
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


def _item_sum(order: EscrowOrder, books: Order | None) -> ItemSum | None:
    if books is None or not books.items:
        return None
    amounts = [Money(item.amount_minor, books.currency) for item in books.items]
    return sum_items(amounts, paid=order.payment.amount)


def _row(order: EscrowOrder, books: Order | None) -> dict[str, Any]:
    payment = order.payment
    items = _item_sum(order, books)
    parcel = "–"
    if order.delivery is not None:
        company = COURIERS.get(order.delivery.company, order.delivery.company)
        number = order.delivery.invoice
        parcel = f"{company} {number[:4]}••••{number[-4:]}"
    return {
        "href": url_for("escrow_orders.show", payment_id=order.payment_id),
        "time": kst(payment.started_at),
        "full_time": kst(payment.started_at, "full"),
        "status": LABELS[order.state],
        "order_name": payment.order_name or payment.merchant_uid,
        "buyer": payment.buyer_name or "–",
        "items": counted(len(books.items)) if books else "–",
        "items_agree": items is None or items.agrees,
        "parcel": parcel,
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
