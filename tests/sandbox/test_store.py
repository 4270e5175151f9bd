"""The store: whole transactions, and folders that an older sandbox wrote."""

import sqlite3
from pathlib import Path

import pytest

from sandbox.config import SandboxConfig
from sandbox.server import running
from sandbox.store import Store
from tests.sandbox.conftest import Api


@pytest.mark.parametrize("is_on_disk", [False, True])
def test_block_that_fails_leaves_nothing(tmp_path: Path, is_on_disk: bool) -> None:
    store = Store(tmp_path if is_on_disk else None)
    with store.loading():
        pass
    with pytest.raises(sqlite3.OperationalError):
        _write_and_fail(store)

    assert store.setting("half") is None
    store.close()


def test_folder_of_an_older_sandbox_gets_the_tables_it_lacks(tmp_path: Path) -> None:
    config = SandboxConfig(data=tmp_path)
    with running(config) as server, Api(server) as api:
        api.sign_in()
        api.plant(imp_uid="imp_kept")
        api.control("customers", [{"customer_uid": "good"}])
    older = Store(tmp_path)
    with older.writing() as db:
        db.execute("DROP TABLE schedules")
    older.close()

    with running(config) as server, Api(server) as api:
        api.sign_in()
        assert api.get("/payments/imp_kept").json()["response"]["imp_uid"] == "imp_kept"
        entry = {"merchant_uid": "SUB-1", "schedule_at": api.now + 60, "amount": 1_000}
        body = {"customer_uid": "good", "schedules": [entry]}
        assert api.post("/subscribe/payments/schedule", json=body).json()["code"] == 0
        api.control("clock", {"advance_seconds": 60})
        shown = api.get("/subscribe/payments/schedule/SUB-1").json()["response"]
        assert shown["payment_status"] == "paid"


def _write_and_fail(store: Store) -> None:
    with store.writing() as db:
        db.execute("INSERT INTO settings VALUES ('half', '1')")
        db.execute("INSERT INTO nowhere VALUES (1)")
