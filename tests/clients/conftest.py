"""A sandbox with a tap on it, and the four published clients that talk to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path

import pytest

from sandbox.config import SandboxConfig
from sandbox.server import Running, running
from tests.clients.driver import Client, running_driver
from tests.clients.record import Record
from tests.clients.tap import Tap
from tests.conftest import KEY, SECRET
from tests.sandbox.contract import Contract
from tests.stand_in import StandIn

HERE = Path(__file__).parent
Driven = Callable[[str, str], Client]


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    with running(SandboxConfig(key=KEY, secret=SECRET, seed="empty")) as server:
        yield server


@pytest.fixture(scope="session")
def tap(server: Running) -> Tap:
    tap = Tap(server.app.wsgi_app, Contract.read())
    server.app.wsgi_app = tap  # type: ignore[method-assign]
    return tap


@pytest.fixture(scope="session")
def record() -> Record:
    return Record()


@pytest.fixture
def shop(server: Running) -> StandIn:
    """The sandbox, empty and at the present time."""
    shop = StandIn(server.url)
    shop.reset()
    return shop


@pytest.fixture(scope="module")
def driven(server: Running, tap: Tap, record: Record) -> Iterator[Driven]:
    """Starts a driver at its first use; `name` is what the record calls its client."""
    with ExitStack() as started:

        @cache
        def start(script: str, name: str) -> Client:
            note = partial(record.note, name)
            return started.enter_context(running_driver(script, server.url, tap, note))

        yield lambda script, name: start(script, name).without_token()


@pytest.fixture
def python_client(driven: Driven) -> Client:
    return driven("python_iamport_rest_client.py", "iamport-rest-client (PyPI)")


@pytest.fixture
def python_iamporter(driven: Driven) -> Client:
    return driven("python_iamporter.py", "iamporter (PyPI)")


@pytest.fixture
def node_client(driven: Driven) -> Client:
    return driven("npm_iamport_rest_client_nodejs.js", "iamport-rest-client-nodejs (npm)")


@pytest.fixture
def node_iamporter(driven: Driven) -> Client:
    return driven("npm_iamporter.js", "iamporter (npm)")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The record is compared last, and only after every test that it is made of."""
    ours = [item for item in items if item.path.parent == HERE]
    whole = {item.path for item in ours} == set(HERE.glob("test_*.py"))
    narrowed = bool(config.option.keyword or any("::" in name for name in config.args))
    comparison = [item for item in ours if item.path.name == "test_record.py"]
    others = [item for item in items if item not in comparison]
    items[:] = [*others, *(comparison if whole and not narrowed else [])]
