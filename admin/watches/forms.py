"""What is watched and where its limit lies; until when it is quiet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField

from admin.domain.errors import N_, InvalidInput
from admin.domain.watch import HOUR, Measure, Side
from admin.watches.service import WatchCommand
from admin.web.fields import KstDateField, OptionalAmountField, TextField, choices
from admin.web.labels import LABELS


class WatchForm(FlaskForm):
    """The limit is typed in payments, won or hours."""

    measure = SelectField(_l("What is looked at"))
    side = SelectField(_l("Someone is needed"))
    limit = OptionalAmountField(_l("Threshold"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.measure.choices = choices([(one.value, LABELS[one].text) for one in Measure])
        self.side.choices = choices([(one.value, LABELS[one].text) for one in Side])

    def prepare(self, measure: Measure, side: Side, limit: int) -> None:
        """Fill in the watch as it stands."""
        self.measure.data, self.side.data = measure.value, side.value
        hours = measure is Measure.AGE
        self.limit.data = Decimal(limit) / HOUR if hours else Decimal(limit)

    def to_command(self) -> WatchCommand:
        """The typed wish. Raises InvalidInput for a limit that is no number of its unit."""
        measure = Measure(self.measure.data)
        if self.limit.data is None:
            raise InvalidInput(N_("Enter a limit."), field="limit")
        limit = self.limit.data * (HOUR if measure is Measure.AGE else 1)
        if limit != int(limit):
            raise InvalidInput(N_("Enter a whole number."), field="limit")
        return WatchCommand(measure=measure, side=Side(self.side.data), limit=int(limit))


class SnoozeForm(FlaskForm):
    """Until which day nobody is told, and why."""

    until = KstDateField(_l("Quiet until"))
    reason = TextField(_l("Reason"))
