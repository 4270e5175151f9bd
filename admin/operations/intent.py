"""Open an operation: the intent on disk, before any socket."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from ulid import ULID

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.approval import ApprovalNeed, SecondWord
from admin.domain.clock import KST
from admin.domain.errors import Conflict
from admin.domain.money import Money
from admin.domain.operation import (
    APPROVAL_EXPIRES,
    OPEN_STATES,
    OperationKind,
    OperationState,
)
from admin.gateway.client import Gateway
from admin.models import Approval, MoneyOperation, OperationAttempt, db
from admin.operations.errors import KeyInProgress, OperationInProgress

# One of these at a time is open on a billing key; the database holds it so. A payment keyed in
# may store its card under one.
KEY_KINDS = frozenset({OperationKind.KEY_ISSUE, OperationKind.KEY_DELETE, OperationKind.KEY_IN})
# An order number is charged once, by one of these.
CHARGING_KINDS = frozenset({OperationKind.CHARGE, OperationKind.KEY_IN, OperationKind.SCHEDULE})
# Those that take money at once.
PAYING_KINDS = frozenset({OperationKind.CHARGE, OperationKind.KEY_IN})
MARKER_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
# Made once, since every decision asks them and building them takes longer than asking.
_BY_FORM_KEY = sa.select(MoneyOperation).where(MoneyOperation.form_key == sa.bindparam("form_key"))
_OPEN = (
    sa.select(MoneyOperation)
    .where(MoneyOperation.imp_uid == sa.bindparam("imp_uid"), MoneyOperation.state.in_(OPEN_STATES))
    .order_by(MoneyOperation.id)
    .limit(1)
)
_OPEN_OF_KIND = _OPEN.where(MoneyOperation.kind == sa.bindparam("kind"))
_INSERT_STEP = sa.insert(db.metadata.tables[OperationAttempt.__tablename__]).inline()


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What a person decided, in full. `form_key` comes with the form: one decision, one row."""

    kind: OperationKind
    form_key: str
    reason: str = ""  # sent to the gateway
    note: str = ""  # kept here
    imp_uid: str | None = None
    merchant_uid: str | None = None
    customer_uid: str | None = None
    amount: Money | None = None
    seen: Money | None = None
    details: dict[str, Any] = field(default_factory=dict)
    told: tuple[str, ...] = ()  # of the details, what the audit trail says too
    account: str | None = None  # a bank account as JSON; sealed in the database
    approval: ApprovalNeed | None = None  # a second person must agree before it is sent
    payment_version: int | None = None  # what the second person's word is bound to
    retry_of: str | None = None


def find_by_form_key(form_key: str) -> MoneyOperation | None:
    """The operation this form was already sent for: a double click, a reload, a resubmit."""
    return db.session.scalars(_BY_FORM_KEY, {"form_key": form_key}).one_or_none()


def find_open(imp_uid: str, kind: OperationKind | None = None) -> MoneyOperation | None:
    """An operation on this payment whose outcome is still owed."""
    if kind is None:
        return db.session.scalars(_OPEN, {"imp_uid": imp_uid}).one_or_none()
    return db.session.scalars(_OPEN_OF_KIND, {"imp_uid": imp_uid, "kind": kind}).one_or_none()


def find_open_on_key(
    customer_uid: str, kinds: Iterable[OperationKind] = KEY_KINDS
) -> MoneyOperation | None:
    """An operation of these kinds on this billing key whose outcome is still owed."""
    query = sa.select(MoneyOperation).where(
        MoneyOperation.customer_uid == customer_uid,
        MoneyOperation.kind.in_(list(kinds)),
        MoneyOperation.state.in_(OPEN_STATES),
    )
    return db.session.scalars(query.order_by(MoneyOperation.id).limit(1)).one_or_none()


def check_nothing_open(imp_uid: str) -> None:
    """Raise OperationInProgress, naming who and since when, if one is open on this payment."""
    if (other := find_open(imp_uid)) is not None:
        raise in_progress(other)


def check_key_is_free(customer_uid: str, kinds: Iterable[OperationKind]) -> None:
    """Raise KeyInProgress, naming who and since when, if one of these is open on this key."""
    if (other := find_open_on_key(customer_uid, kinds)) is not None:
        raise in_progress(other, KeyInProgress)


def in_progress(
    other: MoneyOperation, refusal: type[OperationInProgress] = OperationInProgress
) -> OperationInProgress:
    """The refusal that names the operation in the way."""
    since = other.created_at.astimezone(KST).strftime("%H:%M:%S")
    return refusal(other.id, who=other.created_by, time=since)


def open_operation(
    intent: Intent, *, actor: Actor, gateway: Gateway, now: datetime
) -> MoneyOperation:
    """Write the intent, with its audit entry, inside the caller's transaction.

    READY, or NEEDS_APPROVAL when a second person must agree first.
    """
    key = ULID.from_datetime(now)
    needed = intent.approval
    operation = MoneyOperation(
        id=str(key),
        kind=intent.kind,
        state=OperationState.NEEDS_APPROVAL if needed else OperationState.READY,
        gateway_host=gateway.host,
        gateway_fingerprint=gateway.key_fingerprint,
        form_key=intent.form_key,
        marker=_marker(key),
        imp_uid=intent.imp_uid,
        merchant_uid=intent.merchant_uid,
        customer_uid=intent.customer_uid,
        currency=(intent.amount or Money(0)).currency,
        amount_minor=intent.amount.minor if intent.amount else None,
        seen_minor=intent.seen.minor if intent.seen else None,
        reason=intent.reason,
        note=intent.note,
        details=intent.details,
        account=intent.account,
        retry_of_id=intent.retry_of,
        created_by_id=actor.operator_id,
        created_by=actor.name,
        created_at=now,
    )
    operation.fingerprint = fingerprint_of(operation)
    if needed is not None:
        operation.approval = Approval(
            cause=needed.cause,
            limit_minor=needed.limit.minor if needed.limit else None,
            payment_version=intent.payment_version,
            word=SecondWord.AWAITED,
            expires_at=now + APPROVAL_EXPIRES,
        )
    db.session.add(operation)
    db.session.flush()
    if needed is not None:
        add_step(
            operation,
            "approval",
            f"a second person is asked: {needed.cause.value}",
            now=now,
            who=actor.name,
            word=SecondWord.AWAITED.value,
        )
    facts: dict[str, object] = {"amount": intent.amount} if intent.amount else {}
    if needed is not None:
        facts["needs_approval"] = needed.cause.value
    facts |= {name: intent.details[name] for name in intent.told}
    record(
        actor,
        f"{intent.kind.value}.requested",
        f"operation:{operation.id}",
        now=now,
        imp_uid=intent.imp_uid or "",
        merchant_uid=intent.merchant_uid or "",
        **facts,
    )
    return operation


def lost_race(error: IntegrityError, intent: Intent) -> MoneyOperation:
    """Another request was first: the same form gives its operation, another one is refused."""
    if (earlier := find_by_form_key(intent.form_key)) is not None:
        return earlier
    other = find_open(intent.imp_uid, intent.kind) if intent.imp_uid else None
    if other is not None:
        raise in_progress(other)
    if intent.kind in KEY_KINDS and intent.customer_uid:
        check_key_is_free(intent.customer_uid, KEY_KINDS)
    same_number = sa.select(MoneyOperation.id).where(
        MoneyOperation.kind.in_(CHARGING_KINDS),
        MoneyOperation.merchant_uid == intent.merchant_uid,
    )
    if intent.kind in CHARGING_KINDS and db.session.scalars(same_number).first():
        raise Conflict() from error  # two decisions under one order number
    raise error


def add_step(
    operation: MoneyOperation,
    phase: str,
    fact: str,
    *,
    now: datetime,
    verdict: OperationState | None = None,
    error: str = "",
    elapsed_ms: int | None = None,
    **facts: object,
) -> None:
    """Keep one thing that was done about an operation."""
    step = {
        "operation_id": operation.id,
        "phase": phase,
        "at": now,
        "verdict": verdict.value if verdict else "",
        "fact": fact,
        "error": error,
        "elapsed_ms": elapsed_ms,
        "facts": facts,
    }
    db.session.execute(_INSERT_STEP, step)


def fingerprint_of(operation: MoneyOperation) -> str:
    """What was decided, as one keyed digest: another content of the row gives another one."""
    canonical = json.dumps(
        {
            "kind": operation.kind.value,
            "imp_uid": operation.imp_uid,
            "merchant_uid": operation.merchant_uid,
            "customer_uid": operation.customer_uid,
            "currency": operation.currency.value,
            "amount": operation.amount_minor,
            "seen": operation.seen_minor,
            "reason": operation.reason,
            "details": operation.details,
            "account": operation.account,
        },
        sort_keys=True,
        ensure_ascii=True,
    )
    key = operation.gateway_fingerprint.encode()
    return hmac.new(key, canonical.encode(), hashlib.sha256).hexdigest()


def _marker(key: ULID) -> str:
    number = int.from_bytes(key.bytes[6:], "big")
    letters = []
    for _ in range(8):
        number, place = divmod(number, len(MARKER_ALPHABET))
        letters.append(MARKER_ALPHABET[place])
    return "".join(letters)
