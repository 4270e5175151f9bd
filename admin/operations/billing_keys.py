"""What the gateway and our books show of a billing key: the key itself, and its schedules."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from admin.domain.billing_key import BillingKeySnapshot
from admin.domain.schedule import ScheduleSnapshot
from admin.gateway.calls.schedules import LONGEST_SCHEDULE_WINDOW
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayNotFound
from admin.models import BillingKey, MoneyOperation, db

# Our own forms schedule one year ahead at most; other programs may not know that.
BEFORE, AFTER = timedelta(days=90), timedelta(days=720)


def look_up_key(gateway: Gateway, customer_uid: str) -> BillingKeySnapshot | None:
    """The key as the gateway holds it; None when it knows none. Raises GatewayError."""
    try:
        return gateway.get_billing_key(customer_uid)
    except GatewayNotFound:
        return None


def look_up_schedules(
    gateway: Gateway, customer_uid: str, *, now: datetime
) -> tuple[ScheduleSnapshot, ...]:
    """All of a key's schedules from a quarter ago to two years ahead, in order of their moments.

    Every state, judged here: nothing hangs on how the gateway reads the filter. Raises
    GatewayError.
    """
    found: dict[str, ScheduleSnapshot] = {}
    start, end = now - BEFORE, now + AFTER
    while start < end:
        stop = min(start + LONGEST_SCHEDULE_WINDOW, end)
        for schedule in _window(gateway, customer_uid, start, stop):
            found[schedule.merchant_uid] = schedule
        start = stop
    return tuple(sorted(found.values(), key=lambda one: (one.schedule_at, one.merchant_uid)))


def look_up_schedule(gateway: Gateway, merchant_uid: str) -> ScheduleSnapshot | None:
    """One schedule; None when the gateway knows none. Raises GatewayError."""
    try:
        return gateway.get_schedule(merchant_uid)
    except GatewayNotFound:
        return None


def find_key(customer_uid: str) -> BillingKey | None:
    """Our row for a key."""
    query = sa.select(BillingKey).where(BillingKey.customer_uid == customer_uid)
    return db.session.scalars(query).one_or_none()


def keep_look(customer_uid: str, seen: BillingKeySnapshot | None, *, now: datetime) -> None:
    """Write what a look showed to our row, if we have one; inside the caller's transaction."""
    row = find_key(customer_uid)
    if row is None:
        return
    row.known_to_gateway = seen is not None
    row.checked_at = now
    if seen is not None:
        row.card_name = seen.card_name
        row.card_number = seen.card_number
        row.issued_at = seen.inserted_at


def keep_stored(
    operation: MoneyOperation, seen: BillingKeySnapshot | None, *, looked: bool, now: datetime
) -> None:
    """Keep the key that an operation stored, as its customer's; inside the caller's transaction.

    `looked`: whether the gateway was asked about it since; if not, our row says so until it is.
    """
    uid = operation.customer_uid or ""
    if find_key(uid) is None:
        row = BillingKey(customer_uid=uid, customer_id=operation.details["customer_id"])
        row.label = operation.details["label"] or None
        db.session.add(row)
        db.session.flush()
    if looked:
        keep_look(uid, seen, now=now)


def _window(
    gateway: Gateway, customer_uid: str, start: datetime, end: datetime
) -> list[ScheduleSnapshot]:
    found: list[ScheduleSnapshot] = []
    number = 1
    while number:
        try:
            page = gateway.list_schedules_of(customer_uid, start=start, end=end, page=number)
        except GatewayNotFound:
            break
        found.extend(page.schedules)
        number = page.next if page.next > number else 0
    return found
