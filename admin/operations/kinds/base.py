"""What every kind of operation answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from admin.domain.approval import ClosureClaim
from admin.domain.billing_key import BillingKeySnapshot
from admin.domain.escrow import DeliveryNotice
from admin.domain.evidence import Verdict
from admin.domain.money import Money
from admin.domain.payment import PaymentSnapshot
from admin.domain.schedule import ScheduleSnapshot
from admin.gateway.client import Gateway
from admin.models import MoneyOperation


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the gateway showed: payments for the mirror, or another thing of the kind's."""

    payments: tuple[PaymentSnapshot, ...] = ()
    delivery: DeliveryNotice | None = None
    key: BillingKeySnapshot | None = None
    schedules: tuple[ScheduleSnapshot, ...] = ()
    prepared: Money | None = None  # the amount registered under an order number
    skew: timedelta | None = None  # the gateway's clock minus ours
    silent: bool = False  # the gateway answered a look, and there was nothing
    canary_answered: bool = False  # a payment known to exist was found in the same minute


# The one write of a kind in FROM_MEMORY, holding what only the deciding request knows.
Write = Callable[[MoneyOperation, Gateway], Seen]


class Kind(Protocol):
    """One kind of write. Methods that take the gateway run outside every transaction."""

    def preflight(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        """Look once more, just before sending."""
        ...

    def fence(self, operation: MoneyOperation, seen: Seen) -> Verdict | None:
        """Refuse before sending when the world moved; else note the baseline and return None."""
        ...

    def send(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        """The one write. Raises GatewayError."""
        ...

    def judge_answer(self, operation: MoneyOperation, seen: Seen) -> Verdict:
        """What a code-0 answer proves."""
        ...

    def look(self, operation: MoneyOperation, gateway: Gateway, *, canary: str | None) -> Seen:
        """Ask whether it happened. `canary` is the imp_uid of a payment known to exist."""
        ...

    def judge_look(self, operation: MoneyOperation, seen: Seen, *, now: datetime) -> Verdict:
        """What the look proves; `state` None means: look again."""
        ...

    def judge_claim(
        self, operation: MoneyOperation, seen: Seen, claim: ClosureClaim, evidence: str
    ) -> Verdict:
        """Whether a fresh look bears out what people say; `state` None means that it does not."""
        ...

    def settle(
        self, operation: MoneyOperation, seen: Seen, verdict: Verdict, *, now: datetime
    ) -> None:
        """Write what the outcome changes beside the payment itself; inside the transaction."""
        ...
