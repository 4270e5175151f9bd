"""First sights: payments that the mirror does not hold yet, written in few statements a page.

Half a year of trade comes in at once, so no row here becomes an object first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from admin.domain.escrow import escrow_state
from admin.domain.payment import PaymentSnapshot
from admin.mirror import daily
from admin.models import (
    EscrowOrder,
    Observation,
    Payment,
    PaymentCancellation,
    db,
    text_index,
)
from admin.models.payment import columns_of, columns_of_cancellation, time_ordered_id

CHUNK = 500  # keys a query may name at once
_SIGHT = (
    "payment_id source fetch_seq seen_at changed conflicts stale status cancelled_minor".split()
)


def take_in(
    snapshots: Sequence[PaymentSnapshot], *, fetch_seq: int, source: str, now: datetime
) -> dict[str, int]:
    """Write rows, search index, sums and observations of payments that nobody holds yet.

    Each payment stands among them once. Returns the key of each by its imp_uid.
    """
    if not snapshots:
        return {}
    keys = _free_keys(snapshots)
    looked = {"fetch_seq": fetch_seq, "checked_at": now, "quarantined": False, "version": 1}
    connection = db.session.connection()
    connection.execute(
        sa.insert(Payment),
        [{"id": keys[one.imp_uid], **columns_of(one), **looked} for one in snapshots],
    )
    cancelled = [
        {"payment_id": keys[one.imp_uid], **columns_of_cancellation(entry)}
        for one in snapshots
        for entry in {entry.key: entry for entry in one.cancellations}.values()
    ]
    if cancelled:
        connection.execute(sa.insert(PaymentCancellation), cancelled)
    held = [
        {
            "payment_id": keys[one.imp_uid],
            "state": escrow_state(one, delivered=False, decision=None, now=now),
        }
        for one in snapshots
        if one.escrow
    ]
    if held:
        connection.execute(sa.insert(EscrowOrder), held)
    _observe(list(keys.values()), fetch_seq=fetch_seq, source=source, now=now)
    daily.note((None, one) for one in snapshots)
    text_index.put_first(connection, [(keys[one.imp_uid], one) for one in snapshots])
    return keys


def _observe(keys: Sequence[int], *, fetch_seq: int, source: str, now: datetime) -> None:
    """A first sight of each; what it saw of the payment is read from the row just written."""
    told = {"source": source, "fetch_seq": fetch_seq, "seen_at": now}
    told |= {"changed": ["*"], "conflicts": [], "stale": False}
    columns = Observation.__table__.c
    fixed = [sa.literal(value, columns[name].type) for name, value in told.items()]
    status = sa.type_coerce(Payment.status, sa.String)
    sights = sa.select(Payment.id, *fixed, status, Payment.cancelled_minor).order_by(Payment.id)
    for start in range(0, len(keys), CHUNK):
        seen = sights.where(Payment.id.in_(keys[start : start + CHUNK]))
        db.session.execute(sa.insert(Observation).from_select(_SIGHT, seen))


def _free_keys(snapshots: Sequence[PaymentSnapshot]) -> dict[str, int]:
    """A key for each new payment, in time order and taken by nobody."""
    wanted = {one.imp_uid: time_ordered_id(one.started_at, one.imp_uid) for one in snapshots}
    taken: set[int] = set()
    places = sorted(wanted.values())
    for start in range(0, len(places), CHUNK):
        query = sa.select(Payment.id).where(Payment.id.in_(places[start : start + CHUNK]))
        taken.update(db.session.scalars(query))
    keys: dict[str, int] = {}
    for imp_uid, key in wanted.items():
        free = key
        while free in taken or (free != key and _is_taken(free)):
            free += 1
        taken.add(free)
        keys[imp_uid] = free
    return keys


def _is_taken(key: int) -> bool:
    return db.session.execute(sa.select(Payment.id).where(Payment.id == key)).first() is not None
