"""Learn the number of a payment's cash receipt, which the gateway tells for one at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
import structlog

from admin.cash_receipts.queries import find_unlearned
from admin.domain.cash_receipt import CashReceipt as Told
from admin.gateway.client import Gateway
from admin.gateway.errors import (
    GatewayError,
    GatewayMalformed,
    GatewayRejected,
    GatewayUnavailable,
)
from admin.models import CashReceipt, Payment, db, lock, text_index, transaction

MOST_LOOKS = 50  # a round; the rest waits for the next one
TOO_MANY_REQUESTS = 429
log = structlog.get_logger(__name__)


def collect(*, gateway: Gateway, now: datetime, report: Callable[[int, int], None]) -> int:
    """One round; returns how many payments were learned about. `report(done, total)` follows each.

    It ends quietly where the gateway does not answer: the next round goes on from there.
    """
    wanted = find_unlearned(most=MOST_LOOKS, now=now)
    for done, (payment_id, imp_uid) in enumerate(wanted):
        try:
            learn(payment_id, imp_uid, gateway=gateway, now=now)
        except GatewayError as error:
            if _is_of_this_payment(error):
                _keep(payment_id, None, now=now)
            log.info("cash_receipts.round_ended", done=done, error=type(error).__name__)
            return done
        report(done + 1, len(wanted))
    return len(wanted)


def learn(payment_id: int, imp_uid: str, *, gateway: Gateway, now: datetime) -> None:
    """Ask for one payment's receipt and keep what is told; that there is none is kept as well.

    Call it outside a transaction. Raises GatewayError when the gateway does not answer.
    """
    was_issued = db.session.scalar(
        sa.select(Payment.cash_receipt_issued).where(Payment.id == payment_id)
    )
    db.session.commit()  # no reading transaction stays open while the gateway is asked
    try:
        told = gateway.get_cash_receipt(imp_uid)
    except (GatewayRejected, GatewayMalformed):
        told = None  # it will say the same in a minute: tomorrow is soon enough
    if told is not None and told.subject != imp_uid:
        told = None
    _keep(payment_id, told, was_issued=was_issued, now=now)


def _is_of_this_payment(error: GatewayError) -> bool:
    """Whether the gateway stumbled over this one: asked about at once, it would again."""
    status = error.status if isinstance(error, GatewayUnavailable) else None
    return status is not None and status != TOO_MANY_REQUESTS


def _keep(
    payment_id: int, told: Told | None, *, now: datetime, was_issued: bool | None = None
) -> None:
    with transaction():
        payment = lock(Payment, payment_id)  # whoever writes its text waits for the other
        if payment is None:
            return
        row = db.session.get(CashReceipt, payment_id, populate_existing=True)
        if row is None:
            row = CashReceipt(payment_id=payment_id, first_looked_at=now)
            db.session.add(row)
        row.looked_at = now
        # The mirror may have learned more while the gateway was being asked.
        row.outdated = told is not None and payment.cash_receipt_issued != was_issued
        if told is None:
            return  # what was told before stays known
        row.apply_num = told.apply_num
        row.kind = told.kind
        row.amount_minor = told.amount.minor
        row.vat_minor = told.vat.minor
        row.applied_at = told.applied_at
        row.cancelled_at = told.cancelled_at
        row.receipt_url = told.receipt_url
        db.session.flush()
        text_index.put(db.session.connection(), [(payment.id, payment.snapshot())])
