"""`python -m sandbox` serves the stand-in gateway; `python -m sandbox books` writes its books."""

import argparse
import ipaddress
import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sandbox.clock import KST
from sandbox.config import TEST_KEY, TEST_SECRET, SandboxConfig
from sandbox.seeding import NoBooks, export_books
from sandbox.server import Running, start
from sandbox.store import DataInUse, Store


def main(arguments: Sequence[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given[:1] == ["books"]:
        return _books(given[1:])
    return _serve(given)


def _serve(arguments: Sequence[str]) -> int:
    options = _serve_parser().parse_args(arguments)
    if not options.allow_network and not _is_loopback(options.host):
        _tell(f"{options.host} is not a loopback address; give --allow-network to serve it.")
        return 2
    config = SandboxConfig(
        key=options.key,
        secret=options.secret,
        host=options.host,
        port=options.port,
        data=options.data,
        seed=options.seed,
        payments=options.payments,
        random_seed=options.random_seed,
        now=options.now,
        webhook_url=options.webhook_url,
        webhook_form=options.webhook_form,
        partial_reading=options.partial_reading,
        progress=_tell,
    )
    # Both signals interrupt whatever runs, the seeding included; half a seed is thrown away at
    # the next start.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    server: Running | None = None
    try:
        server = start(config)
        _tell(f"Gateway sandbox on {server.url} (control: {server.url}/_sandbox/)")
        threading.Event().wait()
    except KeyboardInterrupt:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    except DataInUse as error:
        _tell(str(error))
        return 1
    except OSError as error:
        _tell(f"Cannot serve on {options.host}:{options.port}: {error.strerror}.")
        return 1
    if server is not None:
        server.stop()
    _tell("Stopped.")
    return 0


def _books(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox books")
    parser.add_argument("--data", type=Path, required=True, help="folder of a seeded sandbox")
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    options = parser.parse_args(arguments)
    if not (options.data / "sandbox.db").exists():
        _tell(f"{options.data} holds no sandbox.")
        return 1
    store = Store(options.data, shared=True)
    try:
        export_books(store, options.out)
    except NoBooks as error:
        _tell(str(error))
        return 1
    finally:
        store.close()
    _tell(f"Wrote orders.csv, customers.csv and planted.json to {options.out}")
    return 0


def _serve_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="A stand-in for the payment gateway. `books --data DIR --out DIR` writes "
        "the shop's own books of a seeded sandbox.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to serve on (default 127.0.0.1)")
    add("--port", type=int, default=8010, help="port, 0 for a free one (default 8010)")
    add("--allow-network", action="store_true", help="allow an address other than loopback")
    add("--data", type=Path, help="folder that keeps the state; in memory without it")
    add("--seed", choices=("demo", "empty"), default="demo", help="what a new state holds")
    add("--payments", type=_count, default=30_000, help="size of the demo (default 30000)")
    add("--random-seed", type=int, default=1, help="another number makes another shop")
    add("--now", type=_moment, help="the moment the demo ends at, ISO 8601 (default now)")
    add("--key", default=os.environ.get("SANDBOX_KEY") or TEST_KEY,
        help="API key (or SANDBOX_KEY; default the public test key)")  # fmt: skip
    add("--secret", default=os.environ.get("SANDBOX_SECRET") or TEST_SECRET,
        help="API secret (or SANDBOX_SECRET; default the public test secret)")  # fmt: skip
    add("--webhook-url", help="where webhooks are posted to")
    add("--webhook-form", action="store_true", help="post webhooks as a form, not JSON")
    add("--partial-reading", choices=("cancelled", "paid"),
        help="status of a partly cancelled payment (default cancelled)")  # fmt: skip
    return parser


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _moment(written: str) -> datetime:
    moment = datetime.fromisoformat(written)
    return moment if moment.tzinfo else moment.replace(tzinfo=KST)


def _count(written: str) -> int:
    count = int(written)
    if count < 0:
        raise ValueError
    return count


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
