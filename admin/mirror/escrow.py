"""Where an escrow order stands, kept beside its payment. Whoever writes the state asks here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from admin.domain.escrow import EscrowState, escrow_state
from admin.domain.payment import PaymentSnapshot
from admin.models import Delivery, EscrowDecision, EscrowOrder, Payment, db, in_transaction

CHUNK = 500  # keys a query may name at once

# Fresh: a parcel or a decision may have been kept since this session read the order.
_HELD = (
    sa.select(EscrowOrder)
    .where(EscrowOrder.payment_id == sa.bindparam("payment_id"))
    .options(selectinload(EscrowOrder.delivery), selectinload(EscrowOrder.decisions))
    .with_for_update(of=EscrowOrder)
    .execution_options(populate_existing=True)
)
_LATEST = (
    sa.select(EscrowDecision.decision)
    .where(EscrowDecision.payment_id == EscrowOrder.payment_id)
    .order_by(EscrowDecision.id.desc())
    .limit(1)
    .scalar_subquery()
)
_STANDS = (
    sa.select(EscrowOrder.payment_id, EscrowOrder.state, Delivery.id, _LATEST)
    .outerjoin(Delivery)
    .where(EscrowOrder.payment_id.in_(sa.bindparam("keys", expanding=True)))
)


def hold_escrow_order(payment_id: int) -> EscrowOrder | None:
    """The order, locked, with its delivery and decisions as the database has them now."""
    if not in_transaction():
        raise RuntimeError("an order is held inside a transaction")
    return db.session.scalars(_HELD, {"payment_id": payment_id}).one_or_none()


def stand_of(order: EscrowOrder, payment: Payment, *, now: datetime) -> EscrowState:
    """Where it stands, from all that is known of it."""
    return escrow_state(
        payment.snapshot(),
        delivered=order.delivery is not None,
        decision=order.decisions[-1].decision if order.decisions else None,
        now=now,
    )


def keep_escrow_order(payment: Payment, *, now: datetime) -> None:
    """Bring the stand of a payment's escrow order up to date; make the order if there is none."""
    order = hold_escrow_order(payment.id)
    if order is None:
        state = escrow_state(payment.snapshot(), delivered=False, decision=None, now=now)
        payment.escrow_order = EscrowOrder(state=state, delivery=None, decisions=[])
        return
    state = stand_of(order, payment, now=now)
    if order.state is not state:
        order.state = state


def unmoved(payments: Mapping[int, PaymentSnapshot], *, now: datetime) -> set[int]:
    """The keys of those payments whose order is there and stands where it should.

    Nothing is locked: whoever changes what it follows from brings the stand up to date as well.
    """
    keys, standing = list(payments), set()
    for start in range(0, len(keys), CHUNK):
        rows = db.session.execute(_STANDS, {"keys": keys[start : start + CHUNK]})
        for key, state, delivery, decision in rows:
            delivered = delivery is not None
            if state is escrow_state(
                payments[key], delivered=delivered, decision=decision, now=now
            ):
                standing.add(key)
    return standing
