"""merge(ours, observed): what the mirror holds after the gateway spoke.

Immutable fields may not differ; amounts cancelled and status only ever move one way; of the
rest, the later observation holds. Any order of the same observations gives the same row.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from admin.domain.payment import Cancellation, PaymentSnapshot, PaymentStatus

IMMUTABLE = ("imp_uid", "merchant_uid", "amount", "started_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One look: the snapshot and its place in the order of looks (taken before each GET)."""

    snapshot: PaymentSnapshot
    fetch_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """The result: the row as it should be, what changed, and what could not be believed."""

    result: Observed
    changed: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()  # immutable fields that differ: quarantine, never overwrite
    stale: bool = False  # an older view of the world: recorded, not applied


def merge(ours: Observed | None, observed: Observed) -> Merge:
    """Fold one look into what we hold. Pure; commutative, associative and idempotent."""
    if ours is None:
        names = tuple(item.name for item in fields(observed.snapshot))
        return Merge(result=observed, changed=names)
    mine, theirs = ours.snapshot, observed.snapshot
    conflicts = tuple(name for name in IMMUTABLE if getattr(mine, name) != getattr(theirs, name))
    if conflicts:
        return Merge(result=ours, conflicts=conflicts)
    if behind(theirs, mine):
        return Merge(result=_later(ours, observed.fetch_seq), stale=True)
    newer = observed if _supersedes(observed, ours) else ours
    joined = replace(
        newer.snapshot,
        cancelled=max(mine.cancelled, theirs.cancelled, key=lambda money: money.minor),
        cancellations=_union(mine.cancellations, theirs.cancellations),
        status=max(mine.status, theirs.status, key=lambda status: status.rank),
    )
    changed = tuple(
        item.name
        for item in fields(joined)
        if getattr(joined, item.name) != getattr(mine, item.name)
    )
    return Merge(
        result=Observed(snapshot=joined, fetch_seq=max(ours.fetch_seq, observed.fetch_seq)),
        changed=changed,
    )


def behind(one: PaymentSnapshot, other: PaymentSnapshot) -> bool:
    """Whether `one` is an earlier stage of the same payment than `other`."""
    if one.cancelled.minor != other.cancelled.minor:
        return one.cancelled < other.cancelled
    return one.status.rank < other.status.rank


def _supersedes(observed: Observed, ours: Observed) -> bool:
    if behind(ours.snapshot, observed.snapshot):
        return True
    return observed.fetch_seq >= ours.fetch_seq


def _later(ours: Observed, fetch_seq: int) -> Observed:
    return Observed(snapshot=ours.snapshot, fetch_seq=max(ours.fetch_seq, fetch_seq))


def _union(
    mine: tuple[Cancellation, ...], theirs: tuple[Cancellation, ...]
) -> tuple[Cancellation, ...]:
    by_key = {entry.key: entry for entry in (*mine, *theirs)}
    return tuple(sorted(by_key.values(), key=lambda entry: (entry.cancelled_at, entry.key)))


def is_late_success(mine: PaymentSnapshot, theirs: PaymentSnapshot) -> bool:
    """A payment once reported failed that turns out paid: rare, real, and an alert."""
    return mine.status is PaymentStatus.FAILED and theirs.status is PaymentStatus.PAID
