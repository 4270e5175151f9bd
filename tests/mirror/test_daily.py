"""The sums of days and months are those of the payments, whatever happened to them."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from admin.domain.clock import kst_date
from admin.domain.search.grams import needed
from admin.mirror.daily import fold
from admin.models import Payment, PaymentDay, Span, TimeBasis, db
from admin.models.text_index import matches, pieces_table
from tests.payments.trade import a_payment, awaiting, failed, refunded, take_in

NEW_YEAR = datetime(2025, 12, 31, 15, 30, tzinfo=UTC)  # half past midnight in Korea
DAY = timedelta(days=1)
Sums = dict[tuple[Any, ...], tuple[int, int, int]]

STORY = (
    (a_payment(1, NEW_YEAR, status="ready", paid_at=0),),
    (a_payment(1, NEW_YEAR, paid_at=int((NEW_YEAR + DAY).timestamp())),),
    (awaiting(2, NEW_YEAR - DAY, due=NEW_YEAR + 9 * DAY), failed(3, NEW_YEAR)),
    (
        a_payment(2, NEW_YEAR - DAY, pay_method="vbank", vbank_num="5620001"),
        a_payment(4, NEW_YEAR + 40 * DAY, emb_pg_provider="kakaopay"),
    ),
    (refunded(1, NEW_YEAR, 4_000, cancelled_at=NEW_YEAR + 35 * DAY),),
    (refunded(1, NEW_YEAR, 10_000, cancelled_at=NEW_YEAR + 36 * DAY),),
)


def told() -> Sums:
    """What the rows of the sums say."""
    place = (PaymentDay.basis, PaymentDay.span, PaymentDay.day, PaymentDay.standing)
    figures = (PaymentDay.count, PaymentDay.gross_minor, PaymentDay.cancelled_minor)
    query = sa.select(*place, PaymentDay.method, *(sa.func.sum(one) for one in figures))
    rows = db.session.execute(query.group_by(*place, PaymentDay.method))
    sums = {tuple(row[:5]): tuple(int(figure) for figure in row[5:]) for row in rows}
    return {place: figures for place, figures in sums.items() if any(figures)}


def counted() -> Sums:
    """What the payments themselves add up to."""
    sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for one in db.session.scalars(sa.select(Payment)):
        moments = {
            TimeBasis.REQUESTED: one.started_at,
            TimeBasis.APPROVED: one.paid_at,
            TimeBasis.CANCELLED: one.cancelled_at,
        }
        came = one.snapshot().took_money
        for basis, moment in moments.items():
            if moment is None:
                continue
            day = kst_date(moment)
            for span, start in ((Span.DAY, day), (Span.MONTH, day.replace(day=1))):
                place = (basis, span, start, one.standing, one.method)
                figures = (1, one.amount_minor * came, one.cancelled_minor * came)
                sums[place] = [old + new for old, new in zip(sums[place], figures, strict=True)]
    return {place: tuple(figures) for place, figures in sums.items()}


def test_every_look_moves_a_payment_from_one_sum_to_another(app, stand_in, gateway):
    for number, seen in enumerate(STORY):
        take_in(stand_in, gateway, *seen, now=NEW_YEAR + (41 + number) * DAY)
        assert told() == counted()
    assert len(told()) == 16


@pytest.mark.parametrize("times", [1, 2])
def test_folding_changes_no_sum_and_leaves_one_row_of_each(app, stand_in, gateway, times):
    for number, seen in enumerate(STORY):
        take_in(stand_in, gateway, *seen, now=NEW_YEAR + (41 + number) * DAY)
    before = told()

    for _ in range(times):
        fold()

    assert told() == before == counted()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PaymentDay)) == len(before)


def test_a_changed_payment_is_found_by_what_it_holds_now(app, stand_in, gateway):
    def found(word: str) -> int:
        query = sa.select(sa.func.count()).select_from(pieces_table())
        return db.session.scalar(query.where(matches([[needed(word)]])))

    take_in(stand_in, gateway, a_payment(1, NEW_YEAR, name="원목 책장"), now=NEW_YEAR + DAY)
    assert (found("책장"), found("변심")) == (1, 0)

    changed = refunded(1, NEW_YEAR, 10_000, name="원목 책장", cancel_reason="단순 변심")
    take_in(stand_in, gateway, changed, now=NEW_YEAR + 2 * DAY)
    assert (found("책장"), found("변심")) == (1, 1)
