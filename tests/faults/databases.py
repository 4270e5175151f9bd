"""A database that somebody else keeps for themselves, and one whose disk is full."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from admin.models import db
from admin.models.base import writing
from tests.conftest import is_postgresql

FULL = """
CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$
"""


@contextmanager
def nobody_else_writes() -> Iterator[None]:
    """Hold what every decision has to write, as a long transaction of another program would."""
    with writing(db.engine) as connection:
        if is_postgresql():
            connection.execute(sa.text("LOCK TABLE operations IN EXCLUSIVE MODE"))
        yield


@contextmanager
def full_disk(processes: Callable[[], list[int]]) -> Iterator[None]:
    """Not a byte more for the database.

    SQLite writes in the processes named, so they may not make a file longer; PostgreSQL writes
    in its own, where a trigger says what the server says then.
    """
    if is_postgresql():
        with db.engine.begin() as connection:
            connection.execute(sa.text(FULL))
            for table in ("operations", "operation_attempts"):
                connection.execute(
                    sa.text(
                        f"CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table} "
                        "FOR EACH ROW EXECUTE FUNCTION disk_is_full()"
                    )
                )
        try:
            yield
        finally:
            with db.engine.begin() as connection:
                connection.execute(sa.text("DROP FUNCTION disk_is_full CASCADE"))
        return
    pids = processes()
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    for pid, (_, hard) in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        for pid, limit in before.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)
