"""Use cases of people: make an operator, end sessions, keep preferences."""

from __future__ import annotations

import secrets
from datetime import datetime

import sqlalchemy as sa

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.errors import N_, InvalidInput, NotFound
from admin.domain.permissions import SENTENCES, Role
from admin.models import Operator, OperatorRole, SignInSession, db, lock, transaction

LOCALES = ("ko", "en")
THEMES = ("system", "light", "dark")


def make_operator(
    *,
    email: str,
    name: str,
    role: Role,
    password_hash: str,
    demo: bool,
    actor: Actor,
    now: datetime,
) -> Operator:
    """Add a person. Raises InvalidInput when the e-mail address is taken."""
    with transaction():
        if find_operator(email) is not None:
            raise InvalidInput(N_("Someone with that e-mail address is here already."))
        operator = Operator(
            email=email,
            name=name,
            password=password_hash,
            active=True,
            fs_uniquifier=secrets.token_hex(32),
            confirmed_at=now,
            demo=demo,
            created_at=now,
            roles=[_role(role)],
        )
        db.session.add(operator)
        db.session.flush()
        record(actor, "operator.made", f"operator:{operator.id}", now=now, role=role.value)
    return operator


def find_operator(email: str) -> Operator | None:
    """The person with this e-mail address."""
    return db.session.scalars(sa.select(Operator).where(Operator.email == email)).one_or_none()


def change_role(operator_id: int, role: Role, *, actor: Actor, now: datetime) -> None:
    """Give a person another role; their sessions end at once."""
    with transaction():
        operator = _locked(operator_id)
        operator.roles = [_role(role)]
        _end_sessions(operator_id)
        record(actor, "operator.role_changed", f"operator:{operator_id}", now=now, role=role.value)


def disable(operator_id: int, *, actor: Actor, now: datetime) -> None:
    """A person leaves: no sign-in any more, and their sessions end at once."""
    with transaction():
        operator = _locked(operator_id)
        operator.active = False
        operator.fs_uniquifier = secrets.token_hex(32)
        _end_sessions(operator_id)
        record(actor, "operator.disabled", f"operator:{operator_id}", now=now)


def change_preferences(
    operator_id: int, *, locale: str | None, theme: str | None, compact: bool | None
) -> None:
    """Keep language, theme and row height of a person; None leaves one as it is."""
    with transaction():
        operator = _locked(operator_id)
        if locale in LOCALES:
            operator.locale = locale
        if theme in THEMES:
            operator.theme = theme
        if compact is not None:
            operator.compact_rows = compact


def note_sign_in(actor: Actor, action: str, *, now: datetime, **facts: object) -> None:
    """Audit a sign-in, a refusal or a sign-out."""
    subject = f"operator:{actor.operator_id or 'unknown'}"
    with transaction():
        record(actor, action, subject, now=now, **facts)


def note_factor_change(actor: Actor, *, now: datetime) -> None:
    """Audit a new or removed second factor; every session of before it ends at once."""
    operator_id = actor.operator_id or 0
    with transaction():
        _end_sessions(operator_id)
        record(actor, "second_factor.changed", f"operator:{operator_id}", now=now)


def forget_old_sessions(*, now: datetime) -> None:
    """Remove sessions that are over."""
    with transaction():
        db.session.execute(sa.delete(SignInSession).where(SignInSession.expires_at < now))


def _role(role: Role) -> OperatorRole:
    query = sa.select(OperatorRole).where(OperatorRole.name == role.value)
    found = db.session.scalars(query).one_or_none()
    return found or OperatorRole(name=role.value, description=SENTENCES[role])


def _end_sessions(operator_id: int) -> None:
    db.session.execute(sa.delete(SignInSession).where(SignInSession.operator_id == operator_id))


def _locked(operator_id: int) -> Operator:
    operator = lock(Operator, operator_id)
    if operator is None:
        raise NotFound()
    return operator
