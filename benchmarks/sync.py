"""The walk over the gateway's payments against a gateway that takes its time.

    .venv/bin/python -m benchmarks sync [--payments 20000] [--page 100] [--in-flight 8] [--delay 50]
        [--database URL]

A sandbox makes the shop. A stub before it keeps each page as bytes and gives it out again after
`delay` milliseconds, so that what is measured is our side and not the sandbox's. The first load
brings every payment with its index and sums; the second walk reads the same windows again and
finds nothing new. Beside both, `/payments/` is opened some times a second. The bound is what
the gateway allows: pages in flight divided by its delay.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from admin.models import SyncWindow, db
from admin.payments import sync
from benchmarks.first_page import free_port
from benchmarks.house import application, environment, pages
from scripts.run import PYTHON, ROOT, flask

HISTORY = timedelta(days=190)
QUIET = 100  # pages opened while nothing else happens
PAUSE = 0.1  # seconds between two pages; without it they would take a whole core


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--payments", type=int, default=20_000)
    parser.add_argument("--page", type=int, default=100, help="payments a page holds")
    parser.add_argument("--in-flight", type=int, default=8)
    parser.add_argument("--delay", type=int, default=50, help="milliseconds a page takes")
    parser.add_argument("--database", default="", help="an empty PostgreSQL; SQLite else")
    parser.add_argument("--stub", nargs=2, type=int, help=argparse.SUPPRESS)
    parser.add_argument("--walk", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stub:
        serve_stub(*options.stub)
    elif options.walk:
        print(json.dumps(walk_once(**options.walk)))
    else:
        with tempfile.TemporaryDirectory(prefix="jangbu-benchmark-") as data:
            measure(options, Path(data))
    return 0


def measure(options: argparse.Namespace, data: Path) -> None:
    now = datetime.now(UTC)
    with gateway(options.payments, now) as stub:
        empty = data / "empty"
        empty.mkdir()
        env = environment(empty)
        flask(env, "db", "upgrade")
        flask(env, "seed", "demo")
        shutil.copytree(empty, data / "first")
        how = {"now": now.isoformat(), "page": options.page, "in_flight": options.in_flight}
        start(empty, stub, **how).communicate()  # the stub has every page after this
        set_delay(stub, options.delay)
        if options.database:
            flask(environment(empty, database=options.database), "db", "upgrade")
            flask(environment(empty, database=options.database), "seed", "demo")
        house = data / "first"
        with pages(house, database=options.database) as browser:
            first = run(house, stub, browser, database=options.database, **how)
            quiet = open_pages(browser, itertools.repeat(None, QUIET))
            second = run(house, stub, browser, database=options.database, again=True, **how)
    tell(options, first, second, quiet)


@contextmanager
def gateway(payments: int, now: datetime) -> Iterator[str]:
    """The address of a stub before a sandbox with that many payments."""
    sandbox, stub = free_port(), free_port()
    commands = [
        ["sandbox", "--port", sandbox, "--payments", payments, "--now", now.isoformat()],
        ["benchmarks.sync", "--stub", stub, sandbox],
    ]
    running = []
    try:
        for module, *rest in commands:
            command = [str(PYTHON), "-m", str(module), *map(str, rest)]
            running.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL))
            wait_for(f"http://127.0.0.1:{rest[1]}/")
        yield f"http://127.0.0.1:{stub}"
    finally:
        for process in running:
            process.terminate()
            process.wait(30)


def wait_for(url: str) -> None:
    until = time.monotonic() + 300
    while time.monotonic() < until:
        try:
            httpx.get(url, trust_env=False, timeout=5)
            return
        except httpx.TransportError:
            time.sleep(0.2)
    raise SystemExit(f"nothing answers at {url}")


def serve_stub(port: int, sandbox: int) -> None:
    """Give out what the sandbox said, a while after each question."""
    kept: dict[str, tuple[int, bytes]] = {}
    told = {"delay": 0.0, "pages": 0}
    turn = threading.Lock()

    class Stub(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            began = time.monotonic()
            if self.path.startswith("/_stub"):
                told["delay"] = float(self.path.partition("=")[2] or told["delay"])
                self.answer(200, json.dumps(told).encode())
                told["pages"] = 0
                return
            if self.path not in kept:
                kept[self.path] = self.ask_sandbox()
            with turn:
                told["pages"] += 1
            time.sleep(max(0.0, began + told["delay"] - time.monotonic()))
            self.answer(*kept[self.path])

        def do_POST(self) -> None:
            self.answer(*self.ask_sandbox(self.rfile.read(int(self.headers["Content-Length"]))))

        def ask_sandbox(self, body: bytes | None = None) -> tuple[int, bytes]:
            asked = http.client.HTTPConnection("127.0.0.1", sandbox, timeout=60)
            names = ("Authorization", "Content-Type")
            headers = {name: self.headers[name] for name in names if self.headers[name]}
            asked.request(self.command, self.path, body, headers)
            answer = asked.getresponse()
            return answer.status, answer.read()

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    ThreadingHTTPServer(("127.0.0.1", port), Stub).serve_forever()


def set_delay(stub: str, milliseconds: int) -> None:
    httpx.get(f"{stub}/_stub?delay={milliseconds / 1000}", trust_env=False).raise_for_status()


def asked_pages(stub: str) -> int:
    """How many pages were given out since this was asked last."""
    count: int = httpx.get(f"{stub}/_stub", trust_env=False).json()["pages"]
    return count


def start(data: Path, stub: str, **how: Any) -> subprocess.Popen[str]:
    """One walk in a process of its own, as the worker has it."""
    asked = json.dumps({"data": str(data), "stub": stub, **how})
    command = [str(PYTHON), "-m", "benchmarks.sync", "--walk", asked]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def walk_once(
    *,
    data: str,
    stub: str,
    now: str,
    page: int,
    in_flight: int,
    database: str = "",
    again: bool = False,
) -> dict[str, float]:
    """The walk itself; `again` opens every window once more before it."""
    sync.PAGE = page
    app = application({**environment(Path(data), database=database), "GATEWAY_URL": stub})
    with app.app_context():
        if again:
            with db.engine.begin() as connection:
                connection.execute(sa.delete(SyncWindow))
        began, used = time.monotonic(), time.process_time()
        moment = datetime.fromisoformat(now)
        result = sync.walk(
            gateway=app.extensions["gateway"], history=HISTORY, now=moment, in_flight=in_flight
        )
        return {
            "seconds": time.monotonic() - began,
            "cpu": time.process_time() - used,
            "seen": result.seen,
            "new": result.new,
        }


def run(data: Path, stub: str, browser: httpx.Client, **how: Any) -> dict[str, Any]:
    """One walk with the list page opened beside it."""
    asked_pages(stub)
    process = start(data, stub, **how)
    times = open_pages(browser, iter(process.poll, 0))
    found: dict[str, Any] = json.loads(process.communicate()[0])
    return {**found, "pages": asked_pages(stub), "times": times}


def open_pages(browser: httpx.Client, while_true: Iterator[object]) -> list[float]:
    """Milliseconds of `/payments/`, once for each turn, sorted."""
    found = []
    for _ in while_true:
        began = time.perf_counter()
        browser.get("/payments/").raise_for_status()
        found.append((time.perf_counter() - began) * 1000)
        time.sleep(PAUSE)
    return sorted(found)


def tell(
    options: argparse.Namespace, first: dict[str, Any], second: dict[str, Any], quiet: list[float]
) -> None:
    bound = options.in_flight / (options.delay / 1000)
    print(f"{options.in_flight} in flight, {options.delay} ms, {options.page} payments a page")
    print(f"{'':<34}{'first load':>12}{'again':>12}")
    both = (first, second)
    rows = {
        "pages asked for": [f"{one['pages']:,}" for one in both],
        "seconds": [f"{one['seconds']:.1f}" for one in both],
        "pages/s": [f"{one['pages'] / one['seconds']:.1f}" for one in both],
        f"of the bound ({bound:.0f} pages/s)": [
            f"{one['pages'] / one['seconds'] / bound:.0%}" for one in both
        ],
        "payments/s": [f"{options.payments / one['seconds']:,.0f}" for one in both],
        "CPU of the walk, ms a payment": [
            f"{one['cpu'] / options.payments * 1000:.2f}" for one in both
        ],
        "processor in use, cores": [f"{one['cpu'] / one['seconds']:.2f}" for one in both],
        "payments new": [f"{one['new']:,}" for one in both],
    }
    for name, share in (("p50", 0.50), ("p95", 0.95)):
        still = quiet[int(len(quiet) * share)]
        rows[f"/payments/ {name} ({still:.0f} ms quiet)"] = [
            f"{one['times'][int(len(one['times']) * share)]:.0f} ms" for one in both
        ]
    for name, values in rows.items():
        print(f"{name:<34}" + "".join(f"{value:>12}" for value in values))


if __name__ == "__main__":
    sys.exit(main())
