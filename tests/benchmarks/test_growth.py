"""A shop that was grown is as one that was taken in: its pages find and sum every copy."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from admin.domain.clock import kst_date, to_epoch
from admin.domain.search.grams import Needed, grams
from admin.domain.search.parsing import parse
from admin.models import EscrowOrder, Payment, PaymentCancellation, PaymentText, TimeBasis, db
from admin.models.text_index import marks_of, matches, pieces_table, text_of
from admin.payments.finding import PaymentFilter, plan, select_payments
from admin.payments.sums import select_totals, total, totals_by_day
from benchmarks.growth import DAYS, grow
from benchmarks.shop import NOW, fill

GROWN = 750


@pytest.fixture
def taken(app: Flask) -> int:
    """So many payments as the gateway told them, grown to more."""
    fill(app, 300, tell=False)
    taken = _count(Payment)
    db.session.remove()  # its reading is of the shop as it was
    grow(app, GROWN, tell=False)
    return taken


def test_every_copy_is_a_payment_of_its_own_time(taken: int) -> None:
    every = db.session.scalars(sa.select(Payment)).all()
    assert 300 <= taken < GROWN / 2
    assert len(every) == GROWN
    assert len({one.imp_uid for one in every}) == GROWN
    tries: dict[str, list[datetime]] = {}  # of one order there may be several
    for one in every:
        tries.setdefault(one.merchant_uid, []).append(one.started_at)
    assert all(max(times) - min(times) < timedelta(days=DAYS / 2) for times in tries.values())
    assert all(one.id >> 20 == to_epoch(one.started_at) for one in every)
    oldest = min(one.started_at for one in every)
    assert NOW - oldest > timedelta(days=2 * DAYS)
    assert max(one.started_at for one in every) <= NOW


def test_what_stands_beside_a_payment_stands_beside_its_copies(taken: int) -> None:
    every = db.session.scalars(sa.select(Payment)).all()
    for one in every:
        assert sum(entry.amount_minor for entry in one.cancellations) == one.cancelled_minor
        assert (one.escrow_order is not None) == one.escrow
    assert _count(EscrowOrder) > 0
    assert _count(PaymentCancellation) > 0


def test_a_copy_is_indexed_as_the_mirror_would_index_it(taken: int) -> None:
    pieces = pieces_table()
    for one in db.session.scalars(sa.select(Payment).order_by(Payment.id)):
        snapshot, written = one.snapshot(), db.session.get(PaymentText, one.id)
        assert written is not None
        assert written.text == text_of(snapshot)
        every = tuple({*grams(written.text), *marks_of(snapshot)})
        found = sa.select(pieces.c.id).where(matches([(Needed(every),)]))
        assert db.session.scalars(found).all() == [one.id]


def test_a_copy_is_found_by_its_number(taken: int) -> None:
    for one in db.session.scalars(sa.select(Payment).order_by(Payment.id).limit(30)):
        for number in (one.imp_uid, one.merchant_uid):
            query = parse(number, today=kst_date(NOW)).query
            found = plan(PaymentFilter(query=query), now=NOW)
            assert db.session.scalars(select_payments(found)).all() == [one]


@pytest.mark.parametrize("basis", TimeBasis)
def test_the_sums_of_the_days_are_those_of_the_rows(taken: int, basis: TimeBasis) -> None:
    drawn = plan(PaymentFilter(basis=basis), now=NOW)
    assert drawn.summed
    rows = db.session.execute(select_totals(drawn)).one()
    summed = total(drawn)
    assert (summed.count, summed.gross.minor, summed.cancelled.minor) == tuple(map(int, rows))
    span = (kst_date(NOW) - timedelta(days=3 * DAYS), kst_date(NOW))
    days = totals_by_day(drawn, span)
    assert sum(day.count for day in days.values()) == summed.count


def test_a_shop_of_more_than_half_a_year_is_not_grown_again(app: Flask, taken: int) -> None:
    db.session.remove()
    with pytest.raises(ValueError, match="half year"):
        grow(app, 2 * GROWN, tell=False)
    assert _count(Payment) == GROWN


def _count(model: type) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0
