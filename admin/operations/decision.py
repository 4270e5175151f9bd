"""One decision of a person: recorded in one transaction, then sent. The only door to a write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy.exc import IntegrityError

from admin.domain.actor import Actor
from admin.domain.errors import Busy
from admin.domain.operation import OperationState
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayBusy
from admin.models import MoneyOperation, transaction
from admin.operations.binding import check_open_for_business
from admin.operations.intent import Intent, find_by_form_key, lost_race, open_operation
from admin.operations.kinds.base import Write
from admin.operations.service import TakenByAnother, execute, get_operation

Subject = TypeVar("Subject")


def decide(
    form_key: str,
    *,
    subject: Callable[[], Subject],
    judge: Callable[[Subject], Intent],
    actor: Actor,
    gateway: Gateway,
    now: datetime,
    write: Write | None = None,
) -> MoneyOperation:
    """Record a decision and send it; the same form sent twice gives the same operation.

    `subject` locks what the decision is about, `judge` checks it under that lock and says what
    is wanted; both run inside the transaction and may raise. `write` sends what is in this
    request's memory alone, see FROM_MEMORY. Returns the operation in whatever
    state its sending left it, or as NEEDS_APPROVAL when a second person must agree first. Raises
    what they raise, OperationInProgress, GatewayNotAnswering, WrongGateway or Busy before anything
    is written.
    """
    if (earlier := find_by_form_key(form_key)) is not None:
        return earlier
    check_open_for_business(gateway)
    try:
        with gateway.places.taken():
            return _record_and_send(
                form_key,
                subject=subject,
                judge=judge,
                actor=actor,
                gateway=gateway,
                now=now,
                write=write,
            )
    except GatewayBusy as error:
        raise Busy() from error


def _record_and_send(
    form_key: str,
    *,
    subject: Callable[[], Subject],
    judge: Callable[[Subject], Intent],
    actor: Actor,
    gateway: Gateway,
    now: datetime,
    write: Write | None,
) -> MoneyOperation:
    intent = None
    try:
        with transaction():
            locked = subject()
            if (earlier := find_by_form_key(form_key)) is not None:
                return earlier  # the same form, a moment before
            intent = judge(locked)
            operation = open_operation(intent, actor=actor, gateway=gateway, now=now)
    except IntegrityError as error:
        if intent is None:
            raise
        return lost_race(error, intent)
    if operation.state is OperationState.NEEDS_APPROVAL:
        return operation
    return send(operation.id, gateway=gateway, now=now, write=write)


def send(
    operation_id: str, *, gateway: Gateway, now: datetime, write: Write | None = None
) -> MoneyOperation:
    """Send a READY operation, or find it in the hands of another runner."""
    try:
        return execute(operation_id, gateway=gateway, now=now, write=write)
    except TakenByAnother:
        return get_operation(operation_id)
