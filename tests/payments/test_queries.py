"""Finding payments: one filter feeds the page, its sums, its tabs and the exports."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from admin.domain.clock import kst_date, kst_day
from admin.domain.money import Money
from admin.domain.search.parsing import parse
from admin.domain.search.query import StatusWord
from admin.mirror.daily import fold
from admin.models import Payment, PaymentCancellation, TimeBasis, db, transaction
from admin.payments.finding import MANY, PaymentFilter, count_up_to, page_order, plan, select_rows
from admin.payments.queries import find_exact
from admin.payments.sums import summarise, total, totals_by_day
from admin.web.keyset import page_of
from tests.payments.trade import a_payment, awaiting, every_row, failed, refunded, take_in

NOON = datetime(2026, 3, 10, 3, tzinfo=UTC)  # noon in Korea
DAY = timedelta(days=1)


def drawn(text="", *, now=NOON + DAY, many=MANY, **wanted):
    query = parse(text, today=kst_date(now)).query
    return plan(PaymentFilter(query=query, **wanted), now=now, many=many)


def found(text="", **wanted) -> set[str]:
    """What is found, whether it is few or many: the way to it never changes it."""
    answers = []
    for many in (MANY, 0):
        way = drawn(text, many=many, **wanted)
        page = page_of(select_rows(way), page_order(way), cursor=None)
        answers.append({one.imp_uid.removeprefix("imp_").lstrip("0") for one in page.rows})
        assert {one.imp_uid[4:].lstrip("0") for one in every_row(way)} == answers[-1]
        assert total(way).count == count_up_to(way) == len(answers[-1])
        assert summarise(way).totals == total(way) == total(replace(way, summed=False))
        days = totals_by_day(way, (date(2026, 1, 1), date(2026, 12, 31))).values()
        assert sum(day.count for day in days) == len(answers[-1])
    assert answers[0] == answers[1]
    return answers[0]


@pytest.fixture
def trade(stand_in, gateway):
    """One of every state, over two Korean days."""
    take_in(
        stand_in,
        gateway,
        a_payment(1, NOON),
        refunded(2, NOON, 4_000, cancelled_at=NOON + DAY),
        refunded(3, NOON, 10_000, cancelled_at=NOON + DAY),
        awaiting(4, NOON, due=NOON + 3 * DAY),
        awaiting(5, NOON - DAY, due=NOON),
        failed(6, NOON - DAY),
        a_payment(7, NOON - DAY, pay_method="card", emb_pg_provider="kakaopay"),
        a_payment(8, NOON - 30 * DAY, paid_at=int(NOON.timestamp())),
        now=NOON + DAY,
    )


def test_every_field_is_searched_and_wildcards_are_letters(stand_in, gateway):
    take_in(
        stand_in,
        gateway,
        a_payment(
            1,
            NOON,
            merchant_uid="ORD20260310-a_1",
            name="캐시미어 머플러 100%",
            buyer_name="이도윤",
            buyer_email="Doyun@Mail.example",
            buyer_tel="010-1234-4821",
            apply_num="30418826",
        ),
        a_payment(
            2,
            NOON,
            merchant_uid="ORD20260310-AB1",
            name="원목 책장",
            buyer_name="김서연",
            buyer_tel="01098765432",
        ),
        now=NOON,
    )
    expected = {
        "ORD20260310-a": {"1", "2"},  # an order number, whatever the case
        "ord20260310-ab1": {"2"},
        "a_1": {"1"},  # not AB1
        "100%": {"1"},
        "%": {"1"},
        "_": {"1", "2"},  # imp_…
        "\\": set(),
        "imp_000000000002": {"2"},
        "000000000001": {"1"},
        "도윤": {"1"},
        "doyun@mail": {"1"},
        "30418826": {"1"},
        "머플러": {"1"},
        "캐시미어 이도윤": {"1"},  # every word, in any field
        "캐시미어 김서연": set(),
        "4821": {"1"},
        "010-1234-4821": {"1"},
        "01012344821": {"1"},
        "010 1234 4821": {"1"},
        "010-9876-5432": {"2"},
        "9876-54": {"2"},
        "'; DROP TABLE payments; --": set(),
        "없는 사람": set(),
    }

    assert {text: found(text) for text in expected} == expected


def test_tabs_hold_what_people_call_it_and_count_what_they_hold(trade):
    expected = {
        None: {"1", "2", "3", "4", "5", "6", "7", "8"},
        StatusWord.PAID: {"1", "7", "8"},
        StatusWord.PART_REFUNDED: {"2"},
        StatusWord.REFUNDED: {"3"},
        StatusWord.AWAITING: {"4"},
        StatusWord.OPENED: set(),
        StatusWord.EXPIRED: {"5"},
        StatusWord.FAILED: {"6"},
        StatusWord.UNKNOWN: set(),
    }

    assert {tab: found(tab=tab) for tab in (None, *StatusWord)} == expected
    counts = summarise(drawn(tab=StatusWord.PAID)).tabs
    assert counts == {tab: len(held) for tab, held in expected.items()}


def test_an_unknown_outcome_has_a_tab(trade, stand_in, desk):
    stand_in.fail_next("/payments/cancel", "drop", method="POST")
    stand_in.paid("imp_000000000009")
    desk.refund(desk.know("imp_000000000009"), 1_000)

    assert found(tab=StatusWord.UNKNOWN) == {"9"}


@pytest.mark.parametrize("reading", ["cancelled", "paid"])
def test_a_part_refund_is_found_under_both_readings(stand_in, gateway, reading):
    payment = refunded(2, NOON, 4_000, status=reading)
    take_in(stand_in, gateway, payment, now=NOON)

    assert found(tab=StatusWord.PART_REFUNDED) == {"2"}
    assert found(tab=StatusWord.PAID) == found(tab=StatusWord.REFUNDED) == set()


def test_a_period_goes_by_the_chosen_moment(trade):
    noon_to_noon = {"start": NOON, "end": NOON + DAY}

    assert found(**noon_to_noon) == {"1", "2", "3", "4"}
    assert found(**noon_to_noon, basis=TimeBasis.APPROVED) == {"1", "2", "3", "8"}
    assert found(start=NOON + DAY, basis=TimeBasis.CANCELLED) == {"2", "3"}
    assert found(basis=TimeBasis.APPROVED) == {"1", "2", "3", "7", "8"}
    assert found(start=NOON, end=NOON) == set()


def test_a_wallet_counts_as_itself(trade):
    assert found("수단:카카오페이") == {"7"}
    assert found("method:card") == {"1", "2", "3", "6", "8"}
    assert found("수단:가상계좌") == {"4", "5"}


def test_sums_count_only_money_that_came(trade):
    sums = total(drawn(now=NOON))

    assert sums.count == 8
    assert (sums.gross, sums.cancelled, sums.net) == (Money(50_000), Money(14_000), Money(36_000))


def test_days_add_up_to_the_whole(trade):
    wanted = drawn(now=NOON, start=kst_day((NOON - 2 * DAY).date())[0])
    first, last = (NOON - DAY).date(), NOON.date()

    days = totals_by_day(wanted, (first, last))

    assert {day: (one.count, one.net.minor) for day, one in days.items()} == {
        first: (3, 10_000),
        last: (4, 16_000),
    }
    assert sum(one.net.minor for one in days.values()) == total(wanted).net.minor


def test_an_exact_gateway_number_names_one_payment(trade):
    named = db.session.get(Payment, find_exact("imp_000000000001"))
    assert named.merchant_uid == "ORD-000001"
    assert find_exact("ORD-000001") == named.id
    assert find_exact("imp_00000000000") is None


def test_the_number_of_a_cancellation_names_its_payment(trade):
    entry = db.session.query(PaymentCancellation).first()
    with transaction():
        entry.cancellation_id = "cancel-20261122-01"
    assert find_exact("cancel-20261122-01") == entry.payment_id


def test_a_window_that_was_left_open_waits_for_no_deposit(stand_in, gateway):
    left = a_payment(31, NOON, status="ready", paid_at=0)
    take_in(stand_in, gateway, left, awaiting(32, NOON, due=NOON + 3 * DAY), now=NOON + DAY)

    assert (found(tab=StatusWord.OPENED), found(tab=StatusWord.AWAITING)) == ({"31"}, {"32"})


@pytest.mark.parametrize("first", [None, "2026-01-01", "2026-01-17", "2026-02-28", "2026-03-01"])
@pytest.mark.parametrize("last", [None, "2026-01-31", "2026-03-01", "2026-03-09", "2026-05-14"])
def test_whole_months_and_the_days_around_them_add_up(stand_in, gateway, first, last):
    days = range(0, 130, 3)
    start = datetime(2026, 1, 5, 3, tzinfo=UTC)
    trade = [a_payment(number, start + number * DAY) for number in days]
    take_in(stand_in, gateway, *trade, now=start + 131 * DAY)
    first, last = (date.fromisoformat(day) if day else None for day in (first, last))

    way = drawn(
        now=start + 131 * DAY,
        start=kst_day(first)[0] if first else None,
        end=kst_day(last)[1] if last else None,
    )

    moments = [(start + number * DAY).date() for number in days]
    within = [day for day in moments if (first or day) <= day <= (last or day)]
    assert way.summed
    assert total(way).count == len(within) == total(replace(way, summed=False)).count
    fold()
    assert total(way).count == len(within)
