"""./run: the whole of Jangbu on this computer, with the sandbox as its gateway.

Starts from what is in the data folder, or makes it: half a year of a demo shop's trade at the
sandbox, the shop's own books, and demo people. Real money cannot move.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from scripts import children
from scripts.children import Child
from scripts.environment import PYTHON, ROOT, RUNTIME, CannotPrepare, prepare, step

HOST = "127.0.0.1"
BIN = PYTHON.parent
SANDBOX_READY_WITHIN = 300.0  # seconds; seeding a million payments takes its time
WEB_READY_WITHIN = 60.0
STOP_ORDER = ("web", "worker", "sandbox")  # no new work, then the work in hand, then the gateway
# The gateway's public test pair; it opens nothing but the sandbox.
TEST_KEY = "imp_apikey"
TEST_SECRET = "ekKoeW8RyKuT0zgaZsUtXXTLQ4AhPFW3ZGseDA6bkA5lamv9OqDMnxyeB9wqOsuO9W3Mx9YSJ4dTqJ3f"  # noqa: S105


class CannotStart(Exception):
    """One sentence about what is in the way."""


class Stopped(Exception):
    """Somebody asked us to stop."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = read_options(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    running: list[Child] = []
    try:
        check_ports(options.port, options.sandbox_port)
        prepare(RUNTIME)
        os.umask(0o077)  # whatever is made from here on is for us alone
        data = make_folder(options.data)
        with held(data):
            start_all(options, data, running)
            watch(running)
    except Stopped:
        print("\nStopping …", flush=True)
        return 0
    except (CannotStart, CannotPrepare) as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for name in STOP_ORDER:
            for child in running:
                if child.name == name:
                    child.stop()


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(
        prog="./run",
        description="Starts Jangbu on this computer with the sandbox as its gateway.",
    )
    add = parser.add_argument
    add("--port", type=port, default=8000, help="of the pages (default 8000)")
    add("--sandbox-port", type=port, default=8010, help="of the sandbox (default 8010)")
    add("--data", type=Path, default=ROOT / "var", help="folder that keeps it all (default ./var)")
    add(
        "--payments",
        type=count,
        default=30_000,
        help="size of the demo shop when the data folder is new (default 30000)",
    )
    options = parser.parse_args(arguments)
    if options.port == options.sandbox_port:
        parser.error("the pages and the sandbox need two different ports.")
    return options


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence."""

    def error(self, message: str) -> NoReturn:
        print(f"./run: {message} See ./run --help.", file=sys.stderr)
        raise SystemExit(2)


def port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give a number from 1 to 65535.")
    return int(text)


def count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 5_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of payments from 0 to 5000000.")
    return int(text)


def check_ports(pages: int, sandbox: int) -> None:
    """Raise CannotStart when somebody listens on one of them already."""
    for number, option in ((pages, "--port"), (sandbox, "--sandbox-port")):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, number))
            except OSError as error:
                raise CannotStart(
                    f"Port {number} cannot be used ({error.strerror}): "
                    f"give another one with {option}."
                ) from None


def make_folder(folder: Path) -> Path:
    """The data folder, readable for us alone."""
    try:
        for part in (folder, folder / "logs", folder / "sandbox"):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise CannotStart(f"The folder {folder} cannot be used: {error.strerror}.") from None
    return folder.resolve()


@contextmanager
def held(data: Path) -> Iterator[None]:
    """Hold the data folder. Raises CannotStart when another start has it."""
    with (data / "run.lock").open("w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(
                f"Jangbu is already running on {data}; stop it, or give another --data."
            ) from None
        yield


def start_all(options: argparse.Namespace, data: Path, running: list[Child]) -> None:
    """Start every part in order; each is in `running` from the moment it runs."""
    private = private_settings(data)
    env = settings(options, data, private)
    logs = data / "logs"
    new = not (data / "sandbox" / "sandbox.db").exists()

    def launch(name: str, *command: str, **how: object) -> Child:
        child = children.start(name, command, cwd=ROOT, env=env, logs=logs, **how)  # type: ignore[arg-type]
        running.append(child)
        return child

    # What needs nothing of each other runs at the same time: two cores halve the wait.
    sandbox = launch(
        "sandbox",
        *(str(PYTHON), "-m", "sandbox", "--port", str(options.sandbox_port)),
        *("--data", str(data / "sandbox"), "--seed", "demo"),
        *("--payments", str(options.payments)),
    )
    with step("Bringing the database up to date"):
        flask(env, "db", "upgrade")
    web = launch(
        "web",
        *(str(BIN / "gunicorn"), "--config", str(ROOT / "gunicorn.conf.py"), "wsgi:app"),
        patience=30.0,
    )
    what = f"Making a demo shop of {options.payments:,} payments" if new else "Starting the sandbox"
    with step(what):
        url = env["GATEWAY_URL"]
        wait_until(lambda: answers(url + "/"), sandbox, within=SANDBOX_READY_WITHIN)
        send_webhooks_here(options, private)
    people = fill(data, env)
    launch(
        "worker",
        *(str(BIN / "flask"), "--app", "wsgi", "worker"),
        stop_signal=signal.SIGINT,
        patience=30.0,
    )
    with step("Starting the pages"):
        address = f"http://{HOST}:{options.port}"
        wait_until(lambda: answers(address + "/readyz"), web, within=WEB_READY_WITHIN)
    announce(address, url, people, data, flask(env, "database", "show").strip())


def private_settings(data: Path) -> dict[str, str]:
    """The secrets of this data folder: made once, kept in a file only we may read, never shown."""
    file = data / "secrets.env"
    if not file.exists():
        lines = {"SECRET_KEY": secrets.token_hex(32), "WEBHOOK_TOKEN": secrets.token_urlsafe(32)}
        text = "".join(f"{name}={value}\n" for name, value in lines.items())
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as output:
            output.write(text)
    file.chmod(0o600)
    pairs = (line.partition("=") for line in file.read_text(encoding="ascii").splitlines())
    return {name.strip(): value.strip() for name, mark, value in pairs if mark}


def settings(options: argparse.Namespace, data: Path, private: dict[str, str]) -> dict[str, str]:
    """The environment of every part. Ours wins: a DATABASE_URL of the shell is not touched."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "FLASK_", "GUNICORN_", "VIRTUAL_ENV"))
    }
    return {
        **kept,
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": f"sqlite:///{data / 'jangbu.db'}",
        "HUEY_URL": f"sqlite:///{data / 'huey.db'}",
        "GATEWAY_URL": f"http://{HOST}:{options.sandbox_port}",
        "GATEWAY_KEY": TEST_KEY,
        "GATEWAY_SECRET": TEST_SECRET,
        "SANDBOX_KEY": TEST_KEY,
        "SANDBOX_SECRET": TEST_SECRET,
        "INCLUDE_SANDBOX": "false",
        "STORE_NAME": "이음상점",
        "STORE_CHANNEL": "KCP T0000",
        "TRUSTED_HOSTS": f"{HOST},localhost",
        "SECURE_COOKIES": "false",  # http on this computer; browsers would drop them
        "PROXY_HOPS": "0",
        "RATELIMIT_URL": "memory://",
        "JANGBU_TESTING": "false",
        "WEB_BIND": f"{HOST}:{options.port}",
        **private,
    }


def send_webhooks_here(options: argparse.Namespace, private: dict[str, str]) -> None:
    """Tell the sandbox where the shop listens. Not on its command line: the path holds a token."""
    hook = f"http://{HOST}:{options.port}/webhooks/payments/{private['WEBHOOK_TOKEN']}"
    request = urllib.request.Request(
        f"http://{HOST}:{options.sandbox_port}/_sandbox/settings",
        data=json.dumps({"webhook_url": hook}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        _open(request)
    except OSError as error:
        raise CannotStart(f"The sandbox does not take the address for webhooks: {error}") from None


def fill(data: Path, env: dict[str, str]) -> list[tuple[str, str, str]]:
    """Demo people always; the shop's books when they are new or changed. Returns the sign-ins."""
    books, stamp = data / "sandbox" / "books", data / "books.sha256"
    now = "".join(
        hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(books.glob("*.csv"))
    )
    changed = now != (stamp.read_text(encoding="ascii") if stamp.exists() else "")
    what = "Reading the shop's own books" if changed else "Looking after the demo people"
    with step(what):
        options = ("--books", str(books)) if changed else ()
        written = flask(env, "seed", "demo", *options)
    stamp.write_text(now, encoding="ascii")
    fields = [line.split("\t") for line in written.splitlines()]
    return [(role, email, word) for role, email, word in (f for f in fields if len(f) == 3)]


def flask(env: dict[str, str], *command: str) -> str:
    """Run a flask command to its end and return what it wrote. Raises CannotStart."""
    process = subprocess.Popen(
        (str(BIN / "flask"), "--app", "wsgi", *command),
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
        preexec_fn=children.with_us,  # noqa: PLW1509 - only one thread runs here
    )
    try:
        written, complained = process.communicate()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if process.returncode:
        last = "\n".join((complained or written).strip().splitlines()[-15:])
        raise CannotStart(f"flask {' '.join(command[:2])} failed:\n{last}")
    return written


def wait_until(ready: Callable[[], bool], child: Child, *, within: float) -> None:
    """Wait for a child to answer. Raises CannotStart when it ends or takes too long."""
    until = time.monotonic() + within
    while not ready():
        if child.ended:
            raise CannotStart(f"The {child.name} did not start:\n{child.last_lines()}")
        if time.monotonic() > until:
            raise CannotStart(
                f"The {child.name} gave no answer in {within:.0f} s:\n{child.last_lines()}"
            )
        time.sleep(0.1)


def answers(url: str) -> bool:
    """Whether `url` answers; asking for a token is an answer, an error of its own is none."""
    try:
        _open(urllib.request.Request(url))
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False
    return True


def _open(request: urllib.request.Request) -> None:
    straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with straight.open(request, timeout=5) as answer:
        answer.read()


def announce(
    address: str, sandbox: str, people: list[tuple[str, str, str]], data: Path, database: str
) -> None:
    lines = [
        "",
        f"Jangbu is on  {address}",
        "",
        "Sign in as (the sandbox is the gateway, no real money can move):",
        *(f"  {role:<8}  {email:<24}  {password}" for role, email, password in people),
        "",
        f"The sandbox gateway is on {sandbox}, its control page on {sandbox}/_sandbox/",
        f"Everything is kept in {data}, logs in {data / 'logs'}",
        f"The database: {database}",
        "The payments come in from the gateway now, as they always do. Ctrl-C stops everything.",
        "",
    ]
    print("\n".join(lines), flush=True)


def watch(running: list[Child]) -> NoReturn:
    """Wait until somebody stops us. Raises CannotStart when a part ends by itself."""
    while True:
        for child in running:
            if child.ended:
                code = child.process.returncode
                raise CannotStart(
                    f"The {child.name} ended by itself (exit code {code}). "
                    f"The end of {child.log}:\n{child.last_lines()}"
                )
        time.sleep(0.5)


def _stop(*_: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # once is enough: what is in hand is finished
    raise Stopped


if __name__ == "__main__":
    sys.exit(main())
