"""What one person may do alone, and what takes a second one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from admin.domain.errors import N_, Conflict
from admin.domain.money import Money


class ApprovalCause(Enum):
    """Why a second person is asked."""

    PER_REFUND = "per_refund"  # more than this person may give back at once
    PER_DAY = "per_day"  # more than this person may give back in a day
    SHOP_PER_DAY = "shop_per_day"  # more than the shop gives back in a day without a second look
    OWN_CHARGE = "own_charge"  # the person who charged it gives it back
    BATCH = "batch"  # many refunds at once


class SecondWord(Enum):
    """What the second person said."""

    AWAITED = "awaited"
    AGREED = "agreed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"  # the first person took it back
    VOID = "void"  # what it was about has changed meanwhile
    EXPIRED = "expired"


class ClosureClaim(Enum):
    """What two people say became of an operation."""

    HAPPENED = "happened"
    DID_NOT_HAPPEN = "did_not_happen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What may go back without a second person; None is no limit."""

    per_refund: Money | None = None
    per_day: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What was given back or asked for today, Korean time, this refund apart."""

    by_person: Money
    by_shop: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalNeed:
    """A second person must agree: why, and above which limit, if one."""

    cause: ApprovalCause
    limit: Money | None = None


class OwnRequest(Conflict):
    """The person who asked for it may not also agree to it."""

    message = N_("You asked for this yourself. Someone else has to approve it.")


class AlreadyDecided(Conflict):
    """Someone was faster, or the time is over."""

    message = N_("This has been decided already or its time is over. Look at it again.")


def needed_approval(
    amount: Money, *, person: Limit, shop: Limit, spent: Spent, charged_by_same_person: bool
) -> ApprovalNeed | None:
    """Whether a second person must agree to this refund, and why.

    A limit itself may still be used up: only what goes above it needs a second person.
    """
    for sum_, limit, cause in (
        (amount, person.per_refund, ApprovalCause.PER_REFUND),
        (spent.by_person + amount, person.per_day, ApprovalCause.PER_DAY),
        (amount, shop.per_refund, ApprovalCause.PER_REFUND),
        (spent.by_shop + amount, shop.per_day, ApprovalCause.SHOP_PER_DAY),
    ):
        if limit is not None and sum_ > limit:
            return ApprovalNeed(cause=cause, limit=limit)
    return ApprovalNeed(cause=ApprovalCause.OWN_CHARGE) if charged_by_same_person else None
