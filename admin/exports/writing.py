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

from rustpy_xlsxwriter import write_worksheets
from sqlalchemy.engine import Connection, Engine

from admin.columns.offered import OfferedColumn, OfferedList, Question
from admin.domain.export import SEPARATOR, ExportKind, ExportSums, Prints

BATCH = 2_000
REPORT_EVERY = 10_000  # rows
BOM = "\ufeff"  # without it Excel in Korea reads the file as CP949
LONGEST_CELL = 32_767  # what a sheet takes
SHEET = "Jangbu"

# What a spreadsheet takes for the beginning of a formula, full-width variants included.
_STARTS = tuple("=+-@\t\r\n＝＋－＠")
_FORMULA = re.compile(f"{SEPARATOR}[{re.escape(''.join(_STARTS))}]")
_NOT_XML = re.compile("[\x00-\x08\x0b-\x1e\ufffe\uffff]")  # the separator is looked for apart

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
    options: dict[str, Any] = {"stream_results": True, "max_row_buffer": BATCH}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect() as plain:
        connection = plain.execution_options(**options)
        with connection.begin() as reading:
            yield connection
            reading.rollback()


def _sums(connection: Connection, question: Question) -> ExportSums:
    count, gross, cancelled = connection.execute(question.sums).one()
    return ExportSums(count=count, gross=int(gross or 0), cancelled=int(cancelled or 0))


def _blocks(
    connection: Connection, order: Order, written: Written, report: Report
) -> Iterator[list[list[Any]]]:
    """Cells ready for the file, column by column, counted and with their prints taken."""
    needs = [name for column in order.columns for name in column.needs]
    names = list(dict.fromkeys([*needs, *order.offered.sum_needs]))
    places = {name: place for place, name in enumerate(names)}
    rows = connection.execute(order.question.rows(names))
    done = 0
    for block in rows.partitions(BATCH):
        raw = list(zip(*block, strict=True))
        sum_columns = (raw[places[name]] for name in order.offered.sum_needs)
        written.counted += order.offered.add_up(*sum_columns)
        cells: list[list[Any]] = []
        texts: list[list[str]] = []
        for column in order.columns:
            values: list[Any] = column.values(*(raw[places[name]] for name in column.needs))
            if column.is_number:
                texts.append(list(map(str, values)))
            else:
                values = _safe(values, order.kind)
                texts.append(values)
            cells.append(values)
        written.prints.add(texts)
        yield cells if order.kind is ExportKind.XLSX else texts
        done += len(block)
        if done % REPORT_EVERY < len(block):
            report(done, max(done, written.sums.count))
    written.prints.finish()


def _safe(texts: list[str], kind: ExportKind) -> list[str]:
    """No spreadsheet runs a cell: in a CSV an apostrophe stands before what looks like a formula.

    A workbook types its cells, so there a text is a text; only what it cannot hold goes. A block
    is looked through in one piece, and cell by cell only when something is found in it.
    """
    joined = SEPARATOR.join(texts)
    if joined.count(SEPARATOR) != len(texts) - 1:
        texts = [text.replace(SEPARATOR, "") for text in texts]
        joined = SEPARATOR.join(texts)
    if kind is ExportKind.CSV:
        if _FORMULA.search(SEPARATOR + joined):
            return [f"'{text}" if text.startswith(_STARTS) else text for text in texts]
        return texts
    if _NOT_XML.search(joined):
        texts = [_NOT_XML.sub("", text) for text in texts]
    if len(joined) > LONGEST_CELL:
        texts = [text[:LONGEST_CELL] for text in texts]
    return texts


def _write_csv(
    file: BufferedRandom, headings: list[str], blocks: Iterator[list[list[str]]], written: Written
) -> None:
    digest = hashlib.sha256()

    def put(text: str) -> None:
        piece = text.encode()
        digest.update(piece)
        written.size += file.write(piece)

    put(BOM + _csv([[heading] for heading in headings]))
    for columns in blocks:
        put(_csv(columns))
    written.sha256 = digest.hexdigest()


def _csv(columns: Sequence[list[str]]) -> str:
    """Lines after RFC 4180. A column without anything to quote is taken as it stands."""
    quoted = [_quoted(column) for column in columns]
    lines = map(",".join, zip(*quoted, strict=True))
    return "\r\n".join(lines) + "\r\n"


def _quoted(column: list[str]) -> list[str]:
    joined = SEPARATOR.join(column)
    if "," in joined or '"' in joined or "\n" in joined or "\r" in joined:
        return ['"' + text.replace('"', '""') + '"' for text in column]
    return column


def _write_xlsx(
    file: BufferedRandom,
    headings: list[str],
    blocks: Iterator[list[list[Any]]],
    written: Written,
    order: Order,
) -> None:
    """The data first, so that programs which read the first sheet read data; then the passport.

    Sheets are drawn one after the other, so the passport knows what was counted.
    """

    def records() -> Iterator[dict[str, Any]]:
        empty = True
        for columns in blocks:
            empty = False
            for row in zip(*columns, strict=True):
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
