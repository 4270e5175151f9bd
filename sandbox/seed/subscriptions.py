"""Billing customers, their keys, and the monthly charges made with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from sandbox.facts.kcp import BILLING_SITE, kcp_text
from sandbox.payment_rows import Payment, blank_payment
from sandbox.seed.calendar import Calendar, midnight
from sandbox.seed.goods import PLANS
from sandbox.seed.methods import card
from sandbox.seed.orders import Attempt, Line, Order
from sandbox.seed.people import Buyer, make_buyers

_CUSTOMER_PER_PAYMENTS = 200
_FEWEST, _MOST = 3, 5_000
_FIRST_SERIAL = 1_000_000  # beyond every buyer in the window
_LARGEST_SHARE = 4  # never more than a quarter of all payments
_FAILS = 0.03
_DECLINES = ("CC61", "CC54", "CC10")
# Every so many customers has a card that no longer pays.
_DECLINING_EACH = 24


@dataclass(slots=True, kw_only=True)
class Key:
    """One billing key; `decline` is the KCP code its charges fail with from now on."""

    customer_uid: str
    label: str
    since: int
    card: Payment
    decline: str | None = None


@dataclass(slots=True, kw_only=True)
class Subscriber:
    """Somebody with a plan, charged each month on the same day."""

    number: int
    person: Buyer
    plan: str
    price: int
    day: int
    paid_before: int
    keys: list[Key]


class Subscriptions:
    """All subscribers, and which charges fall on which day."""

    def __init__(self, rng: Random, calendar: Calendar, payments: int) -> None:
        self._rng = rng
        self._calendar = calendar
        count = max(_FEWEST, min(_MOST, payments // _CUSTOMER_PER_PAYMENTS))
        people = make_buyers(rng, count, first=_FIRST_SERIAL)
        self.subscribers = [
            self._subscriber(serial, person) for serial, person in enumerate(people)
        ]
        self._by_day = self._plan(payments // _LARGEST_SHARE)
        self.count = sum(len(orders) for orders in self._by_day.values())

    def orders(self, day: date) -> list[Order]:
        """The charges of a day."""
        return self._by_day.get(day, [])

    def key_rows(self) -> Iterator[Payment]:
        """The gateway's rows of all keys."""
        for subscriber in self.subscribers:
            person = subscriber.person
            for key in subscriber.keys:
                yield {
                    "customer_uid": key.customer_uid,
                    "pg_provider": "kcp_billing",
                    "pg_id": BILLING_SITE,
                    "customer_name": person.name,
                    "customer_tel": person.tel,
                    "customer_email": person.email,
                    "customer_addr": person.addr,
                    "customer_postcode": person.postcode,
                    "inserted": key.since,
                    "updated": key.since,
                    "decline": key.decline,
                    **{name: key.card[name] for name in ("card_code", "card_name", "card_number",
                                                         "card_type")},
                }  # fmt: skip

    def _subscriber(self, serial: int, person: Buyer) -> Subscriber:
        rng = self._rng
        number = 871 + serial
        plan, price = PLANS[int(rng.random() ** 1.5 * len(PLANS))]
        first = self._calendar.now - int((20 + rng.random() * 420) * 86_400)
        keys = [
            Key(
                customer_uid=f"ieum-{number:04d}-{slot + 1}",
                label=label,
                since=min(first + slot * 40 * 86_400, self._calendar.now - 3_600),
                card=card(rng, 0),
            )
            for slot, label in enumerate(("정기결제 카드", "예비 카드"))
            if slot == 0 or rng.random() < 0.3
        ]
        if serial % _DECLINING_EACH == 5 or serial == 2:
            keys[0].decline = _DECLINES[serial % len(_DECLINES)]
        months = max(0, (midnight(self._calendar.days[0]) - first) // (30 * 86_400))
        return Subscriber(
            number=number, person=person, plan=plan, price=price,
            day=1 + int(rng.random() * 28), paid_before=months, keys=keys,
        )  # fmt: skip

    def _plan(self, most: int) -> dict[date, list[Order]]:
        """Every charge of the half-year, up to `most`."""
        by_day: dict[date, list[Order]] = {}
        cycles = {subscriber.number: subscriber.paid_before for subscriber in self.subscribers}
        room = most
        for day in self._calendar.days:
            morning = midnight(day) + 30_600
            for subscriber in self.subscribers:
                since = subscriber.keys[0].since
                at = morning + int(self._rng.random() * 9_000)
                if subscriber.day != day.day or at < since or at > self._calendar.now - 60:
                    continue
                if room <= 0:
                    return by_day
                cycles[subscriber.number] += 1
                order = self._charge(subscriber, cycles[subscriber.number], day, at)
                by_day.setdefault(day, []).append(order)
                room -= 1
        return by_day

    def _charge(self, subscriber: Subscriber, cycle: int, day: date, at: int) -> Order:
        key, person = subscriber.keys[0], subscriber.person
        name = f"{subscriber.plan} {day.month}월"
        row = (
            blank_payment()
            | key.card
            | {
                "pay_method": "card",
                "channel": "api",
                "pg_provider": "kcp_billing",
                "pg_id": BILLING_SITE,
                "name": name,
                "amount": subscriber.price,
                "buyer_name": person.name,
                "buyer_email": person.email,
                "buyer_tel": person.tel,
                "buyer_addr": person.addr,
                "buyer_postcode": person.postcode,
                "started_at": at,
                "customer_uid": key.customer_uid,
                "customer_uid_usage": "payment",
            }
        )
        is_last = (self._calendar.today - day).days < 28
        reason = key.decline if key.decline and is_last else None
        if reason is None and self._rng.random() < _FAILS:
            reason = _DECLINES[int(self._rng.random() * len(_DECLINES))]
        if reason:
            row.update(status="failed", failed_at=at, fail_reason=kcp_text(reason), apply_num=None)
        else:
            apply_num = f"{int(self._rng.random() * 10**8):08d}"
            row.update(status="paid", paid_at=at, apply_num=apply_num)
        return Order(
            ordered_at=at,
            number=f"SUB{day:%Y%m}-{subscriber.number:04d}-{cycle:02d}",
            name=name,
            buyer=person,
            lines=[Line(name, 1, subscriber.price)],
            attempts=[Attempt(row=row)],
        )
