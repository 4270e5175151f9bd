"""Billing keys: store a card, delete a key, schedule a charge, take a schedule back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from admin.accounts.second_factor import TypedCode
from admin.customers.service import (
    SAME_AGAIN,
    KeyNotUsable,
    check_charge,
    check_order_number,
    locked_key,
)
from admin.domain.actor import Actor
from admin.domain.card import Card, check_card
from admin.domain.card_guard import holds_card_number
from admin.domain.clock import KST, to_epoch
from admin.domain.errors import N_, Conflict, DomainError, InvalidInput, NotFound
from admin.domain.money import Money
from admin.domain.operation import HAPPENED_STATES, OperationKind
from admin.domain.permissions import Permission
from admin.domain.schedule import ScheduleSnapshot, check_clocks, check_moment
from admin.gateway.client import Gateway
from admin.models import BillingKey, Customer, MoneyOperation, db, lock
from admin.operations.billing_keys import find_key, look_up_schedule, look_up_schedules
from admin.operations.decision import decide
from admin.operations.intent import KEY_KINDS, Intent, check_key_is_free, find_open_on_key
from admin.operations.kinds.key_issue import issue_with
from admin.operations.resolver import advance

CUSTOMER_UID = re.compile(r"[A-Za-z0-9_-]{1,80}")
LONGEST_LABEL = 80
WITH_MONEY = frozenset({OperationKind.CHARGE, OperationKind.SCHEDULE, OperationKind.UNSCHEDULE})


class KeyGone(DomainError):
    """There is no such key at the gateway any more."""

    message = N_("The gateway does not know this billing key any more. Nothing was sent.")


class NothingNamed(InvalidInput):
    """Without names the gateway would take every schedule of the key back."""

    message = N_("Name the scheduled charges to take back. Nothing was sent.")


class KeyTaken(Conflict):
    """The address of the key belongs to another customer, or holds a card already."""

    message = N_("A card is stored under this billing key already. Nothing was sent.")


class JustScheduled(Conflict):
    """The same amount at the same moment was scheduled with this key a moment ago."""

    message = N_(
        "%(who)s has just scheduled the same amount for the same moment. Nothing was sent; "
        "if it is meant to be charged twice, wait ten minutes."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCard:
    """The billing key that a card is stored as: its address, and what people call it."""

    customer_uid: str
    label: str = ""
    replaces: bool = False  # a card that is stored under this address already


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCommand:
    """Whose card is stored, as which billing key. The card itself is no part of it."""

    customer_id: int
    keep: KeptCard
    form_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteCommand:
    """Which key a person decided to delete."""

    billing_key_id: int
    form_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleCommand:
    """What a person decided to charge, when, under which order number."""

    billing_key_id: int
    merchant_uid: str
    schedule_at: datetime
    amount: Money
    order_name: str
    note: str
    form_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnscheduleCommand:
    """Which scheduled charges of a key a person decided to take back, by their order numbers."""

    billing_key_id: int
    merchant_uids: tuple[str, ...]
    form_key: str


def issue_billing_key(
    command: IssueCommand,
    card: Card,
    code: TypedCode,
    *,
    actor: Actor,
    gateway: Gateway,
    now: datetime,
) -> MoneyOperation:
    """Store a card as a billing key through one recorded operation.

    The card lives in this call's memory: of it, the operation keeps the last four digits. `code` is
    used up with the decision; the same form sent twice needs no second one. Returns
    the operation as SUCCEEDED, FAILED (refused), REJECTED (a card is there), NOT_EXECUTED (never
    sent) or UNKNOWN, which a look settles without asking for the card again. Raises NotFound,
    InvalidInput, NoSecondFactor, WrongCode, KeyTaken or KeyInProgress before anything is sent.
    """
    actor.require(Permission.CARDS_KEY_IN)
    check_card(card, today=now.astimezone(KST).date())
    keep = command.keep
    check_address(keep)
    settle_what_is_open(keep.customer_uid, command.form_key, gateway=gateway, now=now)

    def judge(customer: Customer) -> Intent:
        check_key_takes_card(customer, keep)
        code.use(actor.operator_id, now=now)
        return Intent(
            kind=OperationKind.KEY_ISSUE,
            form_key=command.form_key,
            customer_uid=keep.customer_uid,
            details={
                "customer_id": customer.id,
                "label": keep.label,
                "last4": card.last4,
                "replaces": keep.replaces,
            },
            told=("customer_id", "last4"),
        )

    return decide(
        command.form_key,
        subject=lambda: locked_customer(command.customer_id),
        judge=judge,
        actor=actor,
        gateway=gateway,
        now=now,
        write=issue_with(card),
    )


def check_address(keep: KeptCard) -> None:
    """Raise InvalidInput for what can be no address, or no label, of a billing key."""
    if not CUSTOMER_UID.fullmatch(keep.customer_uid):
        raise InvalidInput(
            N_("A billing key has 1 to 80 letters, digits, dashes or underscores."),
            field="customer_uid",
        )
    for field, text in (("customer_uid", keep.customer_uid), ("label", keep.label)):
        if holds_card_number(text):
            raise InvalidInput(
                N_("That looks like a card number. Card numbers are not kept here."), field=field
            )
    if len(keep.label) > LONGEST_LABEL:
        raise InvalidInput(N_("That is too long."), field="label")


def locked_customer(customer_id: int) -> Customer:
    """One customer under their lock, inside a transaction, or NotFound."""
    customer = lock(Customer, customer_id)
    if customer is None:
        raise NotFound()
    return customer


def check_key_takes_card(customer: Customer, keep: KeptCard) -> None:
    """Raise KeyInProgress or KeyTaken unless a card of the customer's may be stored under it."""
    check_key_is_free(keep.customer_uid, KEY_KINDS)
    key = find_key(keep.customer_uid)
    if key is not None and key.customer_id != customer.id:
        raise KeyTaken()
    if key is not None and key.known_to_gateway is not False and not keep.replaces:
        raise KeyTaken()


def settle_what_is_open(
    customer_uid: str, form_key: str, *, gateway: Gateway, now: datetime
) -> None:
    """An unknown outcome may be decided by now; look before refusing because of it."""
    operation = find_open_on_key(customer_uid, KEY_KINDS | WITH_MONEY)
    if operation is not None and operation.form_key != form_key:
        advance(operation.id, gateway=gateway, now=now)


def delete_billing_key(
    command: DeleteCommand, *, actor: Actor, gateway: Gateway, now: datetime
) -> MoneyOperation:
    """Delete a billing key for good through one recorded operation.

    Returns it as SUCCEEDED, REJECTED (a charge is still scheduled with it; nothing was sent),
    FAILED, NOT_EXECUTED or UNKNOWN. Raises NotFound, KeyGone or KeyInProgress before anything
    is sent.
    """
    actor.require(Permission.KEYS_DELETE)

    def judge(key: BillingKey) -> Intent:
        if key.known_to_gateway is False:
            raise KeyGone()
        check_key_is_free(key.customer_uid, KEY_KINDS | WITH_MONEY)
        return Intent(
            kind=OperationKind.KEY_DELETE,
            form_key=command.form_key,
            customer_uid=key.customer_uid,
            details={"customer_id": key.customer_id},
        )

    return _decide(command, judge, actor=actor, gateway=gateway, now=now)


def schedule_charge(
    command: ScheduleCommand, *, actor: Actor, gateway: Gateway, now: datetime
) -> MoneyOperation:
    """Schedule one charge of a billing key through one recorded operation.

    SUCCEEDED means that it is scheduled; what becomes of it is seen as a payment. Returns it
    also as REJECTED (the number is used, the clocks differ), FAILED, NOT_EXECUTED, MISMATCH or
    UNKNOWN. Raises NotFound, InvalidInput, KeyNotUsable, ClocksDiffer, JustScheduled or
    KeyInProgress before anything is sent.
    """
    actor.require(Permission.CHARGES_CREATE)
    check_charge(command.amount, command.order_name, command.note)
    check_moment(command.schedule_at, now=now)
    check_clocks(gateway.clock_skew)

    def judge(key: BillingKey) -> Intent:
        if key.known_to_gateway is False:
            raise KeyNotUsable()
        check_key_is_free(key.customer_uid, KEY_KINDS | {OperationKind.SCHEDULE})
        _check_not_just_scheduled(key.customer_uid, command, now=now)
        check_order_number(command.merchant_uid)
        return Intent(
            kind=OperationKind.SCHEDULE,
            form_key=command.form_key,
            note=command.note,
            merchant_uid=command.merchant_uid,
            customer_uid=key.customer_uid,
            amount=command.amount,
            details={
                "order_name": command.order_name,
                "schedule_at": to_epoch(command.schedule_at),
                "customer_id": key.customer_id,
            },
        )

    return _decide(command, judge, actor=actor, gateway=gateway, now=now)


def unschedule_charges(
    command: UnscheduleCommand, *, actor: Actor, gateway: Gateway, now: datetime
) -> MoneyOperation:
    """Take the named scheduled charges back, and only those, through one recorded operation.

    Returns it as SUCCEEDED (all are revoked), NOT_EXECUTED (they ran first, or nothing was
    sent), REJECTED (one does not wait any more), FAILED, MISMATCH or UNKNOWN. Raises
    NothingNamed, NotFound or KeyInProgress before anything is sent.
    """
    actor.require(Permission.CHARGES_CREATE)
    numbers = list(dict.fromkeys(number for number in command.merchant_uids if number))
    if not numbers:
        raise NothingNamed()

    def judge(key: BillingKey) -> Intent:
        check_key_is_free(key.customer_uid, {OperationKind.UNSCHEDULE, OperationKind.KEY_DELETE})
        return Intent(
            kind=OperationKind.UNSCHEDULE,
            form_key=command.form_key,
            merchant_uid=numbers[0],
            customer_uid=key.customer_uid,
            details={"merchant_uids": numbers, "customer_id": key.customer_id},
        )

    return _decide(command, judge, actor=actor, gateway=gateway, now=now)


def list_schedules(
    billing_key_id: int, *, gateway: Gateway, now: datetime
) -> tuple[ScheduleSnapshot, ...]:
    """Every schedule of a key as the gateway shows it now, in order of their moments.

    Raises NotFound or GatewayError.
    """
    key = db.session.get(BillingKey, billing_key_id)
    if key is None:
        raise NotFound()
    return look_up_schedules(gateway, key.customer_uid, now=now)


def find_schedule(billing_key_id: int, merchant_uid: str, *, gateway: Gateway) -> ScheduleSnapshot:
    """One schedule of a key as the gateway shows it now. Raises NotFound or GatewayError."""
    key = db.session.get(BillingKey, billing_key_id)
    if key is None or not merchant_uid:
        raise NotFound()
    schedule = look_up_schedule(gateway, merchant_uid)
    if schedule is None or schedule.customer_uid != key.customer_uid:
        raise NotFound()
    return schedule


def _decide(
    command: DeleteCommand | ScheduleCommand | UnscheduleCommand,
    judge: Callable[[BillingKey], Intent],
    *,
    actor: Actor,
    gateway: Gateway,
    now: datetime,
) -> MoneyOperation:
    key = db.session.get(BillingKey, command.billing_key_id)
    if key is not None:
        settle_what_is_open(key.customer_uid, command.form_key, gateway=gateway, now=now)
    return decide(
        command.form_key,
        subject=lambda: locked_key(command.billing_key_id),
        judge=judge,
        actor=actor,
        gateway=gateway,
        now=now,
    )


def _check_not_just_scheduled(
    customer_uid: str, command: ScheduleCommand, *, now: datetime
) -> None:
    query = sa.select(MoneyOperation).where(
        MoneyOperation.customer_uid == customer_uid,
        MoneyOperation.kind == OperationKind.SCHEDULE,
        MoneyOperation.amount_minor == command.amount.minor,
        MoneyOperation.created_at > now - SAME_AGAIN,
        MoneyOperation.state.in_(HAPPENED_STATES),
    )
    moment = to_epoch(command.schedule_at)
    for other in db.session.scalars(query):
        if other.details["schedule_at"] == moment:
            raise JustScheduled(who=other.created_by)
