"""Many refunds at once: how far the list and each of its lines have come."""

from __future__ import annotations

from enum import Enum

MOST_ROWS = 1_000
ALONE_UP_TO = 10  # rows one person may send without a second one


class BatchState(Enum):
    """A list is rehearsed first; nothing is sent before somebody says so."""

    REHEARSED = "rehearsed"
    NEEDS_APPROVAL = "needs_approval"
    RUNNING = "running"
    STOPPED = "stopped"  # by a person; it can go on from where it stands
    DONE = "done"
    DROPPED = "dropped"  # declined, withdrawn, void or too late; nothing more is sent


class RowState(Enum):
    """One line of a list."""

    BLOCKED = "blocked"  # the rehearsal found why it cannot go
    WAITING = "waiting"
    STARTED = "started"  # its operation exists, whatever its outcome
    REFUSED = "refused"  # a rule said no when its turn came; nothing was sent
