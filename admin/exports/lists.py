"""The lists that can be exported, by name."""

from __future__ import annotations

from admin.columns.offered import OfferedList
from admin.domain.errors import NotFound
from admin.payments.exports import payments_list

LISTS: dict[str, OfferedList] = {one.name: one for one in (payments_list(),)}


def offered_list(name: str) -> OfferedList:
    """The list of this name. Raises NotFound."""
    if name not in LISTS:
        raise NotFound()
    return LISTS[name]
