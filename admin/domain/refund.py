"""The refund policy: may it be given back, how much, and if not, why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from admin.domain.clock import kst_date, kst_day
from admin.domain.errors import N_, Conflict, DomainError, InvalidInput
from admin.domain.money import Money
from admin.domain.payment import PaymentSnapshot, PaymentStatus, PayMethod


class RefundReason(Enum):
    """Why money goes back. The word travels to the gateway with the operation's marker."""

    CHANGED_MIND = "changed_mind"
    DEFECTIVE = "defective"
    MISSING = "missing"
    LATE = "late"
    DUPLICATE = "duplicate"
    OTHER = "other"


_GIFT_CERTIFICATES = frozenset(
    method.value
    for method in (
        PayMethod.CULTURELAND,
        PayMethod.SMARTCULTURE,
        PayMethod.HAPPYMONEY,
        PayMethod.BOOKNLIFE,
    )
)

# What the card company and the gateway get to read: Korean, without a buyer's data in it.
REASON_TEXTS: dict[RefundReason, str] = {
    RefundReason.CHANGED_MIND: "단순 변심",
    RefundReason.DEFECTIVE: "상품 불량",
    RefundReason.MISSING: "상품 누락",
    RefundReason.LATE: "배송 지연",
    RefundReason.DUPLICATE: "중복 결제",
    RefundReason.OTHER: "기타",
}


class RefundNotAllowed(DomainError):
    """The payment cannot be given back, for the reason in the sentence."""


class RefundInProgress(Conflict):
    """Another operation on this payment has no known outcome yet."""

    message = N_("%(who)s is already refunding %(amount)s of this payment (started %(time)s).")


class RefundAmountChanged(Conflict):
    """Someone else gave money back since the form was shown."""

    message = N_(
        "The amount left to refund changed while you were looking. It is now %(left)s; look again."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPolicy:
    """The answer for one payment at one moment."""

    allowed: bool
    left: Money
    part_allowed: bool
    until: datetime | None = None  # None: no limit known
    days_to_arrive: tuple[int, int] = (0, 0)  # Korean business days, earliest and latest
    why_not: str | None = None  # message id
    why_not_part: str | None = None  # message id


def refund_policy(payment: PaymentSnapshot, *, confirmed: bool, now: datetime) -> RefundPolicy:
    """Judge one payment. `confirmed`: the buyer of an escrow order has confirmed the purchase.

    Sources: gateway guide for KCP, refund limits by method.
    """
    left = payment.cancellable
    if payment.status is PaymentStatus.READY:
        return _no(left, N_("No money has come in yet, so there is nothing to give back."))
    if payment.status is PaymentStatus.FAILED:
        return _no(left, N_("This payment failed; no money came in."))
    if left.minor <= 0:
        return _no(left, N_("Everything has been given back already."))
    if not payment.took_money:
        return _no(left, N_("This payment ended before any money came in."))
    if payment.pay_method == PayMethod.VBANK.value:
        return _no(
            left,
            N_(
                "A virtual account is refunded to a bank account of the buyer, "
                "which cannot be sent from here yet. Use the PortOne console."
            ),
        )
    until = _until(payment)
    if until is not None and now >= until:
        if payment.pay_method == PayMethod.PHONE.value:
            return _no(left, N_("A phone payment can be refunded only in the month it was made."))
        return _no(left, N_("The time in which the card company takes a refund is over."))
    why_not_part = _why_not_part(payment, confirmed=confirmed)
    return RefundPolicy(
        allowed=True,
        left=left,
        part_allowed=why_not_part is None,
        until=until,
        days_to_arrive=_arrival(payment, part_allowed=why_not_part is None, now=now),
        why_not_part=why_not_part,
    )


def check_refundable(
    payment: PaymentSnapshot,
    *,
    amount: Money,
    seen: Money,
    confirmed: bool,
    now: datetime,
) -> None:
    """Raise unless `amount` may go back now. `seen` is what was left when the person looked."""
    policy = refund_policy(payment, confirmed=confirmed, now=now)
    if seen != policy.left:
        raise RefundAmountChanged(left=policy.left)
    if not policy.allowed:
        raise RefundNotAllowed(policy.why_not)
    check_amount(amount, left=policy.left)
    if amount < policy.left and not policy.part_allowed:
        raise RefundNotAllowed(policy.why_not_part)


def check_amount(amount: Money, *, left: Money) -> None:
    """Raise InvalidInput unless 1 <= amount <= left."""
    if amount.minor < 1:
        raise InvalidInput(N_("Enter an amount of at least 1."), field="amount")
    if amount > left:
        raise InvalidInput(
            N_("Only %(left)s is left to refund. Enter that or less."), field="amount", left=left
        )


def _no(left: Money, why_not: str) -> RefundPolicy:
    return RefundPolicy(allowed=False, left=left, part_allowed=False, why_not=why_not)


def _until(payment: PaymentSnapshot) -> datetime | None:
    paid_at = payment.paid_at or payment.started_at
    if payment.pay_method == PayMethod.TRANS.value:
        return paid_at + timedelta(days=90)
    if payment.pay_method == PayMethod.PHONE.value:
        return _next_month(paid_at)
    return paid_at + timedelta(days=365)


def _next_month(moment: datetime) -> datetime:
    day = kst_date(moment).replace(day=1)
    first = (day + timedelta(days=32)).replace(day=1)
    return kst_day(first)[0]


def _why_not_part(payment: PaymentSnapshot, *, confirmed: bool) -> str | None:
    if payment.escrow and not confirmed:
        return N_("Until the buyer confirms, an escrow order can only be refunded in full.")
    if payment.pay_method == PayMethod.PHONE.value:
        return N_("KCP does not refund a part of a phone payment.")
    if payment.pay_method in _GIFT_CERTIFICATES:
        return N_("A gift certificate can only be refunded in full.")
    return None


def _arrival(payment: PaymentSnapshot, *, part_allowed: bool, now: datetime) -> tuple[int, int]:
    """Only a full refund on the day of the payment undoes the approval itself at once."""
    paid_at = payment.paid_at or payment.started_at
    same_day = kst_date(paid_at) == kst_date(now) and not payment.cancellations
    return (0, 0) if same_day and not part_allowed else (3, 5)
