"""Customers: find one, see the billing keys, charge one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.customers.forms import ChargeForm, CustomerSearchForm
from admin.customers.queries import (
    charges_of,
    count_customers,
    get_billing_key,
    get_customer,
    keyed_in_by,
    payments_of,
    select_customers,
    totals_of,
)
from admin.customers.service import charge_billing_key, check_billing_keys
from admin.domain.clock import utc_now
from admin.domain.errors import Busy, DomainError, InvalidInput
from admin.domain.operation import CAME_TO_NOTHING, OperationKind
from admin.domain.permissions import Permission
from admin.gateway.errors import GatewayError
from admin.models import BillingKey, Customer, MoneyOperation, TimeBasis
from admin.operations.intent import PAYING_KINDS
from admin.operations.queries import uncertain_payments
from admin.operations.service import get_operation
from admin.payments.rows import make_groups
from admin.saved_views.menu import make_menu
from admin.web.access import can, current_actor, requires
from admin.web.errors import gateway_sentence, sentence, show_at_field
from admin.web.filters import counted, kst_day, mask_email, mask_phone
from admin.web.keyset import page_of
from admin.web.labels import LABELS
from admin.web.links import Link, paging
from admin.web.services import gateway, gateway_pause, settings

bp = Blueprint("customers", __name__, url_prefix="/customers")


@bp.get("/")
@requires(Permission.CUSTOMERS_READ, audit="customers.searched")
def index() -> ResponseReturnValue:
    """Customers, newest first."""
    form = CustomerSearchForm(request.args)
    form.validate()
    text = "" if form.q.errors else (form.q.data or "")
    query = select_customers(text)
    page = page_of(query, [Customer.since, Customer.id], cursor=request.args.get("cursor"))
    return render_template(
        "customers/index.html",
        saved=make_menu("customers"),
        count=counted(count_customers(text)),
        page=paging(page),
        query={"text": text, "chips": [], "error": " ".join(map(str, form.q.errors))},
        rows=[_row(one) for one in page.rows],
        empty=_empty(text) if not page.rows else None,
    )


@bp.get("/<int:customer_id>")
@requires(Permission.CUSTOMERS_READ, audit="customer.viewed")
def show(customer_id: int) -> ResponseReturnValue:
    """One customer with keys, charges and newest payments."""
    now = utc_now()
    customer = get_customer(customer_id)
    payments = payments_of(customer)
    count, net = totals_of(customer)
    uncertain = uncertain_payments([one.imp_uid for one in payments])
    groups = make_groups(payments, basis=TimeBasis.REQUESTED, days={}, uncertain=uncertain, now=now)
    return render_template(
        "customers/show.html",
        customer=customer,
        total={"count": count, "net": net},
        keys=[_key(key) for key in customer.billing_keys],
        charges=_charges(customer),
        listing={"groups": groups},
        time_heading=gettext("Requested"),
        register_href=url_for("payment_requests.new", kind="card", customer=customer.id)
        if can(Permission.REQUESTS_CREATE.value)
        else "",
        card_href=_typed("cards.new_card", customer),
        payment_href=_typed("cards.new_payment", customer),
        payments_href=url_for("payments.index", q=customer.tel_digits or "", period="all"),
        back=Link(gettext("Customers & billing"), url_for("customers.index")),
    )


@bp.post("/<int:customer_id>/checks/")
@requires(Permission.CUSTOMERS_READ)
def check(customer_id: int) -> ResponseReturnValue:
    """Ask the gateway about the customer's keys now."""
    get_customer(customer_id)
    try:
        check_billing_keys(customer_id, actor=current_actor(), gateway=gateway(), now=utc_now())
    except GatewayError as error:
        flash(gateway_sentence(error), "error")
    else:
        flash(gettext("Looked up: the keys are as the gateway holds them."), "done")
    return redirect(url_for("customers.show", customer_id=customer_id), 303)


@bp.get("/keys/<int:billing_key_id>/charges/new")
@requires(Permission.CHARGES_CREATE, audit="customer.viewed")
def new_charge(billing_key_id: int) -> ResponseReturnValue:
    """The form for one charge."""
    key = get_billing_key(billing_key_id)
    form = ChargeForm(formdata=None)
    form.prepare(again=_again(key, request.args.get("again", "")), now=utc_now())
    return _charge_page(key, form)


@bp.post("/keys/<int:billing_key_id>/charges/")
@requires(Permission.CHARGES_CREATE)
def charge(billing_key_id: int) -> ResponseReturnValue:
    """Decide one charge and show its outcome on a page that is safe to reload."""
    key = get_billing_key(billing_key_id)
    form = ChargeForm()
    if not form.validate_on_submit():
        return _charge_page(key, form), 422
    try:
        operation = charge_billing_key(
            form.to_command(billing_key_id),
            actor=current_actor(),
            gateway=gateway(),
            now=utc_now(),
        )
    except InvalidInput as error:
        show_at_field(form, error, otherwise="amount")
        return _charge_page(key, form), 422
    except Busy as error:
        return _charge_page(key, form, error=sentence(error)), 503
    except DomainError as error:
        return _charge_page(key, form, error=sentence(error)), 409
    return redirect(url_for("operations.show", operation_id=operation.id), 303)


def _again(key: BillingKey, operation_id: str) -> MoneyOperation | None:
    """An earlier charge of this very key that came to nothing."""
    if not operation_id:
        return None
    operation = get_operation(operation_id)
    is_ours = (operation.kind, operation.customer_uid) == (OperationKind.CHARGE, key.customer_uid)
    return operation if is_ours and operation.state in CAME_TO_NOTHING else None


def _charge_page(key: BillingKey, form: ChargeForm, *, error: str = "") -> str:
    pause = gateway_pause()
    return render_template(
        "customers/charge.html",
        customer=key.customer,
        key=key,
        form=form,
        action=url_for("customers.charge", billing_key_id=key.id),
        back_href=url_for("customers.show", customer_id=key.customer_id),
        paused=bool(pause),
        error=pause or error,
    )


def _typed(endpoint: str, customer: Customer) -> str:
    """Where a card of the customer's is typed in, where that is switched on and allowed."""
    allowed = settings().key_in and can(Permission.CARDS_KEY_IN.value)
    return url_for(endpoint, customer_id=customer.id) if allowed else ""


def _row(customer: Customer) -> dict[str, Any]:
    keys = len(customer.billing_keys)
    return {
        "href": url_for("customers.show", customer_id=customer.id),
        "name": customer.name,
        "phone": mask_phone(customer.tel),
        "email": mask_email(customer.email),
        "number": customer.customer_number,
        "keys": counted(keys) if keys else "–",
        "payments": "",
        "since": kst_day(customer.since, "date"),
        "last": "",
        "total": "",
    }


def _key(key: BillingKey) -> SimpleNamespace:
    gone = key.known_to_gateway is False
    chargeable = not gone and can(Permission.CHARGES_CREATE.value)
    deletable = not gone and can(Permission.KEYS_DELETE.value)
    why_not = ""
    if chargeable and (pause := gateway_pause()):
        chargeable, why_not = False, pause
    elif gone:
        why_not = gettext("The gateway does not know this key any more.")
    elif not chargeable:
        why_not = gettext("Your role may not charge.")
    return SimpleNamespace(
        customer_uid=key.customer_uid,
        label=key.label,
        card_name=key.card_name,
        card_number=key.card_number,
        issued_at=key.issued_at,
        checked_at=key.checked_at,
        known_to_gateway=key.known_to_gateway,
        charge_href=url_for("customers.new_charge", billing_key_id=key.id) if chargeable else "",
        why_not=why_not,
        check_action=url_for("customers.check", customer_id=key.customer_id),
        schedules_href=url_for("billing_keys.schedules", billing_key_id=key.id),
        deletion_href=url_for("billing_keys.deletion", billing_key_id=key.id) if deletable else "",
    )


def _charges(customer: Customer) -> list[dict[str, Any]]:
    operations = [one for key in customer.billing_keys for one in charges_of(key)]
    operations += keyed_in_by(customer)
    operations.sort(key=lambda one: one.created_at, reverse=True)
    return [
        {
            "at": one.created_at,
            "amount": one.amount,
            "state": one.state,
            "order_name": _asked(one),
            "href": url_for("operations.show", operation_id=one.id),
        }
        for one in operations
    ]


def _asked(operation: MoneyOperation) -> str:
    """What was charged; whatever took no money says first what it was."""
    name = str(operation.details.get("order_name", ""))
    if operation.kind in PAYING_KINDS:
        return name
    return f"{LABELS[operation.kind].text} · {name}".rstrip(" ·")


def _empty(text: str) -> dict[str, str]:
    if text:
        return {
            "text": gettext("No customer holds “%(text)s”.", text=text),
            "href": url_for("customers.index"),
            "action": gettext("Clear the search"),
        }
    return {
        "text": gettext("No customers yet. They come from the shop's books."),
        "href": url_for("payments.index"),
        "action": gettext("See payments"),
    }
