"""Searching escrow orders, registering a delivery, and recording arrivals and decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, TimeField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import HiddenInput

from admin.domain.clock import KST, kst_date, to_epoch
from admin.domain.errors import N_, InvalidInput
from admin.domain.escrow import COURIERS, RULES, Decision, DeliveryNotice, Evidence
from admin.escrow_orders.decision_service import LONGEST_NOTE, DecisionCommand
from admin.escrow_orders.service import DeliveryCommand
from admin.models import EscrowDecision
from admin.web.fields import REQUIRED, KstDateField, LongTextField, TextField, choices
from admin.web.form_keys import StaleForm, mint_form_key, read_seen, sign_seen
from admin.web.labels import LABELS


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
    looked = HiddenField()  # signed: this very parcel was shown once more before it is sent

    def looked_over(self, command: DeliveryCommand, other: int | None) -> bool:
        """Whether the reader saw this parcel, and the order it shares its number with, if any."""
        try:
            seen = read_seen(self.looked.data or "", command.form_key, _subject(command))
        except StaleForm:
            return False
        return seen == (other or 0)

    def sign(self, command: DeliveryCommand, other: int | None) -> None:
        """Remember what the reader is about to be shown."""
        self.form_key.data = command.form_key
        self.looked.data = sign_seen(command.form_key, _subject(command), other or 0)

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


class ArrivalForm(FlaskForm):
    """The Korean day on which the parcel arrived."""

    arrived_on = KstDateField(_l("Arrived on"), [InputRequired(REQUIRED)])


class DecisionForm(FlaskForm):
    """What the buyer decided, when, and how we know. `seen`: the record it was shown over."""

    decision = SelectField(_l("Decision"))
    decided_on = KstDateField(_l("Decided on"), [InputRequired(REQUIRED)])
    evidence = SelectField(_l("How we know"))
    note = LongTextField(
        _l("What was said or seen"),
        [
            InputRequired(REQUIRED),
            Length(max=LONGEST_NOTE, message=_l("At most 500 characters.")),
        ],
    )
    seen = IntegerField(default=0, widget=HiddenInput())

    def __init__(self, latest: EscrowDecision | None, **options: Any) -> None:
        super().__init__(**options)
        self.decision.choices = choices([("", _l("Choose")), *_decisions(latest)])
        ways = [(one.value, LABELS[one].text) for one in Evidence if one not in RULES]
        self.evidence.choices = choices([("", _l("Choose")), *ways])

    def prepare(self, latest: EscrowDecision | None, *, now: datetime) -> None:
        """Fill in what a form about to be shown for the first time holds."""
        self.seen.data = latest.id if latest is not None else 0
        self.decided_on.data = kst_date(now)

    def to_command(self, payment_id: int) -> DecisionCommand:
        """The typed record. Raises InvalidInput for a choice that was not made."""
        if not self.decision.data:
            raise InvalidInput(N_("Choose what the buyer decided."), field="decision")
        if not self.evidence.data:
            raise InvalidInput(N_("Choose how we know."), field="evidence")
        if self.decided_on.data is None:
            raise ValueError("validate the form first")
        return DecisionCommand(
            payment_id=payment_id,
            decision=Decision(self.decision.data),
            decided_on=self.decided_on.data,
            evidence=Evidence(self.evidence.data),
            note=self.note.data or "",
            seen=self.seen.data or 0,
        )


def _decisions(latest: EscrowDecision | None) -> list[tuple[str, Any]]:
    """What may be recorded next: anything but what holds, and taking back what was recorded."""
    holds = latest.decision if latest is not None else Decision.UNDECIDED
    offered = (Decision.CONFIRMED, Decision.DENIED, Decision.UNDECIDED)
    return [(one.value, LABELS[one].text) for one in offered if one is not holds]


def _subject(command: DeliveryCommand) -> str:
    """What the signed part of the form is bound to: the parcel as it was typed."""
    notice = command.notice
    sent_at = to_epoch(notice.sent_at)
    return f"delivery:{command.payment_id}:{notice.company}:{notice.invoice}:{sent_at}"
