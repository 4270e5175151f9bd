"""Read a file that somebody brings for checking: CSV or workbook, ours or not, well-meant or not.

A workbook is a zip of XML. What it unpacks to is counted while it is unpacked, whatever it claims;
a document type, with which XML grows or reads other files, is refused.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO
from xml.parsers import expat

from admin.domain.errors import N_
from admin.domain.export import BLOCK, SEPARATOR, FileUnreadable, Prints
from admin.exports.writing import SHEET

MOST_BYTES = 64 * 1024 * 1024  # of an upload
MOST_UNPACKED = 1024 * 1024 * 1024
MOST_SHARED = 64 * 1024 * 1024  # of the texts that cells share; they are held in memory
MOST_TEXT = 1024 * 1024  # of one cell, and of one tag
MOST_LINE = 4 * 1024 * 1024  # of one row of a CSV
MOST_ROWS = 1_048_576  # of a sheet
MOST_COLUMNS = 200
MOST_ENTRIES = 1_000
_PIECE = 64 * 1024
_CLAIM = re.compile(r"jangbu:export:(\d{1,12}):([0-9a-f]{16})")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LETTERS = re.compile(r"[A-Z]{1,3}")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_COVER_ROWS = 200
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
            book = _opened(archive)
            book.left = most_unpacked
            yield from book.rows(next(iter(book.sheets().values())))


@contextmanager
def _told() -> Iterator[None]:
    """Whatever is wrong with a file is told in one sentence."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, LookupError, ValueError, EOFError):
        raise FileUnreadable(_NO_TABLE, field="file") from None
    except (RuntimeError, NotImplementedError, csv.Error):  # a password, an unknown packing
        raise FileUnreadable(_NO_TABLE, field="file") from None


_NO_TABLE = N_("This is neither a CSV nor an Excel workbook that can be read.")
_TOO_LARGE = N_("The file unpacks to more than can be compared.")


def _prints(rows: Iterable[list[str]]) -> Prints:
    every = iter(rows)
    headings = next(every, [])
    if len(headings) > MOST_COLUMNS:
        raise FileUnreadable(_TOO_LARGE, field="file")
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
                raise FileUnreadable(_TOO_LARGE, field="file")
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
            while piece := reader.read(_PIECE):
                if "\x00" in piece:
                    raise FileUnreadable(_NO_TABLE, field="file")
        except UnicodeDecodeError:
            continue
        else:
            return encoding
        finally:
            reader.detach()
            file.seek(0)
    raise FileUnreadable(_NO_TABLE, field="file")


def _read_workbook(file: BinaryIO) -> Brought:
    with zipfile.ZipFile(file) as archive:
        book = _opened(archive)
        sheets = book.sheets()
        data = sheets.pop(SHEET if SHEET in sheets else next(iter(sheets)))
        claim = None
        for place in sheets.values():
            claim = claim or book.claim(place)
        return Brought(_prints(book.rows(data)), claim)


def _opened(archive: zipfile.ZipFile) -> _Workbook:
    if len(archive.infolist()) > MOST_ENTRIES:
        raise FileUnreadable(_TOO_LARGE, field="file")
    return _Workbook(archive)


class _Workbook:
    """One archive being read, with what it may still unpack."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.left = MOST_UNPACKED
        self._shared: list[str] | None = None

    def sheets(self) -> dict[str, str]:
        """Names of the sheets in their order, and where each lies."""
        named: list[tuple[str, str]] = []
        places: dict[str, str] = {}

        def sheet(name: str, values: dict[str, str]) -> None:
            if name == f"{_MAIN} sheet":
                named.append((values["name"], values[f"{_RELATION} id"]))

        def relation(name: str, values: dict[str, str]) -> None:
            if name.endswith(" Relationship"):
                target = values["Target"].removeprefix("/xl/").removeprefix("/")
                places[values["Id"]] = f"xl/{target}"

        self._walk("xl/workbook.xml", start=sheet)
        self._walk("xl/_rels/workbook.xml.rels", start=relation)
        found = {name: places[key] for name, key in named}
        if not found:
            raise FileUnreadable(_NO_TABLE, field="file")
        return found

    def rows(self, place: str) -> Iterator[list[str]]:
        """The rows of a sheet from its first; a row that the file leaves out is empty."""
        reader = _SheetReader(self.shared())
        expected = 1
        for _ in self._pieces(place, reader.parser):
            for number, row in reader.taken():
                while expected < number:
                    expected += 1
                    yield []
                expected += 1
                yield row

    def claim(self, place: str) -> tuple[int, str] | None:
        """Which export the sheet at `place` says it is the cover of."""
        for number, row in enumerate(self.rows(place)):
            for cell in row:
                if found := _CLAIM.search(cell):
                    return int(found[1]), found[2]
            if number > _COVER_ROWS:
                break
        return None

    def shared(self) -> list[str]:
        """The texts that cells refer to by number; Excel keeps texts like that."""
        if self._shared is not None:
            return self._shared
        self._shared = []
        name = "xl/sharedStrings.xml"
        if name not in self.archive.namelist():
            return self._shared
        texts = self._shared
        parts: list[str] = []
        where: list[str] = []

        def start(tag: str, values: dict[str, str]) -> None:
            where.append(tag.rpartition(" ")[2])

        def end(tag: str) -> None:
            where.pop()
            if tag == f"{_MAIN} si":
                texts.append(_plain("".join(parts)))
                parts.clear()

        def text(piece: str) -> None:
            if where and where[-1] == "t" and "rPh" not in where:
                parts.append(piece)

        kept = self.left
        self.left = min(self.left, MOST_SHARED)
        before = self.left
        self._walk(name, start=start, end=end, text=text)
        self.left = kept - (before - self.left)
        return texts

    def _walk(
        self,
        name: str,
        *,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> None:
        parser = _parser()
        parser.StartElementHandler = start
        if end is not None:
            parser.EndElementHandler = end
        if text is not None:
            parser.CharacterDataHandler = text
        for _ in self._pieces(name, parser):
            pass

    def _pieces(self, name: str, parser: expat.XMLParserType) -> Iterator[None]:
        """Unpack one entry piece by piece into `parser`, counting what really comes out.

        A tag without an end would be gathered in memory, so how far the parser lags is looked at.
        """
        given = 0
        with self.archive.open(name) as stream:
            while piece := stream.read(_PIECE):
                given += len(piece)
                self.left -= len(piece)
                parser.Parse(piece, False)
                if self.left < 0 or given - parser.CurrentByteIndex > MOST_TEXT:
                    raise FileUnreadable(_TOO_LARGE, field="file")
                yield
            parser.Parse(b"", True)
            yield


class _SheetReader:
    """The cells of one sheet as texts, as its XML goes by."""

    def __init__(self, shared: list[str]) -> None:
        self.parser = _parser()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._shared = shared
        self._rows: list[tuple[int, list[str]]] = []
        self._row: list[str] = []
        self._number = 0
        self._kind = ""
        self._column = 0
        self._parts: list[str] | None = None
        self._size = 0
        self._is_inside = False

    def taken(self) -> list[tuple[int, list[str]]]:
        """The rows that are complete by now, each with its number."""
        rows, self._rows = self._rows, []
        return rows

    def _start(self, tag: str, values: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if name == "row":
            given = int(values.get("r", self._number + 1))
            if not self._number < given <= MOST_ROWS:
                raise ValueError("rows go upwards")
            self._number, self._row = given, []
        elif name == "c":
            self._kind = values.get("t", "n")
            place = _LETTERS.match(values.get("r", ""))
            self._column = _column(place[0]) if place else len(self._row)
            self._parts, self._size = None, 0
        elif name in ("v", "t"):
            self._parts, self._is_inside = self._parts or [], True

    def _end(self, tag: str) -> None:
        name = tag.rpartition(" ")[2]
        if name == "c" and self._parts is not None:
            if self._column >= MOST_COLUMNS:
                raise FileUnreadable(_TOO_LARGE, field="file")
            self._row += [""] * (self._column + 1 - len(self._row))
            self._row[self._column] = self._value("".join(self._parts))
            self._parts = None
        elif name in ("v", "t"):
            self._is_inside = False
        elif name == "row":
            self._rows.append((self._number, self._row))

    def _text(self, piece: str) -> None:
        if self._is_inside and self._parts is not None:
            self._size += len(piece)
            if self._size > MOST_TEXT:
                raise FileUnreadable(_TOO_LARGE, field="file")
            self._parts.append(piece)

    def _value(self, text: str) -> str:
        if self._kind == "s":
            return self._shared[int(text)]
        if self._kind != "n":
            return _plain(text)
        number = float(text)
        return str(int(number)) if number.is_integer() else repr(number)


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def _refuse_doctype(*_: object) -> None:
    raise FileUnreadable(_NO_TABLE, field="file")


def _plain(text: str) -> str:
    """`_x000A_` is how a workbook writes a character that XML would not keep."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
