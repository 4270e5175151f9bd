"""Read a file that somebody brings: CSV or workbook, ours or not, well-meant or not."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO
from xml.parsers import expat

from admin.domain.export import BLOCK, SEPARATOR, FileUnreadable, Prints
from admin.exports.workbook import (
    MOST_COLUMNS,
    MOST_TEXT,
    MOST_UNPACKED,
    NO_TABLE,
    PIECE,
    TOO_LARGE,
    opened,
)
from admin.exports.writing import SHEET

MOST_BYTES = 64 * 1024 * 1024  # of an upload
MOST_LINE = 4 * 1024 * 1024  # of one row of a CSV
_ZIP = b"PK\x03\x04"

csv.field_size_limit(MOST_TEXT)


@dataclass(frozen=True, slots=True)
class Brought:
    """What a file holds: the prints of its rows, and which export its cover names, if one does."""

    prints: Prints
    claim: tuple[int, str] | None = None  # export id and root


def read_brought(file: BinaryIO) -> Brought:
    """Read the whole file. Raises FileUnreadable."""
    file.seek(0)
    head = file.read(4)
    file.seek(0)
    with _told():
        if head == _ZIP:
            return _read_workbook(file)
        return Brought(_prints(_csv_rows(file)))


def read_table(file: BinaryIO, *, most_unpacked: int = MOST_UNPACKED) -> Iterator[list[str]]:
    """The rows of a CSV, or of a workbook's first sheet. Raises FileUnreadable while it goes."""
    file.seek(0)
    head = file.read(4)
    file.seek(0)
    with _told():
        if head != _ZIP:
            yield from _csv_rows(file)
            return
        with zipfile.ZipFile(file) as archive:
            book = opened(archive)
            book.left = most_unpacked
            yield from book.rows(next(iter(book.sheets().values())))


@contextmanager
def _told() -> Iterator[None]:
    """Whatever is wrong with a file is told in one sentence."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, LookupError, ValueError, EOFError):
        raise FileUnreadable(NO_TABLE, field="file") from None
    except (RuntimeError, NotImplementedError, csv.Error):  # a password, an unknown packing
        raise FileUnreadable(NO_TABLE, field="file") from None


def _prints(rows: Iterable[list[str]]) -> Prints:
    every = iter(rows)
    headings = next(every, [])
    if len(headings) > MOST_COLUMNS:
        raise FileUnreadable(TOO_LARGE, field="file")
    width = len(headings)
    prints = Prints(headings)
    waiting: list[list[str]] = []
    for row in every:
        waiting.append(_fitted(row, width))
        if len(waiting) == BLOCK:
            prints.add([list(column) for column in zip(*waiting, strict=True)])
            waiting = []
    if waiting:
        prints.add([list(column) for column in zip(*waiting, strict=True)])
    return prints.finish()


def _fitted(row: list[str], width: int) -> list[str]:
    """As many cells as there are headings. A cell beyond them counts as a change of the last."""
    beyond = [cell for cell in row[width:] if cell]
    cells = [*row[:width], *[""] * (width - len(row))]
    if beyond and cells:
        cells[-1] = SEPARATOR.join([cells[-1], *beyond])
    return cells


def _csv_rows(file: BinaryIO) -> Iterator[list[str]]:
    """Lines of a CSV in UTF-8, or as Korean spreadsheets save it."""
    text = io.TextIOWrapper(file, encoding=_encoding(file), newline="")
    taken = 0

    def lines() -> Iterator[str]:
        nonlocal taken
        for line in text:
            taken += len(line)
            if taken > MOST_LINE:
                raise FileUnreadable(TOO_LARGE, field="file")
            yield line

    try:
        for row in csv.reader(lines(), strict=True):
            taken = 0
            yield row or [""]
    finally:
        text.detach()


def _encoding(file: BinaryIO) -> str:
    for encoding in ("utf-8-sig", "cp949"):
        file.seek(0)
        reader = io.TextIOWrapper(file, encoding=encoding, newline="")
        try:
            while piece := reader.read(PIECE):
                if "\x00" in piece:
                    raise FileUnreadable(NO_TABLE, field="file")
        except UnicodeDecodeError:
            continue
        else:
            return encoding
        finally:
            reader.detach()
            file.seek(0)
    raise FileUnreadable(NO_TABLE, field="file")


def _read_workbook(file: BinaryIO) -> Brought:
    with zipfile.ZipFile(file) as archive:
        book = opened(archive)
        sheets = book.sheets()
        data = sheets.pop(SHEET if SHEET in sheets else next(iter(sheets)))
        claim = None
        for place in sheets.values():
            claim = claim or book.claim(place)
        return Brought(_prints(book.rows(data)), claim)
