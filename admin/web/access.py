"""Who may open what: every endpoint names its permission or says that it is public."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, request
from flask_login import current_user

from admin.domain.actor import Actor
from admin.domain.permissions import Permission
from admin.models import Operator

View = TypeVar("View", bound=Callable[..., Any])

# Endpoints of libraries, which cannot carry our decorators. "own" asks only for a sign-in.
# The code and the recovery code are asked for between the password and the session.
LIBRARY_PUBLIC = frozenset(
    {
        "static",
        "security.login",
        "security.two_factor_token_validation",
        "security.mf_recovery",
    }
)
LIBRARY_OWN = frozenset(
    {
        "security.logout",
        "security.two_factor_setup",
        "security.two_factor_setup_validate",
        "security.two_factor_rescue",
        "security.mf_recovery_codes",
        "security.verify",
        "security.change_password",
    }
)


def requires(permission: Permission, *, audit: str = "") -> Callable[[View], View]:
    """The decorated view needs `permission`. `audit` names the entry a view of data leaves."""

    def mark(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        view.audit_action = audit  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    """The decorated view may be opened by anyone."""
    view.permission = None  # type: ignore[attr-defined]
    view.audit_action = ""  # type: ignore[attr-defined]
    return view


def current_actor() -> Actor:
    """The signed-in operator as the actor of this request."""
    operator = signed_in()
    if operator is None:
        abort(401)
    return actor_of(operator)


def signed_in() -> Operator | None:
    """The operator of this request, if someone is signed in."""
    operator: Operator = current_user._get_current_object()
    return operator if operator.is_authenticated else None


def person() -> str:
    """Whom a limit of requests counts: who is signed in, or the address that asks."""
    operator = signed_in()
    return f"operator:{operator.id}" if operator is not None else str(request.remote_addr)


def can(permission: str) -> bool:
    """Whether the signed-in operator carries the permission called `permission`; for templates."""
    operator = signed_in()
    return operator is not None and actor_of(operator).may(Permission(permission))


def actor_of(operator: Operator) -> Actor:
    """An operator as the actor of this request, also while they come and go.

    Made once a person: a page asks dozens of times what its reader may.
    """
    held: tuple[Operator, Actor] | None = g.get("actor")
    if held is None or held[0] is not operator:
        actor = Actor(
            name=operator.name,
            operator_id=operator.id,
            role=operator.role,
            ip=request.remote_addr,
            request_id=g.get("request_id"),
        )
        held = g.actor = (operator, actor)
    return held[1]


def install(app: Flask) -> None:
    """Deny by default: a view without a mark is refused to everyone."""
    app.before_request(_guard)
    app.jinja_env.globals.update(can=can, current_operator=signed_in)


def _guard() -> Any:
    endpoint = request.endpoint
    if endpoint is None or endpoint in LIBRARY_PUBLIC:
        return None
    view = current_app.view_functions.get(endpoint)
    if view is None:
        return None
    marked = hasattr(view, "permission") or endpoint in LIBRARY_OWN
    needed: Permission | None = getattr(view, "permission", Permission.OWN_PROFILE)
    if marked and needed is None:
        return None
    if signed_in() is None:
        return current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
    if not marked or needed is None or not current_actor().may(needed):
        abort(403)
    return None
