"""How an amount is made up for the tax: tax-free goods, supply and VAT.

KCP works nothing out by itself: a cancel of a payment with tax-free goods must say how much of
what goes back is tax-free, and may take no more of either kind than is still there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from admin.domain.errors import N_, InvalidInput
from admin.domain.money import Money
from admin.domain.payment import PaymentSnapshot

_VAT_SHARE = 11  # VAT is a tenth of the supply, so an eleventh of the two together


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxSplit:
    """One amount in its three parts, which add up to it exactly."""

    tax_free: Money
    supply: Money
    vat: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxableLeft:
    """What is left of a payment, and how much of that is tax-free."""

    left: Money
    tax_free: Money
    is_certain: bool = True  # False: somebody else gave back a part, and did not say of which kind

    @property
    def taxable(self) -> Money:
        return self.left - self.tax_free


def split(amount: Money, *, tax_free: Money) -> TaxSplit:
    """The parts of `amount`. VAT is rounded to the nearest won, and the supply is the rest."""
    taxed = amount - tax_free
    vat = Money((2 * taxed.minor + _VAT_SHARE) // (2 * _VAT_SHARE), amount.currency)
    return TaxSplit(tax_free=tax_free, supply=taxed - vat, vat=vat)


def declared_tax_free(payment: PaymentSnapshot) -> Money | None:
    """The tax-free part the shop wrote into `custom_data` as {"tax_free": won}; None if it did not.

    The gateway's own object has no field for it.
    """
    try:
        written = json.loads(payment.custom_data or "")
    except ValueError:
        return None
    part = written.get("tax_free") if isinstance(written, dict) else None
    if not isinstance(part, int) or isinstance(part, bool):
        return None
    return Money(part, payment.currency) if 0 <= part <= payment.amount.minor else None


def taxable_left(
    payment: PaymentSnapshot, *, total: Money, given_back: Money, tax_free_given_back: Money
) -> TaxableLeft:
    """What is left of each kind.

    `total` is the tax-free part of the whole payment, `given_back` what refunds of ours gave
    back, and `tax_free_given_back` how much of that was tax-free.
    """
    left = payment.cancellable
    free = min(max(total - tax_free_given_back, Money(0, left.currency)), left)
    return TaxableLeft(left=left, tax_free=free, is_certain=given_back == payment.cancelled)


def propose(amount: Money, left: TaxableLeft) -> Money:
    """The tax-free part of a refund of `amount`: in proportion, rounded to the nearest won.

    A refund of all that is left takes all the tax-free money that is left, so that no won is
    stranded; a smaller one never takes more of either kind than there is.
    """
    if left.left.minor < 1:
        return Money(0, amount.currency)
    whole = left.left.minor
    share = (2 * amount.minor * left.tax_free.minor + whole) // (2 * whole)
    least = max(0, amount.minor - left.taxable.minor)
    most = min(amount.minor, left.tax_free.minor)
    return Money(min(max(share, least), most), amount.currency)


def check_tax_free(part: Money, *, amount: Money, left: TaxableLeft) -> None:
    """Raise InvalidInput unless KCP can take `part` of `amount` as tax-free."""
    if part.minor < 0 or part > amount:
        raise InvalidInput(
            N_("The tax-free part lies between 0 and the refund itself."), field="tax_free"
        )
    if not left.is_certain:
        return
    if part > left.tax_free:
        raise InvalidInput(
            N_("Only %(left)s of what is left is tax-free."), field="tax_free", left=left.tax_free
        )
    if amount - part > left.taxable:
        raise InvalidInput(
            N_("Only %(left)s of what is left is taxable. Raise the tax-free part."),
            field="tax_free",
            left=left.taxable,
        )
