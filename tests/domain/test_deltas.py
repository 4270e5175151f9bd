"""From the payment of now, and from what each look changed, comes the payment of any moment."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from admin.domain.deltas import UNKEPT, Change, deltas_of, differences, taken_back, values_of
from admin.domain.merging import FIELDS
from admin.domain.money import Money
from admin.domain.payment import PaymentSnapshot, PaymentStatus
from tests.domain.factories import STARTED, a_cancellation, a_payment

EDITS = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(PaymentStatus),
        "cancelled": st.integers(0, 9).map(Money),
        "cancelled_at": st.none()
        | st.integers(0, 3).map(lambda days: STARTED + timedelta(days=days)),
        "buyer_name": st.none() | st.sampled_from(["이도윤", "윤시우"]),
        "card_quota": st.integers(0, 3),
        "cash_receipt_issued": st.booleans(),
        "cancellations": st.lists(
            st.integers(1, 3).map(lambda number: a_cancellation(number * 100)), max_size=2
        ).map(tuple),
    },
)


def change(before: PaymentSnapshot, after: PaymentSnapshot) -> Change:
    """As the mirror keeps it: through JSON and back."""
    names = [name for name in FIELDS if getattr(before, name) != getattr(after, name)]
    kept = json.loads(json.dumps(deltas_of(before, after, names)))
    return Change(names=names, deltas=kept)


@given(st.lists(EDITS, min_size=1, max_size=6))
def test_every_moment_comes_back_as_it_was(edits: list[dict[str, object]]) -> None:
    moments = [a_payment()]
    for edit in edits:
        moments.append(replace(moments[-1], **edit))
    changes = [change(one, other) for one, other in itertools.pairwise(moments)]

    now = values_of(moments[-1])
    for place, moment in enumerate(moments):
        assert taken_back(now, reversed(changes[place:])) == values_of(moment)


def test_what_differs_is_named_once_with_both_values() -> None:
    before = a_payment()
    after = replace(before, buyer_name="윤시우", cancelled=Money(4_000))

    found = differences(values_of(before), values_of(after))

    assert [(one.name, one.after) for one in found] == [
        ("cancelled", 4_000),
        ("buyer_name", "윤시우"),
    ]


def test_a_value_that_was_not_kept_is_said_to_be_unknown_and_never_guessed() -> None:
    now = values_of(a_payment(buyer_name="윤시우"))
    old = Change(names=["buyer_name"], deltas=None)

    before = taken_back(now, [old])

    assert before["buyer_name"] is UNKEPT
    assert [one.name for one in differences(before, now)] == ["buyer_name"]
    assert [one.name for one in differences(before, before)] == ["buyer_name"]
