"""Looks that tell nothing new: most of what a walk reads.

One query reads what the mirror holds of a page, one statement notes that the gateway has
confirmed it. Whatever differs in anything is left to the merge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm.util import identity_key

from admin.domain.merging import Merge, Observed, in_order, merge
from admin.domain.money import Money
from admin.domain.payment import Cancellation, PaymentSnapshot
from admin.mirror.escrow import unmoved
from admin.models import Payment, PaymentCancellation, db
from admin.models.payment import PLAIN_FIELDS, plain_values

CHUNK = 500  # ids a query may name at once
Held = sa.Row[Any]  # id, imp_uid, fetch_seq, then what is compared
_COMPARED = 3  # where it begins
# Made once, since every look needs them and building them takes longer than asking.
_HELD = (
    sa.select(
        Payment.id,
        Payment.imp_uid,
        Payment.fetch_seq,
        *(getattr(Payment, name) for name in PLAIN_FIELDS),
        Payment.currency,
        Payment.amount_minor,
        Payment.cancelled_minor,
    )
    .where(Payment.imp_uid.in_(sa.bindparam("imp_uids", expanding=True)))
    .order_by(Payment.id)  # one order for all, so that two writers cannot lock crosswise
    .with_for_update(of=Payment)
)
_ENTRIES = (
    sa.select(
        PaymentCancellation.payment_id,
        PaymentCancellation.cancellation_id,
        PaymentCancellation.amount_minor,
        PaymentCancellation.cancelled_at,
        PaymentCancellation.reason,
        PaymentCancellation.pg_tid,
        PaymentCancellation.receipt_url,
        Payment.currency,
    )
    .join(Payment, Payment.id == PaymentCancellation.payment_id)
    .where(PaymentCancellation.payment_id.in_(sa.bindparam("keys", expanding=True)))
)
_CONFIRMED = (
    sa.update(Payment)
    .where(Payment.id.in_(sa.bindparam("keys", expanding=True)))
    .values(
        checked_at=sa.bindparam("now"),
        fetch_seq=sa.case(
            (Payment.fetch_seq < sa.bindparam("place"), sa.bindparam("place")),
            else_=Payment.fetch_seq,
        ),
        quarantined=False,  # a look that agrees again lifts it
    )
    .execution_options(synchronize_session=False)
)


def hold(imp_uids: Sequence[str]) -> dict[str, Held]:
    """What the mirror has of these payments, each locked until the transaction is over."""
    found: dict[str, Held] = {}
    for start in range(0, len(imp_uids), CHUNK):
        rows = db.session.execute(_HELD, {"imp_uids": imp_uids[start : start + CHUNK]})
        found.update({row.imp_uid: row for row in rows})
    return found


def confirm(
    snapshots: Sequence[PaymentSnapshot],
    held: Mapping[str, Held],
    *,
    fetch_seq: int,
    now: datetime,
) -> dict[str, Merge]:
    """Note of these payments, each among them once, that the gateway says what we hold.

    Returns the merges that changed nothing, by imp_uid; what is not there needs one of its own.
    A payment that the session has as an object is left to those who hold that.
    """
    objects = db.session.identity_map
    alike = {
        held[one.imp_uid].id: one
        for one in snapshots
        if held[one.imp_uid][_COMPARED:] == _compared(one)
        and identity_key(Payment, held[one.imp_uid].id) not in objects
    }
    entries = _entries_of(list(alike))
    merges = {
        key: _merged(one, entries.get(key, ()), held[one.imp_uid].fetch_seq, fetch_seq)
        for key, one in alike.items()
    }
    orders = {key: one for key, one in alike.items() if one.escrow}
    moved = orders.keys() - unmoved(orders, now=now)
    same = [key for key, merged in merges.items() if not merged.changed and key not in moved]
    for start in range(0, len(same), CHUNK):
        keys = same[start : start + CHUNK]
        db.session.execute(_CONFIRMED, {"keys": keys, "now": now, "place": fetch_seq})
    return {alike[key].imp_uid: merges[key] for key in same}


def _compared(snapshot: PaymentSnapshot) -> tuple[Any, ...]:
    amounts = (snapshot.currency, snapshot.amount.minor, snapshot.cancelled.minor)
    return (*plain_values(snapshot), *amounts)


def _entries_of(keys: Sequence[int]) -> dict[int, tuple[Cancellation, ...]]:
    """The cancel history that the mirror has of each."""
    entries: dict[int, list[Cancellation]] = {}
    for start in range(0, len(keys), CHUNK):
        for row in db.session.execute(_ENTRIES, {"keys": keys[start : start + CHUNK]}):
            entry = Cancellation(
                cancellation_id=row.cancellation_id,
                amount=Money(row.amount_minor, row.currency),
                cancelled_at=row.cancelled_at,
                reason=row.reason,
                pg_tid=row.pg_tid,
                receipt_url=row.receipt_url,
            )
            entries.setdefault(row.payment_id, []).append(entry)
    return {key: in_order(history) for key, history in entries.items()}


def _merged(
    seen: PaymentSnapshot, entries: tuple[Cancellation, ...], ours: int, theirs: int
) -> Merge:
    """What becomes of a look that differs in its cancel history at most."""
    if not entries and not seen.cancellations:
        return Merge(result=Observed(snapshot=seen, fetch_seq=max(ours, theirs)))
    held = Observed(snapshot=replace(seen, cancellations=entries), fetch_seq=ours)
    return merge(held, Observed(snapshot=seen, fetch_seq=theirs))
