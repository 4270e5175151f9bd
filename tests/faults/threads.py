"""Work in threads of their own, as a web server has them, and waiting for what others do."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from flask import Flask

from admin.models import db

T = TypeVar("T")
PATIENCE = 60.0  # seconds until a wait is given up


def begin(app: Flask, pool: ThreadPoolExecutor, work: Callable[[], T]) -> Future[T]:
    """Run `work` with a session of its own."""

    def run() -> T:
        with app.app_context():
            try:
                return work()
            finally:
                db.session.remove()

    return pool.submit(run)


def until(there: Callable[[], T], what: str, *, unless: Future[Any] | None = None) -> T:
    """Wait for another thread or process to get there, and return what was found."""
    ends_at = time.monotonic() + PATIENCE
    while not (found := there()):
        assert time.monotonic() < ends_at, f"never came: {what}"
        if unless is not None and unless.done():
            raise AssertionError(f"ended before {what}: {unless.exception() or unless.result()}")
        time.sleep(0.01)
    return found
