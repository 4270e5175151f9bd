"""What a discrepancy looks like, in one sentence, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from admin.domain.reconciliation.kinds import DiscrepancyKind


@dataclass(frozen=True, slots=True)
class Cause:
    """The likely cause and its evidence."""

    lead: str
    evidence: str


_K = DiscrepancyKind
_LEADS: dict[DiscrepancyKind, tuple[LazyString, LazyString]] = {
    _K.MISSING_OURS: (
        _l("It looks as if the payment's webhook never reached the shop."),
        _l("The gateway has the money, and the shop's books know nothing of the order."),
    ),
    _K.MISSING_THEIRS: (
        _l("It looks as if the shop booked a payment that was never made."),
        _l("The books say paid, and the gateway knows no such payment."),
    ),
    _K.PAID_TWICE: (
        _l("It looks as if the buyer paid the same order twice."),
        _l("Two payments of one order number hold money at the gateway."),
    ),
    _K.ORDER_NUMBER_DIFFERS: (
        _l("It looks as if the shop linked the payment to another order."),
        _l("The same payment id stands under two order numbers."),
    ),
    _K.AMOUNT_DIFFERS: (
        _l("It looks as if the amount was changed between the order and the payment."),
        _l("The paid amount is not the one the books have."),
    ),
    _K.CANCELLED_DIFFERS: (
        _l("It looks as if one of several part refunds is missing on one side."),
        _l("Both sides gave money back, but not the same sum."),
    ),
    _K.ITEMS_DO_NOT_ADD_UP: (
        _l("It looks as if a delivery charge or a discount is missing among the items."),
        _l("KCP never compares the items with the amount, so nobody noticed."),
    ),
    _K.OURS_PAID_THEIRS_CANCELLED: (
        _l("It looks as if the payment was cancelled in the PortOne console."),
        _l("The gateway gave all of it back, and the books still hold the money."),
    ),
    _K.OURS_CANCELLED_THEIRS_PAID: (
        _l("It looks as if the cancellation never reached the gateway."),
        _l("The books gave the money back, and the gateway still holds it."),
    ),
    _K.OURS_OPEN_THEIRS_PAID: (
        _l("It looks as if the payment's webhook was lost."),
        _l("The gateway has the money, and the books still wait or think it failed."),
    ),
    _K.PART_REFUND_UNSEEN: (
        _l("It looks as if a part was refunded in the PortOne console."),
        _l("The gateway gave a part back that the books do not know."),
    ),
    _K.THEIRS_CONTRADICTS_ITSELF: (
        _l("The gateway's own figures do not fit together."),
        _l("Its list of cancellations does not add up to its cancelled total."),
    ),
}


def cause_of(kind: DiscrepancyKind) -> Cause:
    """The likely cause of a difference of this kind."""
    lead, evidence = _LEADS[kind]
    return Cause(str(lead), str(evidence))
