"""Taking a question in, and writing under it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField
from wtforms.validators import InputRequired, Length

from admin.domain.inquiry import InquiryChannel
from admin.inquiries.service import LONGEST_SUBJECT, LONGEST_TEXT, InquiryCommand
from admin.web.fields import REQUIRED, LongTextField, TextField, choices
from admin.web.labels import LABELS

TOO_LONG = _l("That is too long.")


class InquirySearchForm(FlaskForm):
    """Bound to the query string."""

    class Meta:
        csrf = False  # a GET form changes nothing

    q = TextField(_l("Search"), [Length(max=100, message=TOO_LONG)])


class InquiryForm(FlaskForm):
    """A customer's question as it reached us."""

    order_number = TextField(_l("Order no. or payment id"), [Length(max=80, message=TOO_LONG)])
    subject = TextField(
        _l("Subject"), [InputRequired(REQUIRED), Length(max=LONGEST_SUBJECT, message=TOO_LONG)]
    )
    customer_name = TextField(
        _l("Customer"), [InputRequired(REQUIRED), Length(max=80, message=TOO_LONG)]
    )
    channel = SelectField(
        _l("Channel"), choices=choices((one.value, LABELS[one].text) for one in InquiryChannel)
    )
    question = LongTextField(
        _l("Question"), [InputRequired(REQUIRED), Length(max=LONGEST_TEXT, message=TOO_LONG)]
    )

    def to_command(self, payment_id: int | None) -> InquiryCommand:
        """The typed question."""
        return InquiryCommand(
            payment_id=payment_id,
            subject=self.subject.data or "",
            question=self.question.data or "",
            channel=InquiryChannel(self.channel.data),
            customer_name=self.customer_name.data or "",
        )


class AnswerForm(FlaskForm):
    """What was told to the customer."""

    body = LongTextField(
        _l("Answer"), [InputRequired(REQUIRED), Length(max=LONGEST_TEXT, message=TOO_LONG)]
    )


class NoteForm(FlaskForm):
    """What stays among us."""

    body = LongTextField(
        _l("Note"), [InputRequired(REQUIRED), Length(max=LONGEST_TEXT, message=TOO_LONG)]
    )
