"""Columns in the order somebody gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar


class Named(Protocol):
    """A column, known by its name."""

    @property
    def name(self) -> str: ...


Column = TypeVar("Column", bound=Named)


def in_order(offered: Sequence[Column], chosen: Sequence[str]) -> list[Column]:
    """The chosen columns in their order, then the others as the list has them."""
    places = {name: place for place, name in enumerate(chosen)}
    return sorted(offered, key=lambda column: places.get(column.name, len(places)))


def moved(names: Sequence[str], name: str, by: int) -> list[str]:
    """The names with one moved up (-1) or down (1); at an end, or unknown, it stays."""
    places = list(names)
    if name not in places:
        return places
    here = places.index(name)
    there = here + by
    if 0 <= there < len(places):
        places[here], places[there] = places[there], places[here]
    return places
