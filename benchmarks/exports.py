"""How fast a list becomes a file, and how much memory that takes.

    .venv/bin/python -m benchmarks.exports [--rows 1000000] [--xlsx-rows 100000]

Fills a database of its own with payments, writes the list with 25 columns as CSV and as XLSX, each
in a process of its own, and prints seconds of one core, memory of the process alone, and what
reading the same rows and doing nothing with them takes. Where XlsxWriter is installed, it writes
the same cells.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask_migrate import upgrade

from admin.app import build_app
from admin.config import Settings
from admin.domain.export import ExportKind
from admin.exports.lists import offered_list
from admin.exports.writing import Order, write
from admin.models import Payment, db
from admin.web.i18n import speaking
from sandbox.config import SandboxConfig
from sandbox.server import running

COLUMNS = 25
NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
BATCH = 20_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--xlsx-rows", type=int, default=100_000)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="jangbu-benchmark-") as folder,
        running(SandboxConfig(key="key", secret="secret", seed="empty")) as gateway,  # noqa: S106
    ):
        for kind, rows in ((ExportKind.CSV, options.rows), (ExportKind.XLSX, options.xlsx_rows)):
            place = Path(folder) / kind.value
            place.mkdir()
            in_child(fill, place, gateway.url, rows)
            in_child(measure, place, gateway.url, kind)
        in_child(measure_xlsxwriter, Path(folder) / "xlsx", gateway.url)
    return 0


def in_child(function: Any, *arguments: Any) -> None:
    """Run in a process of its own, so that the peak memory is that of the work alone."""
    process = multiprocessing.get_context("spawn").Process(target=function, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(process.exitcode)


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


def measure(folder: Path, gateway: str, kind: ExportKind) -> None:
    app = application(folder, gateway)
    with app.app_context(), speaking("ko"), (folder / "file").open("w+b") as file:
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
        began = time.process_time(), time.monotonic()
        written = write(order, file, engine=db.engine, report=lambda *_: held.append(memory()))
        core, wall = time.process_time() - began[0], time.monotonic() - began[1]
        names = list(dict.fromkeys(name for one in order.columns for name in one.needs))
        began_reading = time.process_time()
        with db.engine.connect() as connection:
            for _ in connection.execute(order.question.rows(names)).partitions(2_000):
                pass
        read = time.process_time() - began_reading
        if written.sums != written.counted:
            raise SystemExit("the totals differ")
    print(
        f"{kind.value:<5} {written.counted.count:>9,} rows  {core:6.2f} s of one core"
        f"  {wall:6.2f} s  {written.size / 1e6:7.1f} MB"
        f"  memory {max(held):.0f} MB (before {held[0]:.0f})  only read {read:.2f} s"
    )


def measure_xlsxwriter(folder: Path, gateway: str) -> None:
    with suppress(ImportError):
        import xlsxwriter

        app = application(folder, gateway)
        with app.app_context(), speaking("ko"):
            offered = offered_list("payments")
            columns = offered.columns(True, NOW)[:COLUMNS]
            names = list(dict.fromkeys(name for one in columns for name in one.needs))
            rows = offered.read("period=all", NOW).rows(names)
            book = xlsxwriter.Workbook(folder / "yardstick", {"constant_memory": True})
            sheet = book.add_worksheet()
            began, number = time.process_time(), 0
            with db.engine.connect() as connection:
                for block in connection.execute(rows).partitions(2_000):
                    raw = dict(zip(names, zip(*block, strict=True), strict=True))
                    cells = [one.values(*(raw[name] for name in one.needs)) for one in columns]
                    for row in zip(*cells, strict=True):
                        number += 1
                        for place, cell in enumerate(row):
                            sheet.write(number, place, cell)
            book.close()
            size = os.path.getsize(folder / "yardstick") / 1e6
            print(
                f"xlsxwriter {number:>9,} rows  {time.process_time() - began:6.2f} s of one core"
                f"  {size:7.1f} MB  memory {memory():.0f} MB"
            )


def memory() -> float:
    """Megabytes of this process alone: the database file is mapped and belongs to the system."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


if __name__ == "__main__":
    raise SystemExit(main())
