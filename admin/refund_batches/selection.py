"""What was taken from the list of payments: those that were ticked, or all that its query asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from werkzeug.datastructures import MultiDict

from admin.domain.card_guard import holds_card_number
from admin.domain.errors import N_, InvalidInput
from admin.domain.money import Money
from admin.domain.refund_batch import MOST_ROWS
from admin.models import Payment, db
from admin.payments.finding import page_order, plan, select_payments
from admin.payments.listing import gathered, read_search
from admin.payments.sums import net_of

_TOO_MANY = N_(
    "More than %(most)s payments match; a list of refunds takes at most that many. "
    "A period or another condition makes them fewer."
)
_UNREADABLE = N_("The search cannot be read, so nothing was taken. Mend it on the list first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Gateway numbers in the order of the list, and what they add up to as the list sums."""

    numbers: Sequence[str]
    net: Money

    @property
    def count(self) -> int:
        return len(self.numbers)

    @property
    def seen(self) -> str:
        """The same as the list wrote it into its form."""
        return f"{self.count}:{self.net.minor}"


def ticked(numbers: Sequence[str]) -> Taken:
    """Those of these numbers that are known are summed; the others stay lines to be judged."""
    return Taken(numbers=numbers, net=net_of(numbers))


def matching(query: str, *, now: datetime) -> Taken:
    """All that the list shows under this query string, newest first as it does.

    Raises InvalidInput where the list takes in more than was asked for, or more than a list holds.
    """
    asked = MultiDict(parse_qsl(query))
    if any(holds_card_number(value) for value in asked.values()):
        raise InvalidInput(_UNREADABLE, field="lines")
    if (text := gathered(asked)) is not None:
        asked["q"] = text
    search = read_search(asked, now=now)
    if search.has_problems:
        raise InvalidInput(_UNREADABLE, field="lines")
    drawn = plan(search.filter, now=now)
    order = [one.asc() if search.ascending else one.desc() for one in page_order(drawn)]
    found = select_payments(drawn).with_only_columns(Payment.imp_uid).order_by(*order)
    numbers = list(db.session.scalars(found.limit(MOST_ROWS + 1)))
    if len(numbers) > MOST_ROWS:
        raise InvalidInput(_TOO_MANY, field="lines", most=f"{MOST_ROWS:,}")
    return ticked(numbers)
