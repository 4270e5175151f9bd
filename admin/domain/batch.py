"""Many decisions given as one list: how a list is read, and how far it and its lines have come."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from enum import Enum

from admin.domain.errors import N_, Conflict, InvalidInput

MOST_BYTES = 256 * 1024  # within what a request may hold, so that the form can say so
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


class NothingToSend(Conflict):
    """Every line of the list is blocked."""

    message = N_("No line of this list can go, so there is nothing to send.")


def read_lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """The lines of CSV, TSV or pasted cells that hold anything, with their numbers in the file.

    Raises InvalidInput on the way where the text is no CSV.
    """
    text = text.removeprefix("\ufeff").replace("\x00", "")
    separator = "\t" if "\t" in text else ";" if ";" in text and "," not in text else ","
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    try:
        for given in reader:
            cells = [cell.strip() for cell in given]
            if any(cells):
                yield reader.line_num, cells
    except csv.Error:
        raise InvalidInput(
            N_("Line %(line)s is not CSV."), field="lines", line=reader.line_num
        ) from None


def place_of(known: Collection[str], headings: Sequence[str]) -> int | None:
    """Where the column stands that goes by one of these names."""
    names = [heading.lower() for heading in headings]
    return next((place for place, name in enumerate(names) if name in known), None)


def check_length(count: int, *, most: int) -> None:
    """Raise InvalidInput for a list of no line, or of more than may go at once."""
    if not count:
        raise InvalidInput(N_("The list is empty."), field="lines")
    if count > most:
        raise InvalidInput(
            N_("The list has %(count)s lines; at most %(most)s go at once."),
            field="lines",
            count=count,
            most=most,
        )
