"""One closed day, typed."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms.validators import InputRequired, Length

from admin.holidays.service import LONGEST_NAME
from admin.web.fields import REQUIRED, KstDateField, TextField


class HolidayForm(FlaskForm):
    """A weekday on which banks are closed, and what it is called."""

    day = KstDateField(_l("Day"), [InputRequired(REQUIRED)])
    name = TextField(
        _l("Name of the day"),
        [InputRequired(REQUIRED), Length(max=LONGEST_NAME, message=_l("At most 80 characters."))],
    )
