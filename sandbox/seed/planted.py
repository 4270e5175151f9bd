"""Where the shop's books and the gateway disagree, on purpose and written down.

Each kind changes one order of a day: its row at the gateway, or what the books believe.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random

from sandbox.cancellation import CONSOLE_REASON
from sandbox.clock import in_kst
from sandbox.seed.orders import Attempt, Belief, Cancel, Line, Order
from sandbox.seed.window import WindowTrade

LAST_DAYS = 14
# What is planted on each of the last days, today first.
_PLAN: tuple[tuple[str, ...], ...] = (
    ("S03", "S01", "P01", "S05"),
    ("P01", "M01", "S05", "S03", "M08", "I02", "S02"),
    ("S01", "M02", "P02", "S05"),
    ("M08", "P01", "S03", "M01"),
    ("I02", "S02", "P02", "M02"),
    ("S01", "S05", "M08", "P01"),
    ("M01", "S03", "M02", "P02"),
    ("S02", "I02", "S01", "M08"),
    ("P01", "S05", "M01", "S03"),
    ("P02", "M02", "S02", "I02"),
    ("S01", "M08", "S03", "M01"),
    ("S05", "P02", "M02", "S02"),
    ("P01", "I02", "M08", "S01"),
    ("S03", "M01", "S05", "P02"),
)
_PER_ORDERS = 4  # at most one order in so many disagrees
_AMOUNT_SLIPS = (-1_000, 3_000, 10_000, -2_500, 1_000)


@dataclass(slots=True, kw_only=True)
class Planted:
    """One disagreement; ids are read from the orders once they have them."""

    kind: str
    day: date
    order: Order
    note: str
    others: list[Attempt] = field(default_factory=list)

    def entry(self) -> dict[str, object]:
        attempts = self.order.attempts
        imp_uid = attempts[0].row["imp_uid"] if attempts else self.order.believed().imp_uid
        return {
            "kind": self.kind,
            "day": self.day.isoformat(),
            "merchant_uid": self.order.number,
            "imp_uid": imp_uid or None,
            "other_imp_uids": [attempt.row["imp_uid"] for attempt in self.others],
            "note": self.note,
        }


class Planter:
    """Plants a day's disagreements into its orders."""

    def __init__(self, rng: Random, trade: WindowTrade, now: int) -> None:
        self._rng = rng
        self._trade = trade
        self._now = now
        self._turn = 0
        self._kinds: dict[str, Callable[[Order], str]] = {
            "P01": self._unknown_to_shop,
            "P02": self._unknown_to_gateway,
            "M01": self._other_amount,
            "M02": self._other_cancel_total,
            "S01": self._cancelled_in_console,
            "S02": self._cancelled_in_books_only,
            "S03": self._paid_at_gateway_only,
            "S05": self._partial_cancel_unseen,
            "I02": self._paid_twice,
            "M08": self._items_do_not_add_up,
        }

    @staticmethod
    def extra_rows(back: int, quota: int) -> int:
        """Rows to leave free on a day for what planting adds."""
        planned = _PLAN[back] if back < LAST_DAYS else ()
        return min(planned.count("I02"), quota // (2 * _PER_ORDERS))

    def plant(self, orders: list[Order], day: date, back: int, *, extra: int) -> list[Planted]:
        """Disagreements for the day `back` days before the last; adds orders if it must."""
        if back >= LAST_DAYS:
            return []
        free = [order for order in orders if self._is_plain(order, day)]
        planted: list[Planted] = []
        for kind in _PLAN[back][: max(1, len(orders) // _PER_ORDERS)]:
            if kind == "I02":
                if extra == 0:
                    continue
                extra -= 1
            if not free:
                break
            order = free.pop(int(self._rng.random() * len(free)))
            if kind == "P02":
                order = self._copy(order)
                orders.append(order)
            self._turn += 1
            note = self._kinds[kind](order)
            planted.append(
                Planted(kind=kind, day=day, order=order, note=note, others=order.attempts[1:])
            )
        for _ in range(extra):
            # A row was kept free and not used: an abandoned window fills it.
            orders.append(self._abandoned(orders[0]))
        return planted

    def _is_plain(self, order: Order, day: date) -> bool:
        """One clean attempt, paid on the day it was ordered, early enough to cancel."""
        if len(order.attempts) != 1 or not order.in_books:
            return False
        row = order.last.row
        return (
            order.last.is_clean
            and not row["escrow"]
            and not row["customer_uid"]
            and row["pay_method"] in {"card", "point", "trans", "samsung"}
            and in_kst(row["paid_at"]).date() == day
            and row["paid_at"] + 900 < self._now
        )

    def _later(self, order: Order) -> int:
        paid_at = order.last.row["paid_at"]
        return int(min(paid_at + 300 + self._rng.random() * 9_000, self._now - 30))

    def _part(self, order: Order) -> int:
        return max(1_000, int(order.amount * (0.15 + self._rng.random() * 0.3)) // 100 * 100)

    def _as_it_stands(self, order: Order) -> Belief:
        """What the books would rightly say; ids come later."""
        return replace(order.believed(), imp_uid=None)

    def _unknown_to_shop(self, order: Order) -> str:
        order.in_books = False
        return "Paid at the gateway; the books have no such order."

    def _unknown_to_gateway(self, order: Order) -> str:
        return "The books say paid; the gateway has no such payment."

    def _other_amount(self, order: Order) -> str:
        slip = _AMOUNT_SLIPS[self._turn % len(_AMOUNT_SLIPS)]
        order.belief = self._as_it_stands(order)
        order.belief.amount += slip
        first = order.lines[0]
        order.lines[0] = first._replace(amount=first.amount + slip)
        return f"The books' amount is off by {slip} won."

    def _other_cancel_total(self, order: Order) -> str:
        part = self._part(order)
        order.last.cancels.append(Cancel(part, self._later(order), CONSOLE_REASON))
        order.belief = self._as_it_stands(order)
        order.belief.cancelled = part // 200 * 100
        return "Both know of a partial cancel; the amounts differ."

    def _cancelled_in_console(self, order: Order) -> str:
        order.belief = self._as_it_stands(order)
        order.last.cancels.append(Cancel(order.amount, self._later(order), CONSOLE_REASON))
        return "Cancelled in full in the gateway's console; the books say paid."

    def _cancelled_in_books_only(self, order: Order) -> str:
        order.belief = self._as_it_stands(order)
        order.belief.status = "cancelled"
        order.belief.cancelled = order.amount
        return "The books say cancelled; nothing was given back at the gateway."

    def _paid_at_gateway_only(self, order: Order) -> str:
        status = ("ready", "failed")[self._turn % 2]
        order.belief = Belief(status=status, amount=order.amount, imp_uid="")
        return f"Paid at the gateway; the books still say {status}."

    def _partial_cancel_unseen(self, order: Order) -> str:
        order.belief = self._as_it_stands(order)
        order.last.cancels.append(Cancel(self._part(order), self._later(order), CONSOLE_REASON))
        return "A partial cancel at the gateway that the books do not have."

    def _paid_twice(self, order: Order) -> str:
        row = order.last.row
        later = 70 + int(self._rng.random() * 90)
        second = row | {
            "started_at": row["started_at"] + later,
            "paid_at": row["paid_at"] + later,
            "apply_num": f"{int(self._rng.random() * 10**8):08d}" if row["apply_num"] else None,
        }
        order.belief = self._as_it_stands(order)
        order.attempts.append(Attempt(row=second))
        return "The order number was paid twice."

    def _items_do_not_add_up(self, order: Order) -> str:
        self._trade.make_escrow(order)
        amount = order.amount
        order.belief = self._as_it_stands(order)
        order.lines[0] = order.lines[0]._replace(amount=order.lines[0].amount + 3_000)
        return f"Escrow items add up to {amount + 3_000} won, not {amount}."

    def _copy(self, order: Order) -> Order:
        """An order like another one, which the gateway never saw."""
        at = order.ordered_at + 37
        imp_uid = f"imp_{int(self._rng.random() * 10**9):012d}" if self._turn % 2 else ""
        copy = Order(
            ordered_at=at,
            name=order.name,
            buyer=order.buyer,
            lines=[Line(*line) for line in order.lines],
        )
        copy.belief = Belief(status="paid", amount=order.amount, paid_at=at + 60, imp_uid=imp_uid)
        return copy

    def _abandoned(self, order: Order) -> Order:
        row = order.attempts[0].row | {
            "status": "ready", "paid_at": 0, "failed_at": 0, "fail_reason": None,
            "apply_num": None, "escrow": 0, "pg_cancelled": 0, "escrow_decision": None,
            "vbank_num": None, "vbank_code": None, "vbank_name": None, "vbank_holder": None,
            "vbank_date": 0, "vbank_issued_at": 0,
        }  # fmt: skip
        return Order(
            ordered_at=order.ordered_at,
            name=order.name,
            buyer=order.buyer,
            lines=[Line(*line) for line in order.lines],
            attempts=[Attempt(row=row)],
        )
