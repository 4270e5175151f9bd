"""merge(ours, observed): what the mirror holds after the gateway spoke.

Immutable fields may not differ; amounts cancelled and status only ever move one way; of the
rest, the later observation holds. Any order of the same observations gives the same row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from admin.domain.payment import Cancellation, PaymentSnapshot, PaymentStatus

FIELDS = tuple(item.name for item in fields(PaymentSnapshot))
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
    """Fold one look into what we hold. Pure; commutative, associative and idempotent.

    The look at the furthest stage wins whole, of two at the same stage the later one. The
    result carries the winner's place in the order of looks, not the highest seen: a stale look
    must not make a good one of the same stage look late. Cancellations are only ever gained.
    """
    if ours is None:
        result = _with_cancellations(observed, _union(observed.snapshot.cancellations))
        return Merge(result=result, changed=FIELDS)
    mine, theirs = ours.snapshot, observed.snapshot
    conflicts = tuple(name for name in IMMUTABLE if getattr(mine, name) != getattr(theirs, name))
    if conflicts:
        return Merge(result=ours, conflicts=conflicts)
    result = _with_cancellations(
        observed if _supersedes(observed, ours) else ours,
        _union(mine.cancellations, theirs.cancellations),
    )
    joined = result.snapshot
    changed = tuple(name for name in FIELDS if getattr(joined, name) != getattr(mine, name))
    return Merge(result=result, changed=changed, stale=behind(theirs, mine))


def in_order(entries: Iterable[Cancellation]) -> tuple[Cancellation, ...]:
    """The one order of a cancel history: oldest first, those of one second always alike."""
    return tuple(sorted(entries, key=lambda entry: (entry.cancelled_at, repr(entry))))


def behind(one: PaymentSnapshot, other: PaymentSnapshot) -> bool:
    """Whether `one` is an earlier stage of the same payment than `other`."""
    return _stage(one) < _stage(other)


def is_late_success(mine: PaymentSnapshot, theirs: PaymentSnapshot) -> bool:
    """A payment once reported failed that turns out paid: rare, real, and an alert."""
    return mine.status is PaymentStatus.FAILED and theirs.status is PaymentStatus.PAID


def _stage(snapshot: PaymentSnapshot) -> tuple[int, int]:
    """The money given back first: how a partial cancel reads in `status` is not settled."""
    return snapshot.cancelled.minor, snapshot.status.rank


def _supersedes(observed: Observed, ours: Observed) -> bool:
    theirs = (*_stage(observed.snapshot), observed.fetch_seq)
    mine = (*_stage(ours.snapshot), ours.fetch_seq)
    if theirs != mine:
        return theirs > mine
    # Two rows of one answer, or the same look again: any fixed choice keeps the order out of it.
    return _content(observed.snapshot) > _content(ours.snapshot)


def _content(snapshot: PaymentSnapshot) -> str:
    return repr(replace(snapshot, cancellations=()))


def _with_cancellations(observed: Observed, entries: tuple[Cancellation, ...]) -> Observed:
    if observed.snapshot.cancellations == entries:
        return observed
    return replace(observed, snapshot=replace(observed.snapshot, cancellations=entries))


def _union(*histories: tuple[Cancellation, ...]) -> tuple[Cancellation, ...]:
    """Every entry of every history once, oldest first.

    Rows from before the gateway numbered its cancellations may hold two that look the same;
    both count, so the first and the second of a kind are told apart.
    """
    if not any(histories):  # as of most payments
        return ()
    kept: dict[tuple[str, int], Cancellation] = {}
    for history in histories:
        seen: Counter[str] = Counter()
        for entry in sorted(history, key=repr, reverse=True):
            place = (entry.key, seen[entry.key])
            seen[entry.key] += 1
            kept[place] = max(kept.get(place, entry), entry, key=repr)
    return in_order(kept.values())
