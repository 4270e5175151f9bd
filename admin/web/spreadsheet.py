"""Rows as CSV and XLSX, streamed: numbers stay numbers, text never becomes a formula."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from flask import Response, stream_with_context
from rustpy_xlsxwriter import write_worksheet

Row = TypeVar("Row")
Cell = str | int | float | None

BATCH = 500
BOM = "\ufeff"  # without it Excel in Korea reads the file as CP949
# What a spreadsheet takes for the beginning of a formula, full-width variants included.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column: its heading and how a row gives its cell."""

    heading: str
    value: Callable[[Row], Cell]


def guarded(cell: Cell) -> Cell:
    """`cell` so that no spreadsheet runs it: an apostrophe before what looks like a formula."""
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return f"'{cell}"
    return cell


def csv_lines(columns: Sequence[Column[Row]], rows: Iterable[Row]) -> Iterator[str]:
    """The file in pieces: byte order mark, headings, then rows in batches."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write(BOM)
    writer.writerow([guarded(column.heading) for column in columns])
    for place, row in enumerate(rows, start=1):
        writer.writerow([guarded(column.value(row)) for column in columns])
        if place % BATCH == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def csv_response(name: str, columns: Sequence[Column[Row]], rows: Iterable[Row]) -> Response:
    """The rows as a CSV download that begins at once and needs constant memory."""
    body = stream_with_context(csv_lines(columns, rows))
    return Response(
        body, mimetype="text/csv", headers={"Content-Disposition": disposition(f"{name}.csv")}
    )


def xlsx_response(name: str, columns: Sequence[Column[Row]], rows: Iterable[Row]) -> Response:
    """The rows as an XLSX download, written to a file that lives as long as the answer."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the answer is sent
    records = ({column.heading: _typed(column.value(row)) for column in columns} for row in rows)
    first = next(records, None)
    every = _chain(first, records) if first is not None else [dict.fromkeys(_headings(columns))]
    write_worksheet(every, file, sheet_name="Jangbu", bold_headers=True, freeze_row=1)
    file.seek(0)
    response = Response(_pieces(file), mimetype=XLSX)
    response.headers["Content-Disposition"] = disposition(f"{name}.xlsx")
    return response


def rows_response(
    kind: str, name: str, columns: Sequence[Column[Row]], rows: Iterable[Row]
) -> Response:
    """The rows as a download of `kind`, csv or xlsx."""
    answer = csv_response if kind == "csv" else xlsx_response
    return answer(name, columns, rows)


def disposition(filename: str) -> str:
    """A Content-Disposition that carries Korean names (RFC 6266) and cannot break the header."""
    plain = "".join(
        one if one.isascii() and (one.isalnum() or one in "._-") else "_" for one in filename
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _headings(columns: Sequence[Column[Any]]) -> list[str]:
    return [column.heading for column in columns]


def _typed(cell: Cell) -> Cell:
    """XLSX types its cells, so a text is a text; only the characters it cannot hold go."""
    if isinstance(cell, str):
        return "".join(one for one in cell if one >= " " or one in "\t\n")
    return cell


def _chain(first: dict[str, Cell], rest: Iterator[dict[str, Cell]]) -> Iterator[dict[str, Cell]]:
    yield first
    yield from rest


def _pieces(file: Any) -> Iterator[bytes]:
    with file:
        while piece := file.read(64 * 1024):
            yield piece


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
