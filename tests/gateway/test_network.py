"""The client over real sockets: deadlines that hold, connections, TLS, and answers cut short."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from admin.domain.money import Money
from admin.gateway.client import Gateway
from admin.gateway.errors import (
    GatewayError,
    GatewayMalformed,
    GatewayNotReached,
    GatewayUnavailable,
)
from admin.gateway.settings import Deadlines, GatewaySettings

from .conftest import KEY, SECRET, STARTED, envelope, payment_row
from .listener import http, listening

pytestmark = pytest.mark.slow

TOKEN = http(envelope({"access_token": "a" * 40, "now": STARTED, "expired_at": STARTED + 1800}))
GOOD = http(envelope(payment_row()))
BRIEF = Deadlines(look_up=0.4, page=0.4, money=0.4, token=0.4)


def behaving(rest: Callable[[socket.socket], None]) -> Callable[[bytes, socket.socket], None]:
    """getToken answered well, everything else as `rest` does."""

    def behave(request: bytes, connection: socket.socket) -> None:
        if b"/users/getToken" in request:
            connection.sendall(TOKEN)
        else:
            rest(connection)

    return behave


def gateway_at(url: str, deadlines: Deadlines = BRIEF) -> Gateway:
    return Gateway(GatewaySettings(url, KEY, SECRET, True, deadlines=deadlines))


def refund(gateway: Gateway) -> object:
    return gateway.cancel_payment(
        "imp_000000000001", amount=Money(1), cancellable=Money(1), reason="r"
    )


def failure(gateway: Gateway) -> tuple[GatewayError, float]:
    began = time.monotonic()
    with pytest.raises(GatewayError) as caught:
        refund(gateway)
    return caught.value, time.monotonic() - began


def drip(answer: bytes) -> Callable[[socket.socket], None]:
    """One byte every 50 ms: no single read ever waits long."""

    def rest(connection: socket.socket) -> None:
        pause = threading.Event()
        for place in range(len(answer)):
            connection.sendall(answer[place : place + 1])
            pause.wait(0.05)

    return rest


@pytest.mark.parametrize(
    "answer", [GOOD, b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 4000], ids=["body", "head"]
)
def test_a_dripping_server_cannot_outlast_the_deadline(answer: bytes) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    late = (head + b"\r\n\r\n", body) if body else (b"", answer)

    def rest(connection: socket.socket) -> None:
        connection.sendall(late[0])
        drip(late[1])(connection)

    with listening(behaving(rest)) as listener, gateway_at(listener.url) as gateway:
        error, took = failure(gateway)
    assert isinstance(error, GatewayUnavailable)
    assert error.executed is None
    assert 0.35 < took < 3


def test_a_server_that_never_answers_is_given_up_at_the_deadline() -> None:
    silent = behaving(lambda connection: connection.recv(1) and None)
    with listening(silent) as listener, gateway_at(listener.url) as gateway:
        error, took = failure(gateway)
        assert isinstance(error, GatewayUnavailable)
        began = time.monotonic()
        with pytest.raises(GatewayUnavailable):
            gateway.get_payment("imp_000000000001")
        assert time.monotonic() - began < 3  # the deadline holds for all tries together
    assert took < 3


CUT_SHORT = {
    "nothing": (b"", GatewayUnavailable),
    "half a head": (b"HTTP/1.1 200", GatewayUnavailable),
    "half a body with its length": (GOOD[:-20], GatewayUnavailable),
    "half a body without its length": (
        b"HTTP/1.1 200 OK\r\n\r\n" + envelope(payment_row())[:-20],
        GatewayMalformed,
    ),
    "no HTTP at all": (b"220 smtp.example ESMTP\r\n", GatewayUnavailable),
}


@pytest.mark.parametrize(("answer", "expected"), CUT_SHORT.values(), ids=CUT_SHORT)
def test_an_answer_cut_short_is_unclear(answer: bytes, expected: type[GatewayError]) -> None:
    def rest(connection: socket.socket) -> None:
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_RDWR)

    with listening(behaving(rest)) as listener, gateway_at(listener.url) as gateway:
        error, _ = failure(gateway)
    assert type(error) is expected
    assert error.executed is None


def test_a_reset_connection_is_unclear() -> None:
    def rest(connection: socket.socket) -> None:
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        connection.close()

    with listening(behaving(rest)) as listener, gateway_at(listener.url) as gateway:
        error, _ = failure(gateway)
    assert isinstance(error, GatewayUnavailable)


def test_a_closed_port_is_not_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with gateway_at(f"http://127.0.0.1:{port}") as gateway:
        error, _ = failure(gateway)
    assert isinstance(error, GatewayNotReached)
    assert error.executed is False


def test_an_unknown_name_is_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_name(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    with gateway_at("https://gateway.example.com") as gateway:
        error, _ = failure(gateway)
    assert isinstance(error, GatewayNotReached)


def test_reads_share_a_connection_and_every_write_opens_its_own() -> None:
    answer = behaving(lambda connection: connection.sendall(GOOD))
    with listening(answer) as listener, gateway_at(listener.url, Deadlines()) as gateway:
        for _ in range(5):
            gateway.get_payment("imp_000000000001")
        assert listener.connections == 1
        for _ in range(3):
            refund(gateway)
        assert listener.connections == 4


def self_signed(folder: Path, host: str) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.mark.parametrize("host", ["localhost", "elsewhere.test"])
def test_a_certificate_nobody_vouches_for_means_that_nothing_was_sent(
    tmp_path: Path, host: str
) -> None:
    context = self_signed(tmp_path, host)
    answer = behaving(lambda connection: connection.sendall(GOOD))
    with listening(answer, tls=context) as listener:
        with gateway_at(f"https://localhost:{listener.port}", Deadlines()) as gateway:
            error, _ = failure(gateway)
        assert isinstance(error, GatewayNotReached)
        assert listener.received == []
