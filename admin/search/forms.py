"""The box over everything, and the box for what was pasted."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length

from admin.web.fields import TextField, stripped

LONGEST_SEARCH = 200


class SearchForm(FlaskForm):
    """Bound to the query string."""

    class Meta:
        csrf = False  # a GET form changes nothing

    q = TextField(_l("Search"), [Length(max=LONGEST_SEARCH, message=_l("That is too long."))])


class PasteForm(FlaskForm):
    """A message as it came. A card number in it is no mistake of the reader's: it is dropped."""

    text = TextAreaField(
        _l("Message"),
        [DataRequired(_l("Paste something first."))],
        filters=[stripped],
    )
