"""The demo shop, day by day: orders, numbers, and what is planted among them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from random import Random

from sandbox.clock import kst_minute
from sandbox.payment_rows import Payment
from sandbox.seed.calendar import DAYS, Calendar
from sandbox.seed.methods import METHODS
from sandbox.seed.orders import Attempt, Order
from sandbox.seed.people import make_buyers
from sandbox.seed.planted import LAST_DAYS, Planted, Planter
from sandbox.seed.subscriptions import Subscriptions
from sandbox.seed.window import WindowTrade

_BUYERS_PER_PAYMENT = 0.35
_FEWEST_BUYERS, _MOST_BUYERS = 40, 40_000
_ordered_at = attrgetter("ordered_at")
_TESTS = 12
_PAYMENTS_PER_TEST = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of trade, every number given."""

    date: date
    orders: list[Order]
    attempts: list[Attempt]  # of all orders, in the order the windows opened
    planted: list[Planted]

    def payments(self) -> list[Payment]:
        """Table rows in the order the windows opened, cancels applied."""
        return [attempt.row for attempt in self.attempts]

    def cancellations(self) -> Iterator[Payment]:
        """Rows of the cancels' table."""
        for order in self.orders:
            for attempt in order.attempts:
                if not attempt.cancels:
                    continue
                imp_uid, pg_tid = attempt.row["imp_uid"], attempt.row["pg_tid"]
                for number, cancel in enumerate(attempt.cancels):
                    yield {
                        "imp_uid": imp_uid,
                        "cancellation_id": f"{imp_uid.partition('_')[2]}{number:02d}",
                        "pg_tid": pg_tid,
                        "amount": cancel.amount,
                        "cancelled_at": cancel.at,
                        "reason": cancel.reason,
                    }

    def deliveries(self) -> Iterator[Payment]:
        for order in self.orders:
            if order.delivery is not None:
                yield order.delivery | {"imp_uid": order.last.row["imp_uid"]}


class DemoShop:
    """Exactly `payments` payments over half a year up to `now`; the same for the same seed.

    `days()` may be walked once: the random numbers are drawn as it goes.
    """

    def __init__(self, payments: int, random_seed: int, now: datetime) -> None:
        self._rng = Random(random_seed)
        self._calendar = Calendar(now)
        self.subscriptions = Subscriptions(self._rng, self._calendar, payments)
        self._tests = min(_TESTS, payments // _PAYMENTS_PER_TEST)
        self._window_rows = max(0, payments - self.subscriptions.count - self._tests)
        self._last_imp_uid = 0
        self._transactions = 0

    def days(self) -> Iterator[Day]:
        count = int(self._window_rows * _BUYERS_PER_PAYMENT)
        buyers = make_buyers(self._rng, max(_FEWEST_BUYERS, min(_MOST_BUYERS, count)))
        trade = WindowTrade(self._rng, buyers, self._calendar.now)
        planter = Planter(self._rng, trade, self._calendar.now)
        shares = self._calendar.allot(self._window_rows)
        for number, day in enumerate(self._calendar.days):
            back = DAYS - 1 - number
            extra = planter.extra_rows(back, shares[number])
            orders = self._window_orders(trade, day, shares[number] - extra, back)
            orders += self._test_orders(trade, day, back)
            planted = planter.plant(orders, day, back, extra=extra)
            orders += self.subscriptions.orders(day)
            attempts = self._give_numbers(orders, day)
            yield Day(date=day, orders=orders, attempts=attempts, planted=planted)

    def _window_orders(self, trade: WindowTrade, day: date, rows: int, back: int) -> list[Order]:
        """Orders of one day with exactly `rows` attempts."""
        # Rare methods would be missing from a small shop; each day brings one for certain.
        certain = METHODS[back % len(METHODS)] if back < LAST_DAYS else None
        orders: list[Order] = []
        room = rows
        for at in self._calendar.moments(self._rng, day, rows):
            if room <= 0:
                break
            order = trade.order(at, room=room, method=certain)
            certain = None
            room -= len(order.attempts)
            orders.append(order)
        return orders

    def _test_orders(self, trade: WindowTrade, day: date, back: int) -> list[Order]:
        """A test now and then: the last ones were yesterday and on the days before."""
        step = max(1, DAYS // _TESTS)
        is_due = back > 0 and (back - 1) % step == 0 and (back - 1) // step < self._tests
        if not is_due:
            return []
        return [trade.test_order(at) for at in self._calendar.moments(self._rng, day, 1)]

    def _give_numbers(self, orders: list[Order], day: date) -> list[Attempt]:
        """Every number of the day; returns the attempts in the order the windows opened."""
        orders.sort(key=_ordered_at)
        serial, written = 0, f"{day:%Y%m%d}"
        for order in orders:
            serial += 1 + int(self._rng.random() * 12)
            if not order.number:
                is_test = order.attempts and order.attempts[0].row["sandbox"]
                order.number = (
                    f"TEST-{written}-{serial:04d}" if is_test else f"ORD{written}-{serial:05d}"
                )
            for attempt in order.attempts:
                attempt.row["merchant_uid"] = order.number
        attempts = [attempt for order in orders for attempt in order.attempts]
        attempts.sort(key=_started_at)
        for attempt in attempts:
            row, cancels = attempt.row, attempt.cancels
            self._finish_row(row)
            if cancels:
                row["cancel_amount"] = attempt.cancelled
                row["cancelled_at"] = cancels[-1].at
                row["cancel_reason"] = cancels[-1].reason
            row["updated_at"] = max(
                row["started_at"], row["paid_at"], row["failed_at"], row["cancelled_at"]
            )
        return attempts

    def _finish_row(self, row: Payment) -> None:
        """imp_uid from the millisecond the window opened, never twice; KCP's own number."""
        moment = row["started_at"] * 1_000 + int(self._rng.random() * 1_000)
        self._last_imp_uid = moment = max(moment, self._last_imp_uid + 1)
        prefix = "imps_" if row["channel"] == "api" else "imp_"
        row["imp_uid"] = f"{prefix}{moment % 10**12:012d}"
        if row["paid_at"] or row["vbank_num"]:
            self._transactions += 1
            at = row["vbank_issued_at"] or row["paid_at"]
            row["pg_tid"] = f"{kst_minute(at)}{self._transactions * 37 % 10_000:04d}"


def _started_at(attempt: Attempt) -> int:
    moment: int = attempt.row["started_at"]
    return moment
