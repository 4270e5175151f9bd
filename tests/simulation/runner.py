"""Many histories, side by side in a few processes; the first that fails ends them all."""

from __future__ import annotations

import gc
import multiprocessing.util
from collections.abc import Iterator
from dataclasses import dataclass

from tests.simulation.history import Told, tell
from tests.simulation.office import Office, opened_office

CHUNK = 25  # histories that a process takes at a time
COLLECT = (50_000, 20, 100)  # a process lives for one run: garbage is looked for seldom


@dataclass(frozen=True, slots=True)
class Order:
    """Which histories: `count` seeds from `first` on, of `steps` steps each."""

    first: int
    count: int
    steps: int


def run(order: Order, *, jobs: int) -> Iterator[tuple[int, Told | None]]:
    """Live them all; yields how many are done and the one that failed, after which it ends."""
    last = order.first + order.count
    chunks = [
        Order(start, min(CHUNK, last - start), order.steps)
        for start in range(order.first, last, CHUNK)
    ]
    done = 0
    if jobs == 1:
        with opened_office() as office:
            for chunk in chunks:
                failed = _live(chunk, office)
                done += chunk.count
                yield done, failed
                if failed:
                    return
        return
    with multiprocessing.get_context("spawn").Pool(jobs, initializer=_open) as pool:
        for chunk, failed in pool.imap_unordered(_live_here, chunks):
            done += chunk.count
            yield done, failed
            if failed:
                return


def explain(told: Told) -> str:
    """The whole story of a history that failed, and how to live it again."""
    again = f"python -m tests.simulation --seed {told.seed} --histories 1 --steps {told.steps}"
    return "\n".join([*told.story, "", told.problem, "", again])


def _live(order: Order, office: Office) -> Told | None:
    for seed in range(order.first, order.first + order.count):
        told = tell(seed, office=office, steps=order.steps)
        if told.problem:
            return told
    gc.collect()
    return None


_opened: list[Office] = []


def _open() -> None:
    office = opened_office()
    _opened.append(office.__enter__())
    gc.freeze()  # what is loaded by now stays, so no collection need look through it again
    gc.set_threshold(*COLLECT)
    multiprocessing.util.Finalize(None, lambda: office.__exit__(None, None, None), exitpriority=1)


def _live_here(order: Order) -> tuple[Order, Told | None]:
    return order, _live(order, _opened[0])
