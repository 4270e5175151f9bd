"""A proxy of the test's own between the application and the sandbox: it can hold one request."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.gateway.listener import read_request

WITHIN = 20.0  # seconds a held request waits at most


@dataclass
class Hold:
    """One request that goes no further: before it is passed on, or before its answer is.

    `reached` is set once it is here, `read` once the asker has read the answer and hung up.
    """

    method: str
    path: str
    answer: bool
    reached: threading.Event = field(default_factory=threading.Event)
    goes_on: threading.Event = field(default_factory=threading.Event)
    read: threading.Event = field(default_factory=threading.Event)
    dropped: bool = False

    def release(self) -> None:
        """Let it go on."""
        self.goes_on.set()

    def drop(self) -> None:
        """Never pass it on."""
        self.dropped = True
        self.goes_on.set()

    def matches(self, request: bytes) -> bool:
        method, target, _ = request.split(b" ", 2)
        path = target.split(b"?")[0].decode()
        return (method.decode(), path) == (self.method, self.path)


class Proxy:
    """Every connection carries one request and its answer."""

    def __init__(self, upstream: str, server: socket.socket) -> None:
        self._upstream = (urlsplit(upstream).hostname or "", urlsplit(upstream).port or 80)
        self._server = server
        self._turn = threading.Lock()
        self._holds: list[Hold] = []
        self.url = f"http://127.0.0.1:{server.getsockname()[1]}"

    def hold(self, method: str, path: str) -> Hold:
        """Hold the next such request: the gateway does not see it."""
        return self._add(Hold(method, path, answer=False))

    def hold_answer(self, method: str, path: str) -> Hold:
        """Hold the answer to the next such request: the gateway has acted."""
        return self._add(Hold(method, path, answer=True))

    def let_go(self) -> None:
        """Drop whatever is held."""
        with self._turn:
            for one in self._holds:
                one.drop()
            self._holds.clear()

    def serve(self) -> None:
        """Take connections until the listener is closed."""
        with suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                threading.Thread(target=self._carry, args=(connection,), daemon=True).start()

    def _add(self, hold: Hold) -> Hold:
        with self._turn:
            self._holds.append(hold)
        return hold

    def _carry(self, asker: socket.socket) -> None:
        with suppress(OSError), asker:
            request = read_request(asker)
            if not request:
                return
            hold = self._take(request)
            if hold is not None and not hold.answer:
                hold.reached.set()
                if not hold.goes_on.wait(WITHIN) or hold.dropped:
                    return
            answer = self._ask(request)
            if hold is not None and hold.answer:
                hold.reached.set()
                if not hold.goes_on.wait(WITHIN) or hold.dropped:
                    return
            asker.sendall(answer)
            asker.shutdown(socket.SHUT_WR)
            while asker.recv(65_536):
                pass
            if hold is not None:
                hold.read.set()

    def _take(self, request: bytes) -> Hold | None:
        with self._turn:
            for one in self._holds:
                if not one.reached.is_set() and one.matches(request):
                    return one
        return None

    def _ask(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        kept = [one for one in head.split(b"\r\n") if not one.lower().startswith(b"connection:")]
        with socket.create_connection(self._upstream, timeout=WITHIN) as gateway:
            gateway.sendall(b"\r\n".join([*kept, b"Connection: close"]) + b"\r\n\r\n" + body)
            parts = []
            while part := gateway.recv(65_536):
                parts.append(part)
        return b"".join(parts)


@contextmanager
def proxied(upstream: str) -> Iterator[Proxy]:
    """A proxy before `upstream` on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        proxy = Proxy(upstream, server)
        threading.Thread(target=proxy.serve, daemon=True).start()
        try:
            yield proxy
        finally:
            proxy.let_go()
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
