"""A list of refunds: pasted, or as a file."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SelectField
from wtforms.validators import Length

from admin.domain.refund_batch import read_list
from admin.refund_batches.service import BatchCommand
from admin.refunds.forms import reason_choices
from admin.web.fields import TextField
from admin.web.form_keys import mint_form_key
from admin.web.list_form import ListForm


class BatchForm(ListForm):
    """Lines of `order or payment number, amount`; no amount is all that is left."""

    reason = SelectField(_l("Reason"))
    note = TextField(_l("Note"), [Length(max=500, message=_l("At most 500 characters."))])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason.choices = reason_choices()

    def prepare(self, numbers: list[str]) -> None:
        """Fill in what a form about to be shown for the first time holds."""
        self.form_key.data = mint_form_key()
        self.lines.data = "\n".join(numbers)

    def to_command(self) -> BatchCommand:
        """The typed list. Raises InvalidInput for one that cannot be read."""
        text, name = self.given()
        return BatchCommand(
            name=name,
            rows=read_list(text),
            reason=self.reason.data,
            note=self.note.data or "",
            form_key=self.form_key.data or "",
        )
