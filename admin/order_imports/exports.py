"""The refused rows of a file, as they came, each with its reason."""

from __future__ import annotations

from functools import partial

from flask_babel import gettext

from admin.domain.order_input import OrderField
from admin.models import OrderImport, OrderImportRow
from admin.web.labels import LABELS
from admin.web.spreadsheet import Column

_FIELDS = {field.value: field for field in OrderField}


def refused_columns(brought: OrderImport) -> list[Column[OrderImportRow]]:
    """The file's own columns, so that it can be mended and brought again; then the reason."""

    def cell(place: int, row: OrderImportRow) -> str:
        return row.cells[place]

    own = [Column(heading, partial(cell, place)) for place, heading in enumerate(brought.headings)]
    return [*own, Column(gettext("Why it was refused"), why)]


def why(row: OrderImportRow) -> str:
    """Every reason of a row, in the reader's language."""
    if not row.reasons:
        return gettext("Another row of the same order was refused.")
    return " ".join(f"{field_label(name)}: {text}" for name, text in told(row))


def told(row: OrderImportRow) -> list[tuple[str, str]]:
    """The reasons of a row: field and sentence."""
    return [(name, gettext(message, **values)) for name, message, values in row.reasons]


def field_label(name: str) -> str:
    """What a field is called on pages."""
    field = _FIELDS.get(name)
    return str(LABELS[field]) if field is not None else gettext("Items")
