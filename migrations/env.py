"""Run migrations with the application's own engine, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import text

from admin.models import db
from admin.models.base import WRITES

LOCK_KEY = 7_262_638  # two starts at once take their turns on PostgreSQL


def run() -> None:
    """Upgrade or downgrade in one transaction for each migration."""
    options = current_app.extensions["migrate"].configure_args
    with db.engine.connect() as plain:
        connection = plain.execution_options(**{WRITES: True})
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET lock_timeout = '30s'"))
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            transaction_per_migration=True,
            **options,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Migrations are run against a database, not written out as SQL.")
run()
