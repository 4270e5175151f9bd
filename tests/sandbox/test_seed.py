"""The demo shop: deterministic, believable, and complete."""

import csv
import filecmp
import io
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sandbox.clock import KST, in_kst
from sandbox.config import SandboxConfig
from sandbox.seed.books import ORDER_COLUMNS
from sandbox.seeding import export_books, reseed
from sandbox.store import Store
from tests.sandbox.conftest import SHOP_NOW, SHOP_PAYMENTS, Shop

pytestmark = pytest.mark.slow

METHODS = {
    "card", "samsung", "trans", "vbank", "phone", "cultureland", "smartculture", "happymoney",
    "booknlife", "point",
}  # fmt: skip


def seeded(config: SandboxConfig) -> Store:
    store = Store(config.data)
    reseed(store, replace(config, seed="demo"))
    return store


def dump(store: Store) -> list[str]:
    with store.reading() as db:
        return list(db.iterdump())


def test_same_seed_and_moment_give_the_same_bytes(tmp_path: Path) -> None:
    configs = [
        SandboxConfig(payments=400, now=SHOP_NOW, books_dir=tmp_path / name) for name in "ab"
    ]
    first, second = (dump(seeded(config)) for config in configs)

    assert first == second
    for name in ("orders.csv", "customers.csv", "planted.json"):
        assert filecmp.cmp(tmp_path / "a" / name, tmp_path / "b" / name, shallow=False)


def test_another_seed_gives_another_shop() -> None:
    first = dump(seeded(SandboxConfig(payments=100, now=SHOP_NOW)))
    second = dump(seeded(SandboxConfig(payments=100, now=SHOP_NOW, random_seed=2)))

    assert first != second


@pytest.mark.parametrize("payments", [0, 1, 7, 40, 333])
@pytest.mark.parametrize("clock", ["00:00:01", "00:20:00", "14:20:00", "23:59:59"])
def test_any_size_at_any_hour_is_exact(payments: int, clock: str) -> None:
    now = datetime.fromisoformat(f"2026-03-01T{clock}+09:00")
    store = seeded(SandboxConfig(payments=payments, now=now))
    with store.reading() as db:
        count, latest = db.execute(
            "SELECT count(*), max(max(started_at, paid_at, cancelled_at, failed_at)) FROM payments"
        ).fetchone()

    assert count == payments
    assert latest is None or latest <= now.timestamp()


def test_half_a_year_up_to_this_minute(shop: Shop) -> None:
    days = {in_kst(payment["started_at"]).date() for payment in shop.payments}
    today = SHOP_NOW.date()

    assert len(shop.payments) == SHOP_PAYMENTS
    assert max(days) == today
    assert min(days) >= today - timedelta(days=182)
    assert len(days) >= 180


def test_every_pay_method_of_the_guide(shop: Shop) -> None:
    payments = shop.payments

    assert {payment["pay_method"] for payment in payments} == METHODS
    wallets = {payment["emb_pg_provider"] for payment in payments}
    assert wallets == {None, "kakaopay", "naverpay", "payco", "tosspay"}


def test_shares_are_believable(shop: Shop) -> None:
    payments = shop.payments
    share = {
        status: count / len(payments)
        for status, count in Counter(payment["status"] for payment in payments).items()
    }
    partial = [p for p in payments if 0 < p["cancel_amount"] < p["amount"]]
    full = [p for p in payments if p["cancel_amount"] == p["amount"] > 0]

    assert share["paid"] > 0.75
    assert 0.04 < share["failed"] < 0.09
    assert 0.02 < share["ready"] < 0.07
    assert 0.02 < len(full) / len(payments) < 0.06
    assert 0.01 < len(partial) / len(payments) < 0.04
    assert any(len(payment["cancel_history"]) > 1 for payment in partial)
    assert 0.015 < sum(p["escrow"] for p in payments) / len(payments) < 0.05


def test_rows_keep_the_gateways_rules(shop: Shop) -> None:
    for payment in shop.payments:
        history = payment["cancel_history"]
        assert payment["cancel_amount"] == sum(entry["amount"] for entry in history)
        assert 0 <= payment["cancel_amount"] <= payment["amount"]
        assert (payment["paid_at"] > 0) == (payment["status"] in {"paid", "cancelled"})
        assert payment["paid_at"] == 0 or payment["paid_at"] >= payment["started_at"]
        assert all(entry["cancelled_at"] >= payment["paid_at"] for entry in history)
        assert payment["card_quota"] == 0 or payment["amount"] >= 50_000
        assert len(payment["name"]) <= 40
        if payment["escrow"]:
            assert payment["pay_method"] in {"trans", "vbank"}
            assert payment["cancel_amount"] in {0, payment["amount"]}


def test_numbers_are_unique_and_look_like_the_gateways(shop: Shop) -> None:
    payments = shop.payments
    assert len({payment["imp_uid"] for payment in payments}) == len(payments)
    for payment in payments:
        prefix = "imps_" if payment["channel"] == "api" else "imp_"
        assert payment["imp_uid"].startswith(prefix)
        assert len(payment["imp_uid"]) == len(prefix) + 12
        assert payment["merchant_uid"][:3] in {"ORD", "SUB", "TES"}


def test_virtual_accounts_paid_waiting_and_expired(shop: Shop) -> None:
    now = SHOP_NOW.timestamp()
    accounts = [p for p in shop.payments if p["pay_method"] == "vbank"]

    assert any(p["status"] == "paid" for p in accounts)
    assert any(p["status"] == "ready" and p["vbank_date"] < now for p in accounts)
    assert all(p["vbank_date"] > p["vbank_issued_at"] for p in accounts)


def test_nobody_real_can_be_reached(shop: Shop) -> None:
    for payment in shop.payments:
        assert payment["buyer_email"].endswith(".example")
        assert payment["buyer_tel"].startswith("010-1")


def test_test_orders_are_marked(shop: Shop) -> None:
    tests = [payment for payment in shop.payments if payment["sandbox"]]

    assert tests
    assert all(payment["merchant_uid"].startswith("TEST-") for payment in tests)
    assert all(payment["name"] == "결제창 점검 주문" for payment in tests)


def test_weekends_and_evenings_are_busy(shop: Shop) -> None:
    moments = [in_kst(payment["started_at"]) for payment in shop.payments]
    by_day, by_hour = Counter(m.weekday() for m in moments), Counter(m.hour for m in moments)

    assert by_day[5] > by_day[2]
    assert by_hour[21] > 3 * by_hour[4]


def test_some_keys_decline_and_some_cancels_were_made_at_kcp(shop: Shop) -> None:
    with shop.server.sandbox.store.reading() as db:
        declining = db.execute("SELECT count(*) FROM customers WHERE decline > ''").fetchone()[0]
        keys = db.execute("SELECT count(*) FROM customers").fetchone()[0]
        deliveries = db.execute("SELECT count(*) FROM deliveries").fetchone()[0]

    assert 0 < declining < keys
    assert deliveries > 10


def test_no_cell_of_the_orders_needs_quotes(tmp_path: Path) -> None:
    seeded(SandboxConfig(payments=3_000, now=SHOP_NOW, books_dir=tmp_path)).close()
    with (tmp_path / "orders.csv").open(encoding="utf-8", newline="") as file:
        text = file.read()
    again = io.StringIO()
    csv.writer(again).writerows(csv.reader(io.StringIO(text)))

    assert {len(row) for row in csv.reader(io.StringIO(text))} == {len(ORDER_COLUMNS)}
    assert again.getvalue() == text


def test_books_are_exported_again_word_for_word(tmp_path: Path) -> None:
    config = SandboxConfig(payments=300, now=datetime.now(KST), data=tmp_path / "data")
    store = seeded(config)
    export_books(store, tmp_path / "out")
    store.close()

    for name in ("orders.csv", "customers.csv", "planted.json"):
        first, second = tmp_path / "data" / "books" / name, tmp_path / "out" / name
        assert filecmp.cmp(first, second, shallow=False)
