"""Between us and the gateway: too late, no name, a foreign certificate, a token that ends."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import certifi
import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from admin.domain.operation import OperationState, SettledBy
from admin.gateway.circuit import OPENS_AFTER
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayNotReached
from admin.gateway.settings import Deadlines, GatewaySettings
from admin.models import OperationAttempt, Payment, db
from admin.payments.sync import walk
from admin.web.token_store import DatabaseTokenStore
from tests.conftest import KEY, SECRET
from tests.faults.threads import until
from tests.gateway.listener import Listener, listening
from tests.operations.desk import every_operation

pytestmark = pytest.mark.slow

AGAIN = "/subscribe/payments/again"
TOKEN = "/users/getToken"
EN = {"headers": {"Accept-Language": "en"}}
Q = OperationState


def test_fault_f01_a_charge_later_than_our_deadline_is_being_confirmed_and_then_found(
    finance, desk, key, stand_in, connect
):
    impatient = connect(deadlines=Deadlines(money=0.3))
    stand_in.fail_next(AGAIN, "delay", method="POST", when="before_commit", delay_ms=900)

    operation = desk.charge(key, gateway=impatient)

    assert operation.state is Q.UNKNOWN
    page = finance.get(f"/operations/{operation.id}", **EN).text
    assert "Finding out what became of the charge" in page
    assert "charges/new" not in page
    until(
        lambda: [one for one in stand_in.effects() if one["kind"] == "charge"],
        "the charge that the gateway makes after we have gone",
    )
    assert desk.look(operation, seconds=15).state is Q.SUCCEEDED
    assert operation.settled_by is SettledBy.LOOKUP
    assert len(stand_in.requests(path=AGAIN)) == 1


@pytest.mark.parametrize("resolved", [0, 1], ids=["at_the_look", "at_the_sending"])
def test_fault_f05_without_a_name_nothing_is_sent(
    desk, payment, stand_in, connect, monkeypatch, resolved
):
    """The look keeps its connection, so it resolves once; the sending opens its own."""
    real, asked = socket.getaddrinfo, []

    def resolve(*given: Any, **options: Any) -> Any:
        asked.append(given)
        if len(asked) > resolved:
            raise socket.gaierror(-2, "Name or service not known")
        return real(*given, **options)

    elsewhere = connect()
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    operation = desk.refund(payment, 3_000, gateway=elsewhere)
    monkeypatch.undo()

    assert (operation.state, operation.is_open) == (Q.NOT_EXECUTED, False)
    assert stand_in.requests(path="/payments/cancel") == stand_in.effects() == []
    assert desk.refund(payment, 3_000).state is Q.SUCCEEDED


@dataclass
class Authority:
    """A certificate authority of the test's own, and what it vouches for."""

    folder: Path

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test authority")])
        self.root = self.folder / "root.pem"
        certificate = self._certificate(self.name, self.key.public_key(), ca=True, days=1)
        self.root.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def vouch(self, host: str, *, days: int) -> ssl.SSLContext:
        """A server for `host`; with `days` below zero its certificate has ended."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
        certificate = self._certificate(name, key.public_key(), host=host, days=days)
        file = self.folder / "server.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _certificate(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePublicKey,
        *,
        days: int,
        host: str = "",
        ca: bool = False,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=5))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if host:
            called = (
                [x509.DNSName(host)] if host[0].isalpha() else [x509.IPAddress(ip_address(host))]
            )
            builder = builder.add_extension(x509.SubjectAlternativeName(called), critical=False)
        return builder.sign(self.key, hashes.SHA256())


@contextmanager
def served(context: ssl.SSLContext) -> Iterator[Listener]:
    """A server that would take anything, if only somebody spoke to it."""
    with listening(lambda _request, connection: connection.close(), tls=context) as listener:
        yield listener


@pytest.mark.parametrize(
    ("host", "days"),
    [("elsewhere.example", 1), ("127.0.0.1", -1)],
    ids=["wrong_host", "expired"],
)
def test_fault_f06_a_wrong_certificate_is_told_nothing_and_opens_the_circuit(
    desk, payment, stand_in, connect, monkeypatch, tmp_path, host, days
):
    authority = Authority(tmp_path)
    monkeypatch.setattr(certifi, "where", lambda: str(authority.root))
    with served(authority.vouch(host, days=days)) as listener:
        foreign = connect(url=f"https://127.0.0.1:{listener.port}")
        operation = desk.refund(payment, 3_000, gateway=foreign)
        for _ in range(OPENS_AFTER - 1):
            with pytest.raises(GatewayNotReached):
                foreign.get_payment(payment.imp_uid)
        assert listener.received == []
        assert listener.connections > 0
        assert foreign.is_paused

    assert (operation.state, operation.attempts) == (Q.NOT_EXECUTED, 0)
    assert stand_in.requests(path="/payments/cancel") == []


def test_fault_f06_the_right_certificate_of_the_same_authority_is_spoken_to(
    connect, monkeypatch, tmp_path
):
    authority = Authority(tmp_path)
    monkeypatch.setattr(certifi, "where", lambda: str(authority.root))
    with served(authority.vouch("127.0.0.1", days=1)) as listener:
        with pytest.raises(GatewayNotReached):  # it closes without an answer
            connect(url=f"https://127.0.0.1:{listener.port}").get_payment("imp_1")
        assert listener.received


def test_fault_f18_a_redirect_takes_nothing_to_another_host(desk, payment, stand_in):
    with listening(lambda _request, connection: connection.close()) as elsewhere:
        stand_in.fail_next(
            "/payments/cancel", "redirect", method="POST", location=f"{elsewhere.url}/steal"
        )
        operation = desk.refund(payment, 3_000)
        assert elsewhere.connections == 0

    assert operation.state is Q.UNKNOWN
    assert desk.look(operation, minutes=12).state is Q.NOT_EXECUTED
    assert stand_in.effects() == []


def test_fault_f13_twenty_processes_whose_token_ended_ask_for_one(app, settings, stand_in, gateway):
    """Threads with clients of their own share what processes share: the row, nothing else."""
    stand_in.paid()
    account = GatewaySettings(stand_in.url, KEY, SECRET, include_sandbox=False)
    gateway.get_payment("imp_100000000001")
    with db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE gateway_tokens SET expires_at = '2026-01-01 00:00:00'"))
    stand_in._client.delete("/_sandbox/requests")
    together = threading.Barrier(20)

    def look(one: Gateway) -> str:
        together.wait(20)
        return one.get_payment("imp_100000000001").imp_uid

    with ExitStack() as opened, ThreadPoolExecutor(20) as processes:
        clients = []
        for _ in range(20):
            store = DatabaseTokenStore(db.engine, account.key_fingerprint)
            clients.append(opened.enter_context(Gateway(account, token_store=store)))
        found = list(processes.map(look, clients))

    assert found == ["imp_100000000001"] * 20
    assert len(stand_in.requests(path=TOKEN)) == 1


def test_fault_f23_two_paid_payments_under_one_number_are_named_and_left_to_a_person(
    finance, desk, key, stand_in
):
    stand_in.fail_next(AGAIN, "drop", method="POST", when="after_commit")
    operation = desk.charge(key)
    stand_in.paid("imp_900000000001", merchant_uid="CHG-1")
    first = next(one["imp_uid"] for one in stand_in.effects() if one["kind"] == "charge")

    assert desk.look(operation, seconds=15).state is Q.MISMATCH

    facts = db.session.scalars(sa.select(OperationAttempt.fact).order_by(OperationAttempt.id))
    assert {first, "imp_900000000001"} <= set(list(facts)[-1].replace(",", "").split())
    shown = finance.get("/payments/?q=CHG-1&period=all").text
    assert shown.count("CHG-1") >= 2
    desk.sweep(days=1)
    assert every_operation() == [operation]
    assert stand_in.requests(path="/payments/cancel") == []


def test_fault_f23_a_second_payment_behind_a_right_answer_comes_in_with_the_walk(
    desk, key, stand_in, gateway, now
):
    stand_in.fail_next(AGAIN, "dup_row", method="POST", when="after_commit")

    operation = desk.charge(key)
    walk(gateway=gateway, history=timedelta(days=1), now=now + timedelta(minutes=10))

    paid = sa.select(Payment.imp_uid).where(Payment.merchant_uid == "CHG-1")
    assert len(set(db.session.scalars(paid))) == 2
    assert [(one.id, one.state) for one in every_operation()] == [(operation.id, Q.SUCCEEDED)]
    assert stand_in.requests(path="/payments/cancel") == []
