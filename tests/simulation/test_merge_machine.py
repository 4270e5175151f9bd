"""Mirrors that hear the same looks in other orders, with repetitions, end up the same."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from admin.domain.merging import Observed, merge
from admin.domain.money import Money
from admin.domain.payment import PaymentSnapshot, PaymentStatus
from tests.domain.factories import STARTED, a_cancellation, a_payment

pytestmark = pytest.mark.slow

AMOUNT = 10_000


class Mirrors(RuleBasedStateMachine):
    """A payment lives its life at the gateway; looks at any of its moments reach two mirrors.

    One takes each look as it comes. The other is built anew from a shuffled pile of the same
    looks, some of them twice: webhooks, pages of the walk and answers have no order.
    """

    looks = Bundle("looks")

    def __init__(self) -> None:
        super().__init__()
        self.moments = [a_payment(status=PaymentStatus.READY, paid_at=None, cancelled=Money(0))]
        self.seq = 0
        self.held: Observed | None = None
        self.pile: list[Observed] = []

    @rule(end=st.sampled_from([PaymentStatus.PAID, PaymentStatus.FAILED]))
    def the_buyer_comes_to_an_end(self, end: PaymentStatus) -> None:
        """Paid or failed; what failed may turn out paid, never the other way."""
        last = self.moments[-1]
        if last.status.rank < end.rank:
            paid_at = STARTED if end is PaymentStatus.PAID else None
            self._becomes(status=end, paid_at=paid_at)

    @rule(part=st.integers(1, 6_000), reads_paid=st.booleans())
    def money_goes_back(self, part: int, reads_paid: bool) -> None:
        """A refund of ours or of anybody; a partial one may read paid or cancelled."""
        last = self.moments[-1]
        if last.paid_at is None or last.cancellable.minor < 1:
            return
        amount = min(part, last.cancellable.minor)
        cancelled = last.cancelled + Money(amount)
        entry = a_cancellation(
            amount,
            cancellation_id=f"c{len(last.cancellations)}",
            cancelled_at=STARTED + timedelta(minutes=len(self.moments)),
        )
        reads_paid = reads_paid and last.status is PaymentStatus.PAID and cancelled < last.amount
        self._becomes(
            status=PaymentStatus.PAID if reads_paid else PaymentStatus.CANCELLED,
            cancelled=cancelled,
            cancellations=(*last.cancellations, entry),
        )

    @rule(name=st.sampled_from(["김하늘", "이바다"]))
    def the_buyer_is_renamed(self, name: str) -> None:
        """A field that may change at any time."""
        self._becomes(buyer_name=name)

    @rule(target=looks, back=st.integers(0, 3))
    def somebody_looks(self, back: int) -> object:
        """A look takes its place in the order first, and may come from a copy that lags."""
        self.seq += 1
        if back >= len(self.moments):
            return multiple()
        return Observed(snapshot=self.moments[-1 - back], fetch_seq=self.seq)

    @rule(look=looks)
    def a_look_arrives(self, look: Observed) -> None:
        """It may have arrived before: the same answer is mirrored by two paths."""
        self.held = merge(self.held, look).result
        self.pile.append(look)

    @rule(chance=st.randoms(use_true_random=False))
    def another_mirror_hears_them_in_another_order(self, chance: Random) -> None:
        """Commutative, associative and idempotent, over a whole life."""
        if not self.pile:
            return
        pile = self.pile + chance.sample(self.pile, k=len(self.pile) // 2)
        chance.shuffle(pile)
        middle = len(pile) // 2
        left, right = self._fold(pile[:middle]), self._fold(pile[middle:])
        joined = right if left is None else merge(right, left).result if right else left
        assert self._fold(pile) == self.held
        assert joined == self.held

    @invariant()
    def the_mirror_never_runs_ahead(self) -> None:
        """It holds no more money given back than the furthest moment it was told of."""
        if self.held is None:
            return
        furthest = max(look.snapshot.cancelled.minor for look in self.pile)
        assert self.held.snapshot.cancelled.minor == furthest
        assert len(self.held.snapshot.cancellations) == max(
            len(look.snapshot.cancellations) for look in self.pile
        )

    def _becomes(self, **changed: object) -> None:
        last = self.moments[-1]
        fields = {name: getattr(last, name) for name in PaymentSnapshot.__slots__}
        self.moments.append(PaymentSnapshot(**{**fields, **changed}))

    def _fold(self, looks: list[Observed]) -> Observed | None:
        held = None
        for look in looks:
            held = merge(held, look).result
        return held


TestMirrors = Mirrors.TestCase
TestMirrors.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
