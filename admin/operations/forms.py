"""What a second person says, and how two people close what nobody could settle."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField
from wtforms.validators import InputRequired, Length

from admin.domain.approval import ClosureClaim
from admin.web.fields import REQUIRED, LongTextField, TextField, choices

LONGEST_NOTE = Length(max=500, message=_l("At most 500 characters."))


class DeclineForm(FlaskForm):
    """Why a second person says no."""

    note = TextField(_l("Why not"), [InputRequired(REQUIRED), LONGEST_NOTE])


class ClosureForm(FlaskForm):
    """What happened, by which number of the gateway, and how one knows."""

    claim = RadioField(
        _l("What became of it"),
        [InputRequired(REQUIRED)],
        choices=choices(
            [
                (ClosureClaim.HAPPENED.value, _l("It happened")),
                (ClosureClaim.DID_NOT_HAPPEN.value, _l("It did not happen")),
            ]
        ),
    )
    evidence = TextField(
        _l("The gateway's number of it"), [Length(max=160, message=_l("That is too long."))]
    )
    note = LongTextField(_l("How you know"), [InputRequired(REQUIRED), LONGEST_NOTE])

    def to_claim(self) -> ClosureClaim:
        """What the person says."""
        return ClosureClaim(self.claim.data)
