"""States: one side believes the money is there and the other does not. Judged by amounts."""

from admin.domain.reconciliation.kinds import DiscrepancyKind
from admin.domain.reconciliation.records import BookedStatus, FoundDiscrepancy, Pair, found_in


def ours_paid_theirs_cancelled(pair: Pair) -> FoundDiscrepancy | None:
    """The books hold the money; the gateway gave all of it back."""
    theirs = pair.theirs
    if pair.ours.status is not BookedStatus.PAID or not theirs.took_money:
        return None
    if theirs.cancellable.minor > 0 or pair.ours.cancelled == theirs.cancelled:
        return None
    return found_in(
        pair, DiscrepancyKind.OURS_PAID_THEIRS_CANCELLED, theirs.cancelled - pair.ours.cancelled
    )


def ours_cancelled_theirs_paid(pair: Pair) -> FoundDiscrepancy | None:
    """The books gave the money back, in part or whole; the gateway gave nothing."""
    if not pair.ours.cancelled or pair.theirs.cancelled or not pair.theirs.took_money:
        return None
    return found_in(pair, DiscrepancyKind.OURS_CANCELLED_THEIRS_PAID, pair.ours.cancelled)


def ours_open_theirs_paid(pair: Pair) -> FoundDiscrepancy | None:
    """The books still wait, or think it failed; the gateway has the money."""
    if pair.ours.status not in (BookedStatus.READY, BookedStatus.FAILED):
        return None
    if not pair.theirs.took_money or pair.theirs.cancellable.minor == 0:
        return None
    return found_in(pair, DiscrepancyKind.OURS_OPEN_THEIRS_PAID, pair.theirs.cancellable)


def ours_paid_theirs_not(pair: Pair) -> FoundDiscrepancy | None:
    """The books say paid; the gateway's row never took money."""
    if pair.theirs.took_money:
        return None
    if pair.ours.status not in (BookedStatus.PAID, BookedStatus.CANCELLED):
        return None
    return found_in(pair, DiscrepancyKind.MISSING_THEIRS, pair.ours.amount)


def part_refund_unseen(pair: Pair) -> FoundDiscrepancy | None:
    """The gateway gave a part back that the books do not know."""
    theirs = pair.theirs
    if pair.ours.cancelled or not theirs.cancelled or theirs.cancellable.minor == 0:
        return None
    if pair.ours.status is not BookedStatus.PAID:
        return None
    return found_in(pair, DiscrepancyKind.PART_REFUND_UNSEEN, theirs.cancelled)
