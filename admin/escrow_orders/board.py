"""The clock board: escrow orders by what happens next, the most urgent first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext, ngettext

from admin.domain.business_days import business_day_after, business_days_between
from admin.domain.clock import kst_date
from admin.domain.escrow import (
    SHIP_WITHIN,
    Deadline,
    EscrowState,
    Stage,
    confirmation_deadline,
    days_left,
)
from admin.domain.money import Money
from admin.escrow_orders.queries import (
    Held,
    Place,
    held_by_stage,
    held_by_state,
    latest_returned,
    most_urgent,
    most_urgent_shipped,
    returned_since,
    shared_invoices,
    to_ship_by,
)
from admin.escrow_orders.rows import item_sum, parcel_text
from admin.holidays.queries import closed_days
from admin.models import EscrowOrder, Order
from admin.orders.queries import orders_of
from admin.web.filters import count, counted, kst_day, money, money_with_unit
from admin.web.labels import LABELS

MOST_CARDS = 8
RETURNED_WITHIN = timedelta(days=30)
NONE = Held(count=0, money=Money(0))


def make_board(*, now: datetime) -> dict[str, Any]:
    """The columns with their cards, and what stands above them."""
    holidays, today = closed_days(), kst_date(now)
    states = held_by_state()
    stages = held_by_stage(today=today, holidays=holidays)
    returned = returned_since(now - RETURNED_WITHIN)
    found: dict[Place, Sequence[EscrowOrder]] = {
        EscrowState.TO_SHIP: most_urgent(EscrowState.TO_SHIP, most=MOST_CARDS),
        **{
            stage: most_urgent_shipped(stage, today=today, holidays=holidays, most=MOST_CARDS)
            for stage in Stage
        },
        EscrowState.DENIED: most_urgent(EscrowState.DENIED, most=MOST_CARDS),
        EscrowState.RETURNED: latest_returned(now - RETURNED_WITHIN, most=MOST_CARDS),
    }
    every = [one for orders in found.values() for one in orders]
    cards = _Cards(every, today=today, holidays=holidays)
    held: dict[Place, Held] = {**states, **stages, EscrowState.RETURNED: returned}
    return {
        "held": Money(sum(one.money.minor for one in states.values())),
        "count": counted(sum(one.count for one in states.values())),
        "urgent": _urgent(states.get(EscrowState.DENIED, NONE), today=today, holidays=holidays),
        "columns": [
            _column(place, held.get(place, NONE), cards.of(orders))
            for place, orders in found.items()
        ],
    }


def deadline_of(order: EscrowOrder, *, holidays: frozenset[date]) -> Deadline | None:
    """Until when the buyer may decide; None unless a delivery is registered."""
    if order.delivery is None:
        return None
    return confirmation_deadline(
        arrived_on=order.delivery.arrived_on,
        registered_on=order.delivery.registered_on,
        holidays=holidays,
    )


def left_text(left: int) -> str:
    """Business days until a deadline in words."""
    if left == 0:
        return str(gettext("today"))
    if left < 0:
        return str(ngettext("%(num)s business day over", "%(num)s business days over", -left))
    return str(ngettext("%(num)s business day left", "%(num)s business days left", left))


def _short(left: int) -> str:
    """The same where the board says above that all days are business days."""
    if left == 0:
        return str(gettext("today"))
    if left < 0:
        return str(ngettext("%(num)s day over", "%(num)s days over", -left))
    return str(ngettext("%(num)s day left", "%(num)s days left", left))


def _urgent(denied: Held, *, today: date, holidays: frozenset[date]) -> list[str]:
    """What somebody has to do by the next business day; [] when that is nothing."""
    to_ship = to_ship_by(business_day_after(today, 1, holidays=holidays), holidays=holidays)
    lines = []
    if to_ship.count:
        lines.append(
            gettext(
                "To be sent by the next business day: %(count)s, %(amount)s",
                count=counted(to_ship.count),
                amount=money_with_unit(to_ship.money),
            )
        )
    if denied.count:
        lines.append(
            gettext(
                "Denied and to be given back: %(count)s, %(amount)s",
                count=counted(denied.count),
                amount=money_with_unit(denied.money),
            )
        )
    return lines


def _column(place: Place, held: Held, cards: Sequence[dict[str, Any]]) -> dict[str, Any]:
    hints = {
        EscrowState.TO_SHIP: gettext("to be sent by"),
        Stage.ON_THE_WAY: gettext("confirmed by the rule after"),
        Stage.ARRIVED: gettext("the buyer decides by"),
        Stage.DUE: gettext("confirmed by the rule after"),
        EscrowState.DENIED: gettext("since; give all of it back"),
        EscrowState.RETURNED: gettext("given back in the last 30 days"),
    }
    state = EscrowState.SHIPPED if isinstance(place, Stage) else place
    stage = place.value if isinstance(place, Stage) else None
    more = held.count - len(cards)
    return {
        "id": f"column-{place.value.replace('_', '-')}",
        "name": str(LABELS[place].text),
        "count": count(held.count),
        "money": money(held.money),
        "hint": hints[place],
        "cards": cards,
        "more": ngettext("%(num)s more", "%(num)s more", more) if more > 0 else "",
        "href": url_for("escrow_orders.index", state=state.value, stage=stage),
    }


class _Cards:
    """Cards over rows that were read together."""

    def __init__(
        self, orders: Sequence[EscrowOrder], *, today: date, holidays: frozenset[date]
    ) -> None:
        self.today, self.holidays = today, holidays
        self.books = orders_of([one.payment.merchant_uid for one in orders])
        self.shared = shared_invoices(orders)

    def of(self, orders: Sequence[EscrowOrder]) -> list[dict[str, Any]]:
        """Most urgent first; at most MOST_CARDS."""
        dated = [(self._clock(one), one) for one in orders]
        if orders and orders[0].state is EscrowState.SHIPPED:
            dated.sort(key=lambda pair: (pair[0]["day"], pair[1].payment_id))
        return [self._card(one, clock) for clock, one in dated[:MOST_CARDS]]

    def _card(self, order: EscrowOrder, clock: dict[str, Any]) -> dict[str, Any]:
        payment = order.payment
        parcel = parcel_text(order)
        returned = order.state is EscrowState.RETURNED
        return {
            "href": url_for("escrow_orders.show", payment_id=payment.id),
            "date": kst_day(clock["day"]),
            "left": clock["left"],
            "tone": clock["tone"],
            "glyph": "alarm" if clock["tone"] in ("red", "amber") else "clock",
            "amount": money(payment.cancelled if returned else payment.cancellable),
            "title": payment.order_name or payment.merchant_uid,
            "who": " · ".join(filter(None, (payment.buyer_name, parcel))),
            "warnings": self._warnings(order, self.books.get(payment.merchant_uid)),
        }

    def _clock(self, order: EscrowOrder) -> dict[str, Any]:
        """The day that counts, how far it is, and how loudly to say so."""
        payment = order.payment
        if order.state is EscrowState.TO_SHIP:
            paid_on = kst_date(payment.paid_at or payment.started_at)
            day = business_day_after(paid_on, SHIP_WITHIN, holidays=self.holidays)
            left = days_left(day, today=self.today, holidays=self.holidays)
            tone = "red" if left <= 0 else "amber" if left == 1 else ""
            return {"day": day, "left": _short(left), "tone": tone}
        deadline = deadline_of(order, holidays=self.holidays)
        if order.state is EscrowState.SHIPPED and deadline is not None:
            left = days_left(deadline.day, today=self.today, holidays=self.holidays)
            return {
                "day": deadline.day,
                "left": _short(left),
                "tone": "blue" if left <= 1 else "",
            }
        if order.state is EscrowState.DENIED and order.decisions:
            day = order.decisions[-1].decided_on
            ago = business_days_between(day, self.today, holidays=self.holidays)
            return {"day": day, "left": _ago(ago), "tone": "red"}
        day = kst_date(payment.cancelled_at or payment.started_at)
        return {"day": day, "left": "", "tone": ""}

    def _warnings(self, order: EscrowOrder, books: Order | None) -> list[str]:
        found = []
        total = item_sum(order, books)
        if total is not None and not total.agrees:
            found.append(gettext("Items differ by %(amount)s", amount=money(total.difference)))
        parcel = order.delivery
        if parcel is not None and (parcel.company, parcel.invoice) in self.shared:
            found.append(gettext("Invoice used twice"))
        return found


def _ago(days: int) -> str:
    if days == 0:
        return str(gettext("today"))
    return str(ngettext("%(num)s day ago", "%(num)s days ago", days))
