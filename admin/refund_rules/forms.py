"""Limits and reasons, typed."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField
from wtforms.validators import InputRequired, Length

from admin.domain.approval import Limit
from admin.domain.money import Money
from admin.models import Operator
from admin.web.fields import REQUIRED, OptionalAmountField, TextField, choices

LONGEST = Length(max=80, message=_l("At most 80 characters."))


class LimitForm(FlaskForm):
    """What may go back alone, in won; nothing typed is no limit."""

    per_refund = OptionalAmountField(_l("One refund"))
    per_day = OptionalAmountField(_l("In a day"))

    def show(self, limit: Limit) -> None:
        """Fill in what holds now."""
        self.per_refund.data = limit.per_refund.major if limit.per_refund is not None else None
        self.per_day.data = limit.per_day.major if limit.per_day is not None else None

    def to_limit(self) -> Limit:
        """The typed limit."""
        return Limit(per_refund=_won(self.per_refund.data), per_day=_won(self.per_day.data))


class OperatorLimitForm(LimitForm):
    """A limit of a person's own."""

    operator = SelectField(_l("Person"), [InputRequired(REQUIRED)])

    def offer(self, operators: Iterable[Operator]) -> None:
        """The people to choose from."""
        people = [(str(one.id), one.name) for one in operators]
        self.operator.choices = choices([("", _l("Choose")), *people])


class ReasonForm(FlaskForm):
    """A reason in both languages; the card company reads the Korean one."""

    text = TextField(_l("Reason in Korean"), [InputRequired(REQUIRED), LONGEST])
    english = TextField(_l("Reason in English"), [InputRequired(REQUIRED), LONGEST])


def _won(amount: Decimal | None) -> Money | None:
    return None if amount is None else Money.from_major(amount)
