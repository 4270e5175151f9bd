"""A list of refunds: pasted, or as a file."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from wtforms import HiddenField, SelectField, TextAreaField
from wtforms.validators import Length

from admin.domain.errors import N_, InvalidInput
from admin.domain.refund_batch import MOST_BYTES, read_list
from admin.refund_batches.service import BatchCommand
from admin.refunds.forms import reason_choices
from admin.web.fields import TextField, stripped
from admin.web.form_keys import mint_form_key


class BatchForm(FlaskForm):
    """Lines of `order or payment number, amount`; no amount is all that is left."""

    lines = TextAreaField(_l("Lines"), filters=[stripped])
    file = FileField(_l("Or a CSV file"))
    reason = SelectField(_l("Reason"))
    note = TextField(_l("Note"), [Length(max=500, message=_l("At most 500 characters."))])
    form_key = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason.choices = reason_choices()

    def prepare(self, numbers: list[str]) -> None:
        """Fill in what a form about to be shown for the first time holds."""
        self.form_key.data = mint_form_key()
        self.lines.data = "\n".join(numbers)

    def to_command(self) -> BatchCommand:
        """The typed list. Raises InvalidInput for one that cannot be read."""
        text, name = self._text()
        return BatchCommand(
            name=name,
            rows=read_list(text),
            reason=self.reason.data,
            note=self.note.data or "",
            form_key=self.form_key.data or "",
        )

    def _text(self) -> tuple[str, str]:
        given: FileStorage | None = self.file.data or None
        if given is None or not given.filename:
            return self.lines.data or "", ""
        if self.lines.data:
            raise InvalidInput(N_("Give the lines or a file, not both."), field="file")
        content = given.stream.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise InvalidInput(N_("The file is larger than 256 KB."), field="file")
        return _decoded(content), given.filename[-120:]


def _decoded(content: bytes) -> str:
    """UTF-8, or what Korean spreadsheets write without asking."""
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput(N_("The file is no text; save it as CSV."), field="file")
