"""Programs of the shop that bring orders: given a token, known by it, and taken it away again."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.card_guard import holds_card_number
from admin.domain.errors import N_, Conflict, InvalidInput, NotFound
from admin.domain.permissions import Permission
from admin.models import OrderSource, db, lock, transaction

PREFIX = "jangbu_"  # so that a token that leaked is known for what it is
TOKEN_BYTES = 32
SHOWN = 12  # characters of a token that stay readable
LONGEST = 100  # of what may be a token at all
USED_EVERY = timedelta(minutes=1)  # how finely the last use is kept


class SourceRevoked(Conflict):
    """The token was taken away already."""

    message = N_("This token was revoked already.")


def make_source(name: str, *, actor: Actor, now: datetime) -> tuple[OrderSource, str]:
    """Give a program a token; it is returned this once and kept nowhere. Raises InvalidInput."""
    actor.require(Permission.ORDER_SOURCES)
    name = name.strip()
    if not name or len(name) > 60:
        raise InvalidInput(N_("Give it a name of at most 60 characters."), field="name")
    if holds_card_number(name):
        raise InvalidInput(N_("That looks like a card number."), field="name")
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    source = OrderSource(
        name=name,
        token_start=token[:SHOWN],
        token_hash=_hash(token),
        created_by_id=actor.operator_id,
        created_by=actor.name,
        created_at=now,
    )
    try:
        with transaction():
            db.session.add(source)
            db.session.flush()
            record(actor, "order_source.made", f"order_source:{source.id}", now=now, name=name)
    except IntegrityError:
        raise InvalidInput(N_("Another program has this name."), field="name") from None
    return source, token


def revoke_source(source_id: int, *, actor: Actor, now: datetime) -> OrderSource:
    """Take the token away, at once and for good. Raises NotFound or SourceRevoked."""
    actor.require(Permission.ORDER_SOURCES)
    with transaction():
        source = lock(OrderSource, source_id)
        if source is None:
            raise NotFound()
        if source.revoked_at is not None:
            raise SourceRevoked()
        source.revoked_at, source.revoked_by = now, actor.name
        record(actor, "order_source.revoked", f"order_source:{source.id}", now=now)
    return source


def source_of(token: str, *, now: datetime) -> OrderSource | None:
    """Whose token this is, or None; the use is noted.

    It is looked up by its hash: how long that takes tells nothing of a token that is not known.
    """
    if not token or len(token) > LONGEST or not token.isascii():
        return None
    looked_up = _hash(token)
    source = db.session.scalars(
        sa.select(OrderSource).where(OrderSource.token_hash == looked_up)
    ).one_or_none()
    if source is None or source.revoked_at is not None:
        return None
    if not hmac.compare_digest(source.token_hash, looked_up):
        return None
    if source.last_used_at is None or now - source.last_used_at >= USED_EVERY:
        with transaction():
            db.session.execute(
                sa.update(OrderSource).where(OrderSource.id == source.id).values(last_used_at=now)
            )
    return source


def all_sources() -> list[OrderSource]:
    """Every program, those that may still bring orders first."""
    query = sa.select(OrderSource).order_by(OrderSource.revoked_at.isnot(None), OrderSource.name)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
