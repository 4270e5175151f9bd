"""Cards to type in, and a search for them in everything that was written."""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa

from admin.config import Settings
from admin.domain.card import Card
from admin.models import db
from tests.conftest import sqlite_file

NUMBER = "4518421234581093"
CARD = Card(number="4518-4212-3458-1093", expiry="2031-07", birth="880412", password_2_digits="73")
DECLINED = Card(number="4518-4212-3457-0054", expiry="2031-07")
REFUSED = Card(number="4518-4212-3452-0000", expiry="2031-07")
ALIKE = Card(number="4518-4200-0003-1093", expiry="2030-01")  # its last four are those of CARD
# What no place may hold. Two digits alone are everywhere by chance: they are sought as a value.
CANARIES = (
    NUMBER,
    CARD.number,
    "4518 4212 3458 1093",
    "421234581093",
    "2031-07",
    "880412",
)
PASSWORD = re.compile(r"""pwd_2digit["'=: ]+73|password_2_digits["'=: ]+73|["'=]73["'&]""")


def found_in(text: str) -> list[str]:
    """The parts of the card that stand in a text, its password's two digits among them."""
    hits = [canary for canary in CANARIES if canary in text]
    return hits + (["73"] if PASSWORD.search(text) else [])


def everything_written(settings: Settings) -> str:
    """Every cell of every table and, where the database is a file, every byte of it."""
    db.session.rollback()
    text = ""
    with db.engine.connect() as connection:
        for table in db.metadata.tables.values():
            text += repr([tuple(one) for one in connection.execute(sa.select(table))])
    if (path := sqlite_file(settings)) is not None:
        for ending in ("", "-wal", "-shm"):
            file = Path(f"{path}{ending}")
            text += file.read_bytes().decode("latin-1") if file.exists() else ""
    return text
