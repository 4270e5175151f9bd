"""./run: one sentence for what is wrong, everything up for what is right, nothing left behind."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts import run
from scripts.servers import free_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
WITHIN = 90.0  # seconds; a start takes a fifth of it


@dataclass
class Started:
    """A ./run under way."""

    process: subprocess.Popen[str]
    data: Path
    port: int
    sandbox_port: int
    out: Path

    @property
    def said(self) -> str:
        return self.out.read_text(encoding="utf-8")

    def wait_for(self, words: str) -> None:
        until = time.monotonic() + WITHIN
        while words not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < until, self.said
            time.sleep(0.1)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(WITHIN)

    def children(self) -> list[int]:
        """Every process that works on this data folder, the start itself apart."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) in (self.process.pid, os.getpid()):
                continue
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if f"sqlite:///{self.data / 'jangbu.db'}".encode() in environment:
                found.append(int(entry.name))
        return found


@contextmanager
def started(data: Path, out: Path, **options: object) -> Iterator[Started]:
    port, sandbox_port = free_port(), free_port()
    command = ["./run", "--port", str(port), "--sandbox-port", str(sandbox_port)]
    command += ["--data", str(data), "--payments", "200"]
    with out.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=output, stderr=output, text=True, start_new_session=True
        )
        one = Started(process, data, port, sandbox_port, out)
        try:
            yield one
        finally:
            if process.poll() is None:
                one.stop()


def refused(*arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["./run", *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done


WRONG = [
    ("--port", "x"),
    ("--port", "0"),
    ("--port", "65536"),
    ("--port", "８０００"),
    ("--port", "8010"),
    ("--payments", "-1"),
    ("--payments", "many"),
    ("--bogus",),
    ("stray",),
]


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_a_wrong_argument_gets_one_sentence(arguments: tuple[str, ...]) -> None:
    done = refused(*arguments)
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("./run: ")
    assert done.returncode == 2


def test_help_names_every_option() -> None:
    done = subprocess.run(
        ["./run", "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    for option in ("--port", "--sandbox-port", "--data", "--payments"):
        assert option in done.stdout


def test_a_taken_port_gets_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        done = refused("--port", str(number), "--data", str(tmp_path / "data"))
    assert f"Port {number} cannot be used" in done.stderr
    assert "--port" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_folder_that_cannot_be_made_gets_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    done = refused("--port", str(free_port()), "--sandbox-port", str(free_port()),
                   "--data", str(file))  # fmt: skip
    assert "cannot be used" in done.stderr


def test_secrets_are_made_once_kept_and_for_us_alone(tmp_path: Path) -> None:
    first = run.private_settings(tmp_path)
    assert run.private_settings(tmp_path) == first
    assert set(first) == {"SECRET_KEY", "WEBHOOK_TOKEN"}
    assert all(len(value) >= 32 for value in first.values())
    assert stat.S_IMODE((tmp_path / "secrets.env").stat().st_mode) == 0o600
    assert run.private_settings(run.make_folder(tmp_path / "other")) != first


def test_the_shells_own_settings_never_reach_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "GATEWAY_URL", "GATEWAY_SECRET", "SECRET_KEY", "FLASK_APP"):
        monkeypatch.setenv(name, "production")
    options = run.read_options(["--data", str(tmp_path)])
    env = run.settings(options, tmp_path, run.private_settings(tmp_path))
    assert "production" not in env.values()
    assert env["GATEWAY_URL"].startswith("http://127.0.0.1:")


def test_it_starts_serves_starts_again_and_leaves_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with started(data, tmp_path / "first") as first:
        first.wait_for("Ctrl-C stops everything")
        with urllib.request.urlopen(f"http://127.0.0.1:{first.port}/healthz") as answer:
            assert answer.status == 200
        assert "finance@demo.example" in first.said
        secrets = (data / "secrets.env").read_text(encoding="ascii")
        for line in secrets.splitlines():
            assert line.partition("=")[2] not in first.said
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        commands = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in first.children()]
        assert len(commands) >= 4  # sandbox, worker, the web server and its processes
        for line in secrets.splitlines():
            assert not any(line.partition("=")[2].encode() in one for one in commands)

        with started(data, tmp_path / "second") as second:
            assert second.process.wait(WITHIN) == 1
            assert "already running" in second.said
            assert "Traceback" not in second.said

        assert first.stop() == 0
        assert first.children() == []
        assert "Traceback" not in first.said

    with started(data, tmp_path / "again") as again:
        again.wait_for("Ctrl-C stops everything")
        assert "Making a demo shop" not in again.said
        assert (data / "secrets.env").read_text(encoding="ascii") == secrets
        part = next(
            pid
            for pid in again.children()
            if b"sandbox" in Path(f"/proc/{pid}/cmdline").read_bytes()
        )
        os.kill(part, signal.SIGKILL)
        assert again.process.wait(WITHIN) == 1
        assert "The sandbox ended by itself" in again.said
        assert "Traceback" not in again.said
        assert again.children() == []

    for log in (data / "logs").iterdir():
        assert "Traceback" not in log.read_text(encoding="utf-8"), log.name


def test_a_start_that_is_killed_takes_its_children_along(tmp_path: Path) -> None:
    with started(tmp_path / "data", tmp_path / "out") as one:
        one.wait_for("Ctrl-C stops everything")
        one.process.kill()
        one.process.wait()
        until = time.monotonic() + 40
        while one.children() and time.monotonic() < until:
            time.sleep(0.2)
        assert one.children() == []
