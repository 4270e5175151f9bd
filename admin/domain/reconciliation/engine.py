"""reconcile(ours, theirs): match the two sides, then hold every rule against every pair."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from admin.domain.payment import PaymentSnapshot
from admin.domain.reconciliation.matching import match
from admin.domain.reconciliation.records import (
    BookedOrder,
    FoundDiscrepancy,
    Pair,
    ReconciliationResult,
)
from admin.domain.reconciliation.rules import amounts, identity, presence, states

PAIR_RULES: tuple[Callable[[Pair], FoundDiscrepancy | None], ...] = (
    identity.order_number_differs,
    amounts.amount_differs,
    amounts.cancelled_differs,
    amounts.items_do_not_add_up,
    amounts.contradicts_itself,
    states.ours_paid_theirs_cancelled,
    states.ours_cancelled_theirs_paid,
    states.ours_open_theirs_paid,
    states.ours_paid_theirs_not,
    states.part_refund_unseen,
)


def reconcile(
    ours: Iterable[BookedOrder], theirs: Iterable[PaymentSnapshot]
) -> ReconciliationResult:
    """Compare the shop's books with the gateway's look-ups of the same payments.

    Pure: no clock, no database; the order of either side changes nothing.
    """
    matching = match(ours, theirs)
    booked = {pair.ours.order_number: pair.ours for pair in matching.pairs}
    found: list[FoundDiscrepancy | None] = []
    for pair in matching.pairs:
        found.extend(rule(pair) for rule in PAIR_RULES)
    found.extend(presence.missing_theirs(order) for order in matching.only_ours)
    found.extend(presence.missing_ours(payment) for payment in matching.only_theirs)
    found.extend(
        identity.paid_twice(number, attempts, booked.get(number))
        for number, attempts in matching.by_order_number.items()
    )
    differences = sorted(
        (one for one in found if one is not None),
        key=lambda one: (one.kind.severity.rank, one.kind.value, one.order_number, one.key),
    )
    touched = {one.order_number for one in differences}
    return ReconciliationResult(
        matched=tuple(pair for pair in matching.pairs if pair.ours.order_number not in touched),
        discrepancies=tuple(differences),
    )
