"""A reading that may turn out long ends by itself, on both databases."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from admin.models.base import db, in_transaction

_STEPS = 2_000  # of SQLite's machine between two looks at the clock


class TookTooLong(Exception):
    """The reading did not end within its time."""


@contextmanager
def reading_within(seconds: float) -> Iterator[None]:
    """Read inside for at most `seconds`; on PostgreSQL each statement has them to itself.

    What was read of the session before is forgotten. Raises TookTooLong.
    """
    if in_transaction():
        raise RuntimeError("what is written must not be ended half-way")
    db.session.rollback()
    connection = db.session.connection()
    sqlite = connection.dialect.name == "sqlite"
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the session has no connection")
    try:
        if sqlite:
            until = time.monotonic() + seconds
            driver.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
        else:
            limit = f"{max(int(seconds * 1000), 1)}ms"
            db.session.execute(
                sa.text("SELECT set_config('statement_timeout', :limit, true)"), {"limit": limit}
            )
        yield
    except OperationalError as error:
        if "interrupt" in str(error.orig) or getattr(error.orig, "sqlstate", "") == "57014":
            raise TookTooLong() from None
        raise
    finally:
        if sqlite:
            driver.set_progress_handler(None, 0)
        db.session.rollback()
