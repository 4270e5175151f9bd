"""The kinds of difference a run can find, with their codes in the field and their severity."""

from __future__ import annotations

from enum import Enum


class Severity(Enum):
    """How much a discrepancy matters, highest first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the most severe."""
        return list(Severity).index(self)


class DiscrepancyKind(Enum):
    """What differs. The value is the code that people and reports use."""

    MISSING_OURS = "P01"  # paid at the gateway, not in the shop's books
    MISSING_THEIRS = "P02"  # in the shop's books, unknown to the gateway
    PAID_TWICE = "I02"  # one order number, two or more paid payments
    ORDER_NUMBER_DIFFERS = "I03"  # same imp_uid, other order number
    AMOUNT_DIFFERS = "M01"
    CANCELLED_DIFFERS = "M02"
    ITEMS_DO_NOT_ADD_UP = "M08"  # escrow line items against the paid amount
    OURS_PAID_THEIRS_CANCELLED = "S01"
    OURS_CANCELLED_THEIRS_PAID = "S02"
    OURS_OPEN_THEIRS_PAID = "S03"
    PART_REFUND_UNSEEN = "S05"
    THEIRS_CONTRADICTS_ITSELF = "S06"

    @property
    def severity(self) -> Severity:
        return _SEVERITY[self]


_K = DiscrepancyKind
_SEVERITY: dict[DiscrepancyKind, Severity] = {
    _K.MISSING_OURS: Severity.CRITICAL,
    _K.MISSING_THEIRS: Severity.CRITICAL,
    _K.PAID_TWICE: Severity.CRITICAL,
    _K.ORDER_NUMBER_DIFFERS: Severity.HIGH,
    _K.AMOUNT_DIFFERS: Severity.CRITICAL,
    _K.CANCELLED_DIFFERS: Severity.CRITICAL,
    _K.ITEMS_DO_NOT_ADD_UP: Severity.MEDIUM,
    _K.OURS_PAID_THEIRS_CANCELLED: Severity.CRITICAL,
    _K.OURS_CANCELLED_THEIRS_PAID: Severity.CRITICAL,
    _K.OURS_OPEN_THEIRS_PAID: Severity.CRITICAL,
    _K.PART_REFUND_UNSEEN: Severity.HIGH,
    _K.THEIRS_CONTRADICTS_ITSELF: Severity.HIGH,
}
