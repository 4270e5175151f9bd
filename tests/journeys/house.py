"""A real installation for the journeys: ./run with its sandbox, pages and worker."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from admin.domain.permissions import Role
from scripts.servers import free_port
from tests.architecture.source import ROOT

PAYMENTS = 4_000  # of which some twenty escrow orders wait for their parcel
WITHIN = 120.0  # seconds for a start and the first walk over the payments


@dataclass
class House:
    """One installation under way."""

    process: subprocess.Popen[str]
    data: Path
    url: str
    sandbox_url: str
    said: Path

    def people(self) -> dict[Role, tuple[str, str]]:
        """The demo sign-ins that the start printed."""
        found = {}
        for line in self.said.read_text(encoding="utf-8").splitlines():
            words = line.split()
            if len(words) == 3 and words[0] in {role.value for role in Role}:
                found[Role(words[0])] = (words[1], words[2])
        return found

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Look something up in the installation's database."""
        address = f"file:{self.data / 'jangbu.db'}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=10)) as database:
            return database.execute(query, values).fetchall()

    def one(self, query: str, *values: Any) -> Any:
        """The first value of the first row."""
        return self.ask(query, *values)[0][0]

    def script(self, path: str, action: str, *, times: int = 1, **more: Any) -> None:
        """Let the sandbox gateway do something wrong."""
        fault = {"path": path, "action": action, "times": times, **more}
        self._control("POST", "script", fault)

    def behave(self) -> None:
        """Let the sandbox gateway do everything right again, and forget that it did not.

        Otherwise the next journey begins within the seconds in which it is left alone.
        """
        self._control("DELETE", "script", None)
        with closing(sqlite3.connect(self.data / "jangbu.db", timeout=10)) as database, database:
            database.execute("UPDATE gateway_circuits SET failures = 0")

    def gateway_payment(self, imp_uid: str) -> dict[str, Any]:
        """A payment as it stands at the gateway."""
        found = self._control("GET", "ledger", None)
        return {"effects": [one for one in found if one.get("imp_uid") == imp_uid]}

    def cancels(self, imp_uid: str) -> list[int]:
        """Every cancellation of a payment that the gateway really made."""
        effects = self.gateway_payment(imp_uid)["effects"]
        return [one["amount"] for one in effects if one["kind"] == "cancel"]

    def wait_until_in(self) -> None:
        """Wait until the first walk brought every payment in."""
        self.wait_for(lambda: "Ctrl-C" in self.said.read_text(encoding="utf-8"))
        # A walk that finds another under way is done at once: all that were asked for must be.
        walks = "SELECT count(*) FROM jobs WHERE name = 'payments.sync' AND state {}"
        self.wait_for(
            lambda: (
                self.one(walks.format("= 'done'")) > 0
                and self.one(walks.format("IN ('queued', 'running')")) == 0
            )
        )

    def buyer(self, act: str, **body: Any) -> None:
        """Let the buyer do something that no page of ours is for."""
        self._control("POST", f"buyer/{act}", body)

    def end_link(self) -> None:
        """Let the time of the newest payment request be over."""
        newest = "id = (SELECT max(id) FROM payment_requests)"
        with closing(sqlite3.connect(self.data / "jangbu.db", timeout=10)) as database, database:
            database.execute(f"UPDATE payment_requests SET expires_at = created_at WHERE {newest}")

    def wait_for(self, ready: Any) -> None:
        until = time.monotonic() + WITHIN
        while not ready():
            text = self.said.read_text(encoding="utf-8")
            assert self.process.poll() is None, text
            assert time.monotonic() < until, text
            time.sleep(0.1)

    def _control(self, method: str, path: str, body: Any) -> Any:
        address = f"{self.sandbox_url}/_sandbox/{path}"
        answer = httpx.request(method, address, json=body, timeout=20, trust_env=False)
        assert answer.status_code < 300, answer.text
        return answer.json()["response"]


@contextmanager
def started(folder: Path) -> Iterator[House]:
    """A house for the length of a `with` block."""
    pages, sandbox, said = free_port(), free_port(), folder / "said.txt"
    command = [sys.executable, "-m", "scripts.run", "--data", str(folder / "data")]
    command += ["--port", str(pages), "--sandbox-port", str(sandbox), "--payments", str(PAYMENTS)]
    with said.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "KEY_IN_ENABLED": "true"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    data, local = folder / "data", "http://127.0.0.1"
    house = House(process, data, f"{local}:{pages}", f"{local}:{sandbox}", said)
    try:
        house.wait_until_in()
        yield house
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
