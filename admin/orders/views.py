"""The shop's orders: the list, and one with its items, its source and what changed in it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.domain.errors import NotFound
from admin.domain.money import Money
from admin.domain.order_input import OrderField
from admin.domain.order_intake import OrderOrigin
from admin.domain.permissions import Permission
from admin.models import AuditEntry, Order, Payment
from admin.orders.forms import OrderSearchForm
from admin.orders.queries import (
    OrderFilter,
    OrderTab,
    changes_of,
    find_order_by_id,
    payments_of,
    select_orders,
    source_names,
)
from admin.web.access import requires
from admin.web.filters import kst, mask_email, mask_phone, money, money_with_unit
from admin.web.keyset import page_of
from admin.web.labels import LABELS, label_of, method_label
from admin.web.links import paging

bp = Blueprint("orders", __name__, url_prefix="/orders")


@bp.get("/")
@requires(Permission.ORDERS_READ, audit="orders.searched")
def index() -> ResponseReturnValue:
    """Orders newest first."""
    form = OrderSearchForm(request.args)
    form.validate()
    names = source_names()
    wanted = _wanted("" if form.q.errors else form.q.data or "", names)
    page = page_of(
        select_orders(wanted), [Order.ordered_at, Order.id], cursor=request.args.get("cursor")
    )
    payments = payments_of([order.order_number for order in page.rows])
    is_narrowed = wanted != OrderFilter()
    return render_template(
        "orders/index.html",
        page=paging(page),
        tabs=_tabs(wanted.tab),
        query={"text": wanted.text, "chips": [], "error": " ".join(map(str, form.q.errors))},
        kept=[(name, request.args[name]) for name in ("tab",) if name in request.args],
        sources=_sources(names),
        chosen=request.args.get("source", ""),
        rows=[_row(order, payments.get(order.order_number, []), names) for order in page.rows],
        is_narrowed=is_narrowed,
        imports_href=_imports_href(),
    )


@bp.get("/<int:order_id>")
@requires(Permission.ORDERS_READ, audit="order.viewed")
def show(order_id: int) -> ResponseReturnValue:
    """One order as the shop believes it."""
    order = find_order_by_id(order_id)
    if order is None:
        raise NotFound()
    total = sum(item.amount_minor for item in order.items)
    return render_template(
        "orders/show.html",
        order=order,
        status=LABELS[order.status],
        facts=_facts(order),
        items=[_item(item, order) for item in order.items],
        total=Money(total, order.currency),
        agrees=total == order.amount_minor,
        payments=[
            _payment(one) for one in payments_of([order.order_number]).get(order.order_number, [])
        ],
        origin=_origin(order, source_names()),
        changes=[_change(entry) for entry in changes_of(order.id)],
    )


def _imports_href() -> str:
    """Where files are brought; that is a feature above this one."""
    known = "order_imports.index" in current_app.view_functions
    return url_for("order_imports.index") if known else ""


def _wanted(text: str, names: dict[int, str]) -> OrderFilter:
    tab = request.args.get("tab", "")
    kind, _, number = request.args.get("source", "").partition(":")
    program = int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else None
    known = {one.value: one for one in OrderOrigin}
    return OrderFilter(
        tab=OrderTab(tab) if tab in {one.value for one in OrderTab} else OrderTab.ALL,
        text=text,
        origin=known.get(kind),
        source_id=program if program in names else None,
    )


def _tabs(current: OrderTab) -> list[dict[str, Any]]:
    words = {
        OrderTab.ALL: gettext("All"),
        OrderTab.WITHOUT_PAYMENT: gettext("Without a payment"),
        OrderTab.WITH_PAYMENT: gettext("With a payment"),
        OrderTab.ESCROW: gettext("Escrow"),
    }
    return [
        {
            "label": word,
            "href": url_for("orders.index", tab=None if tab is OrderTab.ALL else tab.value),
            "is_current": tab is current,
            "count": "",
        }
        for tab, word in words.items()
    ]


def _sources(names: dict[int, str]) -> list[tuple[str, str]]:
    doors = [(one.value, str(label_of(one))) for one in OrderOrigin]
    programs = [(f"{OrderOrigin.API.value}:{key}", name) for key, name in names.items()]
    return [("", gettext("From anywhere")), *doors, *programs]


def _row(order: Order, payments: list[Payment], names: dict[int, str]) -> dict[str, Any]:
    newest = payments[-1] if payments else None
    return {
        "href": url_for("orders.show", order_id=order.id),
        "time": kst(order.ordered_at),
        "full_time": kst(order.ordered_at, "full"),
        "status": LABELS[order.status],
        "order_name": order.order_name,
        "buyer": order.buyer_name or "–",
        "number": order.order_number,
        "origin": _origin(order, names),
        "payment": str(LABELS[newest.standing]) if newest is not None else "",
        "payment_href": url_for("payments.show", payment_id=newest.id) if newest else "",
        "amount": money(order.amount, "0"),
    }


def _facts(order: Order) -> list[tuple[str, str]]:
    return [
        (gettext("Ordered at"), kst(order.ordered_at, "full")),
        (gettext("Paid at"), kst(order.paid_at, "full")),
        (
            gettext("Amount given back"),
            money_with_unit(Money(order.cancelled_minor, order.currency)),
        ),
        (gettext("Pay method"), method_label(order.pay_method)),
        (gettext("Escrow"), gettext("yes") if order.escrow else gettext("no")),
        (gettext("Buyer's name"), order.buyer_name or ""),
        (gettext("Buyer's phone"), mask_phone(order.buyer_tel)),
        (gettext("Buyer's email"), mask_email(order.buyer_email)),
    ]


def _item(item: Any, order: Order) -> dict[str, Any]:
    return {
        "number": item.item_order_number,
        "name": item.name,
        "quantity": item.quantity,
        "amount": Money(item.amount_minor, order.currency),
    }


def _payment(payment: Payment) -> dict[str, Any]:
    return {
        "href": url_for("payments.show", payment_id=payment.id),
        "number": payment.imp_uid,
        "state": LABELS[payment.standing],
        "amount": money_with_unit(payment.snapshot().amount),
        "at": payment.started_at,
    }


def _origin(order: Order, names: dict[int, str]) -> str:
    """By which door it came; of a program its name."""
    if order.origin is None:
        return "–"
    name = names.get(order.source_id) if order.source_id is not None else None
    return name or str(LABELS[order.origin])


def _change(entry: AuditEntry) -> dict[str, Any]:
    fields = {one.value: str(LABELS[one]) for one in OrderField}
    lines = []
    for name, value in entry.facts.items():
        text = gettext("changed") if value == "changed" else value
        lines.append((fields.get(name, gettext("Items")), text))
    return {"at": entry.at, "actor": entry.actor, "lines": lines}
