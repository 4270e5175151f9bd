"""A scheduled charge: a billing key to be charged at a moment to come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from admin.domain.errors import N_, DomainError, InvalidInput
from admin.domain.money import Money
from admin.domain.operation import READY_EXPIRES

# A decision may be sent as late as READY_EXPIRES after it was made: the moment still lies ahead.
SOONEST = READY_EXPIRES + timedelta(minutes=5)
FARTHEST = timedelta(days=365)
TOO_LATE_TO_BE_SURE = timedelta(minutes=10)  # before its moment: taking back and charging may race
CLOCKS_DIFFER = timedelta(seconds=30)  # worth a word
CLOCKS_TOO_FAR = timedelta(minutes=5)  # nothing is scheduled by two clocks so far apart


class ScheduleState(Enum):
    """What became of a scheduled charge."""

    SCHEDULED = "scheduled"
    RAN = "ran"  # and the gateway does not say with which end
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REVOKED = "revoked"


class ClocksDiffer(DomainError):
    """The gateway charges by its own clock, which is too far from ours."""

    message = N_(
        "The gateway's clock and ours differ by more than five minutes, so nothing is scheduled. "
        "Nothing was sent; tell the administrator."
    )


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

    @property
    def state(self) -> ScheduleState:
        """A word that nobody knows counts as still to come: it may yet take money."""
        if self.schedule_status == "revoked":
            return ScheduleState.REVOKED
        if self.schedule_status != "executed":
            return ScheduleState.SCHEDULED
        try:
            return ScheduleState(self.payment_status)
        except ValueError:
            return ScheduleState.RAN

    @property
    def is_waiting(self) -> bool:
        """Whether it may still be charged."""
        return self.state is ScheduleState.SCHEDULED

    @property
    def is_revoked(self) -> bool:
        """Whether it was taken back before it ran."""
        return self.state is ScheduleState.REVOKED


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePage:
    """One page of schedules. `next` is the number of the next page, 0 for none."""

    total: int
    next: int = 0
    schedules: tuple[ScheduleSnapshot, ...] = ()


def check_moment(schedule_at: datetime, *, now: datetime) -> None:
    """Raise InvalidInput for a moment too near to be sent in time, or too far to be meant."""
    if schedule_at < now + SOONEST:
        raise InvalidInput(
            N_("Choose a time at least %(minutes)s minutes from now."),
            field="day",
            minutes=SOONEST // timedelta(minutes=1),
        )
    if schedule_at > now + FARTHEST:
        raise InvalidInput(N_("Choose a day within one year."), field="day")


def check_clocks(skew: timedelta | None) -> None:
    """Raise ClocksDiffer when the gateway's clock is too far from ours. None: not known yet."""
    if skew is not None and abs(skew) > CLOCKS_TOO_FAR:
        raise ClocksDiffer()
