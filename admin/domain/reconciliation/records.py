"""The two sides of a comparison and the difference between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from admin.domain.money import Money
from admin.domain.payment import PaymentSnapshot
from admin.domain.reconciliation.kinds import DiscrepancyKind


class BookedStatus(Enum):
    """What the shop's own books believe became of an order."""

    READY = "ready"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"  # given back in full


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedOrder:
    """One order as the shop's own books have it. Amounts as the shop believes them."""

    order_number: str
    status: BookedStatus
    amount: Money
    cancelled: Money
    paid_at: datetime | None = None
    imp_uid: str | None = None
    escrow: bool = False
    items_total: Money | None = None  # None: the books hold no line items


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A booked order and the payment it was matched with."""

    ours: BookedOrder
    theirs: PaymentSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDiscrepancy:
    """One difference. `at_risk` is the money it concerns, never negative."""

    kind: DiscrepancyKind
    order_number: str
    imp_uid: str | None
    at_risk: Money
    ours: BookedOrder | None = None
    theirs: tuple[PaymentSnapshot, ...] = ()

    @property
    def key(self) -> str:
        """Stable from run to run: the same difference is the same row."""
        return f"{self.kind.value}:{self.imp_uid or ''}:{self.order_number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationResult:
    """What one comparison found. The same two sides in any order give the same result."""

    matched: tuple[Pair, ...]
    discrepancies: tuple[FoundDiscrepancy, ...]

    @property
    def pairs_with_differences(self) -> int:
        return len({found.order_number for found in self.discrepancies})


def found_in(pair: Pair, kind: DiscrepancyKind, at_risk: Money) -> FoundDiscrepancy:
    """The difference `kind` between the two sides of `pair`; `at_risk` may come with a sign."""
    return FoundDiscrepancy(
        kind=kind,
        order_number=pair.ours.order_number,
        imp_uid=pair.theirs.imp_uid,
        at_risk=Money(abs(at_risk.minor), at_risk.currency),
        ours=pair.ours,
        theirs=(pair.theirs,),
    )
