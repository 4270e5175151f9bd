"""The program: state on disk, one sandbox per folder, and a clean stop."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sandbox.__main__ import main
from sandbox.app import create_app
from sandbox.config import SandboxConfig
from sandbox.server import running
from sandbox.store import DataInUse, Store
from tests.sandbox.conftest import Api

pytestmark = pytest.mark.slow


def test_restart_serves_the_state_that_is_there(tmp_path: Path) -> None:
    config = SandboxConfig(data=tmp_path)
    with running(config) as server, Api(server) as api:
        api.sign_in()
        token = api.headers["Authorization"]
        api.plant(imp_uid="imp_kept")
        api.cancel(imp_uid="imp_kept", amount=400, reason="남는 일")
        api.control("settings", {"partial_reading": "paid", "webhook_url": "http://127.0.0.1:9/"})
        api.control("clock", {"shift_seconds": 120})
        ledger = api.control("ledger", method="GET")

    with running(config) as server, Api(server) as api:
        api.headers["Authorization"] = token
        payment = api.get("/payments/imp_kept").json()["response"]
        assert (payment["cancel_amount"], payment["status"]) == (400, "paid")
        assert api.control("ledger", method="GET") == ledger
        settings = api.control("settings", method="GET")
        assert settings["webhook_url"] == "http://127.0.0.1:9/"
        assert api.control("clock", method="GET")["shift_seconds"] == 120


def test_seed_that_was_cut_short_is_started_afresh(tmp_path: Path) -> None:
    config = SandboxConfig(data=tmp_path, seed="demo", payments=60)
    with running(config) as server:
        server.sandbox.store.keep_setting("seeded", None)
        with server.sandbox.store.writing() as db:
            db.execute("DELETE FROM settings")
            db.execute("DELETE FROM payments")

    with running(config) as server, Api(server) as api:
        api.sign_in()
        assert api.get("/payments/status/all").json()["response"]["total"] > 0


def test_database_broken_by_a_killed_seed_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "sandbox.db").write_bytes(b"half a page of nothing" * 400)
    (tmp_path / "sandbox.seeding").touch()

    with running(SandboxConfig(data=tmp_path)) as server, Api(server) as api:
        assert api.control("ledger", method="GET") == []
    assert not (tmp_path / "sandbox.seeding").exists()


def test_second_sandbox_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    first = Store(tmp_path)
    with pytest.raises(DataInUse, match=str(os.getpid())):
        Store(tmp_path)
    first.close()
    Store(tmp_path).close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "sandbox.example"])
def test_network_address_needs_permission(capsys: pytest.CaptureFixture[str], host: str) -> None:
    assert main(["--host", host, "--port", "0"]) == 2
    assert "--allow-network" in capsys.readouterr().out


def test_taken_port_is_one_clear_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert main(["--port", port, "--seed", "empty"]) == 1
    assert f"127.0.0.1:{port}" in capsys.readouterr().out


@pytest.mark.parametrize("stop_with", [signal.SIGTERM, signal.SIGINT])
def test_program_starts_serves_and_stops(tmp_path: Path, stop_with: signal.Signals) -> None:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--data", str(tmp_path),
               "--seed", "demo", "--payments", "200", "--key", "k"]  # fmt: skip
    environment = os.environ | {"SANDBOX_SECRET": "from the environment"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        opened = next(line for line in lines if "http://" in line)
        assert (tmp_path / "books" / "planted.json").exists()
        url = next(word for word in opened.split() if word.startswith("http://"))
        pair = {"imp_key": "k", "imp_secret": "from the environment"}
        assert httpx.post(f"{url}/users/getToken", json=pair).status_code == 200
        process.send_signal(stop_with)
        assert process.wait(timeout=5) == 0
        assert process.stdout.read().strip() == "Stopped."


def test_program_stops_while_it_seeds_and_starts_again(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--data", str(tmp_path)]
    big = [*command, "--payments", "200000"]
    with subprocess.Popen(big, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "Seeding" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0

    config = SandboxConfig(data=tmp_path, seed="demo", payments=60)
    with running(config) as server, server.sandbox.store.reading() as db:
        assert db.execute("SELECT count(*) FROM payments").fetchone()[0] == 60


def test_books_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    assert main(["books", "--data", str(data), "--out", str(out)]) == 1
    assert "holds no sandbox" in capsys.readouterr().out
    with running(SandboxConfig(data=data, seed="demo", payments=60)):
        assert main(["books", "--data", str(data), "--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "customers.csv", "orders.csv", "planted.json"]  # fmt: skip


def test_same_application_runs_without_a_socket() -> None:
    app = create_app()
    with httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://sandbox") as client:
        config = app.extensions["sandbox"].config
        pair = {"imp_key": config.key, "imp_secret": config.secret}
        token = client.post("/users/getToken", json=pair).json()["response"]["access_token"]
        assert client.get("/cards", headers={"Authorization": token}).status_code == 200
