"""Billing keys: what is scheduled with one, scheduling, taking back, deleting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.customers.key_forms import DeleteKeyForm, RevocationForm, ScheduleForm
from admin.customers.key_service import (
    NothingNamed,
    delete_billing_key,
    find_schedule,
    list_schedules,
    schedule_charge,
    unschedule_charges,
)
from admin.customers.queries import get_billing_key, owed_by
from admin.domain.clock import utc_now
from admin.domain.errors import DomainError, InvalidInput
from admin.domain.permissions import Permission
from admin.domain.schedule import (
    CLOCKS_DIFFER,
    CLOCKS_TOO_FAR,
    SOONEST,
    TOO_LATE_TO_BE_SURE,
    ClocksDiffer,
    ScheduleSnapshot,
)
from admin.gateway.errors import GatewayError
from admin.models import BillingKey, MoneyOperation
from admin.web.access import can, current_actor, requires
from admin.web.errors import gateway_sentence, sentence, show_at_field
from admin.web.labels import LABELS
from admin.web.services import gateway, gateway_pause

bp = Blueprint("billing_keys", __name__, url_prefix="/customers/keys")


@bp.get("/<int:billing_key_id>/schedules/")
@requires(Permission.CUSTOMERS_READ, audit="billing_key.viewed")
def schedules(billing_key_id: int) -> ResponseReturnValue:
    """Everything scheduled with one key, as the gateway shows it now."""
    key = get_billing_key(billing_key_id)
    found, error = _schedules(key, now=utc_now())
    may_schedule = key.known_to_gateway is not False and can(Permission.CHARGES_CREATE.value)
    new_href = url_for("billing_keys.new_schedule", billing_key_id=key.id)
    return render_template(
        "customers/schedules.html",
        **_about(key),
        schedules=[_row(key, one) for one in reversed(found)],
        new_href=new_href if may_schedule else "",
        error=error,
    )


@bp.get("/<int:billing_key_id>/schedules/new")
@requires(Permission.CHARGES_CREATE, audit="billing_key.viewed")
def new_schedule(billing_key_id: int) -> ResponseReturnValue:
    """The form for one scheduled charge."""
    form = ScheduleForm(formdata=None)
    form.prepare(now=utc_now())
    return _schedule_page(get_billing_key(billing_key_id), form)


@bp.post("/<int:billing_key_id>/schedules/")
@requires(Permission.CHARGES_CREATE)
def schedule(billing_key_id: int) -> ResponseReturnValue:
    """Schedule one charge and show its outcome on a page that is safe to reload."""
    key = get_billing_key(billing_key_id)
    form = ScheduleForm()
    if not form.validate_on_submit():
        return _schedule_page(key, form), 422
    try:
        operation = schedule_charge(
            form.to_command(billing_key_id),
            actor=current_actor(),
            gateway=gateway(),
            now=utc_now(),
        )
    except InvalidInput as error:
        show_at_field(form, error, otherwise="amount")
        return _schedule_page(key, form), 422
    except DomainError as error:
        return _schedule_page(key, form, error=sentence(error)), 409
    return _outcome(operation)


@bp.get("/<int:billing_key_id>/revocations/new")
@requires(Permission.CHARGES_CREATE, audit="billing_key.viewed")
def new_revocation(billing_key_id: int) -> ResponseReturnValue:
    """Ask once more before a scheduled charge is taken back."""
    key = get_billing_key(billing_key_id)
    number = request.args.get("merchant_uid", "")
    form = RevocationForm(formdata=None)
    form.prepare(key.id, number)
    found = find_schedule(key.id, number, gateway=gateway())
    return _revocation_page(key, found, form, now=utc_now())


@bp.post("/<int:billing_key_id>/revocations/")
@requires(Permission.CHARGES_CREATE)
def revoke(billing_key_id: int) -> ResponseReturnValue:
    """Take one scheduled charge back and show which came first."""
    key = get_billing_key(billing_key_id)
    form = RevocationForm()
    if not form.validate_on_submit():
        raise NothingNamed()
    try:
        operation = unschedule_charges(
            form.to_command(billing_key_id),
            actor=current_actor(),
            gateway=gateway(),
            now=utc_now(),
        )
    except DomainError as error:
        found = find_schedule(key.id, form.merchant_uid.data or "", gateway=gateway())
        return _revocation_page(key, found, form, now=utc_now(), error=sentence(error)), 409
    return _outcome(operation)


@bp.get("/<int:billing_key_id>/deletion")
@requires(Permission.KEYS_DELETE, audit="billing_key.viewed")
def deletion(billing_key_id: int) -> ResponseReturnValue:
    """What deleting a key takes with it, and the form that does it."""
    form = DeleteKeyForm(formdata=None)
    form.prepare(billing_key_id)
    return _deletion_page(get_billing_key(billing_key_id), form)


@bp.post("/<int:billing_key_id>/deletions/")
@requires(Permission.KEYS_DELETE)
def delete(billing_key_id: int) -> ResponseReturnValue:
    """Delete a key and show the outcome on a page that is safe to reload."""
    key = get_billing_key(billing_key_id)
    form = DeleteKeyForm()
    if not form.validate_on_submit():
        return _deletion_page(key, form), 422
    try:
        operation = delete_billing_key(
            form.to_command(billing_key_id),
            actor=current_actor(),
            gateway=gateway(),
            now=utc_now(),
        )
    except DomainError as error:
        return _deletion_page(key, form, error=sentence(error)), 409
    return _outcome(operation)


def _schedule_page(key: BillingKey, form: ScheduleForm, *, error: str = "") -> str:
    pause = gateway_pause()
    skew = gateway().clock_skew or timedelta(0)
    blocked = pause or (sentence(ClocksDiffer()) if abs(skew) > CLOCKS_TOO_FAR else "")
    warning = ""
    if not blocked and abs(skew) > CLOCKS_DIFFER:
        warning = gettext(
            "The gateway's clock and ours differ by %(seconds)s seconds. It charges by its own.",
            seconds=int(abs(skew).total_seconds()),
        )
    return render_template(
        "customers/schedule.html",
        **_about(key),
        form=form,
        action=url_for("billing_keys.schedule", billing_key_id=key.id),
        soonest=SOONEST // timedelta(minutes=1),
        blocked=bool(blocked),
        warning=warning,
        error=blocked or error,
    )


def _revocation_page(
    key: BillingKey,
    found: ScheduleSnapshot,
    form: RevocationForm,
    *,
    now: datetime,
    error: str = "",
) -> str:
    pause = gateway_pause()
    left = found.schedule_at - now
    return render_template(
        "customers/revocation.html",
        **_about(key),
        schedule=_row(key, found),
        form=form,
        action=url_for("billing_keys.revoke", billing_key_id=key.id),
        is_close=found.is_waiting and left <= TOO_LATE_TO_BE_SURE,
        blocked=bool(pause) or not found.is_waiting,
        error=pause or error,
    )


def _deletion_page(key: BillingKey, form: DeleteKeyForm, *, error: str = "") -> str:
    found, failure = _schedules(key, now=utc_now())
    blocking = [_row(key, one) for one in found if one.is_waiting]
    gone = key.known_to_gateway is False
    if gone and not error:
        error = gettext("The gateway does not know this key any more.")
    return render_template(
        "customers/deletion.html",
        **_about(key),
        blocking=blocking,
        others=[_card(one) for one in key.customer.billing_keys if one.id != key.id],
        owed=owed_by(key),
        form=None if blocking or failure or gone else form,
        action=url_for("billing_keys.delete", billing_key_id=key.id),
        error=failure or error,
    )


def _schedules(key: BillingKey, *, now: datetime) -> tuple[Sequence[ScheduleSnapshot], str]:
    """What the gateway shows, or why it shows nothing."""
    try:
        return list_schedules(key.id, gateway=gateway(), now=now), ""
    except GatewayError as error:
        return (), gateway_pause() or gateway_sentence(error)


def _row(key: BillingKey, schedule: ScheduleSnapshot) -> SimpleNamespace:
    revocable = schedule.is_waiting and can(Permission.CHARGES_CREATE.value)
    href = url_for(
        "billing_keys.new_revocation", billing_key_id=key.id, merchant_uid=schedule.merchant_uid
    )
    return SimpleNamespace(
        merchant_uid=schedule.merchant_uid,
        at=schedule.schedule_at,
        amount=schedule.amount,
        name=schedule.name or schedule.merchant_uid,
        state=LABELS[schedule.state],
        fail_reason=schedule.fail_reason or "",
        revoke_href=href if revocable else "",
    )


def _about(key: BillingKey) -> dict[str, Any]:
    """What every one of these pages says of its key."""
    return {
        "customer": key.customer,
        "key": key,
        "means": _card(key),
        "back_href": url_for("customers.show", customer_id=key.customer_id),
        "schedules_href": url_for("billing_keys.schedules", billing_key_id=key.id),
    }


def _card(key: BillingKey) -> str:
    name = key.card_name or key.label or gettext("Billing key")
    return f"{name} {key.card_number or key.customer_uid}"


def _outcome(operation: MoneyOperation) -> ResponseReturnValue:
    return redirect(url_for("operations.show", operation_id=operation.id), 303)
