"""A card typed here is charged once, and kept as a billing key where the customer wants that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from admin.accounts.second_factor import TypedCode
from admin.customers.key_service import (
    KeptCard,
    check_address,
    check_key_takes_card,
    locked_customer,
    settle_what_is_open,
)
from admin.customers.service import (
    buyer_details,
    check_charge,
    check_not_just_charged,
    check_order_number,
    find_open_charge,
)
from admin.domain.actor import Actor
from admin.domain.card import Card, check_card
from admin.domain.clock import KST
from admin.domain.errors import N_, Conflict
from admin.domain.money import Money
from admin.domain.operation import OperationKind
from admin.domain.permissions import Permission
from admin.gateway.client import Gateway
from admin.models import Customer, MoneyOperation
from admin.operations.decision import decide
from admin.operations.intent import Intent
from admin.operations.kinds.key_in import charge_with


class CardInProgress(Conflict):
    """A payment of this card has no known outcome yet."""

    message = N_(
        "A payment of this card, started by %(who)s, has no known outcome yet. Nothing was sent."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInCommand:
    """What a person decided to charge, under which order number. The card is no part of it."""

    customer_id: int
    merchant_uid: str
    amount: Money
    order_name: str
    note: str
    form_key: str
    keep: KeptCard | None = None  # once it has paid
    retry_of: str | None = None


def charge_typed_card(
    command: KeyInCommand,
    card: Card,
    code: TypedCode,
    *,
    actor: Actor,
    gateway: Gateway,
    now: datetime,
) -> MoneyOperation:
    """Take money from a card through one recorded operation, whatever its outcome.

    The card lives in this call's memory: of it, the operation keeps the last four digits. `code` is
    used up with the decision; the same form sent twice needs no second one. Returns the operation
    as SUCCEEDED, FAILED (declined or refused), REJECTED (the number is paid, a card is stored
    already), NOT_EXECUTED (never sent), MISMATCH or UNKNOWN, which a look settles without asking
    for the card again. Raises NotFound, InvalidInput, NoSecondFactor, WrongCode, CardInProgress,
    JustCharged, KeyTaken or KeyInProgress before anything is sent.
    """
    actor.require(Permission.CARDS_KEY_IN)
    check_charge(command.amount, command.order_name, command.note)
    check_card(card, today=now.astimezone(KST).date())
    keep = command.keep
    if keep is not None:
        check_address(keep)
        settle_what_is_open(keep.customer_uid, command.form_key, gateway=gateway, now=now)

    def judge(customer: Customer) -> Intent:
        ours = (
            MoneyOperation.details["customer_id"].as_integer() == customer.id,
            MoneyOperation.details["last4"].as_string() == card.last4,
        )
        if (other := find_open_charge(OperationKind.KEY_IN, ours)) is not None:
            raise CardInProgress(who=other.created_by)
        check_not_just_charged(ours, command.amount, now=now)
        check_order_number(command.merchant_uid)
        if keep is not None:
            check_key_takes_card(customer, keep)
        code.use(actor.operator_id, now=now)
        return _intent(command, customer, last4=card.last4)

    return decide(
        command.form_key,
        subject=lambda: locked_customer(command.customer_id),
        judge=judge,
        actor=actor,
        gateway=gateway,
        now=now,
        write=charge_with(card),
    )


def _intent(command: KeyInCommand, customer: Customer, *, last4: str) -> Intent:
    keep = command.keep
    return Intent(
        kind=OperationKind.KEY_IN,
        form_key=command.form_key,
        note=command.note,
        merchant_uid=command.merchant_uid,
        customer_uid=keep.customer_uid if keep else None,
        amount=command.amount,
        details={
            "order_name": command.order_name,
            "last4": last4,
            "label": keep.label if keep else "",
            "replaces": keep.replaces if keep else False,
            **buyer_details(customer),
        },
        told=("customer_id", "last4"),
        retry_of=command.retry_of,
    )
