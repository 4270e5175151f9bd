"""Cards typed in: to be stored as a billing key, to be charged once."""

from __future__ import annotations

import re
from datetime import datetime

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from ulid import ULID
from wtforms import BooleanField, HiddenField, StringField
from wtforms.validators import InputRequired, Length

from admin.accounts.forms import CodeField
from admin.customers.card_service import KeyInCommand
from admin.customers.forms import ChargedForm
from admin.customers.key_service import LONGEST_LABEL, IssueCommand, KeptCard
from admin.customers.service import new_order_number
from admin.domain.card import Card
from admin.models import Customer, MoneyOperation
from admin.web.fields import REQUIRED, TextField, UnshownDigits, stripped
from admin.web.form_keys import mint_form_key

_SIX_DIGITS = re.compile(r"[0-9]{6}")  # an expiry as a telephone's digits alone can write it


class TypedCardForm(FlaskForm):
    """What both ways have in common: the card, and the code of who types it.

    Birth and password are what the shop's contract with the PG asks for.
    """

    number = UnshownDigits(_l("Card number"), [InputRequired(REQUIRED)])
    expiry = UnshownDigits(_l("Expiry"), [InputRequired(REQUIRED)])
    birth = UnshownDigits(_l("Birth date or business number"))
    password_2_digits = UnshownDigits(_l("First two digits of the password"))
    code = CodeField(_l("Your code"), [InputRequired(REQUIRED)])
    form_key = HiddenField()

    def to_card(self) -> Card:
        """The card, for the length of this request."""
        expiry = self.expiry.data or ""
        if _SIX_DIGITS.fullmatch(expiry):
            expiry = f"{expiry[:4]}-{expiry[4:]}"
        return Card(
            number=self.number.data or "",
            expiry=expiry,
            birth=self.birth.data or None,
            password_2_digits=self.password_2_digits.data or None,
        )


class NewCardForm(TypedCardForm):
    """A card to be stored under an address of ours."""

    customer_uid = StringField(_l("Billing key"), [InputRequired(REQUIRED)], filters=[stripped])
    label = TextField(_l("Label"), [Length(max=LONGEST_LABEL, message=_l("That is too long."))])
    replaces = BooleanField(_l("Replace the card that is stored under this key"))

    def prepare(self, customer: Customer, *, now: datetime) -> None:
        """Fill in what a form about to be shown for the first time holds."""
        self.form_key.data = mint_form_key()
        self.customer_uid.data = new_address(customer, now=now)

    def to_command(self, customer_id: int) -> IssueCommand:
        """Whose card is stored, as which billing key."""
        return IssueCommand(
            customer_id=customer_id,
            keep=_kept(self),
            form_key=self.form_key.data or mint_form_key(),
        )


class CardPaymentForm(TypedCardForm, ChargedForm):
    """How much, what for, under which order number; and whether the card is kept."""

    keep = BooleanField(_l("Keep this card under the billing key below"))
    customer_uid = StringField(_l("Billing key"), filters=[stripped])
    label = TextField(_l("Label"), [Length(max=LONGEST_LABEL, message=_l("That is too long."))])
    replaces = BooleanField(_l("Replace the card that is stored under this key"))
    retry_of = HiddenField()

    def prepare(self, customer: Customer, *, again: MoneyOperation | None, now: datetime) -> None:
        """Fill in what a form about to be shown for the first time holds.

        `again`: an earlier payment that did not happen and is now asked for once more.
        """
        self.form_key.data = mint_form_key()
        self.merchant_uid.data = new_order_number(now)
        self.customer_uid.data = new_address(customer, now=now)
        if again is not None:
            self.retry_of.data = again.id
            self.repeat(again)
            if again.customer_uid is not None:
                self.keep.data = True
                self.customer_uid.data = again.customer_uid
                self.label.data = str(again.details["label"])
                self.replaces.data = bool(again.details["replaces"])

    def to_command(self, customer_id: int) -> KeyInCommand:
        """The typed decision. Raises InvalidInput for half a won."""
        return KeyInCommand(
            customer_id=customer_id,
            merchant_uid=self.merchant_uid.data or "",
            amount=self.to_amount(),
            order_name=self.order_name.data or "",
            note=self.note.data or "",
            form_key=self.form_key.data or mint_form_key(),
            keep=_kept(self) if self.keep.data else None,
            retry_of=self.retry_of.data or None,
        )


def _kept(form: NewCardForm | CardPaymentForm) -> KeptCard:
    return KeptCard(
        customer_uid=form.customer_uid.data or "",
        label=form.label.data or "",
        replaces=bool(form.replaces.data),
    )


def new_address(customer: Customer, *, now: datetime) -> str:
    """An address for a card of this customer's that no other card has."""
    return f"cus-{customer.id}-{str(ULID.from_datetime(now))[-12:]}"
