"""Makes a demo shop day by day, in this process or in one beside it.

Making a payment costs about as much as storing it, so a large shop is made by a second process
that writes each day to its output while this one stores the day before.
"""

import argparse
import gc
import marshal
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from sandbox.cancellation import status_after
from sandbox.schema import STORED
from sandbox.seed.books import BookWriter
from sandbox.seed.shop import DemoShop

# Below this a second process costs more than it saves.
_WORTH_A_PROCESS = 100_000
_SIZE = struct.Struct(">Q")  # stands before each day; 0 says that it was the last
_as_stored = itemgetter(*STORED)


class NotMade(Exception):
    """The process that makes the shop ended too early."""


class Trade(NamedTuple):
    """One day as it is stored. `payments` have their columns in the order of STORED."""

    day: str
    payments: list[tuple[Any, ...]]
    cancellations: list[dict[str, Any]]
    deliveries: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which shop to make: the same plan gives the same shop. `books` go to that folder."""

    payments: int
    random_seed: int
    now: datetime
    partial_reading: str
    books: Path | None = None

    def shop(self) -> DemoShop:
        return DemoShop(self.payments, self.random_seed, self.now)


def produce(plan: Plan) -> Iterator[Trade]:
    """The days of the shop, oldest first; its books are written on the way."""
    return make(plan) if plan.payments < _WORTH_A_PROCESS else receive(plan)


def make(plan: Plan) -> Iterator[Trade]:
    """Make the days in this process."""
    shop = plan.shop()
    with ExitStack() as stack:
        books = stack.enter_context(BookWriter(plan.books)) if plan.books else None
        if books:
            books.add_customers(shop.subscriptions.subscribers)
        for day in shop.days():
            # The books first: they know no special word for a partial cancel.
            if books:
                books.add_day(day.orders, day.planted)
            rows = day.payments()
            for row in rows:
                if row["cancel_amount"]:
                    row["status"] = status_after(
                        row["amount"], row["cancel_amount"], plan.partial_reading
                    )
            yield Trade(
                day=str(day.date),
                payments=list(map(_as_stored, rows)),
                cancellations=list(day.cancellations()),
                deliveries=list(day.deliveries()),
            )


def receive(plan: Plan) -> Iterator[Trade]:
    """Let another process begin to make the days. Raises NotMade when it ends too early."""
    command = [
        *(sys.executable, "-m", "sandbox.seed.producer"),
        *("--payments", str(plan.payments), "--random-seed", str(plan.random_seed)),
        *("--now", plan.now.isoformat(), "--partial-reading", plan.partial_reading),
        *(["--books", str(plan.books)] if plan.books else []),
    ]
    root = Path(__file__).parents[2]
    return _read(subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE))  # noqa: S603


def _read(maker: subprocess.Popen[bytes]) -> Iterator[Trade]:
    with maker:
        if maker.stdout is None:
            raise RuntimeError("the process has an output")
        try:
            while size := _SIZE.unpack(maker.stdout.read(_SIZE.size))[0]:
                yield Trade(*marshal.loads(maker.stdout.read(size)))  # noqa: S302 - our own child
        except (struct.error, EOFError, ValueError):
            raise NotMade(f"Making the demo shop ended with {maker.wait()}.") from None
        finally:
            maker.kill()  # nothing is left to make, or nobody wants it any more


def _send(plan: Plan, out: BinaryIO) -> None:
    for trade in make(plan):
        made = marshal.dumps(tuple(trade))
        out.write(_SIZE.pack(len(made)))
        out.write(made)
    out.write(_SIZE.pack(0))
    out.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Writes a demo shop to its output, marshalled.")
    parser.add_argument("--payments", type=int, required=True)
    parser.add_argument("--random-seed", type=int, required=True)
    parser.add_argument("--now", type=datetime.fromisoformat, required=True)
    parser.add_argument("--partial-reading", required=True)
    parser.add_argument("--books", type=Path)
    plan = Plan(**vars(parser.parse_args(arguments)))
    gc.disable()  # millions of short-lived rows and not one cycle
    _send(plan, sys.stdout.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
