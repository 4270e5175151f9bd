"""What is typed about orders and the programs that bring them."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms.validators import InputRequired, Length

from admin.web.fields import REQUIRED, TextField


class OrderSearchForm(FlaskForm):
    """The list's own box."""

    class Meta:
        csrf = False  # a GET form changes nothing

    q = TextField(_l("Search"), [Length(max=100, message=_l("That is too long."))])


class SourceForm(FlaskForm):
    """A program that is to bring orders."""

    name = TextField(
        _l("Name of the program"),
        [InputRequired(REQUIRED), Length(max=60, message=_l("That is too long."))],
    )
