"""Flask-Security on Flask-Login: sign-in, sign-out, authenticator app and recovery codes."""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, g, request, session
from flask_login import user_logged_out
from flask_security import Security, SQLAlchemyUserDatastore, UserMixin, user_authenticated
from flask_security.forms import LoginForm
from flask_security.signals import tf_profile_changed
from sqlalchemy.orm import joinedload

from admin.accounts.second_factor import OneTimeTotp
from admin.accounts.service import note_factor_change, note_sign_in
from admin.accounts.sessions import ServerSession, ServerSessions
from admin.config import Settings
from admin.domain.actor import Actor
from admin.domain.clock import utc_now
from admin.models import Operator, OperatorRole, db
from admin.models.engine import begin_writing
from admin.web.access import actor_of
from admin.web.security import limiter

SIGN_INS = "30 per minute"  # from one address; hashing is what a flood would cost most
# 64 MiB and three rounds, the first of the two settings that the OWASP sheet allows.
ARGON2 = {"argon2__memory_cost": 65536, "argon2__rounds": 3, "argon2__parallelism": 4}
# The suite signs in a thousand times and keeps nobody out: what it hashes is its own password.
ARGON2_TESTING = {"argon2__memory_cost": 64, "argon2__rounds": 1, "argon2__parallelism": 1}


# Every request of a signed-in person begins with this.
_BY_UNIQUIFIER = (
    sa.select(Operator)
    .options(joinedload(Operator.roles))
    .where(Operator.fs_uniquifier == sa.bindparam("uniquifier"))
)


class People(SQLAlchemyUserDatastore):  # type: ignore[misc]  # Flask-Security is untyped
    """Flask-Security's own reads and writes: who is signed in; a changed factor, a used recovery
    code, a new password hash."""

    def find_user(self, case_insensitive: bool = False, **by: Any) -> UserMixin | None:
        """One person by one attribute."""
        if [*by] == ["fs_uniquifier"]:
            return db.session.scalar(_BY_UNIQUIFIER, {"uniquifier": by["fs_uniquifier"]})
        return super().find_user(case_insensitive=case_insensitive, **by)

    def commit(self) -> None:
        """Commit what the library changed.

        On SQLite the reading transaction of the request is first given up for one that begins
        IMMEDIATE: a snapshot that another process has overtaken could not be written from.
        """
        session = db.session()
        if session.new or session.dirty or session.deleted:
            begin_writing(session.connection())
        session.commit()


class SignInForm(LoginForm):
    """Refuses demo people outside the sandbox, and audits every refusal without what was typed."""

    def validate(self, **kwargs: Any) -> bool:
        """Judge the sign-in; the sentence is the same whatever was wrong."""
        fine = bool(super().validate(**kwargs))
        operator = self.user if isinstance(self.user, Operator) else None
        if fine and operator is not None and operator.demo and not _demo_allowed():
            self.user = None
            fine = False
        if not fine:
            who = operator.id if operator else None
            actor = Actor(name="sign-in", operator_id=who, ip=request.remote_addr)
            _tell(actor, "sign_in.refused")
        return fine


def install(app: Flask, settings: Settings) -> None:
    """Set up people and their sessions."""
    app.session_interface = ServerSessions(secure=settings.secure_cookies)
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",
        SECURITY_PASSWORD_SINGLE_HASH=True,
        SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS=ARGON2_TESTING if settings.testing else ARGON2,
        SECURITY_LOGIN_URL="/sign-in",
        SECURITY_LOGOUT_URL="/sign-out",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_POST_LOGIN_VIEW="/",
        SECURITY_POST_LOGOUT_VIEW="/sign-in",
        SECURITY_TWO_FACTOR_POST_SETUP_VIEW="/profile/",
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_REMEMBER_ME=False,
        SECURITY_DEFAULT_REMEMBER_ME=False,
        SECURITY_TWO_FACTOR=True,
        SECURITY_TWO_FACTOR_REQUIRED=False,
        SECURITY_TWO_FACTOR_ENABLED_METHODS=["authenticator"],
        SECURITY_TWO_FACTOR_RESCUE_MAIL=None,
        SECURITY_TWO_FACTOR_ALWAYS_VALIDATE=True,
        SECURITY_MULTI_FACTOR_RECOVERY_CODES=True,
        SECURITY_TOTP_SECRETS={"1": _totp_key(settings.secret_key)},
        SECURITY_TOTP_ISSUER=settings.store_name,
        SECURITY_TWO_FACTOR_SETUP_URL="/profile/authenticator",
        SECURITY_TWO_FACTOR_TOKEN_VALIDATION_URL="/sign-in/code",
        SECURITY_MULTI_FACTOR_RECOVERY_CODES_URL="/profile/recovery-codes",
        SECURITY_MULTI_FACTOR_RECOVERY_URL="/sign-in/recovery-code",
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
        SECURITY_ANONYMOUS_USER_DISABLED=False,
        SECURITY_USE_REGISTER_V2=True,
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
    )
    datastore = People(db, Operator, OperatorRole)
    security = Security(app, datastore, login_form=SignInForm, totp_cls=OneTimeTotp)
    app.extensions["people"] = security
    # People sign in by session alone. The library's own loader looks for bearer tokens in JSON
    # bodies, which would leave nothing for whoever reads the body after it (webhooks).
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined]
    views: dict[str, Any] = app.view_functions
    views["security.login"] = limiter.limit(SIGN_INS, methods=["POST"])(views["security.login"])
    app.after_request(_after)
    user_authenticated.connect(_signed_in, app)
    user_logged_out.connect(_signed_out, app)
    tf_profile_changed.connect(_factor_changed, app)


def _totp_key(secret_key: str) -> str:
    return hashlib.sha256(b"totp seeds|" + secret_key.encode()).hexdigest()


def _demo_allowed() -> bool:
    from admin.web.services import settings

    return settings().is_sandbox


def _signed_in(_app: Flask, user: Operator, authn_via: list[str] | None = None, **_: Any) -> None:
    session["operator_id"] = user.id
    _rotate_session()
    _tell(actor_of(user), "sign_in.done", by=", ".join(authn_via or []))


def _signed_out(_app: Flask, user: Operator | None = None, **_: Any) -> None:
    if isinstance(user, Operator):
        _tell(actor_of(user), "sign_out.done")
    session.clear()
    g.signed_out = True


def _factor_changed(_app: Flask, user: Operator, **_: Any) -> None:
    _rotate_session()
    g.factor_changed = actor_of(user)


def _rotate_session() -> None:
    """A new id after every change of rights: an id seen before is worth nothing afterwards."""
    current = session._get_current_object()  # type: ignore[attr-defined]
    if isinstance(current, ServerSession):
        current.rotate()


def _tell(actor: Actor, action: str, **facts: object) -> None:
    """Remember an entry for the end of the request: the library commits its own changes first."""
    if "sign_in_entries" not in g:
        g.sign_in_entries = []
    g.sign_in_entries.append((actor, action, facts))


def _after(response: Response) -> Response:
    for actor, action, facts in g.pop("sign_in_entries", []):
        note_sign_in(actor, action, now=utc_now(), **facts)
    if actor := g.pop("factor_changed", None):
        note_factor_change(actor, now=utc_now())
    if g.get("signed_out"):
        response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response
