"""A list as people give one: pasted lines, or a file as a spreadsheet saves it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from wtforms import HiddenField, TextAreaField

from admin.domain.batch import MOST_BYTES
from admin.domain.errors import N_, InvalidInput
from admin.web.fields import stripped


class ListForm(FlaskForm):
    """Lines, or a file of them."""

    lines = TextAreaField(_l("Lines"), filters=[stripped])
    file = FileField(_l("Or a CSV file"))
    form_key = HiddenField()

    def given(self) -> tuple[str, str]:
        """The text and the file's name, "" for pasted lines. Raises InvalidInput."""
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
