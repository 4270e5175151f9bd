"""A list of deliveries: pasted, or as a file."""

from __future__ import annotations

from admin.delivery_batches.service import BatchCommand
from admin.domain.card_guard import hide_card_numbers
from admin.domain.delivery_batch import read_parcels
from admin.web.form_keys import mint_form_key
from admin.web.list_form import ListForm


class ParcelsForm(ListForm):
    """Lines of `order or payment number, courier, invoice number[, sent]`."""

    def prepare(self) -> None:
        """Fill in what a form about to be shown for the first time holds."""
        self.form_key.data = mint_form_key()

    def to_command(self) -> BatchCommand:
        """The typed list. Raises InvalidInput for one that cannot be read."""
        text, name = self.given()
        return BatchCommand(
            name=hide_card_numbers(name),
            rows=read_parcels(text),
            form_key=(self.form_key.data or mint_form_key())[:64],
        )

    def hide_cards(self) -> None:
        """Before the form is shown again: what was typed, without card numbers."""
        self.lines.data = hide_card_numbers(self.lines.data or "")
