"""What is taken away and what for; a file for checking; a purpose taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, RadioField, SelectMultipleField
from wtforms.validators import Length

from admin.accounts.forms import CodeField
from admin.domain.export import LONGEST_REASON, ExportKind
from admin.exports.asking import ExportCommand
from admin.web.fields import TextField, choices
from admin.web.form_keys import mint_form_key
from admin.web.labels import LABELS

_TOO_LONG = _l("At most %(max)d characters.")


class ExportForm(FlaskForm):
    """The columns come back in the order in which they stand on the page."""

    list_name = HiddenField()
    query = HiddenField()
    form_key = HiddenField()
    columns = SelectMultipleField(_l("Columns"), validate_choice=False)
    kind = RadioField(_l("File"), validate_choice=False)
    unmasked = BooleanField(_l("Write personal data in full"))
    reason = TextField(_l("What for"), [Length(max=LONGEST_REASON, message=_TOO_LONG)])
    code = CodeField(_l("Your code"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(kind.value, LABELS[kind].text) for kind in ExportKind]
        self.kind.choices = choices(kinds)
        if self.kind.data not in {value for value, _ in kinds}:
            self.kind.data = ExportKind.XLSX.value

    def prepare(self, *, list_name: str, query: str, kind: str, columns: Sequence[str]) -> None:
        """Fill in what a form about to be shown for the first time holds."""
        self.list_name.data, self.query.data = list_name, query
        self.kind.data = kind if kind == ExportKind.CSV.value else ExportKind.XLSX.value
        self.columns.data = list(columns)
        self.form_key.data = mint_form_key()

    def to_command(self, *, language: str) -> ExportCommand:
        """The typed wish."""
        return ExportCommand(
            list_name=self.list_name.data or "",
            query=self.query.data or "",
            columns=tuple(self.columns.data or ()),
            kind=ExportKind(self.kind.data),
            masked=not self.unmasked.data,
            reason=self.reason.data or "",
            language=language,
            form_key=self.form_key.data or "",
        )


class CheckForm(FlaskForm):
    """A file that may be one of ours."""

    file = FileField(_l("File"))


class RevokeForm(FlaskForm):
    """Why the purpose of a file is taken back."""

    reason = TextField(_l("Reason"), [Length(max=LONGEST_REASON, message=_TOO_LONG)])
