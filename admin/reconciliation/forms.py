"""Which day to run, and why a difference is right as it is."""

from datetime import date

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms.validators import InputRequired, Length

from admin.web.fields import REQUIRED, KstDateField, LongTextField


class RunForm(FlaskForm):
    """One Korean day."""

    day = KstDateField(_l("Day"), [InputRequired(REQUIRED)])

    @property
    def chosen(self) -> date:
        """The day, once the form is valid."""
        if self.day.data is None:
            raise ValueError("validate the form first")
        return self.day.data


class ExplainForm(FlaskForm):
    """Why this is right as it is."""

    note = LongTextField(
        _l("Why it is right as it is"),
        [InputRequired(REQUIRED), Length(max=1000, message=_l("That is too long."))],
    )
