"""Read a CSV file of the shop's books row by row, and say which row is wrong and why."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from admin.domain.card_guard import holds_card_number


class BadRow(ValueError):
    """A row that cannot be taken, with the reason in a sentence."""


@dataclass(slots=True)
class ImportReport:
    """What an import did: rows taken, unchanged, and refused with line number and reason."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """The report for a person at a terminal."""
        yield f"{self.added} added, {self.changed} changed, {self.unchanged} unchanged"
        for line, reason in self.refused:
            yield f"line {line}: {reason}"


def read_rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, row). Raises BadRow when the heading lacks a column, or for no CSV."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        try:
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise BadRow(f"the heading lacks {', '.join(missing)}")
            for row in reader:
                yield reader.line_num, {name: (row.get(name) or "").strip() for name in columns}
        except UnicodeDecodeError:
            raise BadRow("the file is not in UTF-8; save it as CSV UTF-8") from None
        except csv.Error as error:
            raise BadRow(f"line {reader.line_num} is not CSV: {error}") from None


def moment(row: dict[str, str], name: str) -> datetime:
    """A moment with its offset, as 2026-11-23T14:08:00+09:00."""
    try:
        found = datetime.fromisoformat(row[name])
    except ValueError:
        raise BadRow(f"{name} is not a time: {row[name][:40]!r}") from None
    if found.tzinfo is None:
        raise BadRow(f"{name} lacks its offset (+09:00)")
    return found


def required(row: dict[str, str], name: str) -> str:
    """A text that must be there."""
    if not row[name]:
        raise BadRow(f"{name} is empty")
    return row[name]


def no_cards(row: dict[str, str]) -> None:
    """Refuse a row that holds a card number anywhere."""
    if not holds_card_number("\n".join(row.values())):
        return
    name = next((name for name, value in row.items() if holds_card_number(value)), "the row")
    raise BadRow(f"{name} holds a card number; it was not read further")
