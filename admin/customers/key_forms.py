"""Deleting a billing key, scheduling a charge, taking one back."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, TimeField
from wtforms.validators import DataRequired, InputRequired

from admin.customers.forms import ChargedForm
from admin.customers.key_service import DeleteCommand, ScheduleCommand, UnscheduleCommand
from admin.customers.service import new_order_number
from admin.domain.clock import KST
from admin.web.fields import REQUIRED, KstDateField, stripped
from admin.web.form_keys import mint_form_key, read_seen, sign_seen


class DeleteKeyForm(FlaskForm):
    """Nothing is typed; that it is final must be ticked."""

    understood = BooleanField(
        _l("I have read this. The key cannot be brought back"),
        [InputRequired(_l("Tick this to delete the key."))],
    )
    form_key = HiddenField()
    seen = HiddenField()

    def prepare(self, billing_key_id: int) -> None:
        """Bind a form about to be shown to its key."""
        self.form_key.data = mint_form_key()
        self.seen.data = sign_seen(self.form_key.data, f"delete:{billing_key_id}", 0)

    def to_command(self, billing_key_id: int) -> DeleteCommand:
        """The decision. Raises StaleForm for the form of another key."""
        form_key = self.form_key.data or ""
        read_seen(self.seen.data or "", form_key, f"delete:{billing_key_id}")
        return DeleteCommand(billing_key_id=billing_key_id, form_key=form_key)


class ScheduleForm(ChargedForm):
    """When (Korean time), how much, what for, under which order number."""

    day = KstDateField(_l("Charge on"), [InputRequired(REQUIRED)])
    at = TimeField(_l("at"), [InputRequired(REQUIRED)])
    form_key = HiddenField()

    def prepare(self, *, now: datetime) -> None:
        """Fill in what a form about to be shown for the first time holds."""
        self.form_key.data = mint_form_key()
        self.merchant_uid.data = new_order_number(now)
        self.day.data = (now + timedelta(days=1)).astimezone(KST).date()
        self.at.data = time(9)

    def to_command(self, billing_key_id: int) -> ScheduleCommand:
        """The typed decision. Raises InvalidInput for half a won."""
        day, at = self.day.data, self.at.data
        if day is None or at is None:
            raise ValueError("validate the form first")
        return ScheduleCommand(
            billing_key_id=billing_key_id,
            merchant_uid=self.merchant_uid.data or "",
            schedule_at=datetime.combine(day, at, KST),
            amount=self.to_amount(),
            order_name=self.order_name.data or "",
            note=self.note.data or "",
            form_key=self.form_key.data or mint_form_key(),
        )


class RevocationForm(FlaskForm):
    """One scheduled charge, named by its order number: without one nothing is asked."""

    merchant_uid = HiddenField(validators=[DataRequired(REQUIRED)], filters=[stripped])
    form_key = HiddenField()
    seen = HiddenField()

    def prepare(self, billing_key_id: int, merchant_uid: str) -> None:
        """Bind a form about to be shown to its key and its schedule."""
        self.merchant_uid.data = merchant_uid
        self.form_key.data = mint_form_key()
        self.seen.data = sign_seen(self.form_key.data, f"revoke:{billing_key_id}:{merchant_uid}", 0)

    def to_command(self, billing_key_id: int) -> UnscheduleCommand:
        """The decision. Raises StaleForm for the form of another schedule."""
        form_key, number = self.form_key.data or "", self.merchant_uid.data or ""
        read_seen(self.seen.data or "", form_key, f"revoke:{billing_key_id}:{number}")
        return UnscheduleCommand(
            billing_key_id=billing_key_id, merchant_uids=(number,), form_key=form_key
        )
