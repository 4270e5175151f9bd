"""One HTTP connection: keep-alive done properly, and faults on the socket itself.

Werkzeug's own handler closes after every answer. Real clients keep connections open, and a
stale one is a fault of its own kind, so the body is read to its end here and the line kept.
"""

import io
import socket
import struct
import time
from dataclasses import dataclass
from typing import Any, cast

from werkzeug.serving import WSGIRequestHandler
from werkzeug.test import run_wsgi_app

from sandbox.faults import Fault

# Where the application finds the Wire of its connection, if there is one.
WIRE = "sandbox.wire"

_LARGEST_BODY = 2 * 1024 * 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_DRIP_MS = 1_000


@dataclass(slots=True)
class Wire:
    """What the application asks the connection to do with its answer."""

    fault: Fault | None = None


class WireHandler(WSGIRequestHandler):
    """Serves requests on one connection until either side closes it."""

    protocol_version = "HTTP/1.1"
    # Headers and body leave in two writes; Nagle would hold the second back for 40 ms.
    disable_nagle_algorithm = True
    timeout = 75

    def setup(self) -> None:
        super().setup()
        cast(Any, self.server).connections.add(self.connection)

    def finish(self) -> None:
        cast(Any, self.server).connections.discard(self.connection)
        super().finish()

    def log(self, type: str, message: str, *args: Any) -> None:
        """The request journal does this; the terminal stays quiet."""

    def run_wsgi(self) -> None:
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.environ = environ = self.make_environ()
        body = self._read_body(environ)
        if body is None:
            self.close_connection = True
            self._send("413 Content Too Large", [("Content-Length", "0")], b"")
            return
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ[WIRE] = wire = Wire()
        chunks, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        payload = b"".join(chunks)
        if wire.fault is not None:
            self._send_broken(wire.fault, status, list(headers), payload)
        else:
            self._send(status, list(headers), payload)

    def _read_body(self, environ: dict[str, Any]) -> bytes | None:
        """All of it, so that the next request starts where this one ends; None if too big."""
        if environ.get("wsgi.input_terminated"):
            body = cast(bytes, environ["wsgi.input"].read(_LARGEST_BODY + 1))
            return None if len(body) > _LARGEST_BODY else body
        try:
            length = int(environ.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0
        if length > _LARGEST_BODY:
            return None
        return self.rfile.read(length) if length > 0 else b""

    def _send(self, status: str, headers: list[tuple[str, str]], payload: bytes) -> None:
        if not any(name.lower() == "content-length" for name, _ in headers):
            headers.append(("Content-Length", str(len(payload))))
        self._send_head(status, headers)
        if self.command != "HEAD":
            self.wfile.write(payload)

    def _send_head(self, status: str, headers: list[tuple[str, str]]) -> None:
        code, _, phrase = status.partition(" ")
        self.send_response(int(code), phrase)
        for name, value in headers:
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def _send_broken(
        self, fault: Fault, status: str, headers: list[tuple[str, str]], payload: bytes
    ) -> None:
        """Do to the connection what the fault says, then leave it for good."""
        self.close_connection = True
        half = payload[: len(payload) // 2]
        match fault.action:
            case "reset":
                # With linger on and zero, closing sends RST instead of FIN.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                self.connection.close()
            case "truncate":
                self._send_head(status, headers)
                self.wfile.write(half)
            case "no_length_truncate":
                kept = [item for item in headers if item[0].lower() != "content-length"]
                self._send_head(status, kept)
                self.wfile.write(half)
            case "drip":
                self._send_head(status, headers)
                for byte in payload:
                    self.wfile.write(bytes([byte]))
                    time.sleep((fault.delay_ms or _DRIP_MS) / 1000)
            case _:
                pass  # drop: not one byte is sent
