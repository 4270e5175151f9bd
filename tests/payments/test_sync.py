"""The walk: everything at the gateway reaches the mirror, once, whatever stops it half-way."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from admin.domain.clock import kst_date, kst_day, utc_now
from admin.domain.payment import PaymentStatus
from admin.gateway.errors import GatewayError
from admin.models import Observation, Payment, SyncWindow, db
from admin.payments import sync
from admin.payments.sync import walk
from tests.payments.trade import a_payment, awaiting, failed, plant, refunded

pytestmark = pytest.mark.slow

TWO_DAYS = timedelta(days=2)
HOUR = timedelta(hours=1)


@pytest.fixture
def now() -> datetime:
    """Noon in Korea, yesterday: no test of days runs over midnight."""
    return kst_day(kst_date(utc_now()) - timedelta(days=1))[0] + 12 * HOUR


@pytest.fixture
def bring(gateway, now):
    """Walk the last two days, `later` than now."""

    def walk_now(later: timedelta = timedelta(0), *, history: timedelta = TWO_DAYS, **how: int):
        return walk(gateway=gateway, history=history, now=now + later, **how)

    return walk_now


def mirrored() -> dict[str, PaymentStatus]:
    db.session.rollback()
    db.session.expire_all()
    payments = db.session.scalars(sa.select(Payment))
    return {one.imp_uid: one.status for one in payments}


def windows(status: PaymentStatus) -> list[SyncWindow]:
    db.session.rollback()
    db.session.expire_all()
    query = sa.select(SyncWindow).where(SyncWindow.status == status)
    return list(db.session.scalars(query.order_by(SyncWindow.start_at)))


def asked(stand_in, status: str = "paid") -> list[dict]:
    return [one["fields"] for one in stand_in.requests(path=f"/payments/status/{status}")]


def some_of_each(now: datetime) -> list[dict]:
    return [
        a_payment(1, now - HOUR),
        a_payment(2, now - 26 * HOUR),
        failed(3, now - 2 * HOUR),
        awaiting(4, now - 3 * HOUR, due=now + 48 * HOUR),
        refunded(5, now - 5 * HOUR, 4_000),
        refunded(6, now - 6 * HOUR, 10_000),
    ]


@pytest.mark.parametrize("reading", ["cancelled", "paid"])
def test_every_status_arrives_and_a_second_walk_changes_nothing(stand_in, bring, now, reading):
    plant(stand_in, *some_of_each(now))
    stand_in.control("settings", {"partial_reading": reading})

    first = bring()
    second = bring(timedelta(minutes=5))

    assert (first.new, first.changed) == (6, 0)
    assert (second.new, second.changed) == (0, 0)
    assert mirrored() == {
        "imp_000000000001": PaymentStatus.PAID,
        "imp_000000000002": PaymentStatus.PAID,
        "imp_000000000003": PaymentStatus.FAILED,
        "imp_000000000004": PaymentStatus.READY,
        "imp_000000000005": PaymentStatus(reading),
        "imp_000000000006": PaymentStatus.CANCELLED,
    }
    assert db.session.query(Observation).count() == 6


def test_windows_are_weeks_far_back_and_days_lately_without_a_gap(bring, now):
    bring(history=timedelta(days=30))

    spans = [(one.start_at, one.end_at) for one in windows(PaymentStatus.PAID)]
    starts, ends = zip(*spans, strict=True)
    lengths = [end - start for start, end in spans]
    assert starts[0] == kst_day(kst_date(now - timedelta(days=30)))[0]
    assert ends[-1] > now - timedelta(minutes=5)
    assert starts[1:] == ends[:-1]
    weeks = [one for one in lengths if one > timedelta(days=1)]
    assert weeks == [timedelta(days=7)] * 2
    assert set(lengths[2:]) == {timedelta(days=1)}
    settled = [one.settled for one in windows(PaymentStatus.PAID)]
    assert settled == [True] * (len(settled) - 1) + [False]


def test_settled_windows_are_not_read_again(stand_in, bring):
    bring()
    before = len(asked(stand_in))

    bring(timedelta(minutes=5))

    assert before == 3
    assert len(asked(stand_in)) - before == 1  # today's


def test_a_window_larger_than_a_page_is_paged_to_its_end(stand_in, bring, now, monkeypatch):
    monkeypatch.setattr(sync, "PAGE", 2)
    plant(stand_in, *[a_payment(number, now - HOUR) for number in range(5)])

    result = bring()

    assert (result.new, len(mirrored())) == (5, 5)
    assert {one["page"] for one in asked(stand_in)} == {"1", "2", "3"}


def test_a_week_that_holds_too_much_is_cut_into_days(stand_in, bring, now, monkeypatch):
    monkeypatch.setattr(sync, "LARGEST_WINDOW", 2)
    old = now - timedelta(days=21)
    plant(stand_in, *[a_payment(number, old + number * HOUR) for number in range(4)])

    bring(history=timedelta(days=22))

    assert len(mirrored()) == 4
    spans = [(one.start_at, one.end_at) for one in windows(PaymentStatus.PAID)]
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]
    assert {end - start for start, end in spans[:7]} == {timedelta(days=1)}


def test_a_walk_that_is_stopped_goes_on_where_it_was(stand_in, bring, now):
    plant(stand_in, *[a_payment(number, now - number * 23 * HOUR) for number in range(1, 4)])
    history = timedelta(days=4)
    stand_in.fail_next("/payments/status/paid", "code", skip=3, code=-1)

    with pytest.raises(GatewayError):
        bring(history=history, in_flight=1)
    done = {one.start_at for one in windows(PaymentStatus.PAID) if one.settled}
    arrived = set(mirrored())
    assert arrived
    assert len(arrived) < 3
    assert done

    stand_in._client.delete("/_sandbox/requests")
    bring(history=history)

    assert len(mirrored()) == 3
    again = {int(one["from"]) for one in asked(stand_in)}
    assert not again & {int((start - sync.OVERLAP).timestamp()) for start in done}


def test_rows_that_change_after_their_window_was_settled_are_followed(stand_in, bring, now):
    long_ago = now - timedelta(days=9)
    plant(
        stand_in,
        a_payment(1, long_ago),
        awaiting(2, long_ago, due=now + 96 * HOUR),
        failed(3, long_ago),
    )
    bring(history=timedelta(days=9))

    stand_in.console_cancel("imp_000000000001", 4_000)
    stand_in.control("buyer/deposit", {"imp_uid": "imp_000000000002"})
    result = bring(timedelta(days=2), history=timedelta(days=12))

    assert result.changed == 2
    assert mirrored()["imp_000000000002"] is PaymentStatus.PAID
    query = sa.select(Payment.cancelled_minor).where(Payment.imp_uid == "imp_000000000001")
    assert db.session.execute(query).scalar_one() == 4_000


@pytest.mark.parametrize("reading", ["cancelled", "paid"])
def test_a_part_given_back_long_after_is_found_below_newer_changes(stand_in, bring, now, reading):
    """More payments changed since than one page holds, and the change is the oldest of them."""
    stand_in.control("settings", {"partial_reading": reading})
    plant(stand_in, a_payment(1, now - timedelta(days=100)))
    bring(history=timedelta(days=120))
    stand_in.console_cancel("imp_000000000001", 4_000)
    plant(stand_in, *(a_payment(n, now - HOUR) for n in range(2, 130)))
    stand_in.control("clock", {"advance_seconds": 60})
    for n in range(2, 110):
        stand_in.console_cancel(f"imp_{n:012d}", 1_000)

    bring(timedelta(days=2), history=timedelta(days=120))

    query = sa.select(Payment.cancelled_minor).where(Payment.imp_uid == "imp_000000000001")
    assert db.session.execute(query).scalar_one() == 4_000


def test_a_row_that_cannot_be_read_does_not_lose_its_page(stand_in, bring, now):
    plant(
        stand_in,
        a_payment(1, now - HOUR),
        a_payment(2, now - HOUR, amount=10_000.5),
        a_payment(3, now - HOUR, currency="XYZ"),
    )

    result = bring()

    assert set(mirrored()) == {"imp_000000000001"}
    assert result.unreadable == 2
    assert sum(one.unreadable for one in windows(PaymentStatus.PAID)) == 2


def test_days_without_trade_are_walked_and_settled(stand_in, bring):
    result = bring(history=timedelta(days=4))

    assert (result.seen, result.new) == (0, 0)
    assert all(one.settled for one in windows(PaymentStatus.FAILED)[:-1])
    assert mirrored() == {}


def test_the_newest_moments_are_left_until_they_have_come_to_rest(stand_in, bring, now):
    plant(stand_in, a_payment(1, now - timedelta(seconds=30)))

    assert bring().new == 0
    assert bring(timedelta(minutes=5)).new == 1


def test_a_gateway_that_goes_down_loses_nothing_that_came(stand_in, bring, now):
    plant(stand_in, a_payment(1, now - HOUR))
    stand_in.fail_next("/payments/status/failed", "code", code=-1)

    with pytest.raises(GatewayError):
        bring()
    first = mirrored()
    bring()

    assert mirrored() == {"imp_000000000001": PaymentStatus.PAID}
    assert first.keys() <= mirrored().keys()


def test_progress_is_told_from_the_first_window_to_the_last(gateway, now):
    told: list[tuple[int, int]] = []

    walk(
        gateway=gateway,
        history=TWO_DAYS,
        now=now,
        report=lambda done, total, note: told.append((done, total)),
    )

    assert told[0] == (0, 12)
    assert told[-1] == (12, 12)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
