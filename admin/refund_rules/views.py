"""The rules for refunds: what may go back alone, and the reasons to choose from."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin.accounts.queries import active_operators
from admin.domain.clock import utc_now
from admin.domain.errors import DomainError
from admin.domain.permissions import Permission, Role
from admin.models import RefundLimit
from admin.models.refund_rules import SHOP
from admin.refund_rules.forms import LimitForm, OperatorLimitForm, ReasonForm
from admin.refund_rules.queries import all_limits, all_reasons
from admin.refund_rules.service import (
    add_reason,
    drop_limit,
    may_change,
    set_limit,
    switch_reason,
)
from admin.web.access import current_actor, requires
from admin.web.errors import sentence, status_of
from admin.web.labels import LABELS

bp = Blueprint("refund_rules", __name__, url_prefix="/refunds/rules")


@bp.get("/")
@requires(Permission.REFUNDS_RULES)
def index() -> ResponseReturnValue:
    """Limits and reasons."""
    return _page()


@bp.post("/limits/<scope>/")
@requires(Permission.REFUNDS_RULES)
def change_limit(scope: str) -> ResponseReturnValue:
    """Set what a role, a person or the shop gives back alone."""
    form = LimitForm(prefix=scope)
    if not form.validate_on_submit():
        return _page(limit_form=form, scope=scope), 422
    try:
        set_limit(scope, form.to_limit(), actor=current_actor(), now=utc_now())
    except DomainError as error:
        text = sentence(error)
        return _page(limit_form=form, scope=scope, error=text), status_of(error)
    return _kept()


@bp.post("/limits/")
@requires(Permission.REFUNDS_RULES)
def give_limit() -> ResponseReturnValue:
    """Give a person a limit of their own."""
    form = OperatorLimitForm(prefix="own")
    form.offer(active_operators())
    if not form.validate_on_submit():
        return _page(operator_form=form), 422
    scope = f"operator:{form.operator.data}"
    try:
        set_limit(scope, form.to_limit(), actor=current_actor(), now=utc_now())
    except DomainError as error:
        return _page(operator_form=form, error=sentence(error)), status_of(error)
    return _kept()


@bp.post("/limits/operator/<int:operator_id>/removal/")
@requires(Permission.REFUNDS_RULES)
def remove_limit(operator_id: int) -> ResponseReturnValue:
    """Let a person's role speak for them again."""
    try:
        drop_limit(operator_id, actor=current_actor(), now=utc_now())
    except DomainError as error:
        return _page(error=sentence(error)), status_of(error)
    return _kept()


@bp.post("/reasons/")
@requires(Permission.REFUNDS_RULES)
def create_reason() -> ResponseReturnValue:
    """Add a reason."""
    form = ReasonForm()
    if not form.validate_on_submit():
        return _page(reason_form=form), 422
    try:
        add_reason(form.text.data, form.english.data, actor=current_actor(), now=utc_now())
    except DomainError as error:
        return _page(reason_form=form, error=sentence(error)), status_of(error)
    return _kept()


@bp.post("/reasons/<code>/switch/")
@requires(Permission.REFUNDS_RULES)
def switch(code: str) -> ResponseReturnValue:
    """Offer a reason, or offer it no more."""
    try:
        switch_reason(code, actor=current_actor(), now=utc_now())
    except DomainError as error:
        return _page(error=sentence(error)), status_of(error)
    return _kept()


def _kept() -> Response:
    flash(gettext("Kept."))
    return redirect(url_for("refund_rules.index"), 303)


def _page(
    *,
    limit_form: LimitForm | None = None,
    scope: str = "",
    operator_form: OperatorLimitForm | None = None,
    reason_form: ReasonForm | None = None,
    error: str = "",
) -> str:
    operators = active_operators()
    names = {f"operator:{one.id}": one.name for one in operators}
    if operator_form is None:
        operator_form = OperatorLimitForm(formdata=None, prefix="own")
        operator_form.offer(operators)
    rows = [_limit_row(one, names, limit_form if one.scope == scope else None) for one in _order()]
    return render_template(
        "refund_rules/index.html",
        limits=rows,
        operator_form=operator_form,
        reasons=all_reasons(),
        reason_form=reason_form or ReasonForm(formdata=None),
        error=error,
    )


def _order() -> list[RefundLimit]:
    """The shop first, then the roles as they rise, then people."""
    places = [SHOP, *(f"role:{role.value}" for role in Role)]
    return sorted(
        all_limits(),
        key=lambda one: places.index(one.scope) if one.scope in places else len(places),
    )


def _limit_row(row: RefundLimit, names: dict[str, str], form: LimitForm | None) -> dict[str, Any]:
    if form is None:
        form = LimitForm(formdata=None, prefix=row.scope)
        form.show(row.limit)
    kind, _, key = row.scope.partition(":")
    is_person = kind == "operator"
    may = may_change(row.scope, current_actor())
    return {
        "name": names.get(row.scope, "–")
        if is_person
        else gettext("The whole shop")
        if kind == SHOP
        else str(LABELS[Role(key)].text),
        "is_person": is_person,
        "form": form,
        "action": url_for("refund_rules.change_limit", scope=row.scope) if may else "",
        "remove_action": url_for("refund_rules.remove_limit", operator_id=int(key))
        if is_person and may
        else "",
        "limit": row.limit,
        "changed_by": row.changed_by,
        "changed_at": row.changed_at,
    }
