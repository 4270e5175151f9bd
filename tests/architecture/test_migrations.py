"""The migrations lead exactly to the models, on the database this run is for."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask

from admin.models import db
from admin.models.engine import driver_url, engine_options, prepare

from .source import ROOT

pytestmark = pytest.mark.slow

REVISIONS = sorted((ROOT / "migrations/versions").glob("*.py"))


@pytest.fixture
def empty_url(tmp_path: Path) -> Iterator[str]:
    """An empty database of the kind TEST_DATABASE names, gone after the test."""
    if os.environ.get("TEST_DATABASE", "sqlite") == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    name = f"jangbu_{uuid.uuid4().hex}"
    server = sa.make_url(os.environ["TEST_POSTGRES_URL"]).set(drivername="postgresql+psycopg")
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield server.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def app(empty_url: str) -> Iterator[Flask]:
    """As much of the application as migrations need, over that database."""
    made = Flask(__name__)
    made.config["SECRET_KEY"] = "tests-only-0123456789-abcdefghij-KLMNOP"
    made.config["SQLALCHEMY_DATABASE_URI"] = driver_url(empty_url)
    made.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(empty_url)
    db.init_app(made)
    flask_migrate.Migrate(made, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    with made.app_context():
        prepare(db.engine)
        yield made
        db.session.remove()
        db.engine.dispose()


def differences() -> list[str]:
    """What autogeneration would still change."""

    def ours(_object: object, name: str | None, kind: str, *_: object) -> bool:
        own_way = ("alembic_version", "payment_pieces")
        return kind != "table" or not (name or "").startswith(own_way)

    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "compare_server_default": False, "include_object": ours},
        )
        return [repr(change) for change in compare_metadata(context, db.metadata)]


def tables() -> set[str]:
    every = set(sa.inspect(db.engine).get_table_names()) - {"alembic_version"}
    return {name for name in every if not name.startswith("payment_pieces")}


def test_the_migrations_lead_exactly_to_the_models(app: Flask) -> None:
    flask_migrate.upgrade()
    assert differences() == []
    assert tables() >= set(db.metadata.tables)


def test_every_migration_finds_its_way_back(app: Flask) -> None:
    flask_migrate.upgrade()
    for _ in REVISIONS:
        flask_migrate.downgrade()
    assert tables() == set()
    flask_migrate.upgrade()
    assert differences() == []


def test_they_stand_in_one_line() -> None:
    folder = ScriptDirectory(str(ROOT / "migrations"))
    assert len(folder.get_heads()) == 1
    assert len(list(folder.walk_revisions())) == len(REVISIONS)


@pytest.mark.parametrize("path", REVISIONS, ids=lambda path: path.stem)
def test_each_says_its_purpose_its_locks_and_the_way_back(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.search(rf'^revision = "{path.stem}"$', text, re.MULTILINE)
    docstring = text.split('"""')[1]
    assert "Locks:" in docstring
    assert "Back:" in docstring
