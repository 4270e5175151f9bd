"""A shop of any size in a database of its own, for the benchmarks.

The payments are those of the sandbox's demo shop, taken in by the mirror like any others: their
rows, their search index, the sums of their days and what was seen of each.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from flask import Flask

from admin.domain.actor import Actor
from admin.domain.money import Currency, Money
from admin.domain.payment import Cancellation, PaymentSnapshot, PaymentStatus
from admin.mirror import daily
from admin.mirror import service as mirror
from admin.models import db, transaction
from sandbox.schema import STORED
from sandbox.seed.producer import Plan, produce

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
BATCH = 2_000
_SAME = (
    "imp_uid merchant_uid pay_method pg_provider pg_tid pg_id channel apply_num card_code "
    "card_name card_number card_quota card_type bank_code bank_name vbank_code vbank_name "
    "vbank_num vbank_holder buyer_name buyer_email buyer_tel buyer_addr buyer_postcode "
    "customer_uid customer_uid_usage custom_data fail_reason cancel_reason"
).split()
_MOMENTS = "started_at paid_at failed_at cancelled_at vbank_issued_at".split()


def fill(app: Flask, payments: int, *, tell: bool = True) -> float:
    """Take in a shop of that many payments; returns the seconds it took."""
    began = time.monotonic()
    actor = Actor.system("sync")
    taken = 0
    gc.disable()
    with app.app_context():
        for batch in _batches(payments):
            with transaction():
                mirror.apply(batch, fetch_seq=1, source="sync", actor=actor, now=NOW)
            db.session.expunge_all()
            taken += len(batch)
            if tell and taken % 100_000 < BATCH:
                print(f"  {taken:,} payments, {time.monotonic() - began:.0f} s", flush=True)
                daily.fold()
        daily.fold()
        if db.engine.dialect.name == "postgresql":
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as plain:
                plain.exec_driver_sql("VACUUM ANALYZE")
    gc.enable()
    return time.monotonic() - began


def _batches(payments: int) -> Iterator[list[PaymentSnapshot]]:
    plan = Plan(payments=payments, random_seed=1, now=NOW, partial_reading="cancelled")
    waiting: list[PaymentSnapshot] = []
    for trade in produce(plan):
        cancels: dict[str, list[dict[str, Any]]] = {}
        for entry in trade.cancellations:
            cancels.setdefault(entry["imp_uid"], []).append(entry)
        for stored in trade.payments:
            row = dict(zip(STORED, stored, strict=True))
            waiting.append(_snapshot(row, cancels.get(row["imp_uid"], [])))
            if len(waiting) == BATCH:
                yield waiting
                waiting = []
    if waiting:
        yield waiting


def _snapshot(row: dict[str, Any], cancels: list[dict[str, Any]]) -> PaymentSnapshot:
    moments = {name: _moment(row[name]) for name in _MOMENTS}
    return PaymentSnapshot(
        **{name: row[name] for name in _SAME},
        **moments,
        status=PaymentStatus(row["status"]),
        amount=Money(row["amount"], Currency.KRW),
        cancelled=Money(row["cancel_amount"], Currency.KRW),
        wallet=row["emb_pg_provider"] or None,
        sandbox=bool(row["sandbox"]),
        escrow=bool(row["escrow"]),
        vbank_due_at=_moment(row["vbank_date"]),
        order_name=row["name"],
        cash_receipt_issued=bool(row["cash_receipt_issued"]),
        cancellations=tuple(
            Cancellation(
                cancellation_id=one["cancellation_id"],
                amount=Money(one["amount"], Currency.KRW),
                cancelled_at=datetime.fromtimestamp(one["cancelled_at"], UTC),
                reason=one["reason"],
                pg_tid=one["pg_tid"],
            )
            for one in cancels
        ),
    )


def _moment(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
