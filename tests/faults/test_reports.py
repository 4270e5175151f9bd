"""A long download beside a busy shop: the database's log does not grow under it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from admin.domain.permissions import Role
from admin.exports import writing
from admin.models import db
from admin.models.base import writing as transaction_beside
from tests.conftest import is_postgresql, sqlite_file
from tests.exports.taking import ask
from tests.payments.trade import a_payment, take_in
from tests.people import ORIGIN

pytestmark = pytest.mark.slow

MIB = 1024 * 1024


def test_fault_f40_a_slow_download_holds_no_snapshot(
    sign_in, stand_in, gateway, now, settings, monkeypatch
):
    """The reader takes one piece of the file and then nothing, while 32 MiB are written."""
    monkeypatch.setattr(writing, "BATCH", 5)
    shop = [a_payment(number, now - timedelta(hours=1)) for number in range(20)]
    take_in(stand_in, gateway, *shop, now=now)
    person = sign_in(Role.FINANCE)

    made = ask(person, "period=all")
    answer = person.client.get(made.location + "/file", base_url=ORIGIN)
    assert answer.status_code == 200, answer.text
    pieces = answer.iter_encoded()
    first = next(pieces)
    for _ in range(32):
        with transaction_beside(db.engine) as connection:
            connection.execute(sa.text("INSERT INTO kept VALUES (:it)"), {"it": "x" * MIB})

    if is_postgresql():
        with db.engine.connect() as connection:
            query = """SELECT count(*) FROM pg_stat_activity
                WHERE state = 'idle in transaction' AND datname = current_database()"""
            assert connection.scalar(sa.text(query)) == 0
    else:
        log = Path(f"{sqlite_file(settings)}-wal")
        assert log.stat().st_size < 8 * MIB
    whole = first + b"".join(pieces)
    assert whole.count(b"\r\n") == 21
    assert all(f"ORD-{number:06d}".encode() in whole for number in range(20))


@pytest.fixture(autouse=True)
def _a_table_to_fill(app):
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE kept (it TEXT)"))
    yield
    db.session.remove()
    with db.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE kept"))
