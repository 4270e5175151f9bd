"""Escrow orders: money that KCP holds until the buyer confirms, and what its items add up to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from admin.domain.errors import N_, Conflict, DomainError, InvalidInput
from admin.domain.money import Money
from admin.domain.payment import PaymentSnapshot, PaymentState


class EscrowState(Enum):
    """Where an escrow order stands."""

    AWAITING_DEPOSIT = "awaiting_deposit"
    TO_SHIP = "to_ship"
    SHIPPED = "shipped"
    REFUNDED = "refunded"
    ENDED = "ended"  # failed, expired or dropped before any money came


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


class DeliveryNotAllowed(DomainError):
    """No delivery can be registered now, for the reason in the sentence."""


class DeliveryAlreadyRegistered(Conflict):
    """The gateway holds a delivery for this payment already."""

    message = N_("A delivery is registered already. KCP does not let it be changed from here.")


def escrow_state(payment: PaymentSnapshot, *, delivered: bool, now: datetime) -> EscrowState:
    """Where the order stands, from the payment and whether a delivery is registered."""
    state = payment.state(now)
    if state in (PaymentState.OPENED, PaymentState.AWAITING):
        return EscrowState.AWAITING_DEPOSIT
    if state in (PaymentState.EXPIRED, PaymentState.FAILED, PaymentState.CANCELLED):
        return EscrowState.ENDED
    if state is PaymentState.REFUNDED:
        return EscrowState.REFUNDED
    return EscrowState.SHIPPED if delivered else EscrowState.TO_SHIP


def check_delivery(state: EscrowState, notice: DeliveryNotice) -> None:
    """Raise unless this parcel may be registered now; KCP takes no correction afterwards."""
    if state is EscrowState.SHIPPED:
        raise DeliveryAlreadyRegistered()
    if state is EscrowState.AWAITING_DEPOSIT:
        raise DeliveryNotAllowed(N_("The deposit has not come in yet."))
    if state is not EscrowState.TO_SHIP:
        raise DeliveryNotAllowed(N_("This order has ended; there is nothing to ship."))
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
