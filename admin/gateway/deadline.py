"""A time limit for a whole call, which socket timeouts are not.

A socket timeout starts anew with every byte, so a server that drips one byte a second holds a
caller for ever. Here every connect, handshake, read and write gets only what is left of the
call's one deadline. httpx has no such limit; its engine httpcore lets the network be wrapped.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore

CONNECT_WITHIN = 5.0  # seconds for one address of the host to take the connection

_ends_at: ContextVar[float | None] = ContextVar("gateway_deadline", default=None)


class DeadlinePassed(Exception):
    """The call's time is over."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Give everything inside, on this thread, at most `seconds` in all. An inner one may only
    be shorter."""
    outer, own = _ends_at.get(), time.monotonic() + seconds
    token = _ends_at.set(own if outer is None else min(outer, own))
    try:
        yield
    finally:
        _ends_at.reset(token)


def time_left() -> float:
    """Seconds left of the present deadline. Raises DeadlinePassed when none are."""
    ends_at = _ends_at.get()
    if ends_at is None:
        raise RuntimeError("a call to the gateway needs a deadline")
    left = ends_at - time.monotonic()
    if left <= 0:
        raise DeadlinePassed()
    return left


class BoundedNetwork(httpcore.NetworkBackend):
    """The ordinary network, with every wait cut to what the deadline leaves."""

    def __init__(self) -> None:
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        wait = min(CONNECT_WITHIN, _left(httpcore.ConnectTimeout))
        return _BoundedStream(
            self._network.connect_tcp(host, port, wait, local_address, socket_options)
        )


class _BoundedStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        wait = _left(httpcore.ConnectTimeout)
        return _BoundedStream(self._stream.start_tls(ssl_context, server_hostname, wait))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(expired: type[Exception]) -> float:
    try:
        return time_left()
    except DeadlinePassed:
        raise expired("the deadline passed") from None
