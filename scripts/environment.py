"""Virtual environments: made once, and filled again only when a lock file changes."""

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
    with alone(VENV / ".preparing"):
        make_venv(VENV)
        if _holds(lock):
            return
        with step(f"Installing the packages of {lock}"):
            install(PYTHON, ROOT / lock)
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
def alone(lock_file: Path) -> Iterator[None]:
    """Two starts at once must not install into one environment together."""
    with lock_file.open("w", encoding="ascii") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def make_venv(folder: Path) -> None:
    """Make a virtual environment in `folder` unless there is one. Raises CannotPrepare."""
    if (folder / "bin" / "python").exists():
        return
    name = folder.relative_to(ROOT)
    with step(f"Making {name}"):
        made = ask(sys.executable, "-m", "venv", str(folder))
    if made.returncode:
        raise CannotPrepare(
            f"{sys.executable} -m venv failed; on Debian and Ubuntu install python3-venv.\n"
            + last_lines(made)
        )


def install(python: Path, lock: Path) -> None:
    """Install what `lock` names, and nothing whose hash it does not. Raises CannotPrepare."""
    options = ("--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes")
    done = ask(str(python), "-m", "pip", "install", *options, "-r", str(lock))
    if done.returncode:
        name = lock.relative_to(ROOT)
        raise CannotPrepare(f"The packages of {name} could not be installed.\n" + last_lines(done))


def ask(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, keeping what it said."""
    return subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, cwd=cwd
    )


def last_lines(done: subprocess.CompletedProcess[str]) -> str:
    return "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])


def fingerprint(program: Path, *locks: Path) -> str:
    """The locks and the interpreter they were installed for."""
    version = os.fsencode(os.path.realpath(program))
    return hashlib.sha256(b"".join(lock.read_bytes() for lock in locks) + version).hexdigest()


def _stamp(lock: str) -> Path:
    return VENV / f".installed-{lock}"


def _holds(lock: str) -> bool:
    stamp = _stamp(lock)
    return stamp.exists() and stamp.read_text(encoding="ascii") == _fingerprint(lock)


def _fingerprint(lock: str) -> str:
    return fingerprint(PYTHON, ROOT / lock)
