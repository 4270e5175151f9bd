"""One HTTP exchange: bytes out, bytes in, and which failures mean that nothing was sent.

No proxy from the environment, no redirects, certificates verified. Reads share a pool; every
write opens a connection of its own, since a kept one that the server has just closed would
turn "not sent" into "unknown".
"""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpcore
import httpx

from admin.gateway.deadline import BoundedNetwork, DeadlinePassed, time_left
from admin.gateway.errors import GatewayMalformed, GatewayNotReached, GatewayUnavailable

SMALL_BODY = 2 * 1024 * 1024  # bytes; a write's answer or a single object is a few KB
LARGE_BODY = 16 * 1024 * 1024  # bytes; a page holds 1,000 payments, with long histories 10 KB each

# Certain: the connection was never made, so not a byte of the request can have left.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

logging.getLogger("httpcore").setLevel(logging.INFO)  # its DEBUG lines hold headers: the token


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back over HTTP, unread."""

    status: int
    body: bytes
    retry_after: float | None = None  # seconds


class Transport:
    """The way out of the house. Thread-safe; connections open at first use, so after any fork."""

    def __init__(self, origin: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._origin = origin
        self._given = transport
        self._opening = threading.Lock()
        self._clients: dict[bool, httpx.Client] = {}

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Iterable[tuple[str, str]] = (),
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        fresh: bool = False,
        largest: int = SMALL_BODY,
    ) -> Answer:
        """Send one request, once, within the present deadline.

        `path` is percent-encoded already. `fresh` opens a connection for this request alone.
        Raises GatewayNotReached when nothing was sent, GatewayUnavailable when the answer is
        missing or late, GatewayMalformed when it is larger than `largest` bytes.
        """
        client = self._client(fresh=fresh)
        try:
            timeout = time_left()
        except DeadlinePassed as error:
            raise GatewayNotReached("no time was left to send it") from error
        request = client.build_request(
            method,
            self._origin + path,
            params=list(params) or None,
            content=body,
            headers=dict(headers or {}),
            timeout=timeout,
        )
        with _explained():
            response = client.send(request, stream=True)
            try:
                return Answer(
                    status=response.status_code,
                    body=_read(response, largest=largest),
                    retry_after=_retry_after(response),
                )
            finally:
                response.close()

    def close(self) -> None:
        """Close every connection."""
        with self._opening:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _client(self, *, fresh: bool) -> httpx.Client:
        with self._opening:
            if fresh not in self._clients:
                self._clients[fresh] = httpx.Client(
                    transport=self._given or _Pool(tls=self._tls(), keep=0 if fresh else 10),
                    trust_env=False,
                    follow_redirects=False,
                    headers={
                        "User-Agent": "Jangbu",
                        "Accept": "application/json",
                        "Accept-Encoding": "identity",  # a small body cannot unfold into a large
                    },
                )
            return self._clients[fresh]

    def _tls(self) -> ssl.SSLContext | None:
        """Certificates are checked against certifi's roots; a sandbox on loopback has none."""
        if self._origin.startswith("http://"):
            return None
        return httpx.create_ssl_context(verify=True, trust_env=False)


class _Pool(httpx.BaseTransport):
    """httpx's own engine over a network that knows the deadline. `keep`: idle connections."""

    def __init__(self, *, tls: ssl.SSLContext | None, keep: int) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=40,
            max_keepalive_connections=keep,
            keepalive_expiry=20.0,
            retries=0,
            network_backend=BoundedNetwork(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with _as_httpx():
            answer = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=request.url.raw_scheme,
                        host=request.url.raw_host,
                        port=request.url.port,
                        target=request.url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.read(),
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            status_code=answer.status, headers=answer.headers, stream=_Body(answer)
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@contextmanager
def _as_httpx() -> Iterator[None]:
    """httpcore and httpx name their network errors alike."""
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what the network did into what the caller must do. Details without addresses."""
    try:
        yield
    except _NOT_SENT as error:
        raise GatewayNotReached(f"{type(error).__name__}: {error}") from error
    except httpx.RequestError as error:
        raise GatewayUnavailable(f"{type(error).__name__}: {error}") from error
    except DeadlinePassed as error:
        raise GatewayUnavailable("the deadline passed") from error


def _read(response: httpx.Response, *, largest: int) -> bytes:
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise GatewayMalformed("a compressed answer, not asked for", status=response.status_code)
    body = bytearray()
    for part in response.iter_bytes():
        body += part
        if len(body) > largest:
            raise GatewayMalformed(f"more than {largest} bytes", status=response.status_code)
        time_left()
    return bytes(body)


def _retry_after(response: httpx.Response) -> float | None:
    """Whole seconds only; a date there is not worth trusting a foreign clock."""
    value = response.headers.get("retry-after", "").strip()
    return float(value) if value.isascii() and value.isdigit() and len(value) < 7 else None
