"""S52: where we call and where never. S53: an id stays one segment of the path."""

from __future__ import annotations

import socket
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayError, GatewayUnavailable
from admin.gateway.settings import Deadlines, GatewaySettings
from admin.gateway.wire.paths import path

from .conftest import KEY, SECRET, ScriptedGateway, envelope, payment_row
from .listener import http, listening
from .test_network import TOKEN, behaving, gateway_at, refund

ALLOWED = [
    "https://api.iamport.kr",
    "https://api.iamport.kr/",
    "https://static-api.iamport.kr:443",
    "http://127.0.0.1:8010",
    "http://localhost:8010",
    "http://[::1]:8010",
]
REFUSED = [
    "",
    "api.iamport.kr",
    "//api.iamport.kr",
    "http://api.iamport.kr",
    "http://api.iamport.kr:443",
    "https://api.iamport.kr:8443",
    "https://api.iamport.kr:80",
    "https://api.iamport.kr/v1",
    "https://api.iamport.kr?x=1",
    "https://api.iamport.kr#x",
    "https://user@api.iamport.kr",
    "https://user:word@api.iamport.kr",
    "https://@api.iamport.kr",
    "https://10.0.0.1",
    "https://192.168.0.1",
    "https://169.254.169.254",
    "https://[fe80::1]",
    "https://[fd00::1]",
    "https://[::ffff:169.254.169.254]",
    "https://8.8.8.8",
    "https://2130706433",
    "https://0x7f000001",
    "https://0177.0.0.1",
    "https://127.1",
    "https://0.0.0.0",
    "http://0.0.0.0:8010",
    "http://127.0.0.1.evil.test:8010",
    "http://localhost.evil.test:8010",
    "http://evil.test/localhost",
    "http://evil.test#@127.0.0.1",
    "http://127.0.0.1@evil.test",
    "http://10.0.0.1:8010",
    "http://metadata:80",
    "https://metadata",
    "https://metadata.google.internal.",
    "ftp://127.0.0.1",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379",
    "unix:///var/run/docker.sock",
    "javascript:alert(1)",
    "https://api。iamport。kr",
    "https://api.iamport.kr\\@evil.test",
    "https://api iamport.kr",
]


@pytest.mark.parametrize("url", ALLOWED)
def test_security_s52_the_gateway_and_a_sandbox_on_this_computer_may_be_called(url: str) -> None:
    assert GatewaySettings(url, KEY, SECRET, True).origin == url.rstrip("/")


@pytest.mark.parametrize("url", REFUSED)
def test_security_s52_no_other_address_is_ever_called(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the sentence depends on what is wrong
        GatewaySettings(url, KEY, SECRET, True)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_security_s52_a_redirect_is_not_followed(status: str) -> None:
    with listening(lambda request, connection: None) as elsewhere:
        redirect = http(b"", status=status, head=f"Location: {elsewhere.url}/steal\r\n")
        answer = behaving(lambda connection: connection.sendall(redirect))
        with listening(answer) as listener, gateway_at(listener.url) as gateway:
            with pytest.raises(GatewayUnavailable):
                refund(gateway)
            with pytest.raises(GatewayUnavailable):
                gateway.get_payment("imp_000000000001")
    assert elsewhere.connections == 0


def test_security_s52_a_proxy_in_the_environment_is_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login thief password thief")
    answer = behaving(lambda connection: connection.sendall(http(envelope(payment_row()))))
    with listening(lambda request, connection: None) as proxy, listening(answer) as listener:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("NETRC", str(netrc))
        with Gateway(GatewaySettings(listener.url, KEY, SECRET, True)) as gateway:
            gateway.get_payment("imp_000000000001")
    assert proxy.connections == 0
    assert all(b"Basic" not in request for request in listener.received)


def test_security_s52_the_secret_goes_to_the_token_endpoint_only(
    gateway: Gateway, remote: ScriptedGateway
) -> None:
    remote.answer(httpx.Response(200, content=envelope(payment_row())))
    gateway.get_payment("imp_000000000001")
    refund(gateway)
    for request in remote.asked:
        assert SECRET not in str(request.url)
        assert SECRET.encode() not in request.content
        assert SECRET not in str(request.headers)


def test_security_s52_the_settings_do_not_print_the_secret() -> None:
    account = GatewaySettings("https://api.iamport.kr", KEY, SECRET, True)
    assert SECRET not in repr(account)
    assert KEY not in account.key_fingerprint
    assert len(account.key_fingerprint) == 16
    other = GatewaySettings("https://static-api.iamport.kr", KEY, SECRET, True)
    assert other.key_fingerprint != account.key_fingerprint


def test_a_sandbox_that_moved_to_another_port_is_the_same_gateway() -> None:
    here, there = (
        GatewaySettings(f"http://127.0.0.1:{port}", KEY, SECRET, True) for port in (1, 2)
    )
    assert here.host == there.host == "127.0.0.1"
    assert here.key_fingerprint == there.key_fingerprint
    other_key = GatewaySettings("http://127.0.0.1:1", "another", SECRET, True)
    assert other_key.key_fingerprint != here.key_fingerprint


HOSTILE = [
    "../cancel",
    "..",
    ".",
    "...",
    "a/b?x=1",
    "a#b",
    "%2e%2e%2f",
    "%2F",
    "a\\b",
    "주문-17",
    "a b",
    "a+b",
    "a;b=c",
    "a&include_sandbox=false",
    "\n\r\nHost: evil",
    "@evil.test",
    "//evil.test",
    "undefined",
    "' OR 1=1 --",
    "x" * 255,
]


@pytest.mark.parametrize("uid", HOSTILE)
def test_security_s53_a_hostile_id_stays_one_segment_on_the_wire(uid: str) -> None:
    def answer(request: bytes, connection: socket.socket) -> None:
        gone = http(envelope(None), status="404 Not Found")
        connection.sendall(TOKEN if b"getToken" in request else gone)

    with listening(answer) as listener, gateway_at(listener.url) as gateway:
        assert gateway.find_all_payments(uid) == ()
        with pytest.raises(GatewayError):
            gateway.get_payment(uid)
    _, all_of_one, one = [request.split(b"\r\n")[0].decode() for request in listener.received]
    for line, prefix in ((all_of_one, "/payments/findAll/"), (one, "/payments/")):
        method, target, version = line.split(" ")
        assert (method, version) == ("GET", "HTTP/1.1")
        way, _, query = target.partition("?")
        assert way.startswith(prefix)
        segment = way.removeprefix(prefix)
        assert "/" not in segment
        assert unquote(segment) == uid
        assert "include_sandbox=true" in query


@given(st.text(min_size=1, max_size=255).filter(str.strip))
def test_security_s53_any_id_is_one_segment_that_reads_back(uid: str) -> None:
    try:
        written = path("payments", uid)
    except UnicodeEncodeError:
        return  # half a surrogate pair is no text; refused as a ValueError
    assert written.count("/") == 2
    segment = written.removeprefix("/payments/")
    assert segment not in (".", "..")
    assert set(segment) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~%"
    )
    assert unquote(segment) == uid


def test_a_deadline_is_needed_for_every_call() -> None:
    from admin.gateway.transport import Transport

    with pytest.raises(RuntimeError):
        Transport("http://127.0.0.1:1").send("GET", "/")
    assert Deadlines() == Deadlines(look_up=10, page=30, money=60, token=5)
