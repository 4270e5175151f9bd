"""Reads matrix.csv: who may open what. `y` may, `-` may not."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from admin.domain.permissions import Role

ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Line:
    """One endpoint by one method. `path` names things that do not exist."""

    endpoint: str
    method: str
    path: str
    may: frozenset[str]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def lines() -> list[Line]:
    """Every line of the matrix."""
    people = [ANONYMOUS, *(role.value for role in Role)]
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        return [
            Line(
                row["endpoint"],
                row["method"],
                row["path"],
                frozenset(person for person in people if row[person] == "y"),
            )
            for row in csv.DictReader(file)
        ]


LINES = lines()
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
