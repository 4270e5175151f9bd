"""A server made of bare sockets, for what no well-behaved server does."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Behaviour = Callable[[socket.socket], None]


@dataclass
class Listener:
    """What came in, connection by connection. `port` is a free one of this computer."""

    port: int
    received: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def listening(
    behave: Callable[[bytes, socket.socket], None], *, tls: ssl.SSLContext | None = None
) -> Iterator[Listener]:
    """Give every request, head and body, to `behave`, until it closes the connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = Listener(port=server.getsockname()[1])
        threads: list[threading.Thread] = []
        over = threading.Event()

        def serve(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                used = tls.wrap_socket(connection, server_side=True) if tls else connection
                while request := read_request(used):
                    listener.received.append(request)
                    behave(request, used)

        def accept() -> None:
            while not over.is_set():
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                listener.connections += 1
                thread = threading.Thread(target=serve, args=(connection,), daemon=True)
                thread.start()
                threads.append(thread)

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield listener
        finally:
            over.set()
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)


def read_request(connection: socket.socket) -> bytes:
    """One request with its body, or nothing once the other side is gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65_536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def http(body: bytes, *, status: str = "200 OK", head: str = "") -> bytes:
    """An answer on the wire, kept alive."""
    return (
        f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: application/json\r\n{head}\r\n"
    ).encode() + body
