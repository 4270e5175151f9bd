"""The period of a report."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import ValidationError
from wtforms.validators import Optional

from admin.web.fields import KstDateField
from admin.web.periods import Period, named_period

LONGEST = timedelta(days=366)
USUAL = "month"


class ReportForm(FlaskForm):
    """Bound to the query string. An invalid period is shown as an error and left out."""

    class Meta:
        csrf = False  # a GET form changes nothing

    from_day = KstDateField(_l("From"), validators=[Optional()])
    to_day = KstDateField(_l("To"), validators=[Optional()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.validate()

    def validate_to_day(self, field: KstDateField) -> None:
        """The period runs forward and is at most a year."""
        first: date | None = self.from_day.data
        if field.data is None or first is None:
            return
        if field.data < first:
            raise ValidationError(_l("The last day lies before the first one. Swap them."))
        if field.data - first > LONGEST:
            raise ValidationError(_l("A report covers at most one year."))

    def period(self, name: str, *, now: datetime) -> Period:
        """The days picked, else the usual period called `name`, else this month."""
        first, last = self.from_day, self.to_day
        if first.data and last.data and not (first.errors or last.errors):
            return Period(first=first.data, last=last.data)
        usual = name if name in ("today", "yesterday", "week", "last_month") else USUAL
        return named_period(usual, now=now)
