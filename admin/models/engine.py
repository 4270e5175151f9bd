"""How each database is opened. SQLite needs care; PostgreSQL needs time limits."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from admin.models.base import WRITES

MENDED_SQLITE = (3, 51, 3)  # older libraries can corrupt a WAL that two connections reset
BUSY_MILLISECONDS = 5000
MMAP_BYTES = 8 * 1024**3

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a commit is on the disk: NORMAL can lose the last ones
    f"PRAGMA busy_timeout={BUSY_MILLISECONDS}",
    "PRAGMA foreign_keys=ON",
    "PRAGMA recursive_triggers=ON",  # REPLACE asks the triggers that guard the audit trail
    "PRAGMA trusted_schema=OFF",
    "PRAGMA wal_autocheckpoint=1000",
    f"PRAGMA mmap_size={MMAP_BYTES}",
)


def engine_options(url: str) -> dict[str, Any]:
    """What `create_engine` is told for this database."""
    if url.startswith("sqlite"):
        import pysqlite3.dbapi2 as sqlite

        return {
            "hide_parameters": True,  # what people typed stays out of errors and logs
            "module": sqlite,
            "connect_args": {"timeout": BUSY_MILLISECONDS / 1000, "check_same_thread": False},
        }
    options = (
        "-c lock_timeout=3000 -c statement_timeout=10000 "
        "-c idle_in_transaction_session_timeout=15000 -c timezone=UTC"
    )
    return {
        "hide_parameters": True,
        "connect_args": {"options": options},
        "pool_pre_ping": True,
        "pool_size": 12,
        "max_overflow": 4,
    }


def driver_url(url: str) -> str:
    """The URL with the driver that we install: psycopg for PostgreSQL."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def sqlite_library() -> tuple[int, ...]:
    """The version of the SQLite library that is really used."""
    import pysqlite3.dbapi2 as sqlite

    return tuple(int(part) for part in sqlite.sqlite_version.split("."))


def sqlite_sentence() -> str:
    """Which library is used and whether the WAL-reset fault can happen with it."""
    used, mended = (".".join(map(str, one)) for one in (sqlite_library(), MENDED_SQLITE))
    if sqlite_library() >= MENDED_SQLITE:
        return f"SQLite {used}; the WAL-reset fault was mended in {mended}, several may write."
    return f"SQLite {used}; the WAL-reset fault is mended only from {mended} on."


def prepare(engine: Engine) -> None:
    """Attach our settings to every connection of `engine`."""
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _open_sqlite)
    event.listen(engine, "begin", _begin_sqlite)


def _open_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # The driver's own transaction handling starts deferred and guesses; we emit BEGIN ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def begin_writing(connection: Connection) -> None:
    """Turn a transaction that has only read into one that may write (SQLite; elsewhere nothing)."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
