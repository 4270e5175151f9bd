"""Serves a sandbox over loopback: in this process for tests, or as the program."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from socket import (
    AF_INET,
    AF_INET6,
    SHUT_RDWR,
    SO_REUSEADDR,
    SOCK_STREAM,
    SOL_SOCKET,
    socket,
)

from flask import Flask
from werkzeug.serving import ThreadedWSGIServer

from sandbox.app import create_app
from sandbox.config import SandboxConfig
from sandbox.execution import Ticker
from sandbox.state import Sandbox
from sandbox.wire import WireHandler

_WAITING = 128


class SandboxServer(ThreadedWSGIServer):
    """A thread per connection, and a list of them so that stopping closes every one."""

    def __init__(self, listener: socket, app: Flask) -> None:
        self.connections: set[socket] = set()
        host, port, *_ = listener.getsockname()
        super().__init__(host, port, app, handler=WireHandler, fd=listener.fileno())

    def hang_up(self) -> None:
        """Stop listening and cut the connections that are still open."""
        self.server_close()
        for connection in list(self.connections):
            try:
                connection.shutdown(SHUT_RDWR)
            except OSError:
                continue  # already gone


@dataclass(slots=True)
class Running:
    """A served sandbox. `url` has no slash at its end."""

    url: str
    config: SandboxConfig
    app: Flask
    _server: SandboxServer
    _thread: threading.Thread
    _ticker: Ticker

    @property
    def sandbox(self) -> Sandbox:
        """Its parts, for tests that look inside."""
        parts: Sandbox = self.app.extensions["sandbox"]
        return parts

    def stop(self) -> None:
        """Stop serving; state in `config.data` stays. May be called twice."""
        if not self._thread.is_alive():
            return
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._ticker.stop()
        self.sandbox.close()


def start(config: SandboxConfig) -> Running:
    """Seed if needed, then serve on `config.port`, 0 for a free one."""
    with _bound(config.host, config.port) as listener:
        app = create_app(config)
        listener.listen(_WAITING)
        # The server works on a copy of the listener.
        server = SandboxServer(listener, app)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="sandbox", daemon=True
    )
    thread.start()
    ticker = Ticker(app.extensions["sandbox"])
    host = f"[{config.host}]" if ":" in config.host else config.host
    return Running(f"http://{host}:{server.port}", config, app, server, thread, ticker)


def _bound(host: str, port: int) -> socket:
    """Take the port before the seeding, so that a taken one is found out at once; nobody
    can connect until it listens."""
    listener = socket(AF_INET6 if ":" in host else AF_INET, SOCK_STREAM)
    listener.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


@contextmanager
def running(config: SandboxConfig | None = None) -> Iterator[Running]:
    """Serve for the length of a `with` block."""
    server = start(config or SandboxConfig())
    try:
        yield server
    finally:
        server.stop()
