"""Two moments of one payment beside each other, put together from what its looks changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from admin.domain.deltas import (
    UNKEPT,
    Change,
    Difference,
    Values,
    differences,
    taken_back,
    values_of,
)
from admin.domain.errors import NotFound
from admin.domain.merging import FIELDS
from admin.models import Observation, Payment
from admin.payments.facts import field_names, written
from admin.payments.history.gateway import source_word
from admin.web.filters import kst

FIRST, NOW = "first", "now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A payment as it stood after one look; `place` is how many looks came before it."""

    key: str
    place: int
    name: str
    when: str


def make_looks(
    payment: Payment, seen: Sequence[Observation], *, a: str, b: str, same: bool
) -> dict[str, Any]:
    """The context of payments/looks.html but for the ways on.

    `a` and `b` are keys of observations, "first" or "now". Raises NotFound for any other.
    """
    moments = _moments(payment, seen)
    known = {one.key: one for one in moments}
    if a not in known or b not in known:
        raise NotFound()
    earlier, later = sorted((known[a], known[b]), key=lambda one: one.place)
    before, after = _values(payment, seen, earlier), _values(payment, seen, later)
    found = differences(before, after)
    different = {one.name for one in found}
    return {
        "payment": payment,
        "moments": [{"key": one.key, "text": f"{one.name} · {one.when}"} for one in moments],
        "a": earlier.key,
        "b": later.key,
        "sides": [{"name": one.name, "when": one.when} for one in (earlier, later)],
        "rows": _rows(payment, found, before, after, same=same),
        "same_count": len(FIELDS) - len(different),
        "shows_same": same,
        "is_partly_unknown": any(UNKEPT in (one.before, one.after) for one in found),
    }


def _moments(payment: Payment, seen: Sequence[Observation]) -> list[Moment]:
    """Every look that was kept, oldest first, between the first one and now."""
    first_at = seen[0].seen_at if seen else payment.checked_at
    middle = [
        Moment(
            key=str(one.id),
            place=place,
            name=source_word(one.source),
            when=kst(one.seen_at, "full"),
        )
        for place, one in enumerate(seen)
    ]
    return [
        Moment(key=FIRST, place=0, name=gettext("First look"), when=kst(first_at, "full")),
        *middle,
        Moment(
            key=NOW,
            place=max(len(seen) - 1, 0),
            name=gettext("Now"),
            when=kst(payment.checked_at, "full"),
        ),
    ]


def _values(payment: Payment, seen: Sequence[Observation], moment: Moment) -> Values:
    later = seen[moment.place + 1 :]
    changes = [Change(names=one.changed, deltas=one.deltas) for one in reversed(later)]
    return taken_back(values_of(payment.snapshot()), changes)


def _rows(
    payment: Payment, found: Sequence[Difference], before: Values, after: Values, *, same: bool
) -> list[dict[str, Any]]:
    names = field_names()
    different = {one.name for one in found}
    return [
        {
            "label": label,
            "agrees": name not in different,
            "values": [
                {"text": written(name, before[name], payment), "is_odd": False},
                {"text": written(name, after[name], payment), "is_odd": name in different},
            ],
        }
        for name, label in names.items()
        if same or name in different
    ]
