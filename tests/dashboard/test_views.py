"""The first page: today, a fortnight, and what needs someone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from admin.dashboard import queries
from admin.dashboard.queries import Waiting, failed_recurring, unshipped_orders
from admin.domain.clock import kst_date, kst_day
from admin.domain.inquiry import InquiryChannel
from admin.domain.money import Money
from admin.inquiries.service import InquiryCommand, open_inquiry
from admin.reports.queries import Sales, sales_by_day
from tests.operations.conftest import desk
from tests.payments.trade import a_payment, failed, refunded, take_in

__all__ = ["desk"]
EN = {"headers": {"Accept-Language": "en"}}
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.fixture
def midnight(now):
    """The beginning of today in Korea."""
    return kst_day(kst_date(now))[0]


def test_the_first_page_adds_up(viewer, stand_in, gateway, now, midnight):
    take_in(
        stand_in,
        gateway,
        a_payment(1, midnight, amount=111_000),
        a_payment(2, midnight - timedelta(seconds=1), amount=2_220_000),
        a_payment(3, midnight - 13 * DAY, amount=33_300_000),
        a_payment(4, midnight - 14 * DAY, amount=444_000_000),
        refunded(5, midnight, 4_000),
        now=now,
    )

    page = words(viewer.get("/", **EN).text)

    assert "121,000" in page  # today
    assert "117,000" in page  # of it left
    assert "35,641,000" in page  # the fortnight
    assert "35,637,000" in page
    fortnight = sales_by_day(midnight - 13 * DAY, midnight + DAY)
    assert len(fortnight) == 14
    assert sum(fortnight.values(), Sales()).gross == Money(35_641_000)


def test_a_shop_without_trade_has_a_first_page(viewer):
    page = viewer.get("/", **EN)

    assert page.status_code == 200
    assert "No payment has come in yet" in page.text


def test_what_needs_someone_is_counted_for_who_may_act(finance, viewer, desk, stand_in, now):
    stand_in.paid("imp_100000000001")
    stand_in.fail_next("/payments/cancel", "drop", method="POST")
    desk.refund(desk.know("imp_100000000001"), 3_000)
    paid = int((now - 3 * DAY).timestamp())
    stand_in.paid("imp_100000000002", escrow=True, started_at=paid, paid_at=paid)
    desk.know("imp_100000000002")
    question = InquiryCommand(
        payment_id=None,
        subject="배송",
        question="언제?",
        channel=next(iter(InquiryChannel)),
        customer_name="이도윤",
    )
    open_inquiry(question, actor=desk.actor, now=now)

    for person in (finance, viewer):
        page = words(person.get("/", **EN).text)
        for noun in ("Outcomes not known yet", "Escrow orders not shipped", "Inquiries to answer"):
            assert noun in page
        assert "3,000" in page


def test_a_failed_recurring_charge_that_was_paid_since_needs_nobody(stand_in, gateway, now):
    key = {"customer_uid": "cus_1"}
    take_in(
        stand_in,
        gateway,
        failed(1, now - 3 * DAY, **key),
        failed(2, now - 20 * DAY, customer_uid="cus_old"),
        failed(3, now - DAY, customer_uid=None),
        failed(4, now - DAY, customer_uid="cus_2", amount=7_000),
        now=now,
    )
    assert (failed_recurring(now=now).count, failed_recurring(now=now).amount) == (
        2,
        Money(17_000),
    )

    take_in(stand_in, gateway, a_payment(5, now - 2 * DAY, **key), now=now)
    assert failed_recurring(now=now).count == 1


def test_an_escrow_order_is_late_after_two_days(stand_in, gateway, now):
    take_in(
        stand_in,
        gateway,
        a_payment(1, now - 47 * HOUR, escrow=True),
        a_payment(2, now - 49 * HOUR, escrow=True),
        refunded(3, now - 49 * HOUR, 10_000, escrow=True),
        now=now,
    )

    waiting = unshipped_orders(now=now)
    assert (waiting.count, waiting.amount) == (1, Money(10_000))


def test_what_is_very_many_is_counted_up_to_a_limit(finance, stand_in, gateway, now, monkeypatch):
    monkeypatch.setattr(queries, "MANY", 2)
    late = [a_payment(number, now - 3 * DAY, escrow=True) for number in (1, 2)]
    take_in(stand_in, gateway, *late, now=now)
    assert unshipped_orders(now=now) == Waiting(2, Money(20_000))

    take_in(stand_in, gateway, *late, a_payment(3, now - 3 * DAY, escrow=True), now=now)

    assert unshipped_orders(now=now) == Waiting(2, None, is_more=True)
    page = words(finance.get("/", **EN).text)
    assert "Needs someone 2+" in page
    assert re.search("Escrow orders not shipped paid more than two days ago 2\\+ (?![0-9])", page)


def test_the_process_and_its_readiness(stranger, stand_in, gateway, now):
    assert stranger.get("/healthz").json == {"ok": True}
    before = stranger.get("/readyz")
    assert (before.status_code, before.json["gateway_last_seen"]) == (200, None)
    take_in(stand_in, gateway, a_payment(1, now), now=now)

    after = stranger.get("/readyz").json

    assert after["gateway_last_seen"] == now.isoformat()
    assert set(after) == {"ready", "database", "queue", "gateway_last_seen"}
