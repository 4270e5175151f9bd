"""Which booked order belongs to which payment: by imp_uid first, then by order number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from admin.domain.payment import PaymentSnapshot, PaymentStatus
from admin.domain.reconciliation.records import BookedOrder, Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Pairs, and what stayed alone on either side."""

    pairs: tuple[Pair, ...]
    only_ours: tuple[BookedOrder, ...]
    only_theirs: tuple[PaymentSnapshot, ...]
    by_order_number: dict[str, tuple[PaymentSnapshot, ...]]


def match(ours: Iterable[BookedOrder], theirs: Iterable[PaymentSnapshot]) -> Matching:
    """Pair the sides in a fixed order, so that a second run gives the same pairs."""
    remote = sorted(theirs, key=lambda payment: (payment.started_at, payment.imp_uid))
    by_imp_uid = {payment.imp_uid: payment for payment in remote}
    by_number: dict[str, list[PaymentSnapshot]] = defaultdict(list)
    for payment in remote:
        by_number[payment.merchant_uid].append(payment)

    pairs: list[Pair] = []
    alone: list[BookedOrder] = []
    taken: set[str] = set()
    for order in sorted(ours, key=lambda one: one.order_number):
        found = by_imp_uid.get(order.imp_uid or "") or _live(by_number.get(order.order_number, []))
        if found is None:
            alone.append(order)
        else:
            pairs.append(Pair(ours=order, theirs=found))
            taken.add(found.imp_uid)
    booked = {pair.ours.order_number for pair in pairs}
    rest = tuple(
        payment
        for payment in remote
        if payment.imp_uid not in taken and payment.merchant_uid not in booked
    )
    return Matching(
        pairs=tuple(pairs),
        only_ours=tuple(alone),
        only_theirs=rest,
        by_order_number={number: tuple(group) for number, group in by_number.items()},
    )


def _live(attempts: list[PaymentSnapshot]) -> PaymentSnapshot | None:
    """The attempt that took money, else the latest; several attempts may share a number."""
    if not attempts:
        return None
    money = [one for one in attempts if one.took_money and one.status is not PaymentStatus.FAILED]
    return money[0] if money else attempts[-1]
