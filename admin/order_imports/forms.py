"""A file of orders, and which of its columns is which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField

from admin.domain.order_input import OrderField
from admin.domain.order_mapping import OrderColumns
from admin.domain.reconciliation.records import BookedStatus


class FileForm(FlaskForm):
    """The file."""

    file = FileField(_l("File"))


class PostForm(FlaskForm):
    """A form whose fields the file decides; it carries the token alone."""


def columns_of(asked: Mapping[str, str], words: Sequence[str]) -> OrderColumns:
    """What the page of matching sends: `column-<field>` and `word-<place>`."""
    known = {one.value for one in BookedStatus}
    columns = {
        field.value: asked[f"column-{field.value}"]
        for field in OrderField
        if asked.get(f"column-{field.value}")
    }
    chosen = {word: asked.get(f"word-{place}", "") for place, word in enumerate(words)}
    return OrderColumns(
        columns=columns, words={word: one for word, one in chosen.items() if one in known}
    )


def cells_of(asked: Mapping[str, str]) -> dict[tuple[int, OrderField], str]:
    """What the page of mending sends: `cell-<line>-<field>`."""
    cells = {}
    fields = {one.value: one for one in OrderField}
    for name, text in asked.items():
        kind, _, rest = name.partition("-")
        line, _, field = rest.partition("-")
        is_line = line.isascii() and line.isdecimal() and len(line) < 9
        if kind == "cell" and field in fields and is_line:
            cells[int(line), fields[field]] = text
    return cells
