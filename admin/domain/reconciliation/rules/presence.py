"""Presence: a payment or an order that stands on one side only."""

from admin.domain.money import Money
from admin.domain.payment import PaymentSnapshot
from admin.domain.reconciliation.kinds import DiscrepancyKind
from admin.domain.reconciliation.records import BookedOrder, BookedStatus, FoundDiscrepancy


def missing_ours(theirs: PaymentSnapshot) -> FoundDiscrepancy | None:
    """Money came in at the gateway, and the shop's books know nothing of it."""
    if not theirs.took_money:
        return None
    return FoundDiscrepancy(
        kind=DiscrepancyKind.MISSING_OURS,
        order_number=theirs.merchant_uid,
        imp_uid=theirs.imp_uid,
        at_risk=theirs.cancellable,
        theirs=(theirs,),
    )


def missing_theirs(ours: BookedOrder) -> FoundDiscrepancy | None:
    """The books say paid, and the gateway knows no such payment."""
    if ours.status not in (BookedStatus.PAID, BookedStatus.CANCELLED):
        return None
    return FoundDiscrepancy(
        kind=DiscrepancyKind.MISSING_THEIRS,
        order_number=ours.order_number,
        imp_uid=ours.imp_uid,
        at_risk=Money(max(ours.amount.minor - ours.cancelled.minor, 0), ours.amount.currency),
        ours=ours,
    )
