"""Escrow orders: money that KCP holds until the buyer decides, and what may happen at each stand.

Sources: the escrow life cycle at KCP and the general rules of payment providers for automatic
confirmation; the e-commerce act, article 15, for the days in which prepaid goods are sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from admin.domain.business_days import business_day_after, business_days_between, last_start
from admin.domain.errors import N_, Conflict, DomainError, InvalidInput
from admin.domain.money import Money
from admin.domain.payment import PaymentSnapshot, PaymentState


class EscrowState(Enum):
    """Where an escrow order stands."""

    AWAITING_DEPOSIT = "awaiting_deposit"
    TO_SHIP = "to_ship"
    SHIPPED = "shipped"
    CONFIRMED = "confirmed"  # by the buyer, or by the rule once the time was over
    DENIED = "denied"  # by the buyer; all of it must be given back
    RETURNED = "returned"  # given back in full after it was shipped or denied
    REFUNDED = "refunded"  # given back in full before it was shipped
    ENDED = "ended"  # failed, expired or dropped before any money came


class Stage(Enum):
    """How far a shipped order is on its way to a decision."""

    ON_THE_WAY = "on_the_way"
    ARRIVED = "arrived"  # the buyer is to decide
    DUE = "due"  # the rule confirms it on the next business day, or sooner


class Decision(Enum):
    """What became of the purchase. The latest record of an order holds."""

    CONFIRMED = "confirmed"
    DENIED = "denied"
    AUTOMATIC = "automatic"  # the buyer said nothing in time, which confirms
    UNDECIDED = "undecided"  # an earlier record was a mistake: nothing is decided yet


class Evidence(Enum):
    """How we know of a decision. No call of the gateway tells it."""

    BUYER = "buyer"  # the buyer told us
    NOTICE = "notice"  # KCP's notice TX02
    KCP_ADMIN = "kcp_admin"  # seen in KCP's own admin
    AFTER_ARRIVAL = "after_arrival"  # the rule, counted from the day of arrival
    AFTER_REGISTRATION = "after_registration"  # the rule, counted from the registration


RULES = frozenset({Evidence.AFTER_ARRIVAL, Evidence.AFTER_REGISTRATION})
CONFIRMS = frozenset({Decision.CONFIRMED, Decision.AUTOMATIC})
HELD = frozenset({EscrowState.TO_SHIP, EscrowState.SHIPPED, EscrowState.DENIED})

SHIP_WITHIN = 3  # business days after the payment
DECIDE_AFTER_ARRIVAL = 3  # business days the buyer has once the parcel arrived
DECIDE_AFTER_REGISTRATION = 6  # and after the registration where no arrival is known

# The gateway's own courier codes. Source: POST /escrows/logis, parameter logis.company.
COURIERS: dict[str, str] = {
    "CJGLS": "CJ대한통운",
    "HANJIN": "한진택배",
    "HYUNDAI": "롯데택배",
    "KGB": "로젠택배",
    "EPOST": "우체국택배",
    "DAESIN": "대신택배",
    "ILYANG": "일양로지스",
    "KDEXP": "경동택배",
    "HDEXP": "합동택배",
    "CHUNIL": "천일택배",
    "CVSNET": "편의점택배",
    "REGISTPOST": "우편등기",
    "ETC": "기타",
}
_INVOICE = re.compile(r"[0-9]{9,14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryNotice:
    """A parcel as the gateway knows it. Source: /escrows/logis/{imp_uid}."""

    company: str
    invoice: str
    sent_at: datetime
    applied_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EscrowPolicy:
    """Why each next step is not possible, as a message id; None: it is possible."""

    delivery: str | None
    arrival: str | None
    decision: str | None
    part: str | None  # giving a part back; all of it may go back as long as money is left


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The last Korean day on which the buyer may decide, and the rule that says so."""

    day: date
    rule: Evidence
    start: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    """The last days from which a deadline has come: by arrival, and by registration."""

    arrived: date
    registered: date


class DeliveryNotAllowed(DomainError):
    """No delivery can be registered now, for the reason in the sentence."""


class DeliveryAlreadyRegistered(Conflict):
    """The gateway holds a delivery for this payment already."""

    message = N_("A delivery is registered already. KCP does not let it be changed from here.")


class ArrivalNotAllowed(DomainError):
    """No day of arrival can be kept now, for the reason in the sentence."""


class DecisionNotAllowed(DomainError):
    """No decision can be recorded now, for the reason in the sentence."""


def escrow_state(
    payment: PaymentSnapshot, *, delivered: bool, decision: Decision | None, now: datetime
) -> EscrowState:
    """Where the order stands: from its payment, a registered delivery and the latest decision."""
    state = payment.state(now)
    decided = decision is not None and decision is not Decision.UNDECIDED
    if state in (PaymentState.OPENED, PaymentState.AWAITING):
        return EscrowState.AWAITING_DEPOSIT
    if state in (PaymentState.EXPIRED, PaymentState.FAILED, PaymentState.CANCELLED):
        return EscrowState.ENDED
    if state is PaymentState.REFUNDED:
        return EscrowState.RETURNED if delivered or decided else EscrowState.REFUNDED
    if decision in CONFIRMS:
        return EscrowState.CONFIRMED
    if decision is Decision.DENIED:
        return EscrowState.DENIED
    return EscrowState.SHIPPED if delivered else EscrowState.TO_SHIP


def escrow_policy(state: EscrowState) -> EscrowPolicy:
    """What may happen next to an order at this stand. The one table everything asks."""
    return _POLICIES[state]


_NO_MONEY = N_("The deposit has not come in yet.")
_ENDED = N_("The order ended before any money came.")
_REFUNDED = N_("The order was refunded; there is nothing to ship.")
_RETURNED = N_("All of it was given back; nothing is left to decide.")
_WHOLE_ONLY = N_("Until the buyer confirms, an escrow order can only be refunded in full.")
_DENIED = N_("The buyer denied the purchase. It must be given back in full.")

_POLICIES: dict[EscrowState, EscrowPolicy] = {
    EscrowState.AWAITING_DEPOSIT: EscrowPolicy(
        delivery=_NO_MONEY, arrival=_NO_MONEY, decision=_NO_MONEY, part=_NO_MONEY
    ),
    EscrowState.TO_SHIP: EscrowPolicy(
        delivery=None,
        arrival=N_("No delivery is registered yet."),
        decision=None,
        part=_WHOLE_ONLY,
    ),
    EscrowState.SHIPPED: EscrowPolicy(
        delivery=N_("A delivery is registered already."),
        arrival=None,
        decision=None,
        part=_WHOLE_ONLY,
    ),
    EscrowState.CONFIRMED: EscrowPolicy(
        delivery=N_("The purchase is confirmed; there is nothing left to ship."),
        arrival=N_("The purchase is confirmed; the day of arrival changes nothing any more."),
        decision=None,
        part=None,
    ),
    EscrowState.DENIED: EscrowPolicy(
        delivery=_DENIED, arrival=_DENIED, decision=None, part=_DENIED
    ),
    EscrowState.RETURNED: EscrowPolicy(
        delivery=_REFUNDED, arrival=_RETURNED, decision=_RETURNED, part=_RETURNED
    ),
    EscrowState.REFUNDED: EscrowPolicy(
        delivery=_REFUNDED, arrival=_REFUNDED, decision=_REFUNDED, part=_REFUNDED
    ),
    EscrowState.ENDED: EscrowPolicy(delivery=_ENDED, arrival=_ENDED, decision=_ENDED, part=_ENDED),
}


def check_arrival(state: EscrowState, arrived_on: date, *, sent_on: date, today: date) -> None:
    """Raise unless the parcel may be said to have arrived on that Korean day."""
    if why_not := escrow_policy(state).arrival:
        raise ArrivalNotAllowed(why_not)
    if arrived_on > today:
        raise InvalidInput(N_("This day is still to come."), field="arrived_on")
    if arrived_on < sent_on:
        raise InvalidInput(N_("The parcel cannot arrive before it left."), field="arrived_on")


def check_decision(
    state: EscrowState,
    decision: Decision,
    *,
    evidence: Evidence,
    decided_on: date,
    earlier: Decision | None,
    since: date,
    today: date,
) -> None:
    """Raise unless a person may record this decision. `since`: the day it was sent, or paid."""
    if why_not := escrow_policy(state).decision:
        raise DecisionNotAllowed(why_not)
    if decision is Decision.AUTOMATIC or evidence in RULES:
        raise DecisionNotAllowed(N_("The rule records its own confirmations."))
    if decision is Decision.UNDECIDED and earlier in (None, Decision.UNDECIDED):
        raise DecisionNotAllowed(N_("There is no decision to take back."))
    if decision is earlier:
        raise DecisionNotAllowed(N_("This decision is recorded already."))
    if state is EscrowState.TO_SHIP and evidence is Evidence.BUYER:
        raise InvalidInput(
            N_("No delivery is registered, so the buyer cannot have decided; only KCP may know."),
            field="evidence",
        )
    if decided_on > today:
        raise InvalidInput(N_("This day is still to come."), field="decided_on")
    if decided_on < since:
        raise InvalidInput(
            N_("The buyer cannot have decided before the parcel left."), field="decided_on"
        )


def confirmation_deadline(
    *, arrived_on: date | None, registered_on: date, holidays: frozenset[date]
) -> Deadline:
    """Until when the buyer may decide; after that day the purchase counts as confirmed."""
    if arrived_on is not None:
        day = business_day_after(arrived_on, DECIDE_AFTER_ARRIVAL, holidays=holidays)
        return Deadline(day=day, rule=Evidence.AFTER_ARRIVAL, start=arrived_on)
    day = business_day_after(registered_on, DECIDE_AFTER_REGISTRATION, holidays=holidays)
    return Deadline(day=day, rule=Evidence.AFTER_REGISTRATION, start=registered_on)


def starts_of(day: date, *, holidays: frozenset[date]) -> Starts:
    """Which parcels have their deadline on `day` or before it: those that started by then."""
    return Starts(
        arrived=last_start(day, DECIDE_AFTER_ARRIVAL, holidays=holidays),
        registered=last_start(day, DECIDE_AFTER_REGISTRATION, holidays=holidays),
    )


def due_by(today: date, *, holidays: frozenset[date]) -> date:
    """The next business day: deadlines up to it are due."""
    return business_day_after(today, 1, holidays=holidays)


def days_left(day: date, *, today: date, holidays: frozenset[date]) -> int:
    """Business days until `day`; 0 is today, below 0 it is over."""
    if day >= today:
        return business_days_between(today, day, holidays=holidays)
    return min(-business_days_between(day, today, holidays=holidays), -1)


def check_delivery(state: EscrowState, notice: DeliveryNotice) -> None:
    """Raise unless this parcel may be registered now; KCP takes no correction afterwards."""
    if state is EscrowState.SHIPPED:
        raise DeliveryAlreadyRegistered()
    if why_not := escrow_policy(state).delivery:
        raise DeliveryNotAllowed(why_not)
    if notice.company not in COURIERS:
        raise InvalidInput(N_("Choose a courier."), field="company")
    if not _INVOICE.fullmatch(notice.invoice):
        raise InvalidInput(N_("An invoice number is 9 to 14 digits."), field="invoice")


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSum:
    """What the line items add up to, held against the paid amount."""

    items: Money
    paid: Money

    @property
    def difference(self) -> Money:
        return self.items - self.paid

    @property
    def agrees(self) -> bool:
        return self.items == self.paid


def sum_items(amounts: Iterable[Money], *, paid: Money) -> ItemSum:
    """Add the lines up; the gateway itself never compares them with the payment."""
    total = sum((amount.minor for amount in amounts), 0)
    return ItemSum(items=Money(total, paid.currency), paid=paid)
