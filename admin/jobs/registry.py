"""Which handler does which job. A handler lives in its feature's `tasks.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from admin.domain.job import JobLane


class Progress(Protocol):
    """How a handler tells how far it is. Each report renews the lease."""

    def report(self, done: int, total: int = 0, note: str = "") -> None:
        """Raises LeaseLost when another worker has taken the job over."""
        ...


Handler = Callable[[dict[str, Any], Progress, datetime], None]


@dataclass(frozen=True, slots=True)
class Registered:
    """One kind of job."""

    handler: Handler
    lane: JobLane
    after: str = ""  # the job whose end asks for this one


HANDLERS: dict[str, Registered] = {}


def handles(
    name: str, *, lane: JobLane = JobLane.GENERAL, after: str = ""
) -> Callable[[Handler], Handler]:
    """Register the decorated function as the handler of jobs called `name`.

    It may be run twice: a worker can die after the effect and before the row says done. `after`
    names a job of a lower floor, which knows nothing of this one and yet asks for it as it ends.
    """

    def register(handler: Handler) -> Handler:
        HANDLERS[name] = Registered(handler, lane, after)
        return handler

    return register


def followers(name: str) -> list[str]:
    """The jobs that are asked for when one called `name` has ended well."""
    return [follower for follower, one in HANDLERS.items() if one.after == name]
