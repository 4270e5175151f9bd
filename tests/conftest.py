"""What every test of the application stands on: a database, a sandbox gateway and people.

One application serves the whole run; before each test the database and the sandbox are as new.
TEST_DATABASE chooses `sqlite` (default) or `postgresql` (TEST_POSTGRES_URL, a superuser's),
TEST_PARTIAL_READING how the gateway writes a partial cancel: `cancelled` (default) or `paid`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
import stamina
from flask import Flask
from flask_migrate import upgrade
from flask_security.utils import hash_password
from hypothesis import settings as hypothesis_settings

from admin.accounts.service import make_operator
from admin.app import build_app
from admin.config import Settings
from admin.domain.actor import Actor
from admin.domain.clock import utc_now
from admin.domain.permissions import Role
from admin.gateway.client import Gateway
from admin.models import Operator, db
from admin.operations.binding import bind
from admin.web.security import limiter
from sandbox.config import SandboxConfig
from sandbox.server import running
from tests.people import PASSWORD, Browser, Person
from tests.stand_in import StandIn

# How long an example takes says nothing of the rule: nothing here asserts on time.
hypothesis_settings.register_profile("suite", deadline=None)
hypothesis_settings.load_profile("suite")
# Tables that the migrations do not leave empty.
BROUGHT = ("refund_reasons", "refund_limits", "holidays")
# How the gateway writes a partial cancel in `status` is not settled: both must do.
PARTIAL_READING = os.environ.get("TEST_PARTIAL_READING", "cancelled")
KEY = "imp_apikey"
SECRET = "ekKoeW8RyKuT0zgaZsUtXXTLQ4AhPFW3ZGseDA6bkA5lamv9OqDMnxyeB9wqOsuO9W3Mx9YSJ4dTqJ3f"


def is_postgresql() -> bool:
    """Whether this run is against PostgreSQL."""
    return os.environ.get("TEST_DATABASE", "sqlite") == "postgresql"


@pytest.fixture(scope="session")
def stand_in() -> Iterator[StandIn]:
    """The sandbox gateway, served on a free port of this computer."""
    given = SandboxConfig(key=KEY, secret=SECRET, seed="empty", partial_reading=PARTIAL_READING)
    with running(given) as server:
        yield StandIn(server.url)


@pytest.fixture(scope="session")
def settings(stand_in: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of an installation whose gateway is the sandbox."""
    folder = tmp_path_factory.mktemp("data")
    database = f"sqlite:///{folder}/jangbu.db"
    queue = f"sqlite:///{folder}/huey.db"
    if is_postgresql():  # the pair of a larger installation: PostgreSQL and Redis
        database = fresh_postgresql_database()
        queue = redis_database(default=queue)
    return Settings(
        database_url=database,
        huey_url=queue,
        gateway_url=stand_in.url,
        gateway_key=KEY,
        gateway_secret=SECRET,
        secret_key="tests-only-0123456789-abcdefghij-KLMNOP",
        webhook_token="tests-only-webhook-token-0123456789",
        include_sandbox=False,
        store_name="이음상점",
        store_channel="KCP T0000",
        trusted_hosts=("localhost", "127.0.0.1"),
        secure_cookies=True,
        proxy_hops=0,
        log_level="WARNING",
        ratelimit_url="memory://",
        sync_minutes=5,
        sync_history_days=30,
        testing=True,
        exports_folder=str(folder / "exports"),  # of this worker of the run alone
    )


@pytest.fixture(autouse=True)
def _no_waits_between_tries() -> Iterator[None]:
    """Reads that fail are tried as often as ever, without a pause."""
    stamina.set_testing(True, attempts=3, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture(scope="session")
def migrated(settings: Settings) -> Iterator[Flask]:
    """The application over a database at head."""
    app = build_app(settings)
    app.test_client_class = Browser
    with app.app_context():
        upgrade()
        app.extensions["tests"] = {table: _rows(table) for table in BROUGHT}
        _bind(app)
        db.session.remove()
        db.engine.dispose()
    path = sqlite_file(settings)
    if path is not None:
        shutil.copyfile(path, path.with_suffix(".new"))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(migrated: Flask, settings: Settings, stand_in: StandIn) -> Iterator[Flask]:
    """The application with an empty database, inside its context."""
    with migrated.app_context():
        _empty(settings, migrated)
        stand_in.reset()
        yield migrated
        db.session.remove()


@pytest.fixture
def gateway(app: Flask) -> Gateway:
    """The client that the application speaks to the sandbox with."""
    client: Gateway = app.extensions["gateway"]
    return client


@pytest.fixture
def now() -> datetime:
    """The moment of the test."""
    return utc_now()


@pytest.fixture
def actor(app: Flask) -> Actor:
    """A finance person as an actor, without a browser."""
    operator = add_operator(Role.FINANCE)
    return Actor(name=operator.name, operator_id=operator.id, role=Role.FINANCE)


@pytest.fixture
def sign_in(app: Flask) -> Callable[[Role], Person]:
    """Sign a new person of the given role in and get their browser."""

    def person(role: Role) -> Person:
        operator = add_operator(role)
        return Person(app.test_client(), operator).sign_in()

    return person


@pytest.fixture
def finance(sign_in: Callable[[Role], Person]) -> Person:
    """A signed-in finance person."""
    return sign_in(Role.FINANCE)


@pytest.fixture
def support(sign_in: Callable[[Role], Person]) -> Person:
    """A signed-in support agent."""
    return sign_in(Role.SUPPORT)


@pytest.fixture
def viewer(sign_in: Callable[[Role], Person]) -> Person:
    """A signed-in person who may only look."""
    return sign_in(Role.VIEWER)


@pytest.fixture
def stranger(app: Flask) -> Person:
    """A browser that nobody has signed in with."""
    return Person(app.test_client(), None)


@pytest.fixture
def limited(app: Flask, settings: Settings) -> Iterator[Flask]:
    """The application with its limits on; the counter is put back afterwards."""
    before = dict(vars(limiter))
    made = build_app(replace(settings, testing=False))
    made.test_client_class = Browser
    with made.app_context():
        yield made
        db.session.remove()
        db.engine.dispose()
    vars(limiter).clear()
    vars(limiter).update(before)


def add_operator(role: Role, *, demo: bool = False) -> Operator:
    """A person with the given role; names and addresses never repeat."""
    number = db.session.execute(sa.select(sa.func.count()).select_from(Operator)).scalar_one()
    return make_operator(
        email=f"{role.value}{number}@shop.example",
        name=f"{role.value.title()} {number}",
        role=role,
        password_hash=hash_password(PASSWORD),
        demo=demo,
        actor=Actor.system("tests"),
        now=utc_now(),
    )


def sqlite_file(settings: Settings) -> Path | None:
    """The database file of this run, if it has one."""
    if not settings.database_url.startswith("sqlite"):
        return None
    return Path(settings.database_url.removeprefix("sqlite:///"))


def fresh_postgresql_database() -> str:
    """A new database on the server of this run."""
    server = os.environ["TEST_POSTGRES_URL"]
    name = f"jangbu_{os.getpid()}"
    engine = sa.create_engine(
        server.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.rsplit("/", 1)[0] + f"/{name}"


def redis_database(*, default: str) -> str:
    """One of the server's numbered databases for this worker of the run alone."""
    server = os.environ.get("TEST_REDIS_URL")
    if server is None:
        return default
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return f"{server.rsplit('/', 1)[0]}/{worker}"


def _rows(table: str) -> list[dict[str, object]]:
    with db.engine.connect() as connection:
        found = connection.execute(sa.select(db.metadata.tables[table])).mappings()
        return [dict(row) for row in found]


def _bind(app: Flask) -> None:
    bind(app.extensions["gateway"], include_sandbox=False, now=utc_now())


def _empty(settings: Settings, app: Flask) -> None:
    path = sqlite_file(settings)
    db.session.remove()
    if path is not None:
        db.engine.dispose()
        for ending in ("-wal", "-shm"):
            Path(f"{path}{ending}").unlink(missing_ok=True)
        shutil.copyfile(path.with_suffix(".new"), path)
        return
    # Few rows stand in few tables: deleting them is many times faster than truncating them all.
    # As a replica, so that the audit trail's guards look away.
    tables = [*db.metadata.tables, "payment_pieces"]  # the pieces stand beside the metadata
    statements = [f'DELETE FROM "{table}"' for table in tables]
    with db.engine.begin() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))
        connection.execute(sa.text("; ".join(statements)))
        connection.execute(sa.text("SET session_replication_role = DEFAULT"))
        for table, rows in app.extensions["tests"].items():
            connection.execute(sa.insert(db.metadata.tables[table]), rows)
    _bind(app)
