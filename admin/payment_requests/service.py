"""Compose a payment request, register its amount, take its link back."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from ulid import ULID

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.clock import KST
from admin.domain.errors import N_, Conflict, InvalidInput, NotFound
from admin.domain.operation import OperationKind
from admin.domain.payment_request import RequestState
from admin.domain.payment_window import RequestKind, WindowRequest, check_request, parameters
from admin.domain.permissions import Permission
from admin.gateway.client import Gateway
from admin.models import (
    BillingKey,
    Customer,
    MoneyOperation,
    Payment,
    PaymentRequest,
    db,
    lock,
    transaction,
)
from admin.operations.decision import decide
from admin.operations.intent import Intent
from admin.payment_requests.queries import find_by_form_key, state_of

SHORTEST_LIFE, LONGEST_LIFE = timedelta(minutes=10), timedelta(days=30)
TOKEN_BYTES = 24
REVOCABLE = frozenset(
    {RequestState.PREPARING, RequestState.NOT_PREPARED, RequestState.OPEN, RequestState.AWAITING}
)


class RequestClosed(Conflict):
    """What was asked of a request that has come to an end."""

    message = N_("This request has come to something already, or has ended. Look again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeCommand:
    """What a person decided to ask for, and until when the link holds."""

    window: WindowRequest
    customer_id: int | None
    expires_at: datetime
    form_key: str


def compose_request(
    command: ComposeCommand, *, actor: Actor, gateway: Gateway, now: datetime
) -> PaymentRequest:
    """Keep a request; of a payment, register its amount through a recorded operation first.

    A payment whose amount is not known to be registered opens no window. Raises InvalidInput for
    what the window would refuse, Busy or GatewayNotAnswering before anything is kept.
    """
    actor.require(Permission.REQUESTS_CREATE)
    check_request(command.window, now=now)
    if not now + SHORTEST_LIFE <= command.expires_at <= now + LONGEST_LIFE:
        raise InvalidInput(N_("A link holds from ten minutes to thirty days."), field="expires_at")
    if (earlier := find_by_form_key(command.form_key)) is not None:
        return earlier
    if command.window.kind is RequestKind.CARD:
        with transaction():
            return _keep(command, actor=actor, now=now)
    decide(
        command.form_key,
        subject=lambda: None,
        judge=lambda _: _preparation(_keep(command, actor=actor, now=now), command.form_key),
        actor=actor,
        gateway=gateway,
        now=now,
    )
    kept = find_by_form_key(command.form_key)
    if kept is None:
        raise LookupError("the request is kept with the intent, or neither is")
    return kept


def prepare_again(
    request_id: int, form_key: str, *, actor: Actor, gateway: Gateway, now: datetime
) -> MoneyOperation:
    """Register the amount of a request once more, where the last time came to nothing."""
    actor.require(Permission.REQUESTS_CREATE)

    def judge(request: PaymentRequest) -> Intent:
        if state_of(request, now=now) is not RequestState.NOT_PREPARED:
            raise RequestClosed()
        return _preparation(request, form_key)

    return decide(
        form_key,
        subject=lambda: _locked(request_id),
        judge=judge,
        actor=actor,
        gateway=gateway,
        now=now,
    )


def revoke_request(request_id: int, *, actor: Actor, now: datetime) -> None:
    """Take the link back: it opens no window any more. What was paid stays paid.

    Raises NotFound, or RequestClosed when there is nothing to take back.
    """
    actor.require(Permission.REQUESTS_CREATE)
    with transaction():
        request = _locked(request_id)
        if state_of(request, now=now) not in REVOCABLE:
            raise RequestClosed()
        request.revoked_at, request.revoked_by = now, actor.name
        record(actor, "payment_request.revoked", f"payment_request:{request_id}", now=now)


def new_order_number(now: datetime) -> str:
    """An order number of ours for a request."""
    return f"REQ{now.astimezone(KST):%Y%m%d}-{str(ULID.from_datetime(now))[-12:]}"


def digest_of(token: str) -> str:
    """What a link's token is found by; the token itself cannot be read out of it."""
    return hashlib.sha256(token.encode()).hexdigest()


def _keep(command: ComposeCommand, *, actor: Actor, now: datetime) -> PaymentRequest:
    window = command.window
    _check_number_is_free(window.merchant_uid)
    if window.kind is RequestKind.CARD:
        _check_key(command)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    request = PaymentRequest(
        kind=window.kind,
        merchant_uid=window.merchant_uid,
        name=window.name,
        currency=window.amount.currency,
        amount_minor=window.amount.minor,
        pay_method=window.method.value,
        escrow=window.escrow,
        buyer_name=window.buyer.name,
        customer_id=command.customer_id,
        customer_uid=window.customer_uid or None,
        language=window.language,
        parameters=parameters(window),
        token=token,
        token_hash=digest_of(token),
        form_key=command.form_key,
        created_by_id=actor.operator_id,
        created_by=actor.name,
        created_at=now,
        expires_at=command.expires_at,
    )
    db.session.add(request)
    db.session.flush()
    record(
        actor,
        "payment_request.composed",
        f"payment_request:{request.id}",
        now=now,
        merchant_uid=window.merchant_uid,
        amount=window.amount,
        kind=window.kind.value,
    )
    return request


def _preparation(request: PaymentRequest, form_key: str) -> Intent:
    return Intent(
        kind=OperationKind.PREPARE,
        form_key=form_key,
        merchant_uid=request.merchant_uid,
        details={
            "order_name": request.name,
            "amount_minor": request.amount_minor,
            "payment_request_id": request.id,
        },
    )


def _check_number_is_free(number: str) -> None:
    taken = (
        sa.select(PaymentRequest.id).where(PaymentRequest.merchant_uid == number),
        sa.select(Payment.id).where(Payment.merchant_uid == number),
        sa.select(MoneyOperation.id).where(MoneyOperation.merchant_uid == number),
    )
    if any(db.session.execute(one.limit(1)).first() for one in taken):
        raise InvalidInput(
            N_("This order number was used already. Take a new one."), field="merchant_uid"
        )


def _check_key(command: ComposeCommand) -> None:
    if command.customer_id is None or db.session.get(Customer, command.customer_id) is None:
        raise NotFound()
    query = sa.select(BillingKey).where(BillingKey.customer_uid == command.window.customer_uid)
    key = db.session.scalars(query).one_or_none()
    if key is not None and key.known_to_gateway is not False:
        raise InvalidInput(
            N_("A card stands under this billing key already. Choose another name."),
            field="customer_uid",
        )


def _locked(request_id: int) -> PaymentRequest:
    request = lock(PaymentRequest, request_id)
    if request is None:
        raise NotFound()
    return request
