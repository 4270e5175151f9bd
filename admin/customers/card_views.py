"""A customer's card typed in by a person: stored as a billing key, or charged once.

Off unless KEY_IN_ENABLED says otherwise. What is typed of the card is in the memory of one request
and stands on no page again; each decision takes a fresh code of the person's authenticator app.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin.accounts.second_factor import (
    NoSecondFactor,
    WrongCode,
    has_second_factor,
    note_refused_code,
)
from admin.customers.card_forms import CardPaymentForm, NewCardForm, TypedCardForm
from admin.customers.card_service import charge_typed_card
from admin.customers.key_service import issue_billing_key
from admin.customers.queries import get_customer
from admin.domain.clock import utc_now
from admin.domain.errors import Busy, DomainError, InvalidInput
from admin.domain.operation import CAME_TO_NOTHING, OperationKind
from admin.domain.permissions import Permission
from admin.models import Customer, MoneyOperation
from admin.operations.intent import find_by_form_key
from admin.operations.service import get_operation
from admin.web.access import current_actor, person, requires, signed_in
from admin.web.errors import sentence, show_at_field
from admin.web.security import limiter
from admin.web.services import gateway, gateway_pause, settings

bp = Blueprint("cards", __name__, url_prefix="/customers")

TRIES = "10 per hour"  # of one person, whatever became of them


@bp.before_request
def _only_where_switched_on() -> None:
    if not settings().key_in:
        abort(404)


@bp.get("/<int:customer_id>/cards/new")
@requires(Permission.CARDS_KEY_IN, audit="customer.viewed")
def new_card(customer_id: int) -> ResponseReturnValue:
    """The form for a card to be stored."""
    customer = get_customer(customer_id)
    form = NewCardForm(formdata=None)
    form.prepare(customer, now=utc_now())
    return _card_page(customer, form)


@bp.post("/<int:customer_id>/cards/")
@requires(Permission.CARDS_KEY_IN)
@limiter.limit(TRIES, key_func=person)
def store(customer_id: int) -> ResponseReturnValue:
    """Store a card and show the outcome on a page that is safe to reload."""
    return _decide(customer_id, NewCardForm(), issue_billing_key, _card_page)


@bp.get("/<int:customer_id>/card-payments/new")
@requires(Permission.CARDS_KEY_IN, audit="customer.viewed")
def new_payment(customer_id: int) -> ResponseReturnValue:
    """The form for one payment of a card that is typed in."""
    customer = get_customer(customer_id)
    form = CardPaymentForm(formdata=None)
    form.prepare(customer, again=_again(customer, request.args.get("again", "")), now=utc_now())
    return _payment_page(customer, form)


@bp.post("/<int:customer_id>/card-payments/")
@requires(Permission.CARDS_KEY_IN)
@limiter.limit(TRIES, key_func=person)
def pay(customer_id: int) -> ResponseReturnValue:
    """Charge a card once and show the outcome on a page that is safe to reload."""
    return _decide(customer_id, CardPaymentForm(), charge_typed_card, _payment_page)


def _decide(
    customer_id: int,
    form: Any,
    use_case: Callable[..., MoneyOperation],
    page: Callable[..., str],
) -> ResponseReturnValue:
    """Decide, or show the form once more with what stands in the way and without the card."""
    customer = get_customer(customer_id)
    if not form.validate_on_submit():
        return page(customer, form), 422
    try:
        operation = find_by_form_key(form.form_key.data or "") or use_case(
            form.to_command(customer_id),
            form.to_card(),
            form.code.typed(),
            actor=current_actor(),
            gateway=gateway(),
            now=utc_now(),
        )
    except InvalidInput as error:
        if isinstance(error, WrongCode):
            note_refused_code(current_actor(), now=utc_now())
        show_at_field(form, error, otherwise="amount" if "amount" in form else "number")
        return page(customer, form), 422
    except NoSecondFactor:
        return page(customer, form), 403
    except Busy as error:
        return page(customer, form, error=sentence(error)), 503
    except DomainError as error:
        return page(customer, form, error=sentence(error)), 409
    return redirect(url_for("operations.show", operation_id=operation.id), 303)


def _card_page(customer: Customer, form: NewCardForm, *, error: str = "") -> str:
    action = url_for("cards.store", customer_id=customer.id)
    return _page("customers/new_card.html", customer, form, action=action, error=error)


def _payment_page(customer: Customer, form: CardPaymentForm, *, error: str = "") -> str:
    action = url_for("cards.pay", customer_id=customer.id)
    return _page("customers/card_payment.html", customer, form, action=action, error=error)


def _page(
    template: str, customer: Customer, form: TypedCardForm, *, action: str, error: str
) -> str:
    pause = gateway_pause()
    operator = signed_in()
    return render_template(
        template,
        customer=customer,
        form=form,
        action=action,
        back_href=url_for("customers.show", customer_id=customer.id),
        may_type=operator is not None and has_second_factor(operator),
        paused=bool(pause),
        error=pause or error,
        again=request.method == "POST",
    )


def _again(customer: Customer, operation_id: str) -> MoneyOperation | None:
    """An earlier payment of a card of this very customer that came to nothing."""
    if not operation_id:
        return None
    operation = get_operation(operation_id)
    is_theirs = operation.kind is OperationKind.KEY_IN and (
        operation.details["customer_id"] == customer.id
    )
    return operation if is_theirs and operation.state in CAME_TO_NOTHING else None
