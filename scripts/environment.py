"""The virtual environment: made once, and filled again only when a lock file changes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
RUNTIME, TOOLS = "requirements.txt", "requirements-dev.txt"  # the tools include the runtime


class CannotPrepare(Exception):
    """The environment cannot be set up; the message says why and what to do."""


def prepare(lock: str) -> None:
    """Make `.venv` hold exactly what `lock` names, every file checked against its hash.

    Needs the package index only when something is missing; later starts work offline.
    Raises CannotPrepare.
    """
    VENV.mkdir(exist_ok=True)
    with _alone(VENV / ".preparing"):
        if not PYTHON.exists():
            _make()
        if _holds(lock):
            return
        with step(f"Installing the packages of {lock}"):
            _install(lock)
        for name in (RUNTIME, TOOLS) if lock == TOOLS else (RUNTIME,):
            _stamp(name).write_text(_fingerprint(name), encoding="ascii")


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    print(f"{what} …", end=" ", flush=True)
    began = time.monotonic()
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    print(f"{time.monotonic() - began:.1f} s", flush=True)


@contextmanager
def _alone(lock_file: Path) -> Iterator[None]:
    """Two starts at once must not install into one environment together."""
    with lock_file.open("w", encoding="ascii") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _make() -> None:
    with step("Making .venv"):
        made = _run(sys.executable, "-m", "venv", str(VENV))
    if made.returncode:
        raise CannotPrepare(
            f"{sys.executable} -m venv failed; on Debian and Ubuntu install python3-venv.\n"
            + _last_lines(made)
        )


def _install(lock: str) -> None:
    options = ("--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes")
    done = _run(str(PYTHON), "-m", "pip", "install", *options, "-r", str(ROOT / lock))
    if done.returncode:
        raise CannotPrepare(f"The packages of {lock} could not be installed.\n" + _last_lines(done))


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, cwd=ROOT
    )


def _last_lines(done: subprocess.CompletedProcess[str]) -> str:
    return "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])


def _stamp(lock: str) -> Path:
    return VENV / f".installed-{lock}"


def _holds(lock: str) -> bool:
    stamp = _stamp(lock)
    return stamp.exists() and stamp.read_text(encoding="ascii") == _fingerprint(lock)


def _fingerprint(lock: str) -> str:
    """The lock and the interpreter it was installed for."""
    version = os.fsencode(os.path.realpath(PYTHON))
    return hashlib.sha256((ROOT / lock).read_bytes() + version).hexdigest()
