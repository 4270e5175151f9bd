"""The sandbox's state: one SQLite database, in memory or in one file, behind one lock."""

import fcntl
import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from sandbox.schema import INDEXES, TABLE_NAMES, TABLES, if_missing

Row = sqlite3.Row

_MOST_COUNTS = 1_000
_CACHE_KIB = 2_000  # as SQLite has it
_LOADING_CACHE_KIB = 64_000  # the ends of all indexes at once


class DataInUse(Exception):
    """Another sandbox already serves this data directory."""


class Store:
    """Reads and writes take turns, so every answer sees a whole state."""

    def __init__(self, folder: Path | None, *, shared: bool = False) -> None:
        """`shared` opens a folder beside the sandbox that serves it, for reading."""
        self._turn = threading.RLock()
        self._guard: IO[str] | None = None
        self._path: Path | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._guard = None if shared else _take(folder / "sandbox.lock")
            self._path = folder / "sandbox.db"
            self._seeding = folder / "sandbox.seeding"
            if self._seeding.exists() and not shared:
                _throw_away(self._path)
        self._counts: dict[tuple[str, tuple[Any, ...]], int] = {}
        self._counts_as_of = -1
        self._db = self._connect()
        if self.is_seeded and not shared:
            self._complete()

    @property
    def is_seeded(self) -> bool:
        """Whether a seed ran to its end here; half of one does not count."""
        with self._turn:
            has_table = self._db.execute(
                "SELECT 1 FROM sqlite_master WHERE name = 'settings'"
            ).fetchone()
            return bool(has_table) and self.setting("seeded") is not None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Hold the state still while reading it."""
        with self._turn:
            yield self._db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of the block happens, or none of it."""
        with self._turn:
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def loading(self) -> Iterator[sqlite3.Connection]:
        """Empty everything and load in bulk; the indexes grow with the tables.

        Whoever makes the rows takes longer than storing them, and rows in the order of time
        mostly land at an index's end: indexes built after the load would be waited for.
        Nothing is synced or journaled on the way, so a seed that is killed may leave a broken
        file behind; the note beside it says so to the next start.
        """
        with self._turn:
            if self._path is not None:
                self._seeding.touch()
            self._db.execute("PRAGMA journal_mode = OFF")
            self._db.execute("PRAGMA synchronous = OFF")
            self._db.execute(f"PRAGMA cache_size = -{_LOADING_CACHE_KIB}")
            for name in TABLE_NAMES:
                self._db.execute(f"DROP TABLE IF EXISTS {name}")
            for statement in (*TABLES, *INDEXES):
                self._db.execute(statement)
            self._db.execute("BEGIN")
            yield self._db
            self._db.execute("COMMIT")
            self._settle()
            if self._path is not None:
                self._seeding.unlink()

    def counted(self, statement: str, values: tuple[Any, ...]) -> int:
        """The one number a query gives, remembered until anything is written."""
        with self._turn:
            if self._counts_as_of != self._db.total_changes or len(self._counts) > _MOST_COUNTS:
                self._counts.clear()
                self._counts_as_of = self._db.total_changes
            key = (statement, values)
            if key not in self._counts:
                self._counts[key] = int(self._db.execute(statement, values).fetchone()[0])
            return self._counts[key]

    def setting(self, name: str, default: Any = None) -> Any:
        """A value kept with the state."""
        with self._turn:
            row = self._db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return default if row is None else json.loads(row[0])

    def keep_setting(self, name: str, value: object) -> None:
        with self.writing() as db:
            db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, json.dumps(value)))

    def close(self) -> None:
        with self._turn:
            self._db.close()
            if self._guard is not None:
                self._guard.close()
                self._guard = None

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            self._path or ":memory:", check_same_thread=False, isolation_level=None
        )
        db.row_factory = sqlite3.Row
        self._db = db
        self._settle()
        return db

    def _complete(self) -> None:
        """Add what a folder written by an older sandbox lacks; what is there stays."""
        with self.writing() as db:
            for statement in (*TABLES, *INDEXES):
                db.execute(if_missing(statement))

    def _settle(self) -> None:
        """Everyday settings: survive a kill, do not wait for the disk at every commit."""
        # Without a journal, as loading leaves it, nothing could be rolled back.
        self._db.execute(f"PRAGMA journal_mode = {'MEMORY' if self._path is None else 'WAL'}")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")


def _throw_away(path: Path) -> None:
    for part in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        part.unlink(missing_ok=True)


def _take(path: Path) -> IO[str]:
    """Lock the data directory for this process; the lock dies with it."""
    guard = path.open("a+")
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        guard.seek(0)
        owner = guard.read().strip() or "?"
        guard.close()
        raise DataInUse(
            f"{path.parent} is in use by another sandbox (process {owner}); "
            "stop it or choose another --data."
        ) from None
    guard.truncate(0)
    guard.write(str(os.getpid()))
    guard.flush()
    return guard
