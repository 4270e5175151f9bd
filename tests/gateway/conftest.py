"""A gateway client whose other side is a script, so that every answer can be thought of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from admin.gateway.client import Gateway
from admin.gateway.settings import Deadlines, GatewaySettings
from sandbox.config import SandboxConfig
from sandbox.server import running

KEY, SECRET = "imp_apikey", "a-secret-nobody-may-see"
STARTED, PAID = 1_767_225_600, 1_767_225_660  # 2026-01-01 09:00 and 09:01 KST
SHORT = Deadlines(look_up=8.0, page=8.0, money=2.0, token=1.0)


def envelope(response: Any = None, *, code: int = 0, message: str | None = None) -> bytes:
    """One answer's body as the gateway writes it."""
    return json.dumps(
        {"code": code, "message": message, "response": response}, ensure_ascii=False
    ).encode()


def payment_row(**changed: Any) -> dict[str, Any]:
    """A paid card payment as the gateway writes it; a test names only what matters to it."""
    return {
        "imp_uid": "imp_000000000001",
        "merchant_uid": "ORD-1",
        "pay_method": "card",
        "channel": "pc",
        "pg_provider": "kcp",
        "emb_pg_provider": None,
        "pg_tid": "26010100000001",
        "pg_id": "T0000",
        "sandbox": True,
        "escrow": False,
        "apply_num": "30012345",
        "card_code": "366",
        "card_name": "신한카드",
        "card_quota": 0,
        "card_number": "55555500****4444",
        "card_type": 0,
        "vbank_date": 0,
        "name": "나주 배 5kg",
        "amount": 10_000,
        "cancel_amount": 0,
        "currency": "KRW",
        "buyer_name": "김하늘",
        "buyer_email": "sky@example.com",
        "buyer_tel": "010-1234-5678",
        "status": "paid",
        "started_at": STARTED,
        "paid_at": PAID,
        "failed_at": 0,
        "cancelled_at": 0,
        "fail_reason": None,
        "cancel_reason": None,
        "cancel_history": [],
        "cancel_receipt_urls": [],
        "customer_uid": None,
        "receipt_url": "https://admin8.kcp.co.kr/assist/bill.BillActionNew.do?cmd=card_bill",
        **changed,
    }


def token_answer(value: str = "a" * 40, *, now: int = STARTED, life: int = 1800) -> httpx.Response:
    """A token as getToken gives it."""
    return httpx.Response(
        200,
        content=envelope({"access_token": value, "now": now, "expired_at": now + life}),
    )


Reply = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


@dataclass
class ScriptedGateway:
    """Answers in turn, the last one again and again; keeps what it was asked."""

    replies: list[Reply] = field(default_factory=list)
    token_replies: list[Reply] = field(default_factory=list)
    asked: list[httpx.Request] = field(default_factory=list)
    tokens_asked: int = 0

    def answer(self, *replies: Reply) -> None:
        """Script what is answered from now on, getToken apart."""
        self.replies = list(replies)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/users/getToken":
            self.tokens_asked += 1
            default = token_answer(f"{self.tokens_asked:040d}")
            return _given(_next(self.token_replies) or default, request)
        self.asked.append(request)
        reply = _next(self.replies)
        assert reply is not None, f"nothing scripted for {request.url}"
        return _given(reply, request)

    @property
    def bodies(self) -> list[Any]:
        """What the writes carried."""
        return [json.loads(request.content) for request in self.asked]


def _next(replies: list[Reply]) -> Reply | None:
    if not replies:
        return None
    return replies.pop(0) if len(replies) > 1 else replies[0]


def _given(reply: Reply, request: httpx.Request) -> httpx.Response:
    if isinstance(reply, Exception):
        raise reply
    if callable(reply):
        return reply(request)
    return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)


@pytest.fixture
def remote() -> ScriptedGateway:
    """The other side."""
    return ScriptedGateway()


@pytest.fixture
def gateway(remote: ScriptedGateway) -> Iterator[Gateway]:
    """The client under test, talking to `remote`."""
    settings = GatewaySettings(
        "https://api.iamport.kr", KEY, SECRET, include_sandbox=True, deadlines=SHORT
    )
    with Gateway(settings, transport=httpx.MockTransport(remote)) as client:
        yield client


@dataclass
class Control:
    """The sandbox's control plane."""

    url: str

    def post(self, path: str, body: Any) -> Any:
        answer = httpx.post(f"{self.url}/_sandbox/{path}", json=body, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()["response"]

    def get(self, path: str) -> Any:
        return httpx.get(f"{self.url}/_sandbox/{path}", trust_env=False).json()["response"]

    def plant(self, **changed: Any) -> dict[str, Any]:
        now = int(datetime.now(UTC).timestamp())
        row = payment_row(**{"started_at": now - 90, "paid_at": now - 60, **changed})
        self.post("payments", row)
        return row

    def effects(self) -> list[tuple[str, int]]:
        return [(entry["kind"], entry["amount"]) for entry in self.get("ledger")]


@pytest.fixture(scope="module")
def served() -> Iterator[Control]:
    with running(SandboxConfig(seed="empty")) as server:
        yield Control(server.url)


@pytest.fixture
def control(served: Control) -> Control:
    """An empty gateway for every test."""
    served.post("reset", {"seed": "empty"})
    return served
