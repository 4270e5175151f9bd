"""PostgreSQL and Redis of the test run's own: private folders, free loopback ports, gone after."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from scripts import children

LOOPBACK = "127.0.0.1"
READY_WITHIN = 30.0  # seconds
# Nothing here needs to outlive the run, so nothing waits for the disk.
POSTGRES_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": LOOPBACK,
    "max_connections": "100",
    "shared_buffers": "64MB",
    "timezone": "UTC",
}


class NoServer(Exception):
    """A server did not start; the message holds the end of what it said."""


def find_postgres() -> Path | None:
    """The folder of PostgreSQL's programs; Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    on_path = shutil.which("initdb")
    if found:
        return found[0].parent
    return Path(on_path).resolve().parent if on_path else None


def find_redis() -> str | None:
    return shutil.which("redis-server")


def find_chromium() -> str | None:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    return None


@contextmanager
def postgres(programs: Path) -> Iterator[str]:
    """A fresh PostgreSQL; yields its URL. Raises NoServer.

    PostgreSQL refuses to run as root, so root hands it to the `postgres` user of the package.
    """
    folder = Path(tempfile.mkdtemp(prefix="jangbu-pg-"))
    password = secrets.token_hex(16)
    number = free_port()
    try:
        (folder / "password").write_text(password, encoding="ascii")
        as_user = _as_ordinary_user(folder)
        data = folder / "data"
        _ask(
            [*as_user, str(programs / "initdb"), "-D", str(data), "-U", "jangbu", "-E", "UTF8"],
            ["--locale=C", "--auth=scram-sha-256", f"--pwfile={folder / 'password'}"],
            ["--no-sync"],
            cwd=folder,
        )
        options = {**POSTGRES_OPTIONS, "port": str(number), "unix_socket_directories": str(folder)}
        written = " ".join(f"-c {name}={value}" for name, value in options.items())
        control = [*as_user, str(programs / "pg_ctl"), "-D", str(data), "-w"]
        _ask(control, ["-l", str(folder / "log"), "-o", written, "start"], cwd=folder)
        try:
            yield f"postgresql://jangbu:{password}@{LOOPBACK}:{number}/postgres"
        finally:
            _ask(control, ["-m", "immediate", "stop"], cwd=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis(program: str) -> Iterator[str]:
    """A fresh Redis that keeps nothing; yields its URL. Raises NoServer."""
    folder = Path(tempfile.mkdtemp(prefix="jangbu-redis-"))
    number = free_port()
    server = children.start(
        "redis",
        [program, "--port", str(number), "--bind", LOOPBACK, "--save", "", "--appendonly", "no"],
        cwd=folder,
        env=os.environ,
        logs=folder,
    )
    try:
        until = time.monotonic() + READY_WITHIN
        while not _listens(number):
            if server.ended or time.monotonic() > until:
                raise NoServer(f"redis-server did not start:\n{server.last_lines()}")
            time.sleep(0.05)
        yield f"redis://{LOOPBACK}:{number}/0"
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        number: int = probe.getsockname()[1]
        return number


def _as_ordinary_user(folder: Path) -> list[str]:
    """What to put before a command so that it does not run as root; gives `folder` to that user."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    for path in (folder, *folder.iterdir()):
        os.chown(path, user.pw_uid, user.pw_gid)
    return ["runuser", "-u", "postgres", "--"]


def _ask(*parts: Sequence[str], cwd: Path) -> None:
    """Run a server's own tool to its end. Its output goes to a file: a daemon keeps pipes open."""
    command = [word for part in parts for word in part]
    with tempfile.TemporaryFile("w+") as said:
        done = subprocess.run(
            command, cwd=cwd, check=False, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        said.seek(0)
        if done.returncode:
            log = cwd / "log"
            more = log.read_text(errors="replace") if log.exists() else ""
            last = "\n".join((said.read() + more).strip().splitlines()[-15:])
            raise NoServer(f"{Path(command[0]).name} failed:\n{last}")


def _listens(number: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, number), timeout=1).close()
    except OSError:
        return False
    return True
