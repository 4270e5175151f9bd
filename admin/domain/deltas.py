"""What a look changed, kept as plain values, and a payment as it stood after any look.

A row of observations keeps the fields that changed with both of their values. Whoever starts at
the payment of now and takes the newest changes back one by one arrives at any earlier moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

from admin.domain.merging import FIELDS
from admin.domain.money import Money
from admin.domain.payment import Cancellation, PaymentSnapshot

Deltas = dict[
    str, list[Any]
]  # field: [value before, value after], both as `plain_value` gives them
Values = dict[str, Any]
# Stands for a value that changed at a look which did not keep it.
UNKEPT: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one look changed. `deltas` is None where only the names of the fields were kept."""

    names: Sequence[str]
    deltas: Mapping[str, Sequence[Any]] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field at two moments; a value is UNKEPT where nobody knows it any more."""

    name: str
    before: Any
    after: Any


def deltas_of(before: PaymentSnapshot, after: PaymentSnapshot, names: Iterable[str]) -> Deltas:
    """Both values of the named fields, fit for JSON."""
    return {
        name: [plain_value(getattr(before, name)), plain_value(getattr(after, name))]
        for name in names
    }


def values_of(snapshot: PaymentSnapshot) -> Values:
    """Every field of a snapshot, fit for JSON."""
    return {name: plain_value(getattr(snapshot, name)) for name in FIELDS}


def taken_back(values: Values, changes: Iterable[Change]) -> Values:
    """`values` as they were before `changes`, which come newest first."""
    earlier = dict(values)
    for change in changes:
        if change.deltas is None:
            earlier.update(dict.fromkeys(change.names, UNKEPT))
        else:
            earlier.update({name: pair[0] for name, pair in change.deltas.items()})
    return earlier


def differences(before: Values, after: Values) -> list[Difference]:
    """The fields whose values differ, or may differ, in the order of the snapshot."""
    return [
        Difference(name=name, before=before.get(name), after=after.get(name))
        for name in FIELDS
        if before.get(name) != after.get(name) or before.get(name) is UNKEPT
    ]


def plain_value(value: Any) -> Any:
    """A value of a snapshot for JSON: moments in ISO 8601, money in minor units."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Money):
        return value.minor
    if isinstance(value, Cancellation):
        return {
            "key": value.key,
            "amount_minor": value.amount.minor,
            "cancelled_at": value.cancelled_at.isoformat(),
            "reason": value.reason,
        }
    if isinstance(value, tuple):
        return [plain_value(one) for one in value]
    return value
