"""Apply what the gateway said: merge, row, observation, audit. The only writer of payments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.deltas import deltas_of
from admin.domain.merging import Merge, Observed, is_late_success, merge
from admin.domain.payment import PaymentSnapshot
from admin.mirror import daily
from admin.mirror.arrivals import take_in
from admin.mirror.escrow import keep_escrow_order
from admin.mirror.unchanged import confirm, hold
from admin.models import (
    CashReceipt,
    GatewayBinding,
    Observation,
    Payment,
    db,
    in_transaction,
    text_index,
    transaction,
)

CHUNK = 500  # ids a query may name at once
PERSONS = "check"  # the source of a person's own look, which is always kept
# Made once, since every look needs them and building them takes longer than asking.
_NEXT_PLACES = (
    sa.update(GatewayBinding)
    .values(fetch_seq=GatewayBinding.fetch_seq + sa.bindparam("count"))
    .returning(GatewayBinding.fetch_seq)
    .execution_options(synchronize_session=False)
)
_ANSWERED = (
    sa.update(GatewayBinding)
    .values(seen_at=sa.bindparam("now"))
    .execution_options(synchronize_session=False)
)
_OUTDATED = (
    sa.update(CashReceipt)
    .where(CashReceipt.payment_id == sa.bindparam("key"))
    .values(outdated=True)
    .execution_options(synchronize_session=False)
)
_LOCKED = (
    sa.select(Payment)
    .where(Payment.imp_uid.in_(sa.bindparam("imp_uids", expanding=True)))
    .order_by(Payment.id)  # one order for all, so that two writers cannot lock crosswise
    .options(
        selectinload(Payment.cancellations),
        joinedload(Payment.escrow_order),
    )
    .with_for_update(of=Payment)
    .execution_options(populate_existing=True)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of one look."""

    payment_id: int
    new: bool
    merged: Merge

    @property
    def changed(self) -> bool:
        return bool(self.merged.changed)


def next_fetch_seq(*, now: datetime) -> int:
    """Take the next place in the order of looks. Call it before the question is asked."""
    with transaction():
        return take_fetch_seq()


def take_fetch_seq() -> int:
    """The same inside the caller's transaction, which is over before the question is asked."""
    return take_fetch_seqs(1)[0]


def take_fetch_seqs(count: int) -> range:
    """As many places inside the caller's transaction, which is over before any of the questions
    is asked."""
    if count == 0:
        return range(0)
    last = db.session.execute(_NEXT_PLACES, {"count": count}).scalar_one()
    return range(last - count + 1, last + 1)


def take_turn() -> None:
    """Wait until no other walk is planning, inside the caller's transaction."""
    db.session.execute(sa.select(GatewayBinding.fetch_seq).with_for_update())


def note_answer(*, now: datetime) -> None:
    """The gateway answered just now; /readyz and the pages show when that was last so."""
    db.session.execute(_ANSWERED, {"now": now})


def apply(
    snapshots: Iterable[PaymentSnapshot],
    *,
    fetch_seq: int,
    source: str,
    actor: Actor,
    now: datetime,
) -> list[Applied]:
    """Fold looks into the mirror, inside the caller's transaction, in the order given.

    `source` names who looked (sync, webhook, check, operation, …). A contradiction in a field
    that cannot change quarantines the row and changes nothing else.
    """
    if not in_transaction():
        raise RuntimeError("the mirror is written inside a transaction")
    wanted = list(snapshots)
    held = hold([snapshot.imp_uid for snapshot in wanted])
    fresh = {one.imp_uid: one for one in reversed(wanted) if one.imp_uid not in held}
    keys = take_in(list(fresh.values()), fetch_seq=fetch_seq, source=source, now=now)
    applied = [
        Applied(
            payment_id=keys[one.imp_uid],
            new=True,
            merged=merge(None, Observed(snapshot=one, fetch_seq=fetch_seq)),
        )
        for one in fresh.values()
    ]
    again = [one for one in wanted if one is not fresh.get(one.imp_uid)]
    times = Counter(one.imp_uid for one in wanted)
    once = [one for one in again if times[one.imp_uid] == 1 and source != PERSONS]
    same = confirm(once, held, fetch_seq=fetch_seq, now=now)
    rows = _locked_rows([one.imp_uid for one in again if one.imp_uid not in same])
    for snapshot in again:
        merged = same.get(snapshot.imp_uid)
        if merged is not None:
            key = held[snapshot.imp_uid].id
            applied.append(Applied(payment_id=key, new=False, merged=merged))
            continue
        observed = Observed(snapshot=snapshot, fetch_seq=fetch_seq)
        row = rows[snapshot.imp_uid]
        applied.append(_apply_one(row, observed, source=source, actor=actor, now=now))
    db.session.flush()
    note_answer(now=now)
    return applied


def _locked_rows(imp_uids: Sequence[str]) -> dict[str, Payment]:
    rows: dict[str, Payment] = {}
    for start in range(0, len(imp_uids), CHUNK):
        found = db.session.scalars(_LOCKED, {"imp_uids": imp_uids[start : start + CHUNK]})
        rows.update({row.imp_uid: row for row in found})
    return rows


def _apply_one(
    payment: Payment, observed: Observed, *, source: str, actor: Actor, now: datetime
) -> Applied:
    ours = Observed(snapshot=payment.snapshot(), fetch_seq=payment.fetch_seq)
    merged = merge(ours, observed)
    late = is_late_success(ours.snapshot, merged.result.snapshot)
    if merged.changed:
        payment.apply(merged.result.snapshot)
        db.session.flush()  # the row's version is judged before anything is written beside it
        daily.note([(ours.snapshot, merged.result.snapshot)])
        text_index.put(db.session.connection(), [(payment.id, merged.result.snapshot)])
        if "cash_receipt_issued" in merged.changed:
            db.session.execute(_OUTDATED, {"key": payment.id})
    known = payment.quarantined and bool(merged.conflicts)  # told before; nothing new to keep
    payment.quarantined = bool(merged.conflicts)  # a look that agrees again lifts it
    payment.fetch_seq = merged.result.fetch_seq
    payment.checked_at = now
    if merged.changed or merged.conflicts:
        payment.version += 1
    if payment.escrow:
        keep_escrow_order(payment, now=now)
    if not known:
        _observe(payment, ours.snapshot, observed, merged, source=source, now=now)
        _record(payment, merged, late=late, source=source, actor=actor, now=now)
    return Applied(payment_id=payment.id, new=False, merged=merged)


def _observe(
    payment: Payment,
    before: PaymentSnapshot,
    observed: Observed,
    merged: Merge,
    *,
    source: str,
    now: datetime,
) -> None:
    """Keep looks that told something, with what they changed; a person's own is always kept."""
    if source != PERSONS and not (merged.changed or merged.conflicts or merged.stale):
        return
    db.session.add(
        Observation(
            payment=payment,
            source=source,
            fetch_seq=observed.fetch_seq,
            seen_at=now,
            changed=list(merged.changed),
            deltas=deltas_of(before, merged.result.snapshot, merged.changed) or None,
            conflicts=list(merged.conflicts),
            stale=merged.stale,
            status=observed.snapshot.status.value,
            cancelled_minor=observed.snapshot.cancelled.minor,
        )
    )


def _record(
    payment: Payment,
    merged: Merge,
    *,
    late: bool,
    source: str,
    actor: Actor,
    now: datetime,
) -> None:
    subject = f"payment:{payment.id}"
    if merged.conflicts:
        fields = ", ".join(merged.conflicts)
        record(actor, "payment.quarantined", subject, now=now, source=source, fields=fields)
    elif merged.changed:
        fields = ", ".join(merged.changed)
        record(actor, "payment.changed", subject, now=now, source=source, fields=fields)
    if late:
        record(actor, "payment.paid_after_failed", subject, now=now, source=source)
