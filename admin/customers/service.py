"""Charge a billing key, and look one up at the gateway."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from ulid import ULID

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.card_guard import holds_card_number
from admin.domain.clock import KST
from admin.domain.errors import N_, Conflict, DomainError, InvalidInput, NotFound
from admin.domain.money import Money
from admin.domain.operation import (
    HAPPENED_STATES,
    OPEN_STATES,
    SPENT_STATES,
    OperationKind,
    OperationState,
)
from admin.domain.permissions import Permission
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayNotFound
from admin.models import BillingKey, Customer, MoneyOperation, Payment, db, lock, transaction
from admin.operations.decision import decide
from admin.operations.intent import (
    CHARGING_KINDS,
    KEY_KINDS,
    PAYING_KINDS,
    Intent,
    check_key_is_free,
)

SAME_AGAIN = timedelta(minutes=10)
ORDER_NUMBER = re.compile(r"[A-Za-z0-9_-]{1,32}")
LEAST_CHARGE = 100  # won; below it KCP takes no card payment
LONGEST_ORDER_NAME = 40
Same = Sequence[sa.ColumnElement[bool]]  # what makes two charges ones of the same card or key


class KeyNotUsable(DomainError):
    """The gateway does not know this billing key any more."""

    message = N_("The gateway does not know this billing key any more, so it cannot be charged.")


class ChargeInProgress(Conflict):
    """A charge of this billing key has no known outcome yet."""

    message = N_(
        "A charge of this billing key, started by %(who)s, has no known outcome yet. "
        "Nothing was sent."
    )


class JustCharged(Conflict):
    """The same key was charged the same amount a moment ago."""

    message = N_(
        "%(who)s charged the same card %(amount)s at %(time)s. Nothing was sent; "
        "if it is meant to be charged twice, wait ten minutes."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeCommand:
    """What a person decided to charge, under which order number."""

    billing_key_id: int
    merchant_uid: str
    amount: Money
    order_name: str
    note: str
    form_key: str
    retry_of: str | None = None


def charge_billing_key(
    command: ChargeCommand, *, actor: Actor, gateway: Gateway, now: datetime
) -> MoneyOperation:
    """Take money with a stored key through one recorded operation, whatever its outcome.

    A new order number is made for each decision. Returns the operation as SUCCEEDED, FAILED
    (declined or refused), NOT_EXECUTED (never sent), UNKNOWN or MISMATCH. Raises NotFound,
    InvalidInput, KeyNotUsable or ChargeInProgress before anything is sent.
    """
    actor.require(Permission.CHARGES_CREATE)
    check_charge(command.amount, command.order_name, command.note)

    def subject() -> BillingKey:
        return locked_key(command.billing_key_id)

    def judge(key: BillingKey) -> Intent:
        if key.known_to_gateway is False:
            raise KeyNotUsable()
        ours = (MoneyOperation.customer_uid == key.customer_uid,)
        if (other := find_open_charge(OperationKind.CHARGE, ours)) is not None:
            raise ChargeInProgress(who=other.created_by)
        check_key_is_free(key.customer_uid, KEY_KINDS)
        check_not_just_charged(ours, command.amount, now=now)
        check_order_number(command.merchant_uid)
        return _intent(command, key)

    return decide(
        command.form_key, subject=subject, judge=judge, actor=actor, gateway=gateway, now=now
    )


def check_billing_keys(
    customer_id: int, *, actor: Actor, gateway: Gateway, now: datetime
) -> list[BillingKey]:
    """Ask the gateway about each key of a customer and keep what it says.

    Raises GatewayError when the gateway gives no usable answer.
    """
    query = sa.select(BillingKey).where(BillingKey.customer_id == customer_id)
    keys = list(db.session.scalars(query.order_by(BillingKey.id)))
    found = {}
    for key in keys:
        try:
            found[key.id] = gateway.get_billing_key(key.customer_uid)
        except GatewayNotFound:
            continue
    with transaction():
        for key in keys:
            row = lock(BillingKey, key.id)
            if row is None:
                continue
            seen = found.get(key.id)
            row.known_to_gateway = seen is not None
            row.checked_at = now
            if seen is not None:
                row.card_name = seen.card_name
                row.card_number = seen.card_number
                row.issued_at = seen.inserted_at
        record(actor, "billing_keys.checked", f"customer:{customer_id}", now=now)
    return keys


def number_for_another_try(earlier: MoneyOperation) -> str:
    """The order number under which an earlier charge is asked for once more.

    What was never sent keeps its number, so that the gateway's own check for twice is a second
    fence; what was declined has used its number up and gets the next one (`-r2`, `-r3`, …).
    """
    number = earlier.merchant_uid or ""
    if earlier.state in (OperationState.NOT_EXECUTED, OperationState.EXPIRED):
        return number
    base, _, turn = number.rpartition("-r")
    if not base or not turn.isdecimal():
        base, turn = number, "1"
    following = f"{base}-r{int(turn) + 1}"
    return following if ORDER_NUMBER.fullmatch(following) else new_order_number(earlier.created_at)


def new_order_number(now: datetime) -> str:
    """An order number of ours: at most 32 characters of A-Z, 0-9 and a dash."""
    return f"CHG{now.astimezone(KST):%Y%m%d}-{str(ULID.from_datetime(now))[-12:]}"


def locked_key(billing_key_id: int) -> BillingKey:
    """One billing key under its lock, inside a transaction, or NotFound."""
    key = lock(BillingKey, billing_key_id)
    if key is None:
        raise NotFound()
    return key


def check_charge(amount: Money, order_name: str, note: str) -> None:
    """Raise InvalidInput for what the gateway would refuse or what must not be kept."""
    if amount.minor < LEAST_CHARGE:
        raise InvalidInput(
            N_("A card payment is at least %(least)s."), field="amount", least=Money(LEAST_CHARGE)
        )
    if not order_name:
        raise InvalidInput(N_("Say what the charge is for."), field="order_name")
    if len(order_name) > LONGEST_ORDER_NAME:
        raise InvalidInput(
            N_("The gateway takes at most %(most)s characters."),
            field="order_name",
            most=LONGEST_ORDER_NAME,
        )
    if holds_card_number(order_name) or holds_card_number(note):
        raise InvalidInput(N_("That looks like a card number. Card numbers are not kept here."))


def check_order_number(number: str) -> None:
    """Raise InvalidInput unless it is well formed and unused, now or at a scheduled moment.

    One order number is charged once; a decline needs a new one.
    """
    if not ORDER_NUMBER.fullmatch(number):
        raise InvalidInput(
            N_("An order number has 1 to 32 letters, digits, dashes or underscores."),
            field="merchant_uid",
        )
    query = sa.select(MoneyOperation.id).where(
        MoneyOperation.merchant_uid == number,
        MoneyOperation.kind.in_(CHARGING_KINDS),
        MoneyOperation.state.not_in(SPENT_STATES),
    )
    paid = sa.select(Payment.id).where(Payment.merchant_uid == number)
    for taken in (query, paid):
        if db.session.execute(taken.limit(1)).first() is not None:
            raise InvalidInput(
                N_("This order number was used already. Take a new one."), field="merchant_uid"
            )


def find_open_charge(kind: OperationKind, ours: Same) -> MoneyOperation | None:
    """A charge of the same card or key whose outcome is still owed."""
    query = sa.select(MoneyOperation).where(
        *ours,
        MoneyOperation.kind == kind,
        MoneyOperation.state.in_(OPEN_STATES),
    )
    return db.session.scalars(query.limit(1)).one_or_none()


def check_not_just_charged(ours: Same, amount: Money, *, now: datetime) -> None:
    """Raise JustCharged where the same card or key paid the same amount a moment ago."""
    query = (
        sa.select(MoneyOperation)
        .where(
            *ours,
            MoneyOperation.kind.in_(PAYING_KINDS),
            MoneyOperation.amount_minor == amount.minor,
            MoneyOperation.created_at > now - SAME_AGAIN,
            MoneyOperation.state.in_(HAPPENED_STATES),
        )
        .limit(1)
    )
    if (other := db.session.scalars(query).one_or_none()) is not None:
        time = other.created_at.astimezone(KST).strftime("%H:%M:%S")
        raise JustCharged(who=other.created_by, amount=amount, time=time)


def buyer_details(person: Customer) -> dict[str, object]:
    """Who pays, as a charge tells the gateway and keeps it."""
    return {
        "buyer_name": person.name,
        "buyer_email": person.email,
        "buyer_tel": person.tel,
        "customer_id": person.id,
    }


def _intent(command: ChargeCommand, key: BillingKey) -> Intent:
    return Intent(
        kind=OperationKind.CHARGE,
        form_key=command.form_key,
        note=command.note,
        merchant_uid=command.merchant_uid,
        customer_uid=key.customer_uid,
        amount=command.amount,
        details={"order_name": command.order_name, **buyer_details(key.customer)},
        retry_of=command.retry_of,
    )
