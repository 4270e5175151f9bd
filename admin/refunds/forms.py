"""The refund form: text in, one command out."""

from __future__ import annotations

from decimal import Decimal

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField
from wtforms.validators import Length

from admin.domain.errors import DomainError
from admin.domain.money import Money
from admin.domain.refund import RefundReason, check_amount
from admin.models import Payment
from admin.refunds.service import RefundCommand
from admin.web.errors import sentence
from admin.web.fields import AmountField, TextField, choices
from admin.web.form_keys import mint_form_key, read_seen, sign_seen

REASON_WORDS = {
    RefundReason.CHANGED_MIND: _l("Changed their mind"),
    RefundReason.DEFECTIVE: _l("Defective goods"),
    RefundReason.MISSING: _l("Goods missing"),
    RefundReason.LATE: _l("Delivered late"),
    RefundReason.DUPLICATE: _l("Paid twice"),
    RefundReason.OTHER: _l("Other"),
}


class RefundForm(FlaskForm):
    """How much and why. `seen` is what was left when the form was shown, signed."""

    amount = AmountField(_l("Refund amount"))
    reason = SelectField(
        _l("Reason"), choices=choices((one.value, word) for one, word in REASON_WORDS.items())
    )
    note = TextField(_l("Note"), [Length(max=500, message=_l("At most 500 characters."))])
    form_key = HiddenField()
    seen = HiddenField()

    def prepare(self, payment: Payment) -> None:
        """Fill in what a form about to be shown for the first time holds."""
        self.form_key.data = mint_form_key()
        self.amount.data = payment.cancellable.major
        self.remember(payment)

    def remember(self, payment: Payment) -> None:
        """Sign what is left now, as the reader is about to see it."""
        left = payment.cancellable.minor
        self.seen.data = sign_seen(self.form_key.data or "", subject_of(payment), left)

    def check_amount(self, payment: Payment) -> bool:
        """Whether the amount is whole and within what is left; else the field says why not."""
        try:
            amount = Money.from_major(self.amount.data or Decimal(0), payment.currency)
            check_amount(amount, left=payment.cancellable)
        except DomainError as error:
            self.amount.errors = [*self.amount.errors, sentence(error)]
            return False
        return True

    def to_command(self, payment: Payment) -> RefundCommand:
        """The typed decision. Raises StaleForm when the signed part does not fit."""
        seen = read_seen(self.seen.data or "", self.form_key.data or "", subject_of(payment))
        return RefundCommand(
            payment_id=payment.id,
            amount=Money.from_major(self.amount.data or Decimal(0), payment.currency),
            seen=Money(seen, payment.currency),
            reason=RefundReason(self.reason.data),
            note=self.note.data or "",
            form_key=self.form_key.data or "",
        )


def subject_of(payment: Payment) -> str:
    """What the signed part of the form is bound to."""
    return f"refund:{payment.id}"
