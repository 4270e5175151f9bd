"""Searching escrow orders and registering a delivery."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField, TimeField
from wtforms.validators import InputRequired, Length

from admin.domain.clock import KST
from admin.domain.escrow import COURIERS, DeliveryNotice
from admin.escrow_orders.service import DeliveryCommand
from admin.web.fields import REQUIRED, KstDateField, TextField, choices
from admin.web.form_keys import mint_form_key


class EscrowSearchForm(FlaskForm):
    """Bound to the query string."""

    class Meta:
        csrf = False  # a GET form changes nothing

    q = TextField(_l("Search"), [Length(max=100, message=_l("That is too long."))])


class DeliveryForm(FlaskForm):
    """Courier, invoice number and when the parcel left (Korean time).

    `same_invoice` is asked only about a number that another order was sent under.
    """

    company = SelectField(_l("Courier"), choices=choices([("", _l("Choose")), *COURIERS.items()]))
    invoice = TextField(_l("Invoice no."), [InputRequired(REQUIRED)])
    sent_on = KstDateField(_l("Sent on"), [InputRequired(REQUIRED)])
    sent_time = TimeField(_l("at"), [InputRequired(REQUIRED)])
    same_invoice = BooleanField(_l("Both orders went out in one parcel under this number"))
    form_key = HiddenField()

    def prepare(self, *, now: datetime) -> None:
        """Fill in what a form about to be shown for the first time holds."""
        self.form_key.data = mint_form_key()
        self.sent_on.data = now.astimezone(KST).date()
        self.sent_time.data = now.astimezone(KST).time().replace(second=0, microsecond=0)

    def to_command(self, payment_id: int) -> DeliveryCommand:
        """The typed decision."""
        day, time = self.sent_on.data, self.sent_time.data
        if day is None or time is None:
            raise ValueError("validate the form first")
        digits = (self.invoice.data or "").replace("-", "").replace(" ", "")
        return DeliveryCommand(
            payment_id=payment_id,
            notice=DeliveryNotice(
                company=self.company.data or "",
                invoice=digits,
                sent_at=datetime.combine(day, time, KST),
            ),
            form_key=self.form_key.data or mint_form_key(),
        )
