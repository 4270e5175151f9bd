"""Identity: numbers that should name one thing and name two."""

from admin.domain.payment import PaymentSnapshot
from admin.domain.reconciliation.kinds import DiscrepancyKind
from admin.domain.reconciliation.records import BookedOrder, FoundDiscrepancy, Pair, found_in


def order_number_differs(pair: Pair) -> FoundDiscrepancy | None:
    """The same gateway number under another order number."""
    if pair.ours.order_number == pair.theirs.merchant_uid:
        return None
    return found_in(pair, DiscrepancyKind.ORDER_NUMBER_DIFFERS, pair.theirs.cancellable)


def paid_twice(
    number: str, attempts: tuple[PaymentSnapshot, ...], ours: BookedOrder | None
) -> FoundDiscrepancy | None:
    """Two or more payments of one order still hold money: the buyer may have paid twice."""
    holding = tuple(one for one in attempts if one.took_money and one.cancellable.minor > 0)
    if len(holding) < 2:
        return None
    extra = sum((one.cancellable for one in holding[2:]), holding[1].cancellable)
    return FoundDiscrepancy(
        kind=DiscrepancyKind.PAID_TWICE,
        order_number=number,
        imp_uid=holding[-1].imp_uid,
        at_risk=extra,
        ours=ours,
        theirs=holding,
    )
