"""Fills a new store: with nothing, or with the demo shop's half-year of trade."""

import gc
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sandbox.cancellation import change_reading, current_reading
from sandbox.clock import KST
from sandbox.config import SandboxConfig
from sandbox.payment_rows import insert_cancellations, insert_stored
from sandbox.seed.books import BookWriter
from sandbox.seed.bulk import insert_deliveries, insert_keys
from sandbox.seed.producer import Plan, produce
from sandbox.seed.shop import DemoShop
from sandbox.store import Store

_TELL_EACH = 50_000


class NoBooks(Exception):
    """Books were asked for where there are none."""


def seed_if_new(store: Store, config: SandboxConfig) -> None:
    """Seed unless a finished seed is there; then what is there is served."""
    if store.is_seeded:
        config.progress("Serving the state that is already there.")
        if config.partial_reading and config.partial_reading != current_reading(store):
            change_reading(store, config.partial_reading)
        return
    reseed(store, config)


def reseed(store: Store, config: SandboxConfig) -> None:
    """Replace everything but the access tokens, unless a moved clock dated them."""
    tokens = []
    if store.is_seeded and not store.setting("clock_shift", 0):
        with store.reading() as db:
            tokens = [tuple(row) for row in db.execute("SELECT * FROM tokens")]
    now = config.now or datetime.now(KST)
    with store.loading() as db:
        db.executemany("INSERT INTO tokens VALUES (?, ?, ?)", tokens)
        if config.seed == "demo":
            made = Plan(
                payments=config.payments,
                random_seed=config.random_seed,
                now=now,
                partial_reading=config.partial_reading or "cancelled",
                books=config.books,
            )
            _load_shop(db, made, config)
    plan = {
        "seed": config.seed,
        "payments": config.payments,
        "random_seed": config.random_seed,
        "now": now.isoformat(),
    }
    if config.partial_reading:
        store.keep_setting("partial_reading", config.partial_reading)
    # Last: a store without it is seeded afresh at the next start.
    store.keep_setting("seeded", plan)


def export_books(store: Store, folder: Path) -> None:
    """Write the books of the seed this store was filled with, word for word as then."""
    plan = store.setting("seeded")
    if not plan or plan["seed"] != "demo":
        raise NoBooks("This sandbox was not seeded with the demo shop; it has no books.")
    shop = DemoShop(plan["payments"], plan["random_seed"], datetime.fromisoformat(plan["now"]))
    with BookWriter(folder) as books:
        books.add_customers(shop.subscriptions.subscribers)
        for day in shop.days():
            books.add_day(day.orders, day.planted)


def _load_shop(db: sqlite3.Connection, plan: Plan, config: SandboxConfig) -> None:
    """Stream the shop into the tables and its books into their files."""
    started, loaded, told = time.monotonic(), 0, 0
    config.progress(f"Seeding {plan.payments:,} payments of half a year...")
    with _no_collector():
        days = produce(plan)  # another process may be at work from here on
        insert_keys(db, plan.shop().subscriptions.key_rows())
        for trade in days:
            insert_stored(db, trade.payments)
            insert_cancellations(db, trade.cancellations)
            insert_deliveries(db, trade.deliveries)
            loaded += len(trade.payments)
            if loaded - told >= _TELL_EACH:
                told = loaded
                config.progress(f"  {trade.day}: {loaded:,} of {plan.payments:,}")
    config.progress(f"Seeded {loaded:,} payments in {time.monotonic() - started:.1f} s.")


@contextmanager
def _no_collector() -> Iterator[None]:
    """Millions of short-lived rows and not one cycle: the collector would only cost time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
