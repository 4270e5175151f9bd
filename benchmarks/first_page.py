"""Time to the first page and memory of `./run`, from an empty data folder.

    .venv/bin/python -m benchmarks.first_page [--payments 30000]

Starts everything on free ports in a folder of its own, signs in, opens pages, waits until the walk
over the gateway's payments is done, and prints seconds and megabytes. Memory is the proportional
set size (PSS): what the processes share is counted once. Linux only.
"""

from __future__ import annotations

import argparse
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
PAGES = ("/", "/payments/", "/refunds/", "/customers/", "/escrow-orders/", "/reports/")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--payments", type=int, default=30_000)
    payments = parser.parse_args().payments
    with tempfile.TemporaryDirectory(prefix="jangbu-benchmark-") as data:
        return measure(payments, Path(data))


def measure(payments: int, data: Path) -> int:
    pages, sandbox = free_port(), free_port()
    began = time.monotonic()
    process = subprocess.Popen(
        [
            str(ROOT / "run"),
            *("--port", str(pages), "--sandbox-port", str(sandbox)),
            *("--data", str(data), "--payments", str(payments)),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        browser = httpx.Client(base_url=f"http://127.0.0.1:{pages}", timeout=30, trust_env=False)
        sign_in(browser)
        first = time.monotonic() - began
        walked = until_walked(browser) - began
        for path in PAGES * 20:
            browser.get(path).raise_for_status()
        memory = {name: pss(pids) for name, pids in parts(process.pid).items()}
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
    print(f"payments                      {payments:>10,}")
    print(f"first page after sign-in      {first:>10.1f} s")
    print(f"every payment walked          {walked:>10.1f} s")
    for name, megabytes in memory.items():
        print(f"memory, {name:<20}  {megabytes:>10.0f} MB")
    print(f"memory, together              {sum(memory.values()):>10.0f} MB")
    return 0


def sign_in(browser: httpx.Client) -> None:
    """Wait for the sign-in page and use it as the demo's finance person."""
    until = time.monotonic() + 300
    while time.monotonic() < until:
        try:
            page = browser.get("/sign-in")
            form = {"email": "finance@demo.example", "password": "jangbu-practice-2026"}
            token = TOKEN.search(page.text)
            answer = browser.post(
                "/sign-in", data={**form, "csrf_token": token[1] if token else ""}
            )
            if answer.status_code == 302:
                browser.get("/").raise_for_status()
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise SystemExit("nobody could sign in within five minutes")


def until_walked(browser: httpx.Client) -> float:
    """The moment at which the jobs page shows the first walk as done."""
    until = time.monotonic() + 600
    while time.monotonic() < until:
        text = browser.get("/jobs/", headers={"Accept-Language": "en"}).text
        if re.search(r"\d new, ", text):
            return time.monotonic()
        time.sleep(0.5)
    raise SystemExit("the walk did not end within ten minutes")


def parts(root: int) -> dict[str, list[int]]:
    """Process ids below `root`, by what they are."""
    found: dict[str, list[int]] = {"web": [], "worker": [], "sandbox": []}
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        waiting.extend(int(child) for child in children)
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ")
        for name, mark in (("web", "gunicorn"), ("worker", "worker"), ("sandbox", "-m sandbox")):
            if mark in command:
                found[name].append(pid)
                break
    return found


def pss(pids: list[int]) -> float:
    """Megabytes of these processes, shared pages counted once among all who share them."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
