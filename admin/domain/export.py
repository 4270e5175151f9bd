"""Files of a list: how far one has come, what proves it unchanged, and what was changed in it."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from hashlib import blake2b
from zlib import crc32

from admin.domain.errors import N_, Conflict, InvalidInput

AT_ONCE = 5_000  # rows written while the person waits; above, a worker writes
LIFETIME = timedelta(hours=24)
SHORTEST_REASON = 5
LONGEST_REASON = 300
MOST_XLSX_ROWS = 1_048_575  # a sheet's 1,048,576 without the headings
SEPARATOR = "\x1f"  # between the cells of a row whose print is taken

ROW_PRINT = 8  # bytes
COLUMN_PRINT = 4
BLOCK = 250  # rows that share one print a column
MARKS = 32  # row prints by which a changed file is recognised
MOST_NAMED = 200  # changed rows that are named one by one


class ExportKind(Enum):
    """What the file is."""

    XLSX = "xlsx"
    CSV = "csv"


class ExportState(Enum):
    """How far a file has come. Only a ready one can be downloaded."""

    QUEUED = "queued"
    WRITING = "writing"
    READY = "ready"
    CANCELLED = "cancelled"
    FAILED = "failed"
    EXPIRED = "expired"
    REVOKED = "revoked"  # its purpose was taken back; copies outside are to be deleted


UNDER_WAY = frozenset({ExportState.QUEUED, ExportState.WRITING})


class CheckVerdict(Enum):
    """What a file that somebody brings back is."""

    UNCHANGED = "unchanged"
    SAVED_AGAIN = "saved_again"  # other bytes, the same cells
    REORDERED = "reordered"  # the same rows in another order
    CHANGED = "changed"
    UNKNOWN = "unknown"


class ExportNotReady(Conflict):
    """There is no file to download."""

    message = N_("This file cannot be downloaded (any more). Export the list again.")


class CodeRefused(InvalidInput):
    """A file with personal data in full was asked for behind a wrong code."""

    message = N_("This code is wrong, or was used already. No file was made; take the next one.")


class AlreadyEnded(Conflict):
    """The file is written, or its writing ended otherwise."""

    message = N_("It has ended already.")


class FileUnreadable(InvalidInput):
    """A file brought for checking is no table, or it is too large to compare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSums:
    """The control totals of a file, in minor units. Gross counts money that really came."""

    count: int = 0
    gross: int = 0
    cancelled: int = 0

    @property
    def net(self) -> int:
        return self.gross - self.cancelled

    def __add__(self, other: ExportSums) -> ExportSums:
        return ExportSums(
            count=self.count + other.count,
            gross=self.gross + other.gross,
            cancelled=self.cancelled + other.cancelled,
        )


@dataclass(slots=True)
class Prints:
    """Prints of the rows in their order, and of each column over every `BLOCK` rows.

    A row's print says that the row is as it was; the columns' prints say which cell is not. They
    are not keyed: who can read them can read the database beside them.
    """

    headings: list[str]
    rows: bytearray = field(default_factory=bytearray)
    blocks: bytearray = field(default_factory=bytearray)
    _waiting: list[list[str]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.rows) // ROW_PRINT

    @property
    def root(self) -> str:
        """One short print of all rows in their order."""
        return blake2b(bytes(self.rows), digest_size=ROW_PRINT).hexdigest()

    def add(self, columns: Sequence[list[str]]) -> None:
        """Take the next rows, column by column; each column holds as many cells."""
        if self._waiting:
            columns = [[*old, *new] for old, new in zip(self._waiting, columns, strict=True)]
        size = len(columns[0]) if columns else 0
        whole = size - size % BLOCK
        for start in range(0, whole, BLOCK):
            self._add([column[start : start + BLOCK] for column in columns])
        self._waiting = [column[whole:] for column in columns] if whole < size else []

    def add_block(self, rows: Sequence[str], columns: Sequence[str]) -> None:
        """Take the next `BLOCK` rows, or the last and fewer, of a caller who has joined them.

        `rows` are the cells of each row with `SEPARATOR` between them, `columns` those of each
        column. Raises ValueError after a block that was not whole.
        """
        if self.count % BLOCK:
            raise ValueError("only the last block may be short")
        self.rows += b"".join(
            [blake2b(row.encode(), digest_size=ROW_PRINT).digest() for row in rows]
        )
        self.blocks += b"".join(
            [crc32(column.encode()).to_bytes(COLUMN_PRINT, "big") for column in columns]
        )

    def finish(self) -> Prints:
        """Take the last, shorter block."""
        if self._waiting:
            self._add(self._waiting)
            self._waiting = []
        return self

    def row(self, place: int) -> bytes:
        """The print of the row at `place`, from 0."""
        return bytes(self.rows[place * ROW_PRINT : (place + 1) * ROW_PRINT])

    def block(self, number: int) -> list[bytes]:
        """The prints of all columns of one block."""
        width = len(self.headings) * COLUMN_PRINT
        part = bytes(self.blocks[number * width : (number + 1) * width])
        return [part[start : start + COLUMN_PRINT] for start in range(0, len(part), COLUMN_PRINT)]

    def every(self) -> Iterator[bytes]:
        """The prints of all rows."""
        rows = bytes(self.rows)
        return (rows[start : start + ROW_PRINT] for start in range(0, len(rows), ROW_PRINT))

    def marks(self) -> list[int]:
        """The least of the row prints, as numbers.

        Of two files that share most rows the least prints are mostly the same, whatever was
        added, taken out or sorted: so a changed file is found again without comparing all.
        """
        numbers = {int.from_bytes(one, "big") >> 1 for one in self.every()}
        return heapq.nsmallest(MARKS, numbers)

    def _add(self, columns: Sequence[list[str]]) -> None:
        rows = map(SEPARATOR.join, zip(*columns, strict=True))
        self.add_block(list(rows), list(map(SEPARATOR.join, columns)))


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """One row that is not as it was. `line` counts from 1 with the headings as line 1.

    `columns` are the headings of the cells that differ; when several rows of one block differ,
    these may be cells of any of them, and `sure` is False.
    """

    line: int
    columns: tuple[str, ...] = ()
    sure: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How a file differs from the one that was made here."""

    verdict: CheckVerdict
    changed: tuple[ChangedRow, ...] = ()  # lines of the file brought; the first MOST_NAMED
    changed_count: int = 0
    missing: tuple[int, ...] = ()  # lines of the file as it was made; the first MOST_NAMED
    missing_count: int = 0
    headings_differ: bool = False


def compare(made: Prints, brought: Prints) -> Comparison:
    """Find what differs. Rows edited in place are named with their cells."""
    same_headings = made.headings == brought.headings
    if made.rows == brought.rows:
        verdict = CheckVerdict.SAVED_AGAIN if same_headings else CheckVerdict.CHANGED
        return Comparison(verdict=verdict, headings_differ=not same_headings)
    ours, theirs = Counter(made.every()), Counter(brought.every())
    strange, lost = theirs - ours, ours - theirs
    if not strange and not lost:
        verdict = CheckVerdict.REORDERED if same_headings else CheckVerdict.CHANGED
        return Comparison(verdict=verdict, headings_differ=not same_headings)
    changed, missing = _places(brought, strange), _places(made, lost)
    in_place = made.count == brought.count and changed == missing and same_headings
    named = changed[:MOST_NAMED]
    return Comparison(
        verdict=CheckVerdict.CHANGED,
        changed=tuple(_cells(made, brought, named, changed))
        if in_place
        else tuple(ChangedRow(place + 2) for place in named),
        changed_count=len(changed),
        missing=() if in_place else tuple(place + 2 for place in missing[:MOST_NAMED]),
        missing_count=0 if in_place else len(missing),
        headings_differ=not same_headings,
    )


def _places(prints: Prints, wanted: Counter[bytes]) -> list[int]:
    """Where the rows of these prints stand; of equal rows the last ones."""
    left = dict(wanted)
    places = []
    for place in range(prints.count - 1, -1, -1):
        one = prints.row(place)
        if left.get(one):
            left[one] -= 1
            places.append(place)
    places.reverse()
    return places


def _cells(
    made: Prints, brought: Prints, named: Sequence[int], changed: Sequence[int]
) -> Iterator[ChangedRow]:
    in_block = Counter(place // BLOCK for place in changed)
    for place in named:
        number = place // BLOCK
        pairs = zip(made.headings, made.block(number), brought.block(number), strict=True)
        columns = tuple(heading for heading, was, now in pairs if was != now)
        yield ChangedRow(place + 2, columns, sure=in_block[number] == 1)


def has_expired(expires_at: datetime | None, *, now: datetime) -> bool:
    """Whether a file may no longer be handed out."""
    return expires_at is not None and expires_at <= now
