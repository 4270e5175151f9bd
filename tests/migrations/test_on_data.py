"""Each migration goes up and down on data: what it does not touch stays as it was."""

from __future__ import annotations

import datetime as dt
from typing import Any

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask

from admin.models import db
from admin.models.base import UtcDateTime
from tests.architecture import test_migrations
from tests.architecture.test_migrations import REVISIONS, empty_url

pytestmark = pytest.mark.slow

__all__ = ["empty_url"]

# Rows that a migration brings with its table: its own, or made from the one payment there is.
BROUGHT = {
    "refund_limits": 5,
    "refund_reasons": 6,
    "payment_texts": 1,
    "payment_days": 6,
    "holidays": 49,
}
OWN_WAY = "payment_pieces"  # each database has it in a way of its own, beside the metadata
MOMENT = dt.datetime(2026, 11, 22, 12, 30, tzinfo=dt.UTC)
app = test_migrations.app


@pytest.fixture
def filled(app: Flask) -> Flask:
    """A database at head with one row in every table."""
    flask_migrate.upgrade()
    with db.engine.begin() as connection:
        for table in db.metadata.sorted_tables:
            if table.name in BROUGHT:
                connection.execute(sa.delete(table))
            connection.execute(sa.insert(table).values(**row_for(table)))
    return app


def row_for(table: sa.Table) -> dict[str, Any]:
    """One row: keys are 1, texts are short, moments are one moment."""
    return {column.name: value_for(column) for column in table.columns}


def value_for(column: sa.Column[Any]) -> Any:
    kind = column.type
    if isinstance(kind, sa.Enum) and kind.enum_class is not None:
        return next(iter(kind.enum_class))
    if column.foreign_keys:
        target = next(iter(column.foreign_keys)).column
        return value_for(target)
    if isinstance(kind, UtcDateTime):
        return MOMENT
    if isinstance(kind, sa.Date):
        return MOMENT.date()
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.Integer):
        return 1
    if isinstance(kind, sa.Float):
        return 0.5
    if isinstance(kind, sa.JSON):
        return {"key": "값"}
    return "값"


def count(table: str) -> int:
    with db.engine.connect() as connection:
        return connection.execute(sa.text(f'SELECT count(*) FROM "{table}"')).scalar_one()


def tables() -> set[str]:
    every = set(sa.inspect(db.engine).get_table_names()) - {"alembic_version"}
    return {name for name in every if not name.startswith(OWN_WAY)}


def columns() -> set[tuple[str, str]]:
    inspector = sa.inspect(db.engine)
    return {(table, one["name"]) for table in tables() for one in inspector.get_columns(table)}


def indexes() -> set[str | None]:
    inspector = sa.inspect(db.engine)
    return {one["name"] for table in tables() for one in inspector.get_indexes(table)}


def test_going_down_takes_only_the_migrations_own_tables(filled: Flask) -> None:
    before = tables()
    assert {table: count(table) for table in before} == dict.fromkeys(before, 1)
    shape, found_by = columns(), indexes()
    for _ in REVISIONS:
        flask_migrate.downgrade()
        left = tables()
        # One that adds no column adds an index.
        assert columns() < shape or (columns() == shape and indexes() < found_by)
        assert {table: count(table) for table in left} == dict.fromkeys(left, 1)
        shape, found_by = columns(), indexes()
    assert shape == set()


def test_going_down_and_up_again_leaves_what_was_there(filled: Flask) -> None:
    whole = tables()
    flask_migrate.downgrade()
    kept = tables()
    flask_migrate.upgrade()
    assert tables() == whole
    assert {table: count(table) for table in kept} == dict.fromkeys(kept, 1)
    assert {table: count(table) for table in whole - kept} == {
        table: BROUGHT.get(table, 0) for table in whole - kept
    }


def test_a_payment_keyed_in_is_a_charge_to_an_older_program(filled: Flask) -> None:
    with db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE operations SET kind = 'key_in'"))
    flask_migrate.downgrade(revision="0018_payment_requests")
    with db.engine.connect() as connection:
        kinds = connection.execute(sa.text("SELECT kind FROM operations")).scalars().all()
    assert kinds == ["charge"]
