"""Read a workbook that somebody brings: a zip of XML, well-meant or not.

What it unpacks to is counted while it is unpacked, whatever it claims; a document type, with which
XML grows or reads other files, is refused.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from xml.parsers import expat

from admin.domain.errors import N_
from admin.domain.export import FileUnreadable

MOST_UNPACKED = 1024 * 1024 * 1024
MOST_SHARED = 64 * 1024 * 1024  # of the texts that cells share; they are held in memory
MOST_TEXT = 1024 * 1024  # of one cell, and of one tag
MOST_ROWS = 1_048_576  # of a sheet
MOST_COLUMNS = 200
MOST_ENTRIES = 1_000
PIECE = 64 * 1024
NO_TABLE = N_("This is neither a CSV nor an Excel workbook that can be read.")
TOO_LARGE = N_("The file unpacks to more than can be compared.")

_CLAIM = re.compile(r"jangbu:export:(\d{1,12}):([0-9a-f]{16})")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LETTERS = re.compile(r"[A-Z]{1,3}")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_COVER_ROWS = 200


def opened(archive: zipfile.ZipFile) -> Workbook:
    """A workbook to be read. Raises FileUnreadable for too many entries."""
    if len(archive.infolist()) > MOST_ENTRIES:
        raise FileUnreadable(TOO_LARGE, field="file")
    return Workbook(archive)


class Workbook:
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
            raise FileUnreadable(NO_TABLE, field="file")
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
            while piece := stream.read(PIECE):
                given += len(piece)
                self.left -= len(piece)
                parser.Parse(piece, False)
                if self.left < 0 or given - parser.CurrentByteIndex > MOST_TEXT:
                    raise FileUnreadable(TOO_LARGE, field="file")
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
                raise FileUnreadable(TOO_LARGE, field="file")
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
                raise FileUnreadable(TOO_LARGE, field="file")
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
    raise FileUnreadable(NO_TABLE, field="file")


def _plain(text: str) -> str:
    """`_x000A_` is how a workbook writes a character that XML would not keep."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
