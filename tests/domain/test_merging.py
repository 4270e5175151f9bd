"""merge: whatever order the looks arrive in, the mirror ends up the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from admin.domain.merging import IMMUTABLE, Observed, behind, is_late_success, merge
from admin.domain.payment import Cancellation, PaymentSnapshot, PaymentStatus

from .factories import STARTED, a_cancellation, a_payment, refunded, won

pytestmark = pytest.mark.slow

entries = st.builds(
    Cancellation,
    cancellation_id=st.sampled_from(["", "", "a", "b"]),
    amount=st.sampled_from([won(1), won(2)]),
    cancelled_at=st.sampled_from([STARTED, STARTED + timedelta(hours=1)]),
    reason=st.sampled_from(["x", "y"]),
    pg_tid=st.sampled_from(["", "t"]),
    receipt_url=st.sampled_from([None, "https://a", "https://b"]),
)
snapshots = st.builds(
    lambda status, cancelled, name, tel, cancellations: a_payment(
        status=status,
        cancelled=won(cancelled),
        buyer_name=name,
        buyer_tel=tel,
        cancellations=tuple(cancellations),
    ),
    st.sampled_from(PaymentStatus),
    st.integers(0, 3),
    st.sampled_from([None, "김하늘", "이바다"]),
    st.sampled_from([None, "010"]),
    st.lists(entries, max_size=3),
)
looks = st.builds(lambda snapshot, seq: Observed(snapshot=snapshot, fetch_seq=seq), snapshots,
                  st.integers(1, 4))  # fmt: skip


def folded(looks: list[Observed]) -> Observed:
    held: Observed | None = None
    for look in looks:
        held = merge(held, look).result
    assert held is not None
    return held


@settings(max_examples=200)
@given(looks, looks)
def test_it_is_commutative(a: Observed, b: Observed) -> None:
    assert folded([a, b]) == folded([b, a])


@settings(max_examples=200)
@given(looks, looks, looks)
def test_it_is_associative(a: Observed, b: Observed, c: Observed) -> None:
    left = merge(folded([a, b]), c).result
    right = merge(folded([b, c]), folded([a])).result
    assert left == right


@given(st.lists(looks, min_size=1, max_size=6), st.randoms())
def test_any_order_and_any_repetition_of_the_same_looks_gives_the_same_row(
    observed: list[Observed], chance: object
) -> None:
    again = observed + observed[:2]
    chance.shuffle(again)  # type: ignore[attr-defined]
    assert folded(observed) == folded(again)


@given(st.lists(looks, min_size=1, max_size=5))
def test_seeing_the_same_again_changes_nothing(observed: list[Observed]) -> None:
    held = folded(observed)
    for look in observed:
        again = merge(held, look)
        assert again.result == held
        assert again.changed == ()
        assert again.conflicts == ()


@given(st.lists(looks, min_size=1, max_size=5))
def test_money_given_back_and_its_history_only_grow(observed: list[Observed]) -> None:
    held: Observed | None = None
    for look in observed:
        before, held = held, merge(held, look).result
        if before is not None:
            assert held.snapshot.cancelled >= before.snapshot.cancelled
            assert len(held.snapshot.cancellations) >= len(before.snapshot.cancellations)
            assert not behind(held.snapshot, before.snapshot)


def at(seq: int, snapshot: PaymentSnapshot) -> Observed:
    return Observed(snapshot=snapshot, fetch_seq=seq)


def test_the_first_look_is_all_new() -> None:
    first = merge(None, at(1, a_payment()))
    assert "amount" in first.changed
    assert not first.stale


def test_a_stale_look_is_recorded_and_not_applied() -> None:
    held = at(5, refunded(3000))
    late = merge(held, at(9, a_payment(buyer_name="오래된 이름")))
    assert late.stale
    assert late.result == held
    assert late.changed == ()


def test_a_stale_look_does_not_make_a_later_good_one_look_late() -> None:
    held = merge(at(5, refunded(3000)), at(9, a_payment())).result
    good = merge(held, at(7, refunded(3000, buyer_name="김하늘")))
    assert good.result.snapshot.buyer_name == "김하늘"


def test_of_two_looks_at_one_stage_the_later_holds() -> None:
    early, late = at(1, a_payment(buyer_tel="1")), at(2, a_payment(buyer_tel="2"))
    assert folded([early, late]).snapshot.buyer_tel == "2"
    assert folded([late, early]).snapshot.buyer_tel == "2"
    assert merge(early, late).changed == ("buyer_tel",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("imp_uid", "imp_2"),
        ("merchant_uid", "ORD-2"),
        ("amount", won(1)),
        ("started_at", STARTED + timedelta(seconds=1)),
    ],
)
def test_a_changed_identity_is_quarantined_and_never_written_over(name: str, value: object) -> None:
    assert name in IMMUTABLE
    mine, theirs = at(1, a_payment()), at(2, a_payment(**{name: value}))
    for held, look in ((mine, theirs), (theirs, mine)):
        merged = merge(held, look)
        assert merged.conflicts == (name,)
        assert merged.result == held
        assert merged.changed == ()


def test_a_failed_payment_that_turns_out_paid_is_noticed() -> None:
    failed = a_payment(status=PaymentStatus.FAILED, paid_at=None)
    assert is_late_success(failed, a_payment())
    assert not is_late_success(a_payment(), failed)
    assert merge(at(1, failed), at(2, a_payment())).result.snapshot.status is PaymentStatus.PAID


def test_two_old_cancellations_that_look_alike_both_count() -> None:
    twin = a_cancellation(1000, cancellation_id="", pg_tid="t")
    snapshot = refunded(2000, cancellations=(twin, twin))
    held = folded([at(1, snapshot), at(2, snapshot), at(3, replace(snapshot, buyer_tel="1"))])
    assert held.snapshot.cancellations == (twin, twin)


def test_the_order_of_a_long_story_does_not_matter() -> None:
    story = [
        at(1, a_payment(status=PaymentStatus.READY, paid_at=None)),
        at(2, a_payment()),
        at(3, refunded(1000)),
        at(4, refunded(3000, cancellations=(a_cancellation(1000), a_cancellation(2000)))),
    ]
    assert reduce(lambda held, look: merge(held, look).result, reversed(story)) == folded(story)
