"""Where an order came from, and what became of one that was brought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class OrderOrigin(Enum):
    """By which door an order came in, or was changed last."""

    COMMAND_LINE = "command_line"
    FILE = "file"
    API = "api"
    REQUEST = "request"  # a payment request that was paid


class TakenAs(Enum):
    """What taking an order did to the books."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class ImportState(Enum):
    """How far a file is: its columns are matched, its rows judged, agreed to and taken."""

    MATCHING = "matching"
    JUDGING = "judging"
    JUDGED = "judged"
    TAKING = "taking"
    DONE = "done"
    DROPPED = "dropped"


class ImportRowState(Enum):
    """One row of a file: it waits for its turn, or was refused."""

    WAITING = "waiting"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Taken:
    """One order that was taken. `changes`: field to (before, now) as texts, when it changed."""

    order_number: str
    result: TakenAs
    changes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
