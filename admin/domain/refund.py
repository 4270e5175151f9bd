"""The refund policy: may it be given back, how much, until when, at what cost; if not, why not.

One pure function answers for one payment at one moment. Sources: the gateway guide for KCP, and
the refund limits of card companies, banks and carriers by method.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

from admin.domain.business_days import business_day_after
from admin.domain.clock import kst_date, kst_day
from admin.domain.errors import N_, Conflict, DomainError, InvalidInput
from admin.domain.escrow import EscrowState, escrow_policy
from admin.domain.money import Money
from admin.domain.payment import PaymentSnapshot, PaymentStatus, PayMethod

ACCOUNT_COST = Money(300)  # KCP's fee for paying a refund out to a bank account
TRANSFER_LIMIT = timedelta(days=90)
CARD_LIMIT = timedelta(days=365)
CREDIT = 0  # card_type of a credit card; 1 is a check card

_GIFT_CERTIFICATES = frozenset(
    method.value
    for method in (
        PayMethod.CULTURELAND,
        PayMethod.SMARTCULTURE,
        PayMethod.HAPPYMONEY,
        PayMethod.BOOKNLIFE,
    )
)
_VBANK, _PHONE, _TRANS = PayMethod.VBANK.value, PayMethod.PHONE.value, PayMethod.TRANS.value


class RefundRoute(Enum):
    """Where the money goes."""

    ORIGINAL = "original"  # back the way it came
    ACCOUNT = "account"  # to a bank account of the buyer, paid out on the next business day


class RefundNotAllowed(DomainError):
    """The payment cannot be given back, for the reason in the sentence."""


class RefundAmountChanged(Conflict):
    """Someone else gave money back since the form was shown."""

    message = N_(
        "The amount left to refund changed while you were looking. It is now %(left)s; look again."
    )

    def __init__(self, *, left: Money) -> None:
        self.left = left
        super().__init__(None, left=left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """The Korean days between which the buyer sees the money."""

    earliest: date
    latest: date
    days: tuple[int, int]  # the same as business days from today; (0, 0) is today


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPolicy:
    """The answer for one payment at one moment. Sentences are message ids."""

    allowed: bool
    left: Money
    part_allowed: bool = False
    route: RefundRoute = RefundRoute.ORIGINAL
    until: datetime | None = None  # None: no limit
    cost: Money | None = None  # what a refund costs the shop; None is nothing
    arrival: Arrival | None = None  # of all that is left; None when nothing may go back
    arrival_of_part: Arrival | None = None  # of a part, when one may go back
    rule: str | None = None  # the rule all this follows from
    undo: str | None = None  # whether a refund made now can be taken back
    why_not: str | None = None
    why_not_part: str | None = None

    @property
    def needs_account(self) -> bool:
        """Whether the buyer's bank account must be asked for."""
        return self.route is RefundRoute.ACCOUNT


def refund_policy(
    payment: PaymentSnapshot,
    *,
    escrow: EscrowState | None,
    now: datetime,
    holidays: frozenset[date],
) -> RefundPolicy:
    """Judge one payment. `escrow`: where its escrow order stands; None for any other payment."""
    left = payment.cancellable
    if why_not := _why_not(payment):
        return RefundPolicy(allowed=False, left=left, why_not=why_not)
    until = _until(payment)
    is_late = until is not None and now >= until
    if is_late and payment.pay_method == _TRANS:
        why_not = N_("A transfer can be refunded for three months; that time is over.")
        return RefundPolicy(allowed=False, left=left, until=until, why_not=why_not)
    if is_late and payment.pay_method != _PHONE:
        why_not = N_("The time in which the card company takes a refund is over.")
        return RefundPolicy(allowed=False, left=left, until=until, why_not=why_not)
    route = RefundRoute.ACCOUNT if payment.pay_method == _VBANK or is_late else RefundRoute.ORIGINAL
    why_not_part = _why_not_part(payment, escrow)
    return RefundPolicy(
        allowed=True,
        left=left,
        part_allowed=why_not_part is None,
        route=route,
        until=None if route is RefundRoute.ACCOUNT else until,
        cost=ACCOUNT_COST if route is RefundRoute.ACCOUNT else None,
        arrival=_arrival(payment, route, whole=True, now=now, holidays=holidays),
        arrival_of_part=None
        if why_not_part
        else _arrival(payment, route, whole=False, now=now, holidays=holidays),
        rule=_rule(payment, route),
        undo=_undo(payment, now=now),
        why_not_part=why_not_part,
    )


def check_refundable(
    payment: PaymentSnapshot,
    *,
    amount: Money,
    seen: Money,
    escrow: EscrowState | None,
    has_account: bool = False,
    now: datetime,
    holidays: frozenset[date],
) -> RefundPolicy:
    """Raise unless `amount` may go back now; else the policy that says so.

    `seen` is what was left when the person looked.
    """
    policy = refund_policy(payment, escrow=escrow, now=now, holidays=holidays)
    if seen != policy.left:
        raise RefundAmountChanged(left=policy.left)
    if not policy.allowed:
        raise RefundNotAllowed(policy.why_not)
    check_amount(amount, left=policy.left)
    if amount < policy.left and not policy.part_allowed:
        raise RefundNotAllowed(policy.why_not_part)
    if policy.needs_account and not has_account:
        raise InvalidInput(
            N_("This refund is paid out to a bank account. Enter the buyer's account."),
            field="holder",
        )
    return policy


def check_amount(amount: Money, *, left: Money) -> None:
    """Raise InvalidInput unless 1 <= amount <= left."""
    if amount.minor < 1:
        raise InvalidInput(N_("Enter an amount of at least 1."), field="amount")
    if amount > left:
        raise InvalidInput(
            N_("Only %(left)s is left to refund. Enter that or less."), field="amount", left=left
        )


def _why_not(payment: PaymentSnapshot) -> str | None:
    if payment.status is PaymentStatus.READY:
        return N_("No money has come in yet, so there is nothing to give back.")
    if payment.status is PaymentStatus.FAILED:
        return N_("This payment failed; no money came in.")
    if payment.cancellable.minor <= 0:
        return N_("Everything has been given back already.")
    if not payment.took_money:
        return N_("This payment ended before any money came in.")
    return None


def _until(payment: PaymentSnapshot) -> datetime | None:
    """When the ordinary way back closes."""
    paid_at = payment.paid_at or payment.started_at
    if payment.pay_method == _VBANK:
        return None
    if payment.pay_method == _TRANS:
        return paid_at + TRANSFER_LIMIT
    if payment.pay_method == _PHONE:
        return _next_month(paid_at)
    return paid_at + CARD_LIMIT


def _next_month(moment: datetime) -> datetime:
    day = kst_date(moment).replace(day=1)
    first = (day + timedelta(days=32)).replace(day=1)
    return kst_day(first)[0]


def _why_not_part(payment: PaymentSnapshot, escrow: EscrowState | None) -> str | None:
    if payment.escrow and (why_not := escrow_policy(escrow or EscrowState.TO_SHIP).part):
        return why_not
    if payment.pay_method == _PHONE:
        return N_("KCP does not refund a part of a phone payment.")
    if payment.pay_method in _GIFT_CERTIFICATES:
        return N_("A gift certificate can only be refunded in full.")
    return None


def _rule(payment: PaymentSnapshot, route: RefundRoute) -> str:
    if payment.pay_method == _VBANK:
        return N_("A virtual account is refunded to a bank account of the buyer, at any time.")
    if route is RefundRoute.ACCOUNT:
        return N_("After the month of the payment, a phone bill is refunded to a bank account.")
    if payment.pay_method == _PHONE:
        return N_("In the month of the payment, a phone bill is refunded through the carrier.")
    if payment.pay_method == _TRANS:
        return N_("A transfer is refunded at once, for three months.")
    if payment.pay_method in _GIFT_CERTIFICATES:
        return N_("A gift certificate gets its balance back from its issuer.")
    return N_("Card companies take a refund for a year; some for three months only.")


def _undo(payment: PaymentSnapshot, *, now: datetime) -> str:
    """KCP takes a cancel back on its own day, and of ordinary credit cards alone."""
    paid_at = payment.paid_at or payment.started_at
    is_credit_card = payment.pay_method == PayMethod.CARD.value and payment.card_type == CREDIT
    if is_credit_card and not payment.escrow and kst_date(paid_at) != kst_date(now):
        return N_("A refund can be undone until midnight of its day, in KCP's own admin alone.")
    return N_("A refund of this payment cannot be undone.")


def _arrival(
    payment: PaymentSnapshot,
    route: RefundRoute,
    *,
    whole: bool,
    now: datetime,
    holidays: frozenset[date],
) -> Arrival:
    today = kst_date(now)
    first, last = _days_to_arrive(payment, route, whole=whole, today=today)
    return Arrival(
        earliest=business_day_after(today, first, holidays=holidays),
        latest=business_day_after(today, last, holidays=holidays),
        days=(first, last),
    )


def _days_to_arrive(
    payment: PaymentSnapshot, route: RefundRoute, *, whole: bool, today: date
) -> tuple[int, int]:
    """Earliest and latest, in business days."""
    if route is RefundRoute.ACCOUNT:
        return 1, 1
    if payment.pay_method in {_TRANS, _PHONE}:
        return 0, 0
    # Only a whole refund on the day of the payment undoes the approval itself.
    paid_at = payment.paid_at or payment.started_at
    undone = whole and kst_date(paid_at) == today and not payment.cancellations
    return (0, 0) if undone else (3, 5)
