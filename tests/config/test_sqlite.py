"""SQLite under several processes: what was acknowledged is there, whoever was killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import pysqlite3.dbapi2 as sqlite
import pytest
from flask import Flask

from admin.config import Settings
from admin.models import db
from admin.models.engine import MENDED_SQLITE, engine_options, sqlite_library
from tests.architecture.source import ROOT

ROUNDS, WRITERS, KILLED = 5, 3, 2
# Loads the application's models once, then forks a writer for each address it is told. A writer
# says which of its rows the database took, one number a line.
NURSERY = """
import os, signal, sys
import sqlalchemy as sa
from flask import Flask
from admin.models import db, transaction
from admin.models.engine import engine_options, prepare

def write(path):
    app = Flask("writer")
    app.config["SQLALCHEMY_DATABASE_URI"] = sys.argv[1]
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(sys.argv[1])
    db.init_app(app)
    says = open(path, "w", buffering=1)
    row = sa.text("INSERT INTO kept (name, number, filler) VALUES (:name, :number, :filler)")
    with app.app_context():
        prepare(db.engine)
        number = 0
        while True:
            number += 1
            with transaction():
                db.session.execute(row, {"name": path, "number": number, "filler": "x" * 2000})
            says.write(f"{number}\\n")

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    child = os.fork()
    if not child:
        write(line.strip())
    print(child, flush=True)
"""


@dataclass
class Writer:
    """One process that writes, and what it said so far."""

    name: str
    pid: int
    says: TextIO
    acknowledged: int = 0

    def listen(self) -> None:
        """Wait for its next row."""
        self.acknowledged = int(self.says.readline())

    def kill(self) -> None:
        """End it in the middle of whatever it does; half a line was not said."""
        os.kill(self.pid, signal.SIGKILL)
        with self.says:
            said = self.says.read()
        whole = said[: said.rfind("\n") + 1].split()
        self.acknowledged = int(whole[-1]) if whole else self.acknowledged


@contextmanager
def nursery(folder: Path) -> Iterator[Callable[[str], Writer]]:
    """Gives birth to writers."""
    command = [sys.executable, "-c", NURSERY, f"sqlite:///{folder}/jangbu.db"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def bear(name: str) -> Writer:
            path = folder / name
            os.mkfifo(path)
            print(path, file=process.stdin, flush=True)
            assert process.stdout is not None
            pid = int(process.stdout.readline())
            return Writer(str(path), pid, path.open(encoding="ascii"))

        yield bear


def test_the_library_in_use_is_mended() -> None:
    assert sqlite_library() >= MENDED_SQLITE >= (3, 51, 3)


def test_the_engine_uses_that_library() -> None:
    module = engine_options("sqlite:///x.db")["module"]
    assert tuple(map(int, module.sqlite_version.split("."))) == sqlite_library()


@pytest.mark.slow
def test_fault_f35_killed_writers_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    with closing(connect(tmp_path)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute(
            "CREATE TABLE kept (name TEXT, number INTEGER, filler TEXT, PRIMARY KEY (name, number))"
        )
    draw = random.Random(65)
    everyone: list[Writer] = []
    alive: list[Writer] = []
    with nursery(tmp_path) as bear:
        for turn in range(ROUNDS):
            born = [bear(f"writer-{turn}-{place}") for place in range(WRITERS - len(alive))]
            everyone += born
            alive += born
            for writer in draw.choices(alive, k=draw.randint(15, 40)):
                writer.listen()
            for victim in draw.sample(alive, KILLED):
                victim.kill()
                alive.remove(victim)
        for writer in alive:
            writer.kill()

    with closing(connect(tmp_path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        query = "SELECT name, max(number), count(*) FROM kept GROUP BY name"
        kept = {name: (last, rows) for name, last, rows in database.execute(query)}
    assert len(everyone) == WRITERS + KILLED * (ROUNDS - 1)
    assert sum(one.acknowledged for one in everyone) > 100
    for one in everyone:
        last, rows = kept.get(one.name, (0, 0))
        assert last >= one.acknowledged, f"{one.name} lost a row that was acknowledged"
        assert rows == last, f"{one.name} has a hole"


def connect(folder: Path) -> Any:
    return sqlite.connect(folder / "jangbu.db")


def test_every_connection_is_opened_with_care(app: Flask, settings: Settings) -> None:
    if not settings.is_sqlite:
        return
    with db.engine.connect() as connection:
        read = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
        }
    assert read == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
    }
