"""What a list gives so that it can be taken away as a file: its columns, its question, its rows.

Rows come as the driver gives them, in blocks, column by column: a million of them are written in
seconds that way, and in minutes as objects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from admin.domain.export import ExportSums
from admin.domain.permissions import Permission

RawColumn = Sequence[Any]  # values of one database column as the driver gives them
Texts = list[str]
Numbers = list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedColumn:
    """One column of a list. `values` makes the cells of a block from the raw columns it `needs`."""

    name: str  # what a choice remembers
    heading: str  # in the reader's language; no two of one list are equal
    needs: tuple[str, ...]
    values: Callable[..., Texts | Numbers]
    is_number: bool = False
    is_plain: bool = False  # texts of our own making, none of which begins like a formula
    is_personal: bool = False
    is_usual: bool = True  # chosen until somebody chooses otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a query string asks of a list.

    `sums` gives one row: count, gross and cancelled in minor units. `rows` gives the named raw
    columns in the order of the list. `problem` says why nothing can be asked like that, or "".
    """

    words: tuple[tuple[str, str], ...]  # the filter for people: (name, value)
    sums: sa.Select[int, int, int]
    rows: Callable[[Sequence[str]], sa.Select[Any]]
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedList:
    """A list that can be exported."""

    name: str
    permission: Permission
    endpoint: str  # of the list's page
    title: Callable[[], str]
    columns: Callable[[bool, datetime], list[OfferedColumn]]  # (masked?, now)
    read: Callable[[str, datetime], Question]  # (query string, now)
    sum_needs: tuple[str, ...]
    add_up: Callable[..., ExportSums]  # the control totals of a block of these raw columns
