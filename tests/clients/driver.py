"""A published client running in a process of its own, and one call of it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.clients import NODE_MODULES, find_node, python_of
from tests.clients.tap import Exchange, Tap
from tests.conftest import KEY, SECRET

DRIVERS = Path(__file__).parent / "drivers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a call came to: `value`, or `error` with what the client says about it."""

    ok: bool
    value: Any = None
    error: str | None = None
    status: int | None = None
    code: int | None = None
    message: str | None = None
    sent: tuple[Exchange, ...]

    @property
    def last(self) -> Exchange:
        """The request that the call was made for; tokens are fetched before it."""
        return self.sent[-1]

    @property
    def reached(self) -> str | None:
        return self.last.operation


class Client:
    """One published client, ready to be called."""

    def __init__(
        self,
        process: subprocess.Popen[str],
        tap: Tap,
        note: Callable[[Sequence[Exchange]], None],
    ) -> None:
        self._process = process
        self._tap = tap
        self._note = note
        self._fresh = True

    def without_token(self) -> Client:
        """The same, but its next call has no token to reuse: as a test finds it."""
        self._fresh = True
        return self

    def call(self, method: str, *arguments: Any, **options: Any) -> Done:
        return self.call_as(SECRET, method, *arguments, **options)

    def call_as(self, secret: str, method: str, *arguments: Any, **options: Any) -> Done:
        """Call with another secret."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._tap.exchanges.clear()
        line = {
            "method": method,
            "arguments": arguments,
            "options": options,
            "secret": secret,
            "fresh": self._fresh,
        }
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        self._fresh = False
        answer = self._process.stdout.readline()
        assert answer, "the driver ended; what it said stands above"
        sent = tuple(self._tap.exchanges)
        self._note(sent)
        return Done(**json.loads(answer), sent=sent)


@contextmanager
def running_driver(
    script: str, url: str, tap: Tap, note: Callable[[Sequence[Exchange]], None]
) -> Iterator[Client]:
    """Start `script` under the program that its client was installed for."""
    process = subprocess.Popen(
        [_program(script), str(DRIVERS / script), url, KEY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        # Nothing else from outside: a proxy of the shell must not stand between the two.
        env={
            "PATH": os.environ["PATH"],
            "NODE_PATH": str(NODE_MODULES),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
    with process:
        try:
            yield Client(process, tap, note)
        finally:
            process.kill()


def _program(script: str) -> str:
    stem, _, suffix = script.rpartition(".")
    if suffix == "js":
        node = find_node()
        program, client = Path(node or "missing"), NODE_MODULES
    else:
        client = program = python_of(stem.removeprefix("python_").replace("_", "-"))
    assert program.exists(), f"{client} is missing: run `.venv/bin/python -m scripts.clients`"
    return str(program)
