"""What lists, the board and the page of an order show of the same things."""

from __future__ import annotations

from admin.domain.escrow import COURIERS, ItemSum, sum_items
from admin.domain.money import Money
from admin.models import EscrowOrder, Order


def item_sum(order: EscrowOrder, books: Order | None) -> ItemSum | None:
    """The shop's items held against what was paid; None where the books hold none."""
    if books is None or not books.items:
        return None
    amounts = [Money(item.amount_minor, books.currency) for item in books.items]
    return sum_items(amounts, paid=order.payment.amount)


def courier_name(company: str) -> str:
    """A courier as people call it; an unknown code stays as it is."""
    return COURIERS.get(company, company)


def parcel_text(order: EscrowOrder) -> str:
    """`CJ대한통운 6812••••4471`; "" without a delivery."""
    if order.delivery is None:
        return ""
    number = order.delivery.invoice
    return f"{courier_name(order.delivery.company)} {number[:4]}••••{number[-4:]}"
