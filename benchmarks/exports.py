"""How fast a list becomes a file, and how much memory that takes.

    .venv/bin/python -m benchmarks exports [--rows 1000000] [--xlsx-rows 100000] [--rounds 3]

Fills a database of its own with payments and writes the list with 25 columns, each time in a
process of its own: as CSV in turn with the action of a Django admin over the same table, as XLSX in
turn with XlsxWriter in its `constant_memory` mode. Prints seconds of one core, the median of the
rounds, and what reading the same rows and doing nothing with them takes. Then takes short files
from a shop over HTTP: how long until the first byte, and how soon a long one is taken in hand.
"""

from __future__ import annotations

import argparse
import html
import json
import multiprocessing
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from flask_migrate import upgrade

from admin.app import build_app
from admin.config import Settings
from admin.domain.export import ExportKind
from admin.exports.lists import offered_list
from admin.exports.writing import Order, write
from admin.models import Payment, db
from admin.web.i18n import speaking
from benchmarks.house import pages, prepare
from benchmarks.search import PEERS, at, hardware, install_peers
from sandbox.config import SandboxConfig
from sandbox.server import running

COLUMNS = 25
NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
BATCH = 20_000
SHOP = 50_000  # payments of the shop whose pages are opened
SCRIPTS = {ExportKind.CSV: "django_csv.py", ExportKind.XLSX: "xlsxwriter_table.py"}
PEER_NAMES = {ExportKind.CSV: "Django admin", ExportKind.XLSX: "XlsxWriter"}
INPUT = re.compile(r"<input [^>]*>")
ATTRIBUTE = re.compile(r'(name|value)="([^"]*)"')


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--xlsx-rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, help="the shop whose pages are opened")
    parser.add_argument("--no-peer", action="store_true")
    options = parser.parse_args()
    if not options.no_peer:
        install_peers()
    print(f"SQLite, {hardware()}; {options.rounds} rounds, medians; seconds of one core\n")
    with (
        tempfile.TemporaryDirectory(prefix="jangbu-benchmark-") as folder,
        running(SandboxConfig(key="key", secret="secret", seed="empty")) as gateway,  # noqa: S106
    ):
        for kind, rows in ((ExportKind.CSV, options.rows), (ExportKind.XLSX, options.xlsx_rows)):
            if not rows:
                continue
            place = Path(folder) / kind.value
            place.mkdir()
            in_child(fill, place, gateway.url, rows)
            ours, theirs = [], []
            for _ in range(options.rounds):
                ours.append(in_child(measure, place, gateway.url, kind))
                if not options.no_peer:
                    theirs.append(peer(place, kind))
            tell(kind, rows, ours, theirs)
        over_http(options.data or Path(folder) / "shop")
    return 0


def tell(
    kind: ExportKind,
    rows: int,
    ours: Sequence[dict[str, float]],
    theirs: Sequence[dict[str, float]],
) -> None:
    mine = {name: statistics.median(one[name] for one in ours) for name in ours[0]}
    kept = f"memory +{mine['grown']:.0f} MB, {mine['megabytes']:.0f} in all"
    beside = f"{mine['size'] / 1e6:.0f} MB of file, only read {mine['read']:.2f} s"
    print(f"{kind.value:12} {rows:>9,} rows {mine['seconds']:7.2f} s  {kept}; {beside}")
    if theirs:
        other = {name: statistics.median(one[name] for one in theirs) for name in theirs[0]}
        pairs = zip(ours, theirs, strict=True)
        ratio = statistics.median(one["seconds"] / its["seconds"] for one, its in pairs)
        print(
            f"{PEER_NAMES[kind]:12} {rows:>9,} rows {other['seconds']:7.2f} s  "
            f"{other['megabytes']:.0f} MB in all   ours / theirs {ratio:.2f}"
        )


def peer(folder: Path, kind: ExportKind) -> dict[str, float]:
    script = Path(__file__).parent / "peers" / SCRIPTS[kind]
    command = [PEERS / "bin/python", script, folder / "jangbu.db", folder / "theirs"]
    done = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def over_http(data: Path, rounds: int = 10) -> None:
    """A file of fewer than 5,000 rows from the button to its first byte, and a long one."""
    prepare(data, SHOP)
    first: list[float] = []
    taken: list[float] = []
    with pages(data) as browser:
        for _ in range(rounds):
            began = time.perf_counter()
            address = asked(browser, "period=week&state=failed")
            with browser.stream("GET", f"{address}/file") as answer:
                answer.raise_for_status()
                next(answer.iter_raw(1))
            first.append((time.perf_counter() - began) * 1000)
            began = time.perf_counter()
            asked(browser, "period=all")
            taken.append((time.perf_counter() - began) * 1000)
    print(f"short file, button to first byte  p50 {at(first, 0.5):.0f} ms")
    print(f"long file, until its page answers p50 {at(taken, 0.5):.0f} ms; a worker writes it")


def asked(browser: httpx.Client, query: str) -> str:
    """Send the form over a list; returns the address of the export."""
    form = browser.get(f"/exports/new?list=payments&{query}")
    form.raise_for_status()
    data: dict[str, Any] = {"kind": "csv", "reason": "benchmark", "columns": []}
    for tag in INPUT.findall(form.text):
        found = {name: html.unescape(text) for name, text in ATTRIBUTE.findall(tag)}
        if 'type="hidden"' in tag:
            data[found["name"]] = found["value"]
        elif found.get("name") == "columns" and " checked" in tag:
            data["columns"].append(found["value"])
    answer = browser.post("/exports/", data=data)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def in_child(function: Any, *arguments: Any) -> Any:
    """Run in a process of its own, so that the peak memory is that of the work alone."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_told, args=(theirs, function, arguments))
    process.start()
    theirs.close()
    try:
        result = ours.recv()
    except EOFError:
        result = None
    process.join()
    if process.exitcode:
        raise SystemExit(process.exitcode)
    return result


def _told(pipe: Any, function: Any, arguments: Sequence[Any]) -> None:
    pipe.send(function(*arguments))


def application(folder: Path, gateway: str) -> Any:
    settings = Settings(
        database_url=f"sqlite:///{folder}/jangbu.db",
        huey_url=f"sqlite:///{folder}/huey.db",
        gateway_url=gateway,
        gateway_key="key",
        gateway_secret="secret",  # noqa: S106 - of the sandbox of this run
        secret_key="benchmark-0123456789-abcdefghij-KLMNOP",  # noqa: S106
        webhook_token="",
        include_sandbox=True,
        store_name="이음상점",
        store_channel="KCP",
        trusted_hosts=("localhost",),
        secure_cookies=False,
        proxy_hops=0,
        log_level="WARNING",
        ratelimit_url="memory://",
        sync_minutes=5,
        sync_history_days=30,
        testing=True,
    )
    return build_app(settings)


def fill(folder: Path, gateway: str, rows: int) -> None:
    app = application(folder, gateway)
    with app.app_context():
        upgrade()
        for start in range(0, rows, BATCH):
            with db.engine.begin() as connection:
                numbers = range(start, min(rows, start + BATCH))
                connection.execute(sa.insert(Payment.__table__), [payment(one) for one in numbers])


def payment(number: int) -> dict[str, Any]:
    moment = NOW - timedelta(seconds=15 * number)
    gone = 4_000 if number % 9 == 0 else 0
    row: dict[str, Any] = dict.fromkeys(column.key for column in Payment.__table__.columns)
    return row | {
        "id": 10**12 - number,
        "imp_uid": f"imp_{number:012d}",
        "merchant_uid": f"ORD-2026-{number:09d}",
        "status": "cancelled" if gone else "paid",
        "standing": "part_refunded" if gone else "paid",
        "currency": "KRW",
        "amount_minor": 10_000 + number % 90_000,
        "cancelled_minor": gone,
        "started_at": moment,
        "paid_at": moment + timedelta(seconds=40),
        "cancelled_at": moment + timedelta(days=1) if gone else None,
        "pay_method": ("card", "vbank", "trans", "phone")[number % 4],
        "method": ("card", "vbank", "trans", "phone")[number % 4],
        "pg_provider": "kcp",
        "pg_tid": f"2026{number:014d}",
        "pg_id": "T0000",
        "sandbox": False,
        "escrow": number % 50 == 0,
        "apply_num": f"{30_000_000 + number}",
        "card_name": "신한카드" if number % 4 == 0 else None,
        "card_quota": number % 7,
        "order_name": f"원목 책장 {number % 30}단, 배송비 포함",
        "buyer_name": f"이도{number % 5_000}윤",
        "buyer_email": f"doyun{number % 100_000}@mail.example",
        "buyer_tel": f"010-{number % 10_000:04d}-{number % 9_999:04d}",
        "cancel_reason": "단순 변심" if gone else None,
        "cash_receipt_issued": False,
        "fetch_seq": 1,
        "checked_at": NOW,
        "quarantined": False,
        "version": 1,
    }


def measure(folder: Path, gateway: str, kind: ExportKind) -> dict[str, float]:
    app = application(folder, gateway)
    with app.app_context(), speaking("ko"), (folder / "file").open("w+b") as file:
        file.truncate()
        offered = offered_list("payments")
        order = Order(
            offered=offered,
            question=offered.read("period=all", NOW),
            columns=offered.columns(True, NOW)[:COLUMNS],
            kind=kind,
            cover=lambda sums, counted, root: [("root", root)],
            cover_name="Passport",
        )
        held: list[float] = [memory()]
        began = time.process_time()
        written = write(order, file, engine=db.engine, report=lambda *_: held.append(memory()))
        core = time.process_time() - began
        names = list(dict.fromkeys(name for one in order.columns for name in one.needs))
        began_reading = time.process_time()
        with db.engine.connect() as connection:
            for _ in connection.execute(order.question.rows(names)).partitions(2_000):
                pass
        read = time.process_time() - began_reading
        if written.sums != written.counted:
            raise SystemExit("the totals differ")
    return {
        "seconds": core,
        "read": read,
        "size": written.size,
        "megabytes": max(held),
        "grown": max(held) - held[0],
    }


def memory() -> float:
    """Megabytes of this process alone: the database file is mapped and belongs to the system."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


if __name__ == "__main__":
    raise SystemExit(main())
