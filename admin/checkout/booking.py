"""What was paid through a request stands in the shop's books: no program of the shop brings it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.order_input import ItemInput, OrderInput
from admin.domain.order_intake import OrderOrigin
from admin.domain.payment import Standing
from admin.domain.reconciliation.records import BookedStatus
from admin.models import Order, Payment, PaymentRequest, db
from admin.orders.service import take_in
from admin.payment_requests.queries import MONEY_CAME


def book_requests(*, merchant_uid: str | None = None, actor: Actor, now: datetime) -> Sequence[str]:
    """Bring the books in step with what requests came to, inside the caller's transaction.

    A payment of another amount than was asked is nobody's order; it stays out. Returns the order
    numbers that were added or changed.
    """
    query = (
        sa.select(PaymentRequest, Payment)
        .join(Payment, Payment.merchant_uid == PaymentRequest.merchant_uid)
        .outerjoin(Order, Order.order_number == PaymentRequest.merchant_uid)
        .where(
            Payment.standing.in_(MONEY_CAME),
            Payment.amount_minor == PaymentRequest.amount_minor,
            PaymentRequest.amount_minor > 0,
            sa.or_(Order.id.is_(None), Order.cancelled_minor != Payment.cancelled_minor),
        )
        .order_by(Payment.id)
    )
    if merchant_uid is not None:
        query = query.where(PaymentRequest.merchant_uid == merchant_uid)
    found = {request.merchant_uid: _order(request, paid) for request, paid in _rows(query)}
    take_in(list(found.values()), origin=OrderOrigin.REQUEST, actor=actor, now=now)
    return list(found)


def _rows(
    query: sa.Select[PaymentRequest, Payment],
) -> Sequence[sa.Row[PaymentRequest, Payment]]:
    return db.session.execute(query).all()


def _order(request: PaymentRequest, payment: Payment) -> OrderInput:
    buyer = request.parameters
    whole = payment.standing is Standing.REFUNDED
    return OrderInput(
        order_number=request.merchant_uid,
        ordered_at=request.created_at,
        order_name=request.name,
        buyer_name=buyer.get("buyer_name"),
        buyer_email=buyer.get("buyer_email"),
        buyer_tel=buyer.get("buyer_tel"),
        currency=request.currency,
        pay_method=payment.pay_method,
        status=BookedStatus.CANCELLED if whole else BookedStatus.PAID,
        amount_minor=request.amount_minor,
        cancelled_minor=payment.cancelled_minor,
        paid_at=payment.paid_at,
        imp_uid=payment.imp_uid,
        escrow=request.escrow,
        items=tuple(
            ItemInput(
                item_order_number=item["orderNumber"],
                name=item["name"],
                quantity=item["quantity"],
                amount_minor=item["amount"],
            )
            for item in buyer.get("kcpProducts", ())
        ),
    )
