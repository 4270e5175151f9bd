"""Amounts: what was paid, what came back and what the items add up to."""

from admin.domain.money import Money
from admin.domain.reconciliation.kinds import DiscrepancyKind
from admin.domain.reconciliation.records import BookedStatus, FoundDiscrepancy, Pair, found_in


def amount_differs(pair: Pair) -> FoundDiscrepancy | None:
    """The paid amount is not the one the books have; no tolerance."""
    if not pair.theirs.took_money or pair.ours.amount == pair.theirs.amount:
        return None
    return found_in(pair, DiscrepancyKind.AMOUNT_DIFFERS, pair.ours.amount - pair.theirs.amount)


def cancelled_differs(pair: Pair) -> FoundDiscrepancy | None:
    """Both sides gave a part back, but not the same part."""
    ours, theirs = pair.ours.cancelled, pair.theirs.cancelled
    if ours == theirs or not ours or not theirs:
        return None
    if pair.ours.status is BookedStatus.PAID and pair.theirs.cancellable.minor == 0:
        return None  # the state family names this one
    return found_in(pair, DiscrepancyKind.CANCELLED_DIFFERS, ours - theirs)


def items_do_not_add_up(pair: Pair) -> FoundDiscrepancy | None:
    """The escrow line items are not worth what was paid; the gateway never compares them."""
    total = pair.ours.items_total
    if not pair.theirs.escrow or total is None or total == pair.theirs.amount:
        return None
    return found_in(pair, DiscrepancyKind.ITEMS_DO_NOT_ADD_UP, total - pair.theirs.amount)


def contradicts_itself(pair: Pair) -> FoundDiscrepancy | None:
    """The gateway's own figures do not fit: the history must add up to the cancelled total."""
    history = sum((entry.amount.minor for entry in pair.theirs.cancellations), 0)
    if history == pair.theirs.cancelled.minor and pair.theirs.cancellable.minor >= 0:
        return None
    off = Money(history - pair.theirs.cancelled.minor, pair.theirs.currency)
    return found_in(pair, DiscrepancyKind.THEIRS_CONTRADICTS_ITSELF, off)
