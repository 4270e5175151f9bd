"""A scheduled charge: a billing key to be charged at a moment to come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from admin.domain.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledCharge:
    """One charge to be scheduled, as we ask for it."""

    merchant_uid: str  # a number of its own: it is paid once
    schedule_at: datetime
    amount: Money
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSnapshot:
    """A scheduled charge at one moment, as the gateway states it. Source: ScheduleResultAnnotation.

    `schedule_status` is scheduled, executed or revoked, `payment_status` empty until it ran and
    then paid, failed or cancelled; words unknown to us are kept as they are.
    """

    customer_uid: str
    merchant_uid: str
    schedule_at: datetime
    amount: Money
    schedule_status: str
    payment_status: str = ""
    imp_uid: str | None = None  # once executed
    name: str | None = None
    executed_at: datetime | None = None
    revoked_at: datetime | None = None
    fail_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePage:
    """One page of schedules. `next` is the number of the next page, 0 for none."""

    total: int
    next: int = 0
    schedules: tuple[ScheduleSnapshot, ...] = ()
