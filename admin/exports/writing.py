"""Write a list into a file from one snapshot of the database, in memory that does not grow.

A block of rows is worked column by column, which is several times quicker than cell by cell. The
same pass counts the control totals and takes the prints by which a changed cell is found later.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedRandom
from typing import Any

import sqlalchemy as sa
from rustpy_xlsxwriter import write_worksheets
from sqlalchemy.engine import Connection, Engine

from admin.columns.offered import OfferedColumn, OfferedList, Question
from admin.domain.export import BLOCK, SEPARATOR, ExportKind, ExportSums, Prints

BATCH = 2_000  # rows fetched at once
REPORT_EVERY = 10_000  # rows
BOM = "\ufeff"  # without it Excel in Korea reads the file as CP949
LONGEST_CELL = 32_767  # what a sheet takes
SHEET = "Jangbu"

# What a spreadsheet takes for the beginning of a formula, full-width variants included.
_STARTS = tuple("=+-@\t\r\n＝＋－＠")
_FORMULA = re.compile(f"{SEPARATOR}[{re.escape(''.join(_STARTS))}]")
_NOT_XML = re.compile("[\x00-\x08\x0b-\x1e\ufffe\uffff]")  # the separator is looked for apart

Row = Sequence[Any]  # as a driver gives it
Cover = Callable[[ExportSums, ExportSums, str], list[tuple[str, str]]]  # (sums, written, root)
Report = Callable[[int, int], None]  # (rows done, rows); raises to stop the writing


@dataclass(slots=True)
class Written:
    """What came of it. `sums` are the database's, `counted` were counted row by row."""

    prints: Prints
    sums: ExportSums = field(default_factory=ExportSums)
    counted: ExportSums = field(default_factory=ExportSums)
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to write."""

    offered: OfferedList
    question: Question
    columns: Sequence[OfferedColumn]
    kind: ExportKind
    cover: Cover
    cover_name: str  # of the sheet that carries the passport


def write(order: Order, file: BufferedRandom, *, engine: Engine, report: Report) -> Written:
    """Write the whole file. `file` is empty and open for reading and writing."""
    headings = [column.heading for column in order.columns]
    written = Written(Prints(headings))
    with _snapshot(engine) as connection:
        written.sums = _sums(connection, order.question)
        blocks = _blocks(connection, order, written, report)
        if order.kind is ExportKind.CSV:
            _write_csv(file, headings, blocks, written)
        else:
            _write_xlsx(file, headings, blocks, written, order)
    return written


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Connection]:
    """A reading in which nothing changes, beside the session, which commits the progress.

    SQLite cannot fold its log back while one is open. It is open for seconds: a million rows take
    ten, and the log grows by what is written meanwhile.
    """
    options: dict[str, Any] = {}
    if engine.dialect.name == "postgresql":
        options |= {"stream_results": True, "max_row_buffer": BATCH}
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect() as plain:
        connection = plain.execution_options(**options)
        with connection.begin() as reading:
            yield connection
            reading.rollback()


def _sums(connection: Connection, question: Question) -> ExportSums:
    count, gross, cancelled = connection.execute(question.sums).one()
    return ExportSums(count=count, gross=int(gross or 0), cancelled=int(cancelled or 0))


@dataclass(slots=True)
class _Block:
    """At most `BLOCK` rows, ready for the file."""

    cells: list[list[Any]]  # column by column; numbers are numbers
    texts: list[list[str]]  # the same as texts
    columns: list[str]  # each column's texts in one piece
    rows: list[str]  # each row's texts in one piece


def _blocks(
    connection: Connection, order: Order, written: Written, report: Report
) -> Iterator[_Block]:
    """Cells ready for the file, counted and with their prints taken."""
    needs = [name for column in order.columns for name in column.needs]
    names = list(dict.fromkeys([*needs, *order.offered.sum_needs]))
    chosen = [
        (column, tuple(names.index(name) for name in column.needs)) for column in order.columns
    ]
    summed = [names.index(name) for name in order.offered.sum_needs]
    fetched = _fetched(connection, order.question.rows(names))
    for rows in _whole(_told(fetched, written.sums.count, report)):
        raw = list(zip(*rows, strict=True))
        written.counted += order.offered.add_up(*(raw[place] for place in summed))
        block = _block(chosen, raw, order.kind)
        written.prints.add_block(block.rows, block.columns)
        yield block


def _fetched(connection: Connection, rows: sa.Select[Any]) -> Iterator[Sequence[Sequence[Any]]]:
    """What the driver of SQLite gives, as it is: wrapped again, a row costs half as much more."""
    result = connection.execute(rows)
    if connection.dialect.name == "postgresql":  # there a part is fetched before it is asked for
        yield from result.partitions(BATCH)
        return
    cursor: Any = result.cursor
    while fetched := cursor.fetchmany(BATCH):
        yield fetched
    result.close()


def _told(parts: Iterator[Sequence[Row]], count: int, report: Report) -> Iterator[Sequence[Row]]:
    done = 0
    for rows in parts:
        yield rows
        done += len(rows)
        if done % REPORT_EVERY < len(rows):
            report(done, max(done, count))


def _whole(parts: Iterator[Sequence[Row]]) -> Iterator[Sequence[Row]]:
    """The rows again, `BLOCK` of them at once; the last are fewer."""
    waiting: list[Row] = []
    for rows in parts:
        waiting += rows
        whole = len(waiting) - len(waiting) % BLOCK
        for start in range(0, whole, BLOCK):
            yield waiting[start : start + BLOCK]
        del waiting[:whole]
    if waiting:
        yield waiting


def _block(
    chosen: Sequence[tuple[OfferedColumn, tuple[int, ...]]],
    raw: Sequence[tuple[Any, ...]],
    kind: ExportKind,
) -> _Block:
    cells: list[list[Any]] = []
    texts: list[list[str]] = []
    joined: list[str] = []
    for column, places in chosen:
        values: list[Any] = column.values(*[raw[place] for place in places])
        if column.is_number:
            shown, together = list(map(str, values)), ""
        elif column.is_plain:
            shown, together = values, ""
        else:
            shown, together = _safe(values, kind)
            values = shown
        cells.append(values)
        texts.append(shown)
        joined.append(together or SEPARATOR.join(shown))
    return _Block(cells, texts, joined, list(map(SEPARATOR.join, zip(*texts, strict=True))))


def _safe(texts: list[str], kind: ExportKind) -> tuple[list[str], str]:
    """No spreadsheet runs a cell: in a CSV an apostrophe stands before what looks like a formula.

    A workbook types its cells, so there a text is a text; only what it cannot hold goes. A block
    is looked through in one piece, which is returned too, and cell by cell only when something is
    found in it.
    """
    joined = SEPARATOR.join(texts)
    if joined.count(SEPARATOR) != len(texts) - 1:
        texts = [text.replace(SEPARATOR, "") for text in texts]
        joined = SEPARATOR.join(texts)
    if kind is ExportKind.CSV:
        if not _FORMULA.search(SEPARATOR + joined):
            return texts, joined
        texts = [f"'{text}" if text.startswith(_STARTS) else text for text in texts]
        return texts, SEPARATOR.join(texts)
    if _NOT_XML.search(joined):
        texts = [_NOT_XML.sub("", text) for text in texts]
    if len(joined) > LONGEST_CELL:
        texts = [text[:LONGEST_CELL] for text in texts]
    return texts, SEPARATOR.join(texts)


def _write_csv(
    file: BufferedRandom, headings: list[str], blocks: Iterator[_Block], written: Written
) -> None:
    digest = hashlib.sha256()

    def put(text: str) -> None:
        piece = text.encode()
        digest.update(piece)
        written.size += file.write(piece)

    put(BOM + _lines([[heading] for heading in headings], headings))
    for block in blocks:
        if any(map(_must_quote, block.columns)):
            put(_lines(block.texts, block.columns))
        else:
            put("\r\n".join(block.rows).replace(SEPARATOR, ",") + "\r\n")
    written.sha256 = digest.hexdigest()


def _lines(columns: Sequence[list[str]], joined: Sequence[str]) -> str:
    """Lines after RFC 4180. A column without anything to quote is taken as it stands."""
    quoted = [
        _quoted(texts) if _must_quote(together) else texts
        for texts, together in zip(columns, joined, strict=True)
    ]
    lines = map(",".join, zip(*quoted, strict=True))
    return "\r\n".join(lines) + "\r\n"


def _must_quote(text: str) -> bool:
    return "," in text or '"' in text or "\n" in text or "\r" in text


def _quoted(texts: list[str]) -> list[str]:
    return ['"' + text.replace('"', '""') + '"' for text in texts]


def _write_xlsx(
    file: BufferedRandom,
    headings: list[str],
    blocks: Iterator[_Block],
    written: Written,
    order: Order,
) -> None:
    """The data first, so that programs which read the first sheet read data; then the passport.

    Sheets are drawn one after the other, so the passport knows what was counted.
    """

    def records() -> Iterator[dict[str, Any]]:
        empty = True
        for block in blocks:
            empty = False
            for row in zip(*block.cells, strict=True):
                yield dict(zip(headings, row, strict=True))
        if empty:
            yield dict.fromkeys(headings)  # the headings stand even over nothing

    def passport() -> Iterator[dict[str, Any]]:
        lines = order.cover(written.sums, written.counted, written.prints.root)
        for name, value in lines:
            yield {order.cover_name: _NOT_XML.sub("", name), " ": _NOT_XML.sub("", value)}

    write_worksheets(
        [(SHEET, records()), (order.cover_name, passport())],
        file,
        bold_headers=True,
        freeze_panes={SHEET: {"row": 1, "col": 0}},
        column_widths={order.cover_name: [26, 80]},
    )
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256")
    written.size, written.sha256 = file.tell(), digest.hexdigest()
