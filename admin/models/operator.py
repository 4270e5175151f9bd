"""Operators: people who sign in here, and their sign-in sessions."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_security.core import RoleMixin, UserMixin
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin.domain.permissions import Role
from admin.models.base import Base, Key, Moment, UtcDateTime

operator_roles = sa.Table(
    "operator_roles",
    Base.metadata,
    sa.Column("operator_id", sa.ForeignKey("operators.id"), primary_key=True),
    sa.Column("role_id", sa.ForeignKey("roles.id"), primary_key=True),
)


class OperatorRole(Base, RoleMixin):
    """Names a role; what it may do stands in `domain/permissions.py`."""

    __tablename__ = "roles"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(sa.String(40), unique=True)
    description: Mapped[str | None] = mapped_column(sa.String(255))


class Operator(Base, UserMixin):
    """One person with one account. Columns in Flask-Security's names where it asks for them."""

    __tablename__ = "operators"

    id: Mapped[Key]
    email: Mapped[str] = mapped_column(sa.String(255), unique=True)
    password: Mapped[str] = mapped_column(sa.String(255))  # argon2id
    name: Mapped[str] = mapped_column(sa.String(80))
    active: Mapped[bool]
    fs_uniquifier: Mapped[str] = mapped_column(sa.String(64), unique=True)
    confirmed_at: Mapped[Any | None] = mapped_column(UtcDateTime)
    tf_primary_method: Mapped[str | None] = mapped_column(sa.String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(sa.String(255))
    last_code_counter: Mapped[int | None] = mapped_column(sa.BigInteger)  # of the code used last
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(sa.JSON))
    locale: Mapped[str | None] = mapped_column(sa.String(8))
    theme: Mapped[str | None] = mapped_column(sa.String(8))
    compact_rows: Mapped[bool] = mapped_column(default=False)
    demo: Mapped[bool] = mapped_column(default=False)  # exists only while the sandbox is used
    created_at: Mapped[Moment]

    roles: Mapped[list[OperatorRole]] = relationship(  # type: ignore[assignment]
        secondary=operator_roles
    )

    @property
    def role(self) -> Role:
        """The one role of this person; without one, the least."""
        return Role(self.roles[0].name) if self.roles else Role.VIEWER


class SignInSession(Base):
    """A session on the server. The browser holds a random id; only its SHA-256 stands here."""

    __tablename__ = "sign_in_sessions"

    id_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    operator_id: Mapped[int | None] = mapped_column(sa.ForeignKey("operators.id"), index=True)
    data: Mapped[str] = mapped_column(sa.Text)  # Flask's own tagged JSON
    created_at: Mapped[Moment]
    last_seen_at: Mapped[Moment]
    expires_at: Mapped[Moment] = mapped_column(index=True)
    ip: Mapped[str | None] = mapped_column(sa.String(45))
    user_agent: Mapped[str | None] = mapped_column(sa.String(255))
