"""Many refunds at once: how a list is read, and how far it and each of its lines have come."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from enum import Enum

from admin.domain.card_guard import hide_card_numbers, holds_card_number
from admin.domain.errors import N_, InvalidInput

MOST_ROWS = 1_000
MOST_BYTES = 256 * 1024  # within what a request may hold, so that the form can say so
ALONE_UP_TO = 10  # rows one person may send without a second one
SHOWN = 300  # characters of a line that are kept


class BatchState(Enum):
    """A list is rehearsed first; nothing is sent before somebody says so."""

    REHEARSED = "rehearsed"
    NEEDS_APPROVAL = "needs_approval"
    RUNNING = "running"
    STOPPED = "stopped"  # by a person, or by a gateway that fell silent; it can go on
    DONE = "done"
    DROPPED = "dropped"  # declined, withdrawn, void or too late; nothing is sent


class RowState(Enum):
    """One line of a list."""

    BLOCKED = "blocked"  # the rehearsal found why it cannot go
    WAITING = "waiting"
    STARTED = "started"  # its operation exists, whatever its outcome
    REFUSED = "refused"  # a rule said no when its turn came; nothing was sent


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenRow:
    """One line as it was given: whose payment, and how much of it; None is all that is left."""

    line: int
    text: str
    number: str
    amount: int | None
    problem: str = ""  # message id of why it cannot be read


# Headings by which a column is known; without a heading the number comes first, then the amount.
_NUMBER = frozenset({"order_number", "merchant_uid", "imp_uid", "주문번호", "결제번호", "number"})
_AMOUNT = frozenset({"amount", "금액", "환불금액", "환불 금액"})
_WON = re.compile(r"\d{1,3}(?:,\d{3})+|\d+")


def read_list(text: str) -> list[GivenRow]:
    """Read lines of `number[,amount]` as CSV, TSV or pasted cells. Raises InvalidInput for a list
    that is empty, too long or no CSV at all; a line that cannot be read keeps its problem."""
    text = text.removeprefix("\ufeff").replace("\x00", "")
    separator = "\t" if "\t" in text else ";" if ";" in text and "," not in text else ","
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    rows: list[GivenRow] = []
    places: tuple[int, int] | None = None
    try:
        for given in reader:
            cells = [cell.strip() for cell in given]
            if not any(cells):
                continue
            if places is None:
                found = _heading(cells)
                places = found or (0, 1)
                if found:
                    continue
            rows.append(_row(reader.line_num, cells, places))
    except csv.Error:
        raise InvalidInput(
            N_("Line %(line)s is not CSV."), field="lines", line=reader.line_num
        ) from None
    if not rows:
        raise InvalidInput(N_("The list is empty."), field="lines")
    if len(rows) > MOST_ROWS:
        raise InvalidInput(
            N_("The list has %(count)s lines; at most %(most)s go at once."),
            field="lines",
            count=len(rows),
            most=MOST_ROWS,
        )
    return rows


def _heading(cells: list[str]) -> tuple[int, int] | None:
    names = [cell.lower() for cell in cells]
    number = next((place for place, name in enumerate(names) if name in _NUMBER), None)
    if number is None:
        return None
    amount = next((place for place, name in enumerate(names) if name in _AMOUNT), len(names))
    return number, amount


def _row(line: int, cells: list[str], places: tuple[int, int]) -> GivenRow:
    joined = ", ".join(cells)
    number, amount = (cells[place] if place < len(cells) else "" for place in places)
    problem = ""
    if holds_card_number(joined):
        number, amount, problem = "", "", N_("A card number stands here. It was not kept.")
    elif not number:
        problem = N_("No order or payment number.")
    won = amount.removesuffix("원").strip()
    if won and not _WON.fullmatch(won):
        problem = problem or N_("The amount is not a whole number of won.")
        won = ""
    return GivenRow(
        line=line,
        text=hide_card_numbers(joined)[:SHOWN],
        number=number,
        amount=int(won.replace(",", "")) if won else None,
        problem=problem,
    )
