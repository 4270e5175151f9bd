"""How many threads of this process may wait for the gateway at once.

A call that moves money may take a minute, and as many people as a web process has threads would
leave nobody to answer the other pages. So a web process gives only some of its threads away; who
comes then is told at once, before anything is written or sent. A worker has no such limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

from admin.gateway.errors import GatewayBusy


class Places:
    """Thread-safe, and one for each process. `most`: threads at once; None sets no limit."""

    def __init__(self, most: int | None = None) -> None:
        self.most = most
        self._taken = 0
        self._turn = Lock()
        self._held: ContextVar[bool] = ContextVar("gateway_place", default=False)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a place, for all that this thread asks inside. Raises GatewayBusy at once."""
        if self._held.get():
            yield
            return
        with self._turn:
            if self.most is not None and self._taken >= self.most:
                raise GatewayBusy("every place is taken")
            self._taken += 1
        mark = self._held.set(True)
        try:
            yield
        finally:
            self._held.reset(mark)
            with self._turn:
                self._taken -= 1
