"""Payments as the gateway holds them, and the short way into the mirror."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.gateway.client import Gateway
from admin.mirror import service as mirror
from admin.models import Payment, db, transaction
from admin.payments.finding import Plan, page_order, select_rows
from tests.stand_in import StandIn


def a_payment(number: int, at: datetime, **fields: Any) -> dict[str, Any]:
    """A card payment of 10,000 won, requested and paid at `at`; a test names what matters."""
    moment = int(at.timestamp())
    return {
        "imp_uid": f"imp_{number:012d}",
        "merchant_uid": f"ORD-{number:06d}",
        "status": "paid",
        "amount": 10_000,
        "pay_method": "card",
        "name": "원목 책장",
        "buyer_name": "이도윤",
        "started_at": moment,
        "paid_at": moment,
        **fields,
    }


def failed(number: int, at: datetime, **fields: Any) -> dict[str, Any]:
    """A payment that the card company declined."""
    moment = int(at.timestamp())
    gone = {"status": "failed", "paid_at": 0, "failed_at": moment, "fail_reason": "한도초과"}
    return a_payment(number, at, **{**gone, **fields})


def awaiting(number: int, at: datetime, *, due: datetime, **fields: Any) -> dict[str, Any]:
    """A virtual account that nobody has paid into yet."""
    account = {"status": "ready", "paid_at": 0, "pay_method": "vbank", "vbank_num": "5620001"}
    return a_payment(number, at, **{**account, "vbank_date": int(due.timestamp()), **fields})


def refunded(number: int, at: datetime, amount: int, **fields: Any) -> dict[str, Any]:
    """A payment of which `amount` went back, at once unless `cancelled_at` says when."""
    when = int(fields.pop("cancelled_at", at).timestamp())
    entry = {"amount": amount, "cancelled_at": when, "cancellation_id": f"c{number}"}
    back = {"status": "cancelled", "cancel_amount": amount, "cancelled_at": when}
    return a_payment(number, at, **{**back, "cancel_history": [entry], **fields})


def plant(stand_in: StandIn, *payments: dict[str, Any]) -> None:
    """Put them at the gateway."""
    stand_in.control("payments", {"payments": list(payments)})


def take_in(
    stand_in: StandIn, gateway: Gateway, *payments: dict[str, Any], now: datetime
) -> dict[str, int]:
    """Put them at the gateway and into the mirror; their keys by gateway number."""
    plant(stand_in, *payments)
    seq = mirror.next_fetch_seq(now=now)
    page = gateway.get_payments(imp_uids=[one["imp_uid"] for one in payments])
    actor = Actor.system("tests")
    with transaction():
        applied = mirror.apply(page.payments, fetch_seq=seq, source="sync", actor=actor, now=now)
    assert len({one.payment_id for one in applied}) == len(payments)
    uids = [one["imp_uid"] for one in payments]
    rows = db.session.execute(
        sa.select(Payment.imp_uid, Payment.id).where(Payment.imp_uid.in_(uids))
    )
    keys = dict(rows.all())
    return {uid: keys[uid] for uid in uids}


def every_row(drawn: Plan) -> list[Any]:
    """All that a plan finds, in the list's order, off its walk and off its stream."""
    order = [column.desc() for column in page_order(replace(drawn, streamed=False))]
    walked = db.session.execute(select_rows(replace(drawn, streamed=False)).order_by(*order)).all()
    straight = db.session.execute(select_rows(drawn).order_by(page_order(drawn)[0].desc())).all()
    assert {row.id for row in walked} == {row.id for row in straight}
    return list(walked)
