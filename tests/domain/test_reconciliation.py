"""The engine: every kind appears alone, order changes nothing, one record changes one thing."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from admin.domain.money import Money
from admin.domain.payment import PaymentSnapshot, PaymentStatus
from admin.domain.reconciliation.engine import reconcile
from admin.domain.reconciliation.kinds import DiscrepancyKind, Severity
from admin.domain.reconciliation.records import BookedOrder, BookedStatus, ReconciliationResult

from .factories import STARTED, a_cancellation, a_payment, an_order, refunded, won

K = DiscrepancyKind


@dataclass
class Sides:
    """One situation: the shop's books, the gateway's payments and the money it concerns."""

    ours: list[BookedOrder] = field(default_factory=list)
    theirs: list[PaymentSnapshot] = field(default_factory=list)
    at_risk: int = 0


FAILED = a_payment(status=PaymentStatus.FAILED, paid_at=None)
READY = a_payment(status=PaymentStatus.READY, paid_at=None)
BOOKED_REFUND = an_order(status=BookedStatus.CANCELLED, cancelled=won(10_000))
BOOKED_PART = an_order(cancelled=won(3000))

ALONE: list[tuple[DiscrepancyKind, Sides]] = [
    (K.MISSING_OURS, Sides([], [a_payment()], 10_000)),
    (K.MISSING_OURS, Sides([], [refunded(10_000)], 0)),
    (K.MISSING_THEIRS, Sides([an_order()], [], 10_000)),
    (K.MISSING_THEIRS, Sides([BOOKED_PART], [], 7000)),
    (K.MISSING_THEIRS, Sides([an_order()], [FAILED], 10_000)),
    (K.MISSING_THEIRS, Sides([an_order()], [READY], 10_000)),
    (K.PAID_TWICE, Sides([an_order()], [a_payment(), a_payment(imp_uid="imp_2")], 10_000)),
    (
        K.PAID_TWICE,
        Sides([an_order()], [a_payment(imp_uid=f"imp_{n}") for n in (1, 2, 3)], 20_000),
    ),
    (K.ORDER_NUMBER_DIFFERS, Sides([an_order()], [a_payment(merchant_uid="ORD-X")], 10_000)),
    (K.AMOUNT_DIFFERS, Sides([an_order(amount=won(9_000))], [a_payment()], 1000)),
    (K.AMOUNT_DIFFERS, Sides([an_order(amount=won(10_001))], [a_payment()], 1)),
    (K.CANCELLED_DIFFERS, Sides([BOOKED_PART], [refunded(2000)], 1000)),
    (
        K.ITEMS_DO_NOT_ADD_UP,
        Sides([an_order(escrow=True, items_total=won(9_000))], [a_payment(escrow=True)], 1000),
    ),
    (K.OURS_PAID_THEIRS_CANCELLED, Sides([an_order()], [refunded(10_000)], 10_000)),
    (
        K.OURS_PAID_THEIRS_CANCELLED,
        Sides([an_order()], [refunded(10_000, status=PaymentStatus.PAID)], 10_000),
    ),
    (K.OURS_PAID_THEIRS_CANCELLED, Sides([BOOKED_PART], [refunded(10_000)], 7000)),
    (K.OURS_CANCELLED_THEIRS_PAID, Sides([BOOKED_REFUND], [a_payment()], 10_000)),
    (K.OURS_CANCELLED_THEIRS_PAID, Sides([BOOKED_PART], [a_payment()], 3000)),
    (
        K.OURS_OPEN_THEIRS_PAID,
        Sides([an_order(status=BookedStatus.READY, paid_at=None)], [a_payment()], 10_000),
    ),
    (
        K.OURS_OPEN_THEIRS_PAID,
        Sides([an_order(status=BookedStatus.FAILED, paid_at=None)], [a_payment()], 10_000),
    ),
    (K.PART_REFUND_UNSEEN, Sides([an_order()], [refunded(3000)], 3000)),
    (
        K.PART_REFUND_UNSEEN,
        Sides([an_order()], [refunded(3000, status=PaymentStatus.PAID)], 3000),
    ),
    (
        K.THEIRS_CONTRADICTS_ITSELF,
        Sides(
            [BOOKED_PART],
            [refunded(3000, cancellations=(a_cancellation(2000),))],
            1000,
        ),
    ),
]
IN_ORDER = [
    Sides([an_order()], [a_payment()]),
    Sides([an_order()], [a_payment(), replace(FAILED, imp_uid="imp_0")]),
    Sides([an_order(imp_uid=None)], [replace(FAILED, imp_uid="imp_0"), a_payment()]),
    Sides([BOOKED_PART], [refunded(3000)]),
    Sides([BOOKED_PART], [refunded(3000, status=PaymentStatus.PAID)]),
    Sides([BOOKED_REFUND], [refunded(10_000)]),
    Sides([an_order(status=BookedStatus.READY)], [READY]),
    Sides([an_order(status=BookedStatus.FAILED)], [FAILED]),
    Sides([an_order(status=BookedStatus.FAILED)], []),
    Sides([an_order(status=BookedStatus.READY)], []),
    Sides([], [FAILED]),
    Sides([], [READY]),
    Sides([an_order()], [a_payment(), refunded(10_000, imp_uid="imp_2")]),
    Sides([an_order(escrow=True, items_total=won(10_000))], [a_payment(escrow=True)]),
    Sides([an_order(items_total=won(1))], [a_payment()]),  # only escrow promises its items
    Sides([], []),
]


def kinds(result: ReconciliationResult) -> list[DiscrepancyKind]:
    return [found.kind for found in result.discrepancies]


@pytest.mark.parametrize(("kind", "sides"), ALONE, ids=lambda value: getattr(value, "name", ""))
def test_each_kind_appears_alone_with_the_money_it_concerns(
    kind: DiscrepancyKind, sides: Sides
) -> None:
    result = reconcile(sides.ours, sides.theirs)
    assert kinds(result) == [kind]
    assert result.discrepancies[0].at_risk == won(sides.at_risk)
    assert result.matched == ()
    assert result.pairs_with_differences == 1


def test_every_kind_has_such_a_case_and_a_severity() -> None:
    assert {kind for kind, _ in ALONE} == set(K)
    assert {kind.severity for kind in K} <= set(Severity)
    assert len({kind.value for kind in K}) == len(K)


@pytest.mark.parametrize("sides", IN_ORDER)
def test_what_is_in_order_raises_nothing(sides: Sides) -> None:
    result = reconcile(sides.ours, sides.theirs)
    assert kinds(result) == []
    with_both = [order for order in sides.ours if sides.theirs]
    assert len(result.matched) == len(with_both)


def renamed(sides: Sides, number: int) -> Sides:
    """The same situation under other names, so that many can stand side by side."""
    return Sides(
        [
            replace(
                order,
                order_number=f"{order.order_number}#{number}",
                imp_uid=order.imp_uid and f"{order.imp_uid}#{number}",
            )
            for order in sides.ours
        ],
        [
            replace(
                payment,
                imp_uid=f"{payment.imp_uid}#{number}",
                merchant_uid=f"{payment.merchant_uid}#{number}",
            )
            for payment in sides.theirs
        ],
        sides.at_risk,
    )


def a_whole_shop() -> tuple[list[BookedOrder], list[PaymentSnapshot]]:
    situations = [sides for _, sides in ALONE] + IN_ORDER * 2
    named = [renamed(sides, number) for number, sides in enumerate(situations)]
    ours = [order for sides in named for order in sides.ours]
    return ours, [payment for sides in named for payment in sides.theirs]


def test_a_shop_with_all_of_it_shows_each_once() -> None:
    result = reconcile(*a_whole_shop())
    assert sorted(kind.value for kind in kinds(result)) == sorted(kind.value for kind, _ in ALONE)


def test_the_most_severe_comes_first() -> None:
    ranks = [kind.severity.rank for kind in kinds(reconcile(*a_whole_shop()))]
    assert ranks == sorted(ranks)


@settings(max_examples=30)
@given(st.integers(0, 2**32))
def test_shuffling_either_side_changes_nothing(seed: int) -> None:
    ours, theirs = a_whole_shop()
    expected = reconcile(ours, theirs)
    chance = random.Random(seed)
    chance.shuffle(ours)
    chance.shuffle(theirs)
    assert reconcile(ours, theirs) == expected


def test_the_same_run_twice_names_the_same_differences() -> None:
    first, second = (reconcile(*a_whole_shop()) for _ in range(2))
    keys = [found.key for found in first.discrepancies]
    assert keys == [found.key for found in second.discrepancies]
    assert len(keys) == len(set(keys))


def day(count: int) -> tuple[list[BookedOrder], list[PaymentSnapshot]]:
    """A day on which everything agrees."""
    names = [(f"ORD-{n}", f"imp_{n}") for n in range(count)]
    moment = [STARTED + timedelta(minutes=n) for n in range(count)]
    ours = [an_order(order_number=number, imp_uid=uid) for number, uid in names]
    theirs = [
        a_payment(merchant_uid=number, imp_uid=uid, started_at=moment[n])
        for n, (number, uid) in enumerate(names)
    ]
    return ours, theirs


def without(side: Sequence[object], place: int) -> list[object]:
    return [one for n, one in enumerate(side) if n != place]


@given(st.integers(1, 30), st.data())
def test_one_record_removed_makes_exactly_its_difference_appear(
    count: int, data: st.DataObject
) -> None:
    ours, theirs = day(count)
    assert kinds(reconcile(ours, theirs)) == []
    place = data.draw(st.integers(0, count - 1))

    lost_payment = reconcile(ours, without(theirs, place))  # type: ignore[arg-type]
    assert kinds(lost_payment) == [K.MISSING_THEIRS]
    assert lost_payment.discrepancies[0].order_number == f"ORD-{place}"
    assert len(lost_payment.matched) == count - 1

    lost_order = reconcile(without(ours, place), theirs)  # type: ignore[arg-type]
    assert kinds(lost_order) == [K.MISSING_OURS]
    assert lost_order.discrepancies[0].imp_uid == f"imp_{place}"
    assert len(lost_order.matched) == count - 1


booked = st.builds(
    lambda number, status, amount, part, uid: an_order(
        order_number=f"ORD-{number}",
        status=status,
        amount=won(amount),
        cancelled=won(min(part, amount)),
        imp_uid=uid,
    ),
    st.integers(0, 5),
    st.sampled_from(BookedStatus),
    st.integers(1, 3),
    st.integers(0, 3),
    st.sampled_from([None, "imp_0", "imp_1", "imp_2"]),
)
paid = st.builds(
    lambda n, number, status, amount, part: a_payment(
        imp_uid=f"imp_{n}",
        merchant_uid=f"ORD-{number}",
        status=status,
        amount=won(amount),
        cancelled=won(min(part, amount)),
        paid_at=None if status in (PaymentStatus.READY, PaymentStatus.FAILED) else STARTED,
    ),
    st.integers(0, 5),
    st.integers(0, 5),
    st.sampled_from(PaymentStatus),
    st.integers(1, 3),
    st.integers(0, 3),
)


@pytest.mark.slow
@given(
    st.lists(booked, max_size=6, unique_by=lambda order: order.order_number),
    st.lists(paid, max_size=6, unique_by=lambda payment: payment.imp_uid),
    st.randoms(),
)
def test_any_two_sides_are_compared_without_surprise(
    ours: list[BookedOrder], theirs: list[PaymentSnapshot], chance: random.Random
) -> None:
    result = reconcile(ours, theirs)
    assert all(found.at_risk >= Money(0) for found in result.discrepancies)
    touched = {found.order_number for found in result.discrepancies}
    assert touched.isdisjoint(pair.ours.order_number for pair in result.matched)
    chance.shuffle(ours)
    chance.shuffle(theirs)
    assert reconcile(ours, theirs) == result
