"""The web server as it really runs, over the database of the test, to be killed and begun anew."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from admin.config import Settings
from scripts.servers import free_port
from tests.architecture.source import ROOT
from tests.faults.threads import until
from tests.people import HIDDEN, PASSWORD, token_of

BIN = Path(sys.executable).parent
WORKERS = """
import os, sys
from wsgi import app
for _ in range(int(sys.argv[1]) - 1):
    if os.fork() == 0:
        break
with app.app_context():
    app.cli.main(["worker"])
"""


def environment(settings: Settings, **changes: str) -> dict[str, str]:
    """What every part of an installation is started with."""
    return {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "HUEY_URL": settings.huey_url,
        "GATEWAY_URL": settings.gateway_url,
        "GATEWAY_KEY": settings.gateway_key,
        "GATEWAY_SECRET": settings.gateway_secret,
        "SECRET_KEY": settings.secret_key,
        "WEBHOOK_TOKEN": settings.webhook_token,
        "EXPORTS_FOLDER": str(settings.exports_path),
        "TRUSTED_HOSTS": "127.0.0.1",
        "SECURE_COOKIES": "false",
        "LOG_LEVEL": "WARNING",
        "JANGBU_TESTING": "true",
        **changes,
    }


class Web:
    """One gunicorn. Its own process only forks and waits; the processes below it do the work."""

    def __init__(
        self, settings: Settings, gateway_url: str, log: Path, processes: int, **changes: str
    ) -> None:
        self._port = free_port()
        self._log = log
        self._processes = processes
        self._env = environment(
            settings,
            GATEWAY_URL=gateway_url,
            WEB_BIND=f"127.0.0.1:{self._port}",
            WEB_WORKERS=str(processes),
            **changes,
        )
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it unless it runs, and wait until it answers."""
        if self._process is None or self._process.poll() is not None:
            command = [BIN / "gunicorn", "--config", ROOT / "gunicorn.conf.py", "wsgi:app"]
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    command, cwd=ROOT, env=self._env, stdout=log, stderr=log
                )
        until(self._answers, "the web's first answer")

    def workers(self) -> list[int]:
        """The processes that answer requests."""
        if self._process is None or self._process.poll() is not None:
            return []
        pid = self._process.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill_workers(self, *, abort: bool = False) -> None:
        """End every process that answers, in the middle of whatever it does, and wait for others.

        `abort`: as the server ends one that it believes to hang, SIGABRT and then SIGKILL. What
        comes after has no connection to the database until somebody asks it something.
        """
        before = self.workers()
        for pid in before:
            if abort:
                os.kill(pid, signal.SIGABRT)
            os.kill(pid, signal.SIGKILL)
        until(
            lambda: len(now := self.workers()) == self._processes and not set(now) & set(before),
            "new processes of the web",
        )

    def begin_anew(self) -> None:
        """A rolling restart: new processes come, the old ones take nothing new, finish and end."""
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """End all of it."""
        if self._process is not None and self._process.poll() is None:
            for pid in [*self.workers(), self._process.pid]:
                os.kill(pid, signal.SIGKILL)
            self._process.wait(30)

    def has_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def _answers(self) -> bool:
        if self.has_ended():
            raise AssertionError(self._log.read_text(encoding="utf-8")[-2000:])
        try:
            return httpx.get(f"{self.url}/healthz", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False


@dataclass
class Visitor:
    """A person whose requests travel over a socket. Requests of threads share the cookies."""

    url: str
    cookies: dict[str, str]

    @classmethod
    def signs_in(cls, url: str, email: str) -> Visitor:
        """Sign in through the page."""
        with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
            form = {"email": email, "password": PASSWORD}
            token = token_of(client.get("/sign-in").text)
            answer = client.post("/sign-in", data={**form, "csrf_token": token})
            assert answer.status_code == 302, answer.text
            return cls(url, dict(client.cookies))

    def get(self, path: str) -> httpx.Response:
        """Open a page in English."""
        return self._ask("GET", path)

    def post(self, path: str, fields: dict[str, str]) -> httpx.Response:
        """Send a form whose hidden fields are among `fields`."""
        return self._ask("POST", path, data=fields)

    def form(self, path: str, **typed: str) -> dict[str, str]:
        """The hidden fields of a page, and what the person types beside them."""
        page = self.get(path)
        assert page.status_code == 200, page.text
        fields = {}
        for tag in HIDDEN.findall(page.text):
            name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
            if name and value:
                fields[name[1]] = value[1]
        return fields | typed

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        with httpx.Client(
            base_url=self.url, cookies=self.cookies, timeout=60, trust_env=False
        ) as client:
            return client.request(method, path, headers={"Accept-Language": "en"}, **options)


@contextmanager
def workers(settings: Settings, log: Path, count: int = 1) -> Iterator[Callable[[], None]]:
    """Real background workers, ended hard by what is yielded, or at the end of the block.

    What they load is loaded once and forked, which is most of what their start would take.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", WORKERS, str(count)],
            cwd=ROOT,
            env=environment(settings, SYNC_HISTORY_DAYS="1"),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    def kill() -> None:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    try:
        yield kill
    finally:
        kill()
