"""The programs that a start is made of: each with its log, all stopped with it."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LARGEST_LOG = 5 * 1024 * 1024  # bytes; what is older moves to NAME.log.1
_SET_PARENT_DEATH_SIGNAL = 1  # prctl's PR_SET_PDEATHSIG


@dataclass
class Child:
    """One running program. `stop_signal` is what makes it finish what it has in hand."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals
    patience: float  # seconds it gets to finish

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def last_lines(self, count: int = 15) -> str:
        """The end of its log."""
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-count:])

    def stop(self) -> None:
        """Ask it to finish, wait, and end it if it does not."""
        if self.ended:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(self.patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(
    name: str,
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    logs: Path,
    stop_signal: signal.Signals = signal.SIGTERM,
    patience: float = 10.0,
) -> Child:
    """Start a program in a session of its own, so that Ctrl-C reaches only us and we stop it."""
    log = logs / f"{name}.log"
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=with_us,  # noqa: PLW1509 - only one thread runs here
        )
    return Child(name, process, log, stop_signal, patience)


def with_us() -> None:
    """In the child: no core dumps, files for us alone, and an end when we are killed."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
