"""The list page while refunds hang at the gateway.

    .venv/bin/python -m benchmarks.money_calls [--payments 2000] [--forms 20] [--pages 200]

Starts `./run` on free ports in a folder of its own, opens as many refund forms as asked for, and
measures `/payments/` before, and while the gateway holds every cancel for 30 s and all forms are
sent at once. Prints percentiles, and what became of the forms. Leaves nothing behind.
"""

from __future__ import annotations

import argparse
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx

from benchmarks.first_page import ROOT, free_port, sign_in, until_walked

HOLD = 30_000  # milliseconds the gateway takes for a cancel
PAYMENT = re.compile(r'href="/payments/(\d+)"')
HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--payments", type=int, default=2_000)
    parser.add_argument("--forms", type=int, default=20)
    parser.add_argument("--pages", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jangbu-benchmark-") as data:
        return measure(options, Path(data))


def measure(options: argparse.Namespace, data: Path) -> int:
    pages, sandbox = free_port(), free_port()
    process = subprocess.Popen(
        [
            str(ROOT / "run"),
            *("--port", str(pages), "--sandbox-port", str(sandbox)),
            *("--data", str(data), "--payments", str(options.payments)),
        ],
        stdout=subprocess.DEVNULL,
    )
    home = f"http://127.0.0.1:{pages}"
    try:
        browser = httpx.Client(base_url=home, timeout=120, trust_env=False)
        sign_in(browser)
        until_walked(browser)
        forms = open_forms(browser, options.forms)
        before = times(browser, options.pages)
        hold_cancels(sandbox)
        with ThreadPoolExecutor(options.forms) as pool:
            together = threading.Barrier(options.forms + 1)
            cookies = dict(browser.cookies)
            hanging = [pool.submit(send, home, cookies, one, together) for one in forms]
            together.wait()
            wait_for_cancels(sandbox)
            during = times(browser, options.pages)
            still = sum(not one.done() for one in hanging)
        tell(before, during, still, hanging)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(120)
    return 0


def open_forms(browser: httpx.Client, count: int) -> list[tuple[str, dict[str, str]]]:
    """Refund forms of payments that may be refunded, as a browser would send them."""
    forms = []
    found = list(dict.fromkeys(PAYMENT.findall(browser.get("/payments/?state=paid").text)))
    for number in found:
        page = browser.get(f"/payments/{number}/refunds/new").text
        fields = {}
        for tag in HIDDEN.findall(page):
            name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
            if name and value:
                fields[name[1]] = value[1]
        amount = re.search(r'name="amount"[^>]*value="([^"]*)"', page) or re.search(
            r'value="([^"]*)"[^>]*name="amount"', page
        )
        if amount and "form_key" in fields:
            fields |= {"amount": amount[1], "reason": "defective", "note": ""}
            forms.append((f"/payments/{number}/refunds/", fields))
        if len(forms) == count:
            return forms
    raise SystemExit(f"only {len(forms)} payments could be refunded")


def times(browser: httpx.Client, count: int) -> list[float]:
    """Milliseconds of each of `count` list pages, one after the other, sorted."""
    found = []
    for _ in range(count):
        began = time.perf_counter()
        browser.get("/payments/").raise_for_status()
        found.append((time.perf_counter() - began) * 1000)
    return sorted(found)


def hold_cancels(sandbox: int) -> None:
    fault = {"path": "/payments/cancel", "action": "delay", "delay_ms": HOLD, "times": -1}
    httpx.post(
        f"http://127.0.0.1:{sandbox}/_sandbox/script", json=fault, trust_env=False
    ).raise_for_status()


def send(
    home: str,
    cookies: dict[str, str],
    form: tuple[str, dict[str, str]],
    together: threading.Barrier,
) -> int:
    """Send one form and return the status of the answer."""
    path, fields = form
    with httpx.Client(base_url=home, cookies=cookies, timeout=120, trust_env=False) as browser:
        together.wait()
        return browser.post(path, data=fields).status_code


def wait_for_cancels(sandbox: int) -> None:
    """Until the gateway has been asked for a cancel and no further one comes within a second."""
    address = f"http://127.0.0.1:{sandbox}/_sandbox/requests?path=/payments/cancel"
    seen, ends_at = -1, time.monotonic() + 20
    while time.monotonic() < ends_at:
        now = len(httpx.get(address, trust_env=False).json()["response"]["requests"])
        if now and now == seen:
            return
        seen = now
        time.sleep(1)


def tell(before: list[float], during: list[float], still: int, hanging: list[Future[int]]) -> None:
    print(f"{'list page /payments/':<28}{'before':>10}{'during':>10}")
    for name, share in (("p50", 0.50), ("p95", 0.95), ("p99", 0.99)):
        first, second = (one[int(len(one) * share)] for one in (before, during))
        print(f"{name:<28}{first:>7.0f} ms{second:>7.0f} ms   x{second / first:.2f}")
    print(f"refunds that hung to the end of the measurement  {still:>4}")
    for status, count in sorted(Counter(one.result() for one in hanging).items()):
        print(f"forms answered with {status}                         {count:>4}")


if __name__ == "__main__":
    sys.exit(main())
