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
)
from sandbox.seed.people import Buyer


class Line(NamedTuple):
    """One line of an order; `amount` is the line's total in won."""

    name: str
    quantity: int
    amount: int
    tax_free: bool = False


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
        return sum([line.amount for line in self.lines])

    @property
    def tax_free(self) -> int:
        return sum([line.amount for line in self.lines if line.tax_free])

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
    goods = SMALL_GOODS if small else GOODS
    kinds = 1 if small else (1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4)[int(draw() * 12)]
    lines: list[Line] = []
    for _ in range(kinds):
        good = goods[int(draw() * len(goods))]
        name = good.name
        if good.variants:
            name = f"{name} ({good.variants[int(draw() * len(good.variants))]})"
        quantity = 1 if draw() < 0.9 or good.price > 60_000 else 2
        if not lines or name not in [line.name for line in lines]:
            lines.append(Line(name, quantity, good.price * quantity, good.tax_free))
    if sum([line.amount for line in lines]) < FREE_SHIPPING_FROM:
        lines.append(Line(SHIPPING_LINE, 1, SHIPPING))
    return lines


def order_name(lines: list[Line]) -> str:
    """The title in the window: the first good and how many more."""
    goods = [line for line in lines if line.name != SHIPPING_LINE]
    if len(goods) == 1:
        return goods[0].name[:LONGEST_NAME]
    return f"{goods[0].name} 외 {len(goods) - 1}건"[:LONGEST_NAME]
