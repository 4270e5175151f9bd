"""python -m tests.simulation: live many histories, and tell the whole story of one that fails."""

from __future__ import annotations

import argparse
import sys
import time

from tests.simulation.runner import Order, explain, run

EVERY = 15.0  # seconds between two words on how far it is


def main() -> int:
    options = _read_options()
    order = Order(options.seed, options.histories, options.steps)
    began = told_at = time.monotonic()
    for done, failed in run(order, jobs=min(options.jobs, options.histories)):
        if failed is not None:
            sys.stdout.write(f"{explain(failed)}\n")
            return 1
        now = time.monotonic()
        if now - told_at > EVERY or done == order.count:
            told_at = now
            sys.stdout.write(f"{done} histories in {now - began:.0f} s\n")
            sys.stdout.flush()
    return 0


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--histories", type=int, default=2_000, help="how many (2,000)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed; each has the next")
    parser.add_argument("--steps", type=int, default=60, help="steps of each history (60)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
