"""The same pages over a small shop and a large one, opened in turn: whether the list grows.

    .venv/bin/python -m benchmarks sizes --small DIR --large DIR [--payments 50000 5000000]
        [--rounds 30]

Makes each shop in its folder unless it is there: the small one takes a minute, five millions an
hour. Both are SQLite, each served by two processes of its own, whole pages over HTTP, signed in.
Three runs in one; the ratio is the median of the three.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

import httpx

from benchmarks.house import pages, prepare
from benchmarks.search import CASES, addresses, at, hardware, timed

RUNS = 3
GOAL = 1.3  # large against small, over HTTP


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", type=Path, required=True)
    parser.add_argument("--large", type=Path, required=True)
    parser.add_argument("--payments", type=int, nargs=2, default=(50_000, 5_000_000))
    parser.add_argument("--rounds", type=int, default=30, help="openings of a page in each run")
    options = parser.parse_args()
    for data, payments in zip((options.small, options.large), options.payments, strict=True):
        prepare(data, payments)
    sizes = " against ".join(f"{payments:,}" for payments in reversed(options.payments))
    print(f"{sizes} payments, SQLite, {hardware()}; {RUNS} runs of {options.rounds}; p50 in ms\n")
    print(f"{'page':38} {'small':>7} {'large':>7} {'p95':>7} {'ratio':>7}  goal {GOAL}")
    with pages(options.small) as small, pages(options.large) as large:
        shops = [(browser, addresses(browser)) for browser in (small, large)]
        for case in CASES:
            tell(case.name, case.ours, shops, options.rounds)
    return 0


def tell(
    name: str, page: str, shops: list[tuple[httpx.Client, dict[str, str]]], rounds: int
) -> None:
    runs: list[list[list[float]]] = []
    for _ in range(RUNS):
        taken: list[list[float]] = [[], []]
        for turn in range(rounds + 2):
            for place, (browser, known) in enumerate(shops):
                address = known.get(page, page)
                took = timed(lambda path=address, from_=browser: from_.get(path))  # type: ignore[misc]
                if turn >= 2:
                    taken[place].append(took)
        runs.append(taken)
    small, large = (statistics.median(at(run[place], 0.5) for run in runs) for place in (0, 1))
    ratio = statistics.median(at(run[1], 0.5) / at(run[0], 0.5) for run in runs)
    late = statistics.median(at(run[1], 0.95) for run in runs)
    print(f"{name:38} {small:7.1f} {large:7.1f} {late:7.1f} {ratio:7.2f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
