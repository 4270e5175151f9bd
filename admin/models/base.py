"""The base of every table: column types, and the one way to write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Annotated, Any, TypeVar

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
WRITES = "jangbu_writes"  # execution option: this transaction will write


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware moment, stored as UTC. A naive value is refused."""

    impl = sa.DateTime
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without its time zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


# SQLite gives rowids only to INTEGER keys, which are 64 bits wide there.
BigKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

Key = Annotated[int, mapped_column(BigKey, primary_key=True, autoincrement=True)]
MinorUnits = Annotated[int, mapped_column(sa.BigInteger)]
Moment = Annotated[datetime, mapped_column(UtcDateTime)]
Ulid = Annotated[str, mapped_column(sa.String(26))]
ShortText = Annotated[str, mapped_column(sa.String(80))]
Text = Annotated[str, mapped_column(sa.Text)]
Json = Annotated[dict[str, Any], mapped_column(sa.JSON)]


class Base(DeclarativeBase):
    """Every table of ours."""

    metadata = sa.MetaData(naming_convention=NAMING)


db = SQLAlchemy(
    model_class=Base,
    # A page may show what a finished transaction wrote without reading it again.
    session_options={"expire_on_commit": False, "autoflush": True},
)


def text_enum(kind: type[Enum]) -> sa.Enum:
    """A column of an enum's values, kept as text on both databases."""
    return sa.Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


def in_transaction() -> bool:
    """Whether the present code runs inside `with transaction():`."""
    return bool(db.session.info.get(WRITES))


@contextmanager
def transaction() -> Iterator[None]:
    """Write: everything inside is committed together, or nothing is.

    On SQLite the transaction begins IMMEDIATE, so that it waits for its turn at the start and
    never fails half-way on a stale reading. It does not nest: a use case owns its transaction.
    """
    if in_transaction():
        raise RuntimeError("a transaction is open already; the use case that opened it commits")
    session = db.session()
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("something was changed outside a transaction")
    session.commit()  # ends the reading transaction of the page, if one is open
    session.info[WRITES] = True
    try:
        session.connection(execution_options={WRITES: True})
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info[WRITES] = False


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A short transaction beside the session's, for what processes share among each other."""
    with engine.connect() as plain:
        connection = plain.execution_options(**{WRITES: True})
        with connection.begin():
            yield connection


Row = TypeVar("Row", bound=Base)


def lock(model: type[Row], key: object) -> Row | None:
    """Read one row to judge and change it: locked where the database locks rows, and fresh.

    Without `populate_existing` the session would hand back what it read earlier. `session.get`
    would not do: it raises where the version has moved on since that earlier reading.
    """
    if not in_transaction():
        raise RuntimeError("a row is locked inside a transaction")
    return db.session.scalars(_locking(model), {"key": key}).one_or_none()


@cache
def _locking(model: type[Row]) -> sa.Select[Row]:
    (identity,) = sa.inspect(model).primary_key
    query = sa.select(model).where(identity == sa.bindparam("key")).with_for_update()
    return query.execution_options(populate_existing=True)
