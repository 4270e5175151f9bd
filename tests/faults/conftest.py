"""Desks as the tests of operations have them, and a web server that can be killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from admin.config import Settings
from admin.domain.permissions import Role
from tests.conftest import add_operator
from tests.faults.proxy import Proxy, proxied
from tests.faults.web import Visitor, Web
from tests.operations.conftest import (
    connect,
    desk,
    key,
    parcel,
    payment,
)
from tests.stand_in import StandIn

__all__ = ["connect", "desk", "key", "parcel", "payment"]


@pytest.fixture(scope="session")
def _proxy(stand_in: StandIn) -> Iterator[Proxy]:
    with proxied(stand_in.url) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def _started(
    settings: Settings, _proxy: Proxy, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Web]:
    web = Web(settings, _proxy.url, tmp_path_factory.mktemp("web") / "log", processes=2)
    yield web
    web.stop()


@pytest.fixture
def proxy(_proxy: Proxy) -> Iterator[Proxy]:
    """Between the web server and the sandbox."""
    yield _proxy
    _proxy.let_go()


@pytest.fixture
def web(app: object, _started: Web, proxy: Proxy) -> Iterator[Web]:
    """Two real processes behind a port, whose gateway is the proxy.

    They are ended after each test, so that none holds the database that the next test begins with.
    """
    _started.start()
    yield _started
    proxy.let_go()
    if not _started.has_ended():
        _started.kill_workers()


@pytest.fixture
def visit(web: Web) -> Callable[[Role], Visitor]:
    """Sit down before the web server as somebody new of a role."""

    def sit(role: Role) -> Visitor:
        return Visitor.signs_in(web.url, add_operator(role).email)

    return sit
