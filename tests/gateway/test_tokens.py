"""The token: one request for every thread and process, renewed late and once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from admin.gateway.auth import AccessToken, MemoryTokenStore, TokenSource
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayNotReached
from admin.gateway.settings import GatewaySettings

from .conftest import KEY, SECRET, STARTED, ScriptedGateway, envelope, payment_row, token_answer

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Clocks:
    """A wall clock and a monotonic one that a test moves, together or apart."""

    def __init__(self) -> None:
        self.wall = NOON
        self.steady = 1000.0

    def pass_time(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.steady += seconds


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def source_over(
    store: MemoryTokenStore, clocks: Clocks, asked: list[int], *, life: float = 1800
) -> TokenSource:
    """A token source of one process; `asked` counts the requests of all of them."""

    def ask() -> AccessToken:
        asked.append(1)
        return AccessToken(
            value=f"token-{len(asked)}", expires_at=clocks.wall + timedelta(seconds=life)
        )

    return TokenSource(store, ask=ask, now=lambda: clocks.wall, monotonic=lambda: clocks.steady)


def test_twenty_threads_at_expiry_ask_once(clocks: Clocks) -> None:
    asked: list[int] = []
    source = source_over(MemoryTokenStore(), clocks, asked)
    gate = threading.Barrier(20)

    def work(_: int) -> str:
        gate.wait()
        return source.current()

    with ThreadPoolExecutor(20) as threads:
        assert set(threads.map(work, range(20))) == {"token-1"}
    clocks.pass_time(1790)
    with ThreadPoolExecutor(20) as threads:
        assert set(threads.map(work, range(20))) == {"token-2"}
    assert len(asked) == 2


def test_twenty_processes_at_expiry_ask_once(clocks: Clocks) -> None:
    asked: list[int] = []
    store = MemoryTokenStore()
    sources = [source_over(store, clocks, asked) for _ in range(20)]
    gate = threading.Barrier(20)

    def work(source: TokenSource) -> str:
        gate.wait()
        return source.current()

    with ThreadPoolExecutor(20) as threads:
        assert set(threads.map(work, sources)) == {"token-1"}
    assert len(asked) == 1


def test_a_rejected_token_is_renewed_once_for_all(clocks: Clocks) -> None:
    asked: list[int] = []
    store = MemoryTokenStore()
    sources = [source_over(store, clocks, asked) for _ in range(4)]
    first = {source.current() for source in sources}
    assert first == {"token-1"}
    assert {source.renewed("token-1") for source in sources} == {"token-2"}
    assert len(asked) == 2


def test_it_is_renewed_inside_the_last_minute_never_before(clocks: Clocks) -> None:
    asked: list[int] = []
    source = source_over(MemoryTokenStore(), clocks, asked)
    source.current()
    clocks.pass_time(1740)  # 60 s left: asking now would give the same token again
    assert source.current() == "token-1"
    clocks.pass_time(20)
    assert source.current() == "token-2"


def test_a_wall_clock_that_jumps_does_not_shorten_or_stretch_a_held_token(clocks: Clocks) -> None:
    asked: list[int] = []
    source = source_over(MemoryTokenStore(), clocks, asked)
    source.current()
    clocks.wall += timedelta(hours=5)
    assert source.current() == "token-1"
    clocks.wall -= timedelta(hours=10)
    clocks.steady += 1790
    assert source.renewed("token-1") == "token-2"


def test_life_is_judged_by_the_gateways_clock_and_the_difference_is_known(
    remote: ScriptedGateway, clocks: Clocks
) -> None:
    ahead = int(clocks.wall.timestamp()) + 600
    remote.token_replies = [token_answer(now=ahead)]
    remote.answer(httpx.Response(200, content=envelope(payment_row())))
    account = GatewaySettings("https://api.iamport.kr", KEY, SECRET, include_sandbox=True)
    store = MemoryTokenStore()
    with Gateway(
        account,
        token_store=store,
        transport=httpx.MockTransport(remote),
        now=lambda: clocks.wall,
        monotonic=lambda: clocks.steady,
    ) as gateway:
        assert gateway.clock_skew is None
        assert gateway.last_answer_at is None
        gateway.get_payment("imp_000000000001")
        assert gateway.clock_skew == timedelta(minutes=10)
        assert gateway.last_answer_at == clocks.wall
    stored = store.get()
    assert stored is not None
    assert stored.expires_at == clocks.wall + timedelta(seconds=1800)
    assert stored.value not in repr(stored)


def test_an_answer_without_a_usable_token_means_nothing_was_sent(remote: ScriptedGateway) -> None:
    account = GatewaySettings("https://api.iamport.kr", KEY, SECRET, include_sandbox=True)
    for raw in (None, {}, {"access_token": "x", "now": STARTED}, {"access_token": "", "now": 1}):
        remote.token_replies = [httpx.Response(200, content=envelope(raw))]
        gateway = Gateway(account, transport=httpx.MockTransport(remote))
        with pytest.raises(GatewayNotReached):
            gateway.ping()
