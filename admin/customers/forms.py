"""Searching customers and charging a billing key."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from admin.customers.service import (
    LONGEST_ORDER_NAME,
    ChargeCommand,
    new_order_number,
    number_for_another_try,
)
from admin.domain.money import Money
from admin.models import MoneyOperation
from admin.web.fields import REQUIRED, AmountField, TextField, stripped
from admin.web.form_keys import mint_form_key


class CustomerSearchForm(FlaskForm):
    """Bound to the query string."""

    class Meta:
        csrf = False  # a GET form changes nothing

    q = TextField(_l("Search"), [Length(max=100, message=_l("That is too long."))])


class ChargedForm(FlaskForm):
    """What every charge asks: how much, what for, under which order number."""

    amount = AmountField(_l("Amount to charge"))
    order_name = TextField(
        _l("What it is for"),
        [
            InputRequired(REQUIRED),
            Length(max=LONGEST_ORDER_NAME, message=_l("The gateway takes at most 40 characters.")),
        ],
    )
    merchant_uid = StringField(_l("Order no."), [InputRequired(REQUIRED)], filters=[stripped])
    note = TextField(_l("Note"), [Length(max=500, message=_l("At most 500 characters."))])

    def repeat(self, earlier: MoneyOperation) -> None:
        """Fill in what is asked for once more, under a number of its own."""
        if earlier.amount is not None:
            self.amount.data = earlier.amount.major
        self.order_name.data = str(earlier.details.get("order_name", ""))
        self.note.data = earlier.note
        self.merchant_uid.data = number_for_another_try(earlier)

    def to_amount(self) -> Money:
        """The typed amount. Raises InvalidInput for half a won."""
        return Money.from_major(self.amount.data or Decimal(0))


class ChargeForm(ChargedForm):
    """One charge of a billing key, at once."""

    form_key = HiddenField()
    retry_of = HiddenField()

    def prepare(self, *, again: MoneyOperation | None, now: datetime) -> None:
        """Fill in what a form about to be shown for the first time holds.

        `again`: an earlier charge that did not happen and is now asked for once more.
        """
        self.form_key.data = mint_form_key()
        self.merchant_uid.data = new_order_number(now)
        if again is not None:
            self.retry_of.data = again.id
            self.repeat(again)

    def to_command(self, billing_key_id: int) -> ChargeCommand:
        """The typed decision. Raises InvalidInput for half a won."""
        return ChargeCommand(
            billing_key_id=billing_key_id,
            merchant_uid=self.merchant_uid.data or "",
            amount=self.to_amount(),
            order_name=self.order_name.data or "",
            note=self.note.data or "",
            form_key=self.form_key.data or mint_form_key(),
            retry_of=self.retry_of.data or None,
        )
