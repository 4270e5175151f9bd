"""One order: its cart, the attempts to pay it, and what the shop believes about it."""

from dataclasses import dataclass, field, replace
from random import Random
from typing import NamedTuple

from sandbox.payment_rows import Payment
from sandbox.seed.goods import (
    FREE_SHIPPING_FROM,
    GOODS,
    LONGEST_NAME,
    SHIPPING,
    SHIPPING_LINE,
    SMALL_GOODS,
    Good,
)
from sandbox.seed.people import Buyer

# How many kinds of goods are in a cart.
_KINDS = (1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4)
_TAKES_ONE = 0.9
_DEAR = 60_000  # won; nobody takes two of a dearer good


class Line(NamedTuple):
    """One line of an order; `amount` is the line's total in won."""

    name: str
    quantity: int
    amount: int
    tax_free: bool = False


class _Shelf(NamedTuple):
    """The lines a good is sold in: one for each variant, of one piece or of what buyers take
    when they take more."""

    single: list[Line]
    more: list[Line]


class Cancel(NamedTuple):
    """One cancel on a payment."""

    amount: int
    at: int
    reason: str


@dataclass(slots=True, kw_only=True)
class Belief:
    """What the shop's own books say of an order; no `imp_uid` means the first attempt's."""

    status: str
    amount: int
    cancelled: int = 0
    paid_at: int = 0
    imp_uid: str | None = None


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One payment at the gateway, with its cancels; `row` becomes the table row."""

    row: Payment
    cancels: list[Cancel] = field(default_factory=list)

    @property
    def cancelled(self) -> int:
        return sum([cancel.amount for cancel in self.cancels])

    @property
    def is_clean(self) -> bool:
        """Paid, nothing given back, nothing odd about it."""
        return self.row["status"] == "paid" and not self.cancels and not self.row["pg_cancelled"]


@dataclass(slots=True, kw_only=True)
class Order:
    """`number` and the attempts' ids are given when the whole day is known.

    Without a belief of its own an order's books agree with the last attempt; an order
    that is not `in_books` is one the shop never heard of, or a test.
    """

    ordered_at: int
    name: str
    buyer: Buyer
    lines: list[Line]
    number: str = ""
    attempts: list[Attempt] = field(default_factory=list)
    delivery: dict[str, object] | None = None
    belief: Belief | None = None
    in_books: bool = True

    @property
    def amount(self) -> int:
        return self.totals()[0]

    def totals(self) -> tuple[int, int]:
        """What the order costs in won, and how much of it is free of tax."""
        total = tax_free = 0
        for _, _, amount, is_free in self.lines:
            total += amount
            if is_free:
                tax_free += amount
        return total, tax_free

    @property
    def last(self) -> Attempt:
        return self.attempts[-1]

    def believed(self) -> Belief:
        """What the books say."""
        if self.belief is not None:
            if self.belief.imp_uid is None:
                return replace(self.belief, imp_uid=self.attempts[0].row["imp_uid"])
            return self.belief
        row = self.last.row
        cancelled = self.last.cancelled
        is_gone = row["status"] == "paid" and cancelled == row["amount"]
        return Belief(
            status="cancelled" if is_gone else row["status"],
            amount=row["amount"],
            cancelled=cancelled,
            paid_at=row["paid_at"],
            imp_uid=row["imp_uid"],
        )


def fill_cart(rng: Random, *, small: bool) -> list[Line]:
    """One to four goods and, below the limit, the shipping."""
    draw = rng.random
    shelves = _SMALL_SHELVES if small else _SHELVES
    kinds = 1 if small else _KINDS[int(draw() * len(_KINDS))]
    lines: list[Line] = []
    amount = 0
    for _ in range(kinds):
        single, more = shelves[int(draw() * len(shelves))]
        variant = int(draw() * len(single)) if len(single) > 1 else 0
        line = (single if draw() < _TAKES_ONE else more)[variant]
        if not lines or line.name not in [other.name for other in lines]:
            lines.append(line)
            amount += line.amount
    if amount < FREE_SHIPPING_FROM:
        lines.append(_SHIPPING)
    return lines


def order_name(lines: list[Line]) -> str:
    """The title in the window: the first good and how many more."""
    first, more = lines[0].name, len(lines) - 1
    if lines[-1].name == SHIPPING_LINE:
        more -= 1
    return (f"{first} 외 {more}건" if more else first)[:LONGEST_NAME]


def _shelf(good: Good) -> _Shelf:
    names = [f"{good.name} ({variant})" for variant in good.variants] or [good.name]
    most = 1 if good.price > _DEAR else 2
    single, more = (
        [Line(name, quantity, good.price * quantity, good.tax_free) for name in names]
        for quantity in (1, most)
    )
    return _Shelf(single, more)


_SHELVES = [_shelf(good) for good in GOODS]
_SMALL_SHELVES = [_shelf(good) for good in SMALL_GOODS]
_SHIPPING = Line(SHIPPING_LINE, 1, SHIPPING)
