"""The list of payments at a million rows, with Flask-Admin beside it on the same table.

    .venv/bin/python -m benchmarks search [--payments 1000000] [--data DIR] [--rounds 40]
        [--database URL]

Makes the shop in DIR unless it is there (some ten minutes a million), installs Flask-Admin in an
environment of its own, serves both from two processes each, and opens the pages of both in turn,
signed in to ours. Prints a table: p50 and p95 in milliseconds over HTTP, whole pages. A PostgreSQL
of one's own is measured without the peer.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.first_page import ROOT, free_port
from benchmarks.house import environment, pages, prepare, served
from scripts.run import BIN

PEERS = ROOT / ".peers"
CURSOR = re.compile(r'href="(/payments/\?[^"]*cursor[^"]*)"')
DEEP = 40  # pages turned before a deep one is measured


@dataclass(frozen=True)
class Case:
    """One page of ours, what it may cost, and the same question put to the peer, if it can."""

    name: str
    ours: str
    peer: str = ""
    goal: str = ""


CASES = (
    Case("first page, all time", "/payments/?period=all", "?", "p50 <= 0.4 x peer, p95 <= 25"),
    Case("far into the list", "deep", "?page=10000", "<= 1.3 x first"),
    Case("by amount", "/payments/?period=all&sort=amount", "?sort=6&desc=1", "<= 1.5 x first"),
    Case("by order number", "/payments/?period=all&sort=order", "?sort=1", "<= 1.5 x first"),
    Case("approved, newest first", "/payments/?period=all&basis=approved", "", "<= 1.5 x first"),
    Case("failed, last 7 days", "/payments/?state=failed&period=week", "", "<= 1.5 x first"),
    Case(
        "part refunds, all time", "/payments/?state=part_refunded&period=all", "", "<= 1.5 x first"
    ),
    Case("expired, all time", "/payments/?state=expired&period=all", "", "<= 1.5 x first"),
    Case("one syllable: 김", "/payments/?q=김", "?search=김", "<= peer / 50"),
    Case("two: 민준", "/payments/?q=민준", "?search=민준", "<= peer / 50"),
    Case("three: 김민준", "/payments/?q=김민준", "?search=김민준", "<= peer / 50"),
    Case("goods: 세트", "/payments/?q=세트", "?search=세트", "<= peer / 50"),
    Case("initials: ㄱㅁㅈ", "/payments/?q=ㄱㅁㅈ", "", ""),
    Case("four digits: 4821", "/payments/?q=4821", "?search=4821", "<= peer / 50"),
    Case("no hit", "/payments/?q=없는사람", "?search=없는사람", "<= peer / 50"),
    Case("part of a phone", "/payments/?q=010-1234", "?search=0101234", "<= peer / 50"),
    Case("exact id", "exact", "exact", "p95 <= 15"),
    Case("one payment", "detail", "", ""),
    Case(
        "worst: 세트, failed, vouchers",
        "/payments/?q=세트 수단:도서문화상품권&state=failed",
        "",
        "<= 100",
    ),
    Case(
        "worst: digit, 세트, phone, refunded",
        "/payments/?q=4 세트 수단:휴대폰&state=refunded",
        "",
        "<= 100",
    ),
    Case(
        "worst: 12 months, card, part refunds",
        "/payments/?q=할부:12 수단:카드&state=part_refunded",
        "",
        "<= 100",
    ),
    Case(
        "worst: 세트, approved, part refunds",
        "/payments/?q=세트&basis=approved&state=part_refunded",
        "",
        "<= 100",
    ),
    Case(
        "worst: amounts in a week",
        "/payments/?q=금액:50000..51000&sort=amount&period=week",
        "",
        "<= 100",
    ),
)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--payments", type=int, default=1_000_000)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--database", default="", help="an empty PostgreSQL; SQLite else")
    options = parser.parse_args(arguments)
    alone = options.no_peer or bool(options.database)
    with tempfile.TemporaryDirectory(prefix="jangbu-benchmark-") as folder:
        data = options.data or Path(folder)
        seconds = prepare(data, options.payments, database=options.database)
        if seconds:
            print(f"{options.payments:,} payments taken in: {seconds:.0f} s")
        shop = pages(data, database=options.database)
        with shop as browser, peer(data, off=alone) as other:
            tell(browser, other, options)
    return 0


def tell(browser: httpx.Client, other: httpx.Client | None, options: argparse.Namespace) -> None:
    kind = "PostgreSQL" if options.database else "SQLite"
    print(f"{options.payments:,} payments, {kind}, {hardware()}; {options.rounds} rounds; ms\n")
    print(f"{'page':38} {'p50':>7} {'p95':>7} {'peer p50':>9} {'ratio':>7}  goal")
    known = addresses(browser)
    for case in CASES:
        ours = known.get(case.ours, case.ours)
        theirs = known.get(case.peer, case.peer) if case.peer == "exact" else case.peer
        mine: list[float] = []
        peers: list[float] = []
        for turn in range(options.rounds + 3):
            took = timed(lambda path=ours: browser.get(path))  # type: ignore[misc]
            if turn >= 3:
                mine.append(took)
            if other is not None and theirs and sum(peers) < 20_000:
                asked = f"/admin/payment/{theirs}" if theirs != known["exact"] else known["peer"]
                took = timed(lambda path=asked: other.get(path))  # type: ignore[misc]
                if turn >= 1:
                    peers.append(took)
        p50, p95 = at(mine, 0.5), at(mine, 0.95)
        peer50 = at(peers, 0.5) if peers else 0
        ratio = f"{p50 / peer50:.3f}" if peer50 else ""
        shown = f"{peer50:.1f}" if peer50 else ""
        print(
            f"{case.name:38} {p50:7.1f} {p95:7.1f} {shown:>9} {ratio:>7}  {case.goal}", flush=True
        )


def addresses(browser: httpx.Client) -> dict[str, str]:
    """Pages that are known only when the shop is: one far in, one payment and its number."""
    page = browser.get("/payments/?period=all").text
    number = re.search(r">(imps?_\d+)<", page)
    assert number is not None
    exact = f"/payments/?q={number[1]}"
    place = "/payments/?period=all"
    for _ in range(DEEP):
        links = CURSOR.findall(browser.get(place).text)
        place = links[-1].replace("&amp;", "&")
    return {
        "deep": place,
        "exact": exact,
        "detail": browser.get(exact).headers["location"],
        "peer": f"/admin/payment/?search={number[1]}",
    }


@contextmanager
def peer(data: Path, *, off: bool) -> Iterator[httpx.Client | None]:
    """Flask-Admin over the same file."""
    if off:
        yield None
        return
    install_peers()
    port = free_port()
    env = {**os.environ, "PEER_DATABASE_URL": environment(data)["DATABASE_URL"]}
    place = ("-w", "2", "-b", f"127.0.0.1:{port}", "--timeout", "300", "flask_admin_app:app")
    command = [PEERS / "bin/gunicorn", *place]
    with served(command, ROOT / "benchmarks/peers", env, port=port) as browser:
        until_answers(browser)
        yield browser


def install_peers() -> None:
    """Their packages, hash-locked, in an environment of their own."""
    if not (PEERS / "bin/gunicorn").exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        lock = ROOT / "benchmarks/peers/requirements.txt"
        pip = [str(PEERS / "bin/pip"), "install", "-q", "--require-hashes", "-r", str(lock)]
        subprocess.run(pip, check=True)
    assert BIN.exists()


def until_answers(browser: httpx.Client) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            browser.get("/admin/payment/").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("the peer did not start within two minutes")


def timed(work: Callable[[], httpx.Response]) -> float:
    """Milliseconds of one whole answer."""
    began = time.perf_counter()
    answer = work()
    took = (time.perf_counter() - began) * 1000
    assert answer.status_code < 400, answer.url
    return took


def at(times: list[float], part: float) -> float:
    return sorted(times)[min(int(len(times) * part), len(times) - 1)]


def hardware() -> str:
    model = ""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return f"{os.cpu_count()} cores ({model}), Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
