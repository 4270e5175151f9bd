"""Register a delivery, and look one up at the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.clock import to_epoch
from admin.domain.errors import N_, InvalidInput, NotFound
from admin.domain.escrow import DeliveryNotice, EscrowState, check_delivery
from admin.domain.operation import OperationKind
from admin.domain.permissions import Permission
from admin.gateway.client import Gateway
from admin.mirror.escrow import hold_escrow_order, stand_of
from admin.models import (
    Delivery,
    EscrowOrder,
    MoneyOperation,
    Payment,
    db,
    lock,
    transaction,
)
from admin.operations.decision import decide
from admin.operations.intent import (
    Intent,
    check_nothing_open,
)
from admin.operations.kinds.delivery import keep_delivery

LOOK_AGAIN = timedelta(hours=6)
MOST_LOOKS = 1000  # a round; the rest waits for the next one


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryCommand:
    """What a person decided to register."""

    payment_id: int
    notice: DeliveryNotice
    form_key: str


def register_delivery(
    command: DeliveryCommand, *, actor: Actor, gateway: Gateway, now: datetime
) -> MoneyOperation:
    """Register a parcel through one recorded operation. KCP takes no correction afterwards.

    Returns it as SUCCEEDED, REJECTED (one was registered already), FAILED, NOT_EXECUTED,
    UNKNOWN or MISMATCH. Raises NotFound, DeliveryNotAllowed, DeliveryAlreadyRegistered,
    InvalidInput or OperationInProgress before anything is sent.
    """
    actor.require(Permission.DELIVERIES_CREATE)

    def subject() -> Payment:
        payment = lock(Payment, command.payment_id)
        if payment is None or db.session.get(EscrowOrder, command.payment_id) is None:
            raise NotFound()
        return payment

    def judge(payment: Payment) -> Intent:
        check_nothing_open(payment.imp_uid)
        order = hold_escrow_order(payment.id)
        if order is None:
            raise NotFound()
        check_delivery(stand_of(order, payment, now=now), command.notice)
        _check_times(command.notice, payment, now=now)
        return _intent(command, payment)

    return decide(
        command.form_key, subject=subject, judge=judge, actor=actor, gateway=gateway, now=now
    )


def rehearse_delivery(command: DeliveryCommand, *, actor: Actor, now: datetime) -> None:
    """Raise what `register_delivery` would for this parcel, as far as we know; nothing is sent."""
    actor.require(Permission.DELIVERIES_CREATE)
    order = db.session.get(EscrowOrder, command.payment_id)
    if order is None:
        raise NotFound()
    check_nothing_open(order.payment.imp_uid)
    check_delivery(order.state, command.notice)
    _check_times(command.notice, order.payment, now=now)


def check_escrow_order(
    payment_id: int, *, actor: Actor, gateway: Gateway, now: datetime
) -> DeliveryNotice | None:
    """Ask the gateway which delivery it holds and keep it. Raises NotFound or GatewayError."""
    payment = db.session.get(Payment, payment_id)
    if payment is None or not payment.escrow:
        raise NotFound()
    notice = gateway.get_delivery(payment.imp_uid)
    with transaction():
        _keep(payment, notice, now=now)
        record(actor, "delivery.checked", f"payment:{payment_id}", now=now)
    return notice


def look_for_deliveries(*, gateway: Gateway, now: datetime) -> int:
    """Ask about escrow orders that we think are not shipped yet; returns how many were asked."""
    query = (
        sa.select(Payment)
        .join(EscrowOrder, EscrowOrder.payment_id == Payment.id)
        .where(
            EscrowOrder.state == EscrowState.TO_SHIP,
            sa.or_(EscrowOrder.looked_at.is_(None), EscrowOrder.looked_at < now - LOOK_AGAIN),
        )
        .order_by(EscrowOrder.looked_at.is_not(None), Payment.id.desc())
        .limit(MOST_LOOKS)
    )
    payments = list(db.session.scalars(query))
    for payment in payments:
        notice = gateway.get_delivery(payment.imp_uid)
        with transaction():
            _keep(payment, notice, now=now)
    return len(payments)


def same_invoice_elsewhere(notice: DeliveryNotice, payment_id: int) -> int | None:
    """Another payment that was shipped under the same courier and invoice number."""
    query = sa.select(Delivery.payment_id).where(
        Delivery.company == notice.company,
        Delivery.invoice == notice.invoice,
        Delivery.payment_id != payment_id,
    )
    return db.session.scalars(query.limit(1)).one_or_none()


def _keep(payment: Payment, notice: DeliveryNotice | None, *, now: datetime) -> None:
    if notice is not None:
        keep_delivery(payment.imp_uid, notice, operation_id=None, now=now)
        return
    order = lock(EscrowOrder, payment.id)
    if order is not None:
        order.looked_at = now


def _check_times(notice: DeliveryNotice, payment: Payment, *, now: datetime) -> None:
    if notice.sent_at > now + timedelta(minutes=5):
        raise InvalidInput(N_("The parcel cannot have left in the future."), field="sent_at")
    if payment.paid_at is not None and notice.sent_at < payment.paid_at - timedelta(days=1):
        raise InvalidInput(N_("The parcel left before the order was paid."), field="sent_at")


def _intent(command: DeliveryCommand, payment: Payment) -> Intent:
    notice = command.notice
    return Intent(
        kind=OperationKind.DELIVERY,
        form_key=command.form_key,
        imp_uid=payment.imp_uid,
        merchant_uid=payment.merchant_uid,
        details={
            "company": notice.company,
            "invoice": notice.invoice,
            "sent_at": to_epoch(notice.sent_at),
            "receiver_name": payment.buyer_name,
            "receiver_tel": payment.buyer_tel,
        },
    )
