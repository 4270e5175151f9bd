"""The lists that views are saved of: where each is, who may open it, what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from admin.domain.errors import NotFound
from admin.domain.permissions import Permission
from admin.domain.saved_view import kept_query


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptList:
    """One list. `parts` are the names of its query string that say what is looked for."""

    name: str
    endpoint: str
    permission: Permission
    title: LazyString
    parts: tuple[str, ...]
    folded: tuple[str, ...] = ()  # conditions that stand apart in an address
    is_watched: bool = False  # whether a watch may stand over a view of it

    def kept(self, query: str) -> str:
        """What a view keeps of `query`. Raises InvalidInput."""
        return kept_query(query, parts=self.parts, folded=self.folded)


LISTS: dict[str, KeptList] = {
    one.name: one
    for one in (
        KeptList(
            name="payments",
            endpoint="payments.index",
            permission=Permission.PAYMENTS_READ,
            title=_l("Payments"),
            parts=("q", "basis", "period", "from_day", "to_day", "state", "sort", "order"),
            folded=("method",),
            is_watched=True,
        ),
        KeptList(
            name="refunds",
            endpoint="refunds.index",
            permission=Permission.REFUNDS_READ,
            title=_l("Refunds"),
            parts=("state",),
        ),
        KeptList(
            name="customers",
            endpoint="customers.index",
            permission=Permission.CUSTOMERS_READ,
            title=_l("Customers & billing"),
            parts=("q",),
        ),
        KeptList(
            name="escrow_orders",
            endpoint="escrow_orders.index",
            permission=Permission.ESCROW_READ,
            title=_l("Escrow"),
            parts=("q", "state", "stage"),
        ),
        KeptList(
            name="inquiries",
            endpoint="inquiries.index",
            permission=Permission.INQUIRIES_READ,
            title=_l("Inquiries"),
            parts=("q", "state"),
        ),
        KeptList(
            name="reconciliation",
            endpoint="reconciliation.index",
            permission=Permission.RECONCILIATION_READ,
            title=_l("Reconciliation"),
            parts=("state", "run"),
        ),
    )
}


def kept_list(name: str) -> KeptList:
    """The list of this name. Raises NotFound."""
    if name not in LISTS:
        raise NotFound()
    return LISTS[name]
