"""An empty sandbox that every test finds fresh, and a demo shop that is only read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.clock import KST
from sandbox.config import SandboxConfig
from sandbox.payment_rows import read_payments
from sandbox.server import Running, running
from tests.sandbox.contract import Contract

SHOP_NOW = datetime(2026, 11, 23, 14, 20, tzinfo=KST)
SHOP_PAYMENTS = 3_000


class Api(httpx.Client):
    """A client with a token; `body` unwraps a success and checks it against the contract."""

    def __init__(self, server: Running) -> None:
        # Loading the certificates of the world takes longer than most of these tests.
        super().__init__(base_url=server.url, timeout=10, verify=False)
        self.server = server

    def sign_in(self) -> None:
        pair = {"imp_key": self.server.config.key, "imp_secret": self.server.config.secret}
        answer = self.post("/users/getToken", json=pair)
        self.headers["Authorization"] = f"Bearer {answer.json()['response']['access_token']}"

    def control(self, path: str, body: object = None, *, method: str = "POST") -> Any:
        answer = self.request(method, f"/_sandbox/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["response"]

    def plant(self, **fields: Any) -> dict[str, Any]:
        """Insert one paid card payment, changed by `fields`."""
        number = len(self.control("ledger", method="GET")) + self.planted
        self.planted += 1
        payment = {
            "imp_uid": f"imp_{number:012d}", "merchant_uid": f"ORD-{number}", "amount": 10_000,
            "status": "paid", "pay_method": "card", "pg_provider": "kcp",
            "pg_tid": "26112314200001",
            "started_at": self.now - 120, "paid_at": self.now - 60, **fields,
        }  # fmt: skip
        self.control("payments", [payment])
        return payment

    def cancel(self, **fields: Any) -> dict[str, Any]:
        answer = self.post("/payments/cancel", json=fields)
        assert answer.status_code == 200
        return dict(answer.json())

    @property
    def now(self) -> int:
        return int(self.control("clock", method="GET")["now"])

    planted = 0


@pytest.fixture(scope="session")
def contract() -> Contract:
    return Contract.read()


@pytest.fixture(scope="session")
def empty_server() -> Iterator[Running]:
    with running(SandboxConfig()) as server:
        yield server


@pytest.fixture
def api(empty_server: Running) -> Iterator[Api]:
    with Api(empty_server) as client:
        client.control("reset", {"seed": "empty"})
        client.sign_in()
        yield client


@dataclass
class Shop:
    """A demo shop being served, and its books."""

    api: Api
    books: Path
    server: Running

    @cached_property
    def payments(self) -> list[dict[str, Any]]:
        """Every payment, straight from the store."""
        with self.server.sandbox.store.reading() as db:
            return read_payments(db, db.execute("SELECT * FROM payments ORDER BY id").fetchall())


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    books = tmp_path_factory.mktemp("books")
    config = SandboxConfig(seed="demo", payments=SHOP_PAYMENTS, now=SHOP_NOW, books_dir=books)
    with running(config) as server, Api(server) as client:
        client.control("clock", {"now": int(SHOP_NOW.timestamp())})
        client.sign_in()
        yield Shop(client, books, server)
