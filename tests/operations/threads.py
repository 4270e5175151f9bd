"""Several people at the same moment, each in a thread with a session of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from flask import Flask

from admin.models import db

Work = Callable[[], object]


def at_once(app: Flask, *works: Work) -> list[object]:
    """Run them side by side; the outcome of each, or what it raised, in the order given."""
    runs = [in_thread(app, work) for work in works]
    for thread, _ in runs:
        thread.join()
    return [outcome[0] for _, outcome in runs]


def in_thread(app: Flask, work: Work) -> tuple[threading.Thread, list[object]]:
    """Run in a thread; what it returned or raised is in the list once the thread has ended."""
    outcome: list[object] = []

    def run() -> None:
        with app.app_context():
            try:
                outcome.append(work())
            except Exception as error:
                outcome.append(error)
            finally:
                db.session.remove()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome
