"""The refund form: text in, one command out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField
from wtforms.validators import Length

from admin.domain.errors import DomainError
from admin.domain.money import Money
from admin.domain.refund import check_amount
from admin.domain.refund_account import REFUND_BANKS, RefundAccount
from admin.domain.tax import declared_tax_free
from admin.models import MoneyOperation, Payment, RefundReason
from admin.refund_rules.queries import active_reasons
from admin.refunds.service import RefundCommand
from admin.web.errors import sentence
from admin.web.fields import AmountField, OptionalAmountField, TextField, choices, stripped
from admin.web.form_keys import mint_form_key, read_seen, sign_seen


class RefundForm(FlaskForm):
    """How much, why and where to. `seen` is what was left when the form was shown, signed."""

    amount = AmountField(_l("Refund amount"))
    tax_free_total = OptionalAmountField(_l("Tax-free part of the whole payment"))
    tax_free = OptionalAmountField(_l("Tax-free part of this refund"))
    holder = TextField(_l("Account holder"), [Length(max=16, message=_l("At most 16 characters."))])
    bank = SelectField(_l("Bank"), default="")
    account_number = StringField(_l("Account number"), filters=[stripped])
    reason = SelectField(_l("Reason"))
    note = TextField(_l("Note"), [Length(max=500, message=_l("At most 500 characters."))])
    form_key = HiddenField()
    seen = HiddenField()
    retry_of = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason.choices = reason_choices()
        self.bank.choices = choices([("", _l("Bank")), *REFUND_BANKS.items()])

    def prepare(self, payment: Payment, *, again: MoneyOperation | None) -> None:
        """Fill in what a form about to be shown for the first time holds.

        `again`: an earlier refund that did not happen and is now asked for once more.
        """
        self.form_key.data = mint_form_key()
        self.amount.data = payment.cancellable.major
        if again is not None and again.amount is not None and again.amount <= payment.cancellable:
            self.amount.data = again.amount.major
            self.retry_of.data = again.id
            self.note.data = again.note
        total = declared_tax_free(payment.snapshot())
        self.tax_free_total.data = total.major if total else None
        self.remember(payment)

    def remember(self, payment: Payment) -> None:
        """Sign what is left now, as the reader is about to see it."""
        left = payment.cancellable.minor
        self.seen.data = sign_seen(self.form_key.data or "", subject_of(payment), left)

    def seen_of(self, payment: Payment) -> Money:
        """What was left when the form was shown. Raises StaleForm when that does not fit."""
        seen = read_seen(self.seen.data or "", self.form_key.data or "", subject_of(payment))
        return Money(seen, payment.currency)

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
        """The typed decision. Raises StaleForm when the signed part does not fit, InvalidInput."""

        def money(amount: Decimal | None) -> Money | None:
            return None if amount is None else Money.from_major(amount, payment.currency)

        return RefundCommand(
            payment_id=payment.id,
            amount=Money.from_major(self.amount.data or Decimal(0), payment.currency),
            seen=self.seen_of(payment),
            reason=self.reason.data,
            note=self.note.data or "",
            form_key=self.form_key.data or "",
            tax_free=money(self.tax_free.data),
            tax_free_total=money(self.tax_free_total.data),
            account=self._account(),
            retry_of=self.retry_of.data or None,
        )

    def _account(self) -> RefundAccount | None:
        typed = (self.holder.data, self.bank.data, self.account_number.data)
        if not any(typed):
            return None
        return RefundAccount.read(
            holder=self.holder.data or "",
            bank=self.bank.data or "",
            number=self.account_number.data or "",
        )


def reason_choices() -> list[Any]:
    """The managed reasons, in the language of the page."""
    return choices((one.code, reason_word(one)) for one in active_reasons())


def reason_word(reason: RefundReason) -> str:
    """A reason as staff read it; the card company always reads the Korean one."""
    return reason.text if str(get_locale()) == "ko" else reason.english


def subject_of(payment: Payment) -> str:
    """What the signed part of the form is bound to."""
    return f"refund:{payment.id}"
