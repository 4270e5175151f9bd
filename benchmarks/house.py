"""The pages over a shop that is already in the database: no sandbox, no worker."""

from __future__ import annotations

import os
import signal
import subprocess
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from flask import Flask

from admin.app import build_app
from benchmarks.first_page import free_port, sign_in
from benchmarks.growth import grow
from benchmarks.shop import fill
from scripts.run import BIN, ROOT, flask, private_settings, settings

MOST_TAKEN_IN = 1_000_000


def environment(data: Path, *, port: int = 0, database: str = "") -> dict[str, str]:
    """The settings of a house in that folder; nothing answers where its gateway would be."""
    options = Namespace(port=port, sandbox_port=1)
    given = settings(options, data, private_settings(data))
    return {**given, "DATABASE_URL": database or given["DATABASE_URL"]}


def prepare(data: Path, payments: int, *, database: str = "") -> float:
    """A shop of that many payments in `data`, made unless it is there. Returns the seconds.

    Above a million it is grown from one of a million.
    """
    made = data / f"made-{payments}"
    if made.exists():
        return 0.0
    data.mkdir(parents=True, exist_ok=True)
    env = environment(data, database=database)
    flask(env, "db", "upgrade")
    flask(env, "seed", "demo")
    app = application(env)
    seconds = fill(app, min(payments, MOST_TAKEN_IN))
    if payments > MOST_TAKEN_IN:
        seconds += grow(app, payments)
    made.touch()
    return seconds


def application(env: dict[str, str]) -> Flask:
    """The application itself, in this process."""
    os.environ.update(env)
    return build_app()


@contextmanager
def pages(data: Path, *, database: str = "") -> Iterator[httpx.Client]:
    """A browser that somebody of finance signed in with, over two web processes."""
    port = free_port()
    env = environment(data, port=port, database=database)
    command = [BIN / "gunicorn", "--config", ROOT / "gunicorn.conf.py", "wsgi:app"]
    with served(command, ROOT, env, port=port) as browser:
        sign_in(browser)
        yield browser


@contextmanager
def served(
    command: Sequence[str | Path], folder: Path, env: Mapping[str, str], *, port: int
) -> Iterator[httpx.Client]:
    """A web server for the length of a `with` block, and a browser before it."""
    server = subprocess.Popen(
        list(map(str, command)),
        cwd=folder,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=address, timeout=300, trust_env=False) as browser:
            yield browser
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(120)
