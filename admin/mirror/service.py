"""Apply what the gateway said: merge, row, observation, audit. The only writer of payments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.escrow import escrow_state
from admin.domain.merging import Merge, Observed, is_late_success, merge
from admin.domain.payment import PaymentSnapshot
from admin.models import (
    EscrowOrder,
    GatewayBinding,
    Observation,
    Payment,
    db,
    in_transaction,
    transaction,
)
from admin.models.payment import time_ordered_id

CHUNK = 500  # ids a query may name at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of one look."""

    payment: Payment
    new: bool
    merged: Merge

    @property
    def changed(self) -> bool:
        return bool(self.merged.changed)


def next_fetch_seq(*, now: datetime) -> int:
    """Take the next place in the order of looks. Call it before the question is asked."""
    with transaction():
        statement = (
            sa.update(GatewayBinding)
            .values(fetch_seq=GatewayBinding.fetch_seq + 1)
            .returning(GatewayBinding.fetch_seq)
        )
        return db.session.execute(statement).scalar_one()


def note_answer(*, now: datetime) -> None:
    """The gateway answered just now; /readyz and the pages show when that was last so."""
    db.session.execute(sa.update(GatewayBinding).values(seen_at=now))


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
    rows = _locked_rows([snapshot.imp_uid for snapshot in wanted])
    applied = []
    for snapshot in wanted:
        observed = Observed(snapshot=snapshot, fetch_seq=fetch_seq)
        one = _apply_one(rows.get(snapshot.imp_uid), observed, source=source, actor=actor, now=now)
        rows[snapshot.imp_uid] = one.payment
        applied.append(one)
    db.session.flush()
    note_answer(now=now)
    return applied


def _locked_rows(imp_uids: Sequence[str]) -> dict[str, Payment]:
    rows: dict[str, Payment] = {}
    for start in range(0, len(imp_uids), CHUNK):
        query = (
            sa.select(Payment)
            .where(Payment.imp_uid.in_(imp_uids[start : start + CHUNK]))
            .order_by(Payment.id)  # one order for all, so that two writers cannot lock crosswise
            .options(selectinload(Payment.cancellations), selectinload(Payment.escrow_order))
            .with_for_update(of=Payment)
            .execution_options(populate_existing=True)
        )
        rows.update({row.imp_uid: row for row in db.session.scalars(query)})
    return rows


def _apply_one(
    row: Payment | None, observed: Observed, *, source: str, actor: Actor, now: datetime
) -> Applied:
    ours = None if row is None else Observed(snapshot=row.snapshot(), fetch_seq=row.fetch_seq)
    merged = merge(ours, observed)
    payment = row or _new_row(observed.snapshot)
    late = ours is not None and is_late_success(ours.snapshot, merged.result.snapshot)
    if merged.changed:
        payment.apply(merged.result.snapshot)
    if merged.conflicts:
        payment.quarantined = True
    payment.fetch_seq = merged.result.fetch_seq
    payment.checked_at = now
    if row is not None and (merged.changed or merged.conflicts):
        payment.version += 1
    _keep_escrow_order(payment, now=now)
    _observe(payment, observed, merged, source=source, now=now)
    _record(payment, merged, new=row is None, late=late, source=source, actor=actor, now=now)
    return Applied(payment=payment, new=row is None, merged=merged)


def _new_row(snapshot: PaymentSnapshot) -> Payment:
    key = time_ordered_id(snapshot.started_at, snapshot.imp_uid)
    with db.session.no_autoflush:
        while db.session.get(Payment, key) is not None:
            key += 1
    payment = Payment(id=key, cancellations=[], escrow_order=None, quarantined=False, version=1)
    db.session.add(payment)
    return payment


def _keep_escrow_order(payment: Payment, *, now: datetime) -> None:
    if not payment.escrow:
        return
    order = payment.escrow_order
    delivered = order is not None and order.delivery is not None
    state = escrow_state(payment.snapshot(), delivered=delivered, now=now)
    if order is None:
        payment.escrow_order = EscrowOrder(state=state, delivery=None)
    elif order.state is not state:
        order.state = state


def _observe(
    payment: Payment, observed: Observed, merged: Merge, *, source: str, now: datetime
) -> None:
    """Keep looks that told something; a person's own look is always kept."""
    if source != "check" and not (merged.changed or merged.conflicts or merged.stale):
        return
    first = set(merged.changed) >= {"imp_uid"}
    db.session.add(
        Observation(
            payment_id=payment.id,
            source=source,
            fetch_seq=observed.fetch_seq,
            seen_at=now,
            changed=["*"] if first else list(merged.changed),
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
    new: bool,
    late: bool,
    source: str,
    actor: Actor,
    now: datetime,
) -> None:
    subject = f"payment:{payment.id}"
    if merged.conflicts:
        fields = ", ".join(merged.conflicts)
        record(actor, "payment.quarantined", subject, now=now, source=source, fields=fields)
    elif merged.changed and not new:
        fields = ", ".join(merged.changed)
        record(actor, "payment.changed", subject, now=now, source=source, fields=fields)
    if late:
        record(actor, "payment.paid_after_failed", subject, now=now, source=source)
