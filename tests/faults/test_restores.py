"""Backups, old ones too, and migrations cut off: nothing is sent again, nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask_migrate
import pysqlite3.dbapi2 as sqlite
import pytest
import sqlalchemy as sa

from admin.config import Settings
from admin.domain.operation import OperationState
from admin.models import AuditEntry, MoneyOperation, Payment, db, transaction
from admin.operations.intent import add_step
from admin.payments.sync import walk
from tests.architecture import test_migrations
from tests.architecture.source import ROOT
from tests.architecture.test_migrations import REVISIONS, differences, empty_url
from tests.conftest import is_postgresql, sqlite_file
from tests.faults.threads import begin, until
from tests.faults.web import environment
from tests.operations.conftest import UID
from tests.operations.desk import Network, every_operation

pytestmark = pytest.mark.slow
on_sqlite = pytest.mark.skipif(is_postgresql(), reason="a backup of PostgreSQL is pg_dump's")

__all__ = ["empty_url"]

CANCEL = "/payments/cancel"
LOOK = f"/payments/{UID}"
Q = OperationState
Backup = dict[str, list[dict[str, Any]]]


def take_backup() -> Backup:
    """Every row of every table at one moment."""
    with db.engine.connect() as connection:
        if is_postgresql():
            connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        return {
            table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for table in db.metadata.sorted_tables
        }


def restore(backup: Backup) -> None:
    """Put a backup in the place of what stands there, guards of the audit trail looking away."""
    db.session.rollback()
    db.session.expire_all()
    tables = db.metadata.sorted_tables
    with db.engine.begin() as connection:
        guards = []
        if is_postgresql():
            connection.execute(sa.text("SET session_replication_role = replica"))
        else:
            connection.execute(sa.text("PRAGMA defer_foreign_keys=ON"))
            query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            guards = connection.execute(sa.text(query)).all()
            for name, _ in guards:
                connection.execute(sa.text(f"DROP TRIGGER {name}"))
        for table in reversed(tables):
            connection.execute(sa.delete(table))
        for table in tables:
            if backup[table.name]:
                connection.execute(sa.insert(table), backup[table.name])
        for _, sql in guards:
            connection.exec_driver_sql(sql)
        if is_postgresql():
            connection.execute(sa.text("SET session_replication_role = DEFAULT"))


@pytest.mark.parametrize(
    ("place", "left", "settled"),
    [
        (("GET", LOOK), Q.READY, Q.EXPIRED),
        (("POST", CANCEL), Q.SENDING, Q.SUCCEEDED),
    ],
    ids=["before_it_was_sent", "while_it_was_sent"],
)
def test_fault_f63_a_backup_six_hours_old_sends_nothing_again(
    desk, payment, stand_in, gateway, connect, now, place, left, settled
):
    """The backup is of the moment before a refund that then happened."""
    backups: list[Backup] = []
    elsewhere = connect(network=Network(*place, lambda _r, _f: backups.append(take_backup())))
    assert desk.refund(payment, 3_000, gateway=elsewhere).state is Q.SUCCEEDED
    assert desk.refund(payment, 1_000, seen=7_000).state is Q.SUCCEEDED
    before = len(stand_in.requests(path=CANCEL))

    restore(backups[0])
    assert [one.state for one in every_operation()] == [left]
    later = now + timedelta(hours=6)
    for minutes in (0, 1, 15):
        desk.sweep(hours=6, minutes=minutes)
    walk(gateway=gateway, history=timedelta(days=1), now=later)

    assert [one.state for one in every_operation()] == [settled]
    assert len(stand_in.requests(path=CANCEL)) == before == len(stand_in.effects())
    row = db.session.scalars(sa.select(Payment)).one()
    assert row.cancelled_minor == stand_in.payment(UID)["cancel_amount"] == 4_000
    assert len(row.cancellations) == 2, (
        "what happened since is there, and belongs to no row of ours"
    )


@on_sqlite
def test_fault_f62_a_backup_under_load_is_whole_and_what_was_being_sent_is_looked_up(
    app, desk, payment, stand_in, gateway, connect, settings, tmp_path, now
):
    copy, over = tmp_path / "copy.db", threading.Event()
    written = threading.Event()

    def load() -> int:
        count = 0
        while not over.is_set():
            with transaction():
                operation = db.session.scalars(sa.select(MoneyOperation)).one()
                add_step(operation, "look", f"load {count}", now=now)
            count += 1
            written.set()
        return count

    def back_up(_request: Any, _forward: Any) -> None:
        """As docs/operations.md says, while others write."""
        with ThreadPoolExecutor(1) as pool:
            loading = begin(app, pool, load)
            try:
                assert written.wait(10)
                with closing(sqlite.connect(sqlite_file(settings))) as database:
                    database.execute(f"VACUUM INTO '{copy}'")
            finally:
                over.set()
            assert loading.result() > 0

    elsewhere = connect(network=Network("POST", CANCEL, back_up))
    assert desk.refund(payment, 3_000, gateway=elsewhere).state is Q.SUCCEEDED

    with closing(sqlite.connect(copy)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("SELECT state FROM operations").fetchall() == [("sending",)]
    entries = list(db.session.scalars(sa.select(AuditEntry.id).order_by(AuditEntry.id)))
    db.session.remove()
    db.engine.dispose()
    put_in_place(copy, sqlite_file(settings))

    kept = list(db.session.scalars(sa.select(AuditEntry.id).order_by(AuditEntry.id)))
    assert kept == entries[: len(kept)], "the trail is a beginning of the one that went on"
    desk.sweep(minutes=2)
    assert [one.state for one in every_operation()] == [Q.UNKNOWN]
    desk.sweep(minutes=5)
    walk(gateway=gateway, history=timedelta(days=1), now=now + timedelta(minutes=6))
    assert [one.state for one in every_operation()] == [Q.SUCCEEDED]
    assert len(stand_in.requests(path=CANCEL)) == len(stand_in.effects()) == 1


def put_in_place(copy: Path, path: Path | None) -> None:
    assert path is not None
    for ending in ("-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
    path.write_bytes(copy.read_bytes())


@pytest.fixture
def bare(empty_url: str) -> Iterator[Any]:
    """As much of the application as migrations need, over an empty database."""
    yield from test_migrations.app.__wrapped__(empty_url)


def test_fault_f61_an_upgrade_that_was_killed_is_taken_up_again(
    bare: Any, empty_url: str, settings: Settings
) -> None:
    upgrade = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    env = environment(settings, DATABASE_URL=empty_url)
    process = subprocess.Popen(upgrade, cwd=ROOT, env=env, stderr=subprocess.DEVNULL)
    until(lambda: (revision() or "") >= "0003", "a migration")
    os.kill(process.pid, signal.SIGKILL)
    process.wait(20)
    assert revision() != REVISIONS[-1].stem, "it was through before it was killed"

    flask_migrate.upgrade()

    assert differences() == []


def revision() -> str | None:
    try:
        with db.engine.connect() as connection:
            return connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    except sa.exc.DBAPIError:
        return None
