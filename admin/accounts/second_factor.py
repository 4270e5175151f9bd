"""The codes of authenticator apps: each is worth one sign-in, or one decision about a card."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_security.totp import Totp
from passlib.exc import TokenError

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.clock import utc_now
from admin.domain.errors import N_, DomainError, InvalidInput
from admin.models import Operator, db, transaction
from admin.models.base import writing

FRESH_WITHIN = 30  # seconds that the phone's clock and ours may differ by


class NoSecondFactor(DomainError):
    """The person has no authenticator app."""

    message = N_("Set up an authenticator app first. Nothing was sent.")


class WrongCode(InvalidInput):
    """No code that the app shows now, or one that was used already."""

    message = N_("This code is wrong, or was used already. Nothing was sent; take the next one.")


class OneTimeTotp(Totp):
    """Flask-Security's own, but that a code is taken once, whichever process is asked."""

    def verify_totp(self, token: str, totp_secret: str, user: Any, window: int = 0) -> bool:
        """Whether `token` is right and nobody used it, or a later one, before."""
        counter = self.counter_of(token, totp_secret, now=utc_now(), within=window)
        if counter is None:
            return False
        with writing(db.engine) as connection:
            return _use(connection, user.id, counter)

    def counter_of(self, token: str, totp_secret: str, *, now: datetime, within: int) -> int | None:
        """Which of the codes around `now` (seconds each way) `token` is; None: none of them."""
        try:
            match: Any = self._totp.verify(
                token, totp_secret, time=int(now.timestamp()), window=within
            )
        except TokenError:
            return None
        return int(match.counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedCode:
    """What a person typed from their app beside a decision, and what can judge it."""

    text: str = field(repr=False)
    totp: OneTimeTotp

    def use(self, operator_id: int | None, *, now: datetime) -> None:
        """Use it up, inside the transaction of the decision: both are written, or neither is.

        Raises NoSecondFactor or WrongCode.
        """
        operator = db.session.get(Operator, operator_id, populate_existing=True)
        if operator is None or not has_second_factor(operator):
            raise NoSecondFactor()
        secret = operator.tf_totp_secret or ""
        counter = self.totp.counter_of(self.text, secret, now=now, within=FRESH_WITHIN)
        if counter is None or not _use(db.session.connection(), operator.id, counter):
            raise WrongCode(field="code")


def has_second_factor(operator: Operator) -> bool:
    """Whether the person has set an authenticator app up."""
    return bool(operator.tf_primary_method and operator.tf_totp_secret)


def note_refused_code(actor: Actor, *, now: datetime) -> None:
    """Keep that somebody signed in as this person typed a wrong code beside a decision."""
    with transaction():
        record(actor, "second_factor.refused", f"operator:{actor.operator_id}", now=now)


def _use(connection: sa.Connection, operator_id: int, counter: int) -> bool:
    """Move the person's counter up to this code; False where it, or a later one, was used."""
    column = Operator.last_code_counter
    changed = connection.execute(
        sa.update(Operator)
        .where(Operator.id == operator_id, sa.or_(column.is_(None), column < counter))
        .values(last_code_counter=counter)
    )
    return changed.rowcount == 1
