"""Two people: approve, decline, withdraw; close what nobody could settle."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin.domain.clock import utc_now
from admin.domain.errors import DomainError
from admin.domain.operation import OperationState
from admin.domain.permissions import Permission
from admin.gateway.errors import GatewayError
from admin.operations import approval, closing
from admin.operations.forms import ClosureForm, DeclineForm
from admin.operations.views import operation_page
from admin.web.access import current_actor, requires
from admin.web.errors import gateway_sentence, sentence, status_of
from admin.web.services import gateway

bp = Blueprint("second_person", __name__, url_prefix="/operations")


@bp.post("/<operation_id>/approval/")
@requires(Permission.REFUNDS_APPROVE)
def approve(operation_id: str) -> ResponseReturnValue:
    """Agree to what somebody else asked for, and send it."""
    try:
        operation = approval.approve(
            operation_id, actor=current_actor(), gateway=gateway(), now=utc_now()
        )
    except DomainError as error:
        return operation_page(operation_id, error=sentence(error)), status_of(error)
    if operation.state is OperationState.REJECTED:
        flash(gettext("Something had changed since it was asked for, so nothing was sent."))
    return _back(operation_id)


@bp.post("/<operation_id>/refusal/")
@requires(Permission.REFUNDS_APPROVE)
def decline(operation_id: str) -> ResponseReturnValue:
    """Say no to what somebody else asked for."""
    form = DeclineForm()
    if not form.validate_on_submit():
        return operation_page(operation_id, decline_form=form), 422
    try:
        approval.decline(operation_id, form.note.data or "", actor=current_actor(), now=utc_now())
    except DomainError as error:
        return operation_page(operation_id, error=sentence(error)), status_of(error)
    return _back(operation_id)


@bp.post("/<operation_id>/withdrawal/")
@requires(Permission.REFUNDS_CREATE)
def withdraw(operation_id: str) -> ResponseReturnValue:
    """Take one's own request back before anybody has decided."""
    try:
        approval.withdraw(operation_id, actor=current_actor(), now=utc_now())
    except DomainError as error:
        return operation_page(operation_id, error=sentence(error)), status_of(error)
    return _back(operation_id)


@bp.post("/<operation_id>/closures/")
@requires(Permission.OPERATIONS_CLOSE)
def propose_closure(operation_id: str) -> ResponseReturnValue:
    """Say what became of an operation that nobody could settle."""
    form = ClosureForm()
    if not form.validate_on_submit():
        return operation_page(operation_id, closure_form=form), 422
    try:
        closing.propose(
            operation_id,
            form.to_claim(),
            evidence=form.evidence.data or "",
            note=form.note.data or "",
            actor=current_actor(),
            gateway=gateway(),
            now=utc_now(),
        )
    except DomainError as error:
        text = sentence(error)
        return operation_page(operation_id, closure_form=form, error=text), status_of(error)
    except GatewayError as error:
        text = gateway_sentence(error)
        return operation_page(operation_id, closure_form=form, error=text), 502
    flash(gettext("Written down. Someone else has to agree before it is closed."))
    return _back(operation_id)


@bp.post("/closures/<int:closure_id>/confirmation/")
@requires(Permission.OPERATIONS_CLOSE)
def confirm_closure(closure_id: int) -> ResponseReturnValue:
    """Agree to what somebody else says became of an operation."""
    operation_id = closing.get_closure(closure_id).operation_id
    try:
        closing.confirm(closure_id, actor=current_actor(), gateway=gateway(), now=utc_now())
    except DomainError as error:
        return operation_page(operation_id, error=sentence(error)), status_of(error)
    except GatewayError as error:
        return operation_page(operation_id, error=gateway_sentence(error)), 502
    return _back(operation_id)


@bp.post("/closures/<int:closure_id>/refusal/")
@requires(Permission.OPERATIONS_CLOSE)
def decline_closure(closure_id: int) -> ResponseReturnValue:
    """Disagree, or take one's own proposal back; it stays open."""
    operation_id = closing.get_closure(closure_id).operation_id
    try:
        closing.decline(closure_id, actor=current_actor(), now=utc_now())
    except DomainError as error:
        return operation_page(operation_id, error=sentence(error)), status_of(error)
    return _back(operation_id)


def _back(operation_id: str) -> Response:
    return redirect(url_for("operations.show", operation_id=operation_id), 303)
