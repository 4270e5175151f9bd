"""The clock board and the pages around it: what stands where, how urgent, and with which money."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import current_app

from admin.domain.actor import Actor
from admin.domain.business_days import business_day_after
from admin.domain.clock import KST, kst_date
from admin.domain.escrow import Decision, EscrowState, Stage
from admin.domain.operation import OperationState
from admin.domain.permissions import Role
from admin.escrow_orders.board import MOST_CARDS, make_board
from admin.escrow_orders.decision_service import record_arrival
from admin.escrow_orders.queries import select_escrow_orders, within_stage
from admin.holidays.queries import closed_days
from admin.models import AuditEntry, Delivery, EscrowOrder, Holiday, Payment, db, transaction
from admin.orders.service import import_orders
from tests.orders.books import an_order, write_orders

EN = {"headers": {"Accept-Language": "en"}}
TODAY = date(2026, 11, 24)  # a Tuesday, no holiday near
NOW = datetime(2026, 11, 24, 12, tzinfo=KST)


@pytest.fixture
def orders(desk, stand_in):
    """Paid escrow orders made by number; each is another 1,000 won more."""

    def make(number: int) -> Payment:
        imp_uid = f"imp_2000000000{number:02d}"
        stand_in.paid(imp_uid, escrow=True, amount=10_000 + 1_000 * number)
        return desk.know(imp_uid)

    return make


def shipped(desk, payment, *, registered: date, arrived: date | None = None, invoice="") -> None:
    """A parcel that KCP took on one Korean day and that arrived on another."""
    number = invoice or f"5000{payment.id % 10**8:08d}"
    assert desk.deliver(payment, invoice=number).state is OperationState.SUCCEEDED
    moment = datetime(registered.year, registered.month, registered.day, 9, tzinfo=KST)
    with transaction():
        delivery = db.session.scalars(sa.select(Delivery).filter_by(payment_id=payment.id)).one()
        delivery.sent_at = delivery.applied_at = moment
        delivery.arrived_on = arrived


def paid_on(payment, day: date) -> None:
    with transaction():
        row = db.session.get_one(Payment, payment.id)
        row.paid_at = datetime(day.year, day.month, day.day, 9, tzinfo=KST)
        row.version += 1


def columns():
    """The board of the moment, by the name of the column."""
    db.session.expire_all()
    with current_app.test_request_context(**EN):
        return {one["id"].removeprefix("column-"): one for one in make_board(now=NOW)["columns"]}


def test_each_order_stands_in_the_column_of_what_happens_next(desk, orders):
    to_ship, on_the_way, arrived, due, overdue, denied = (orders(one) for one in range(6))
    shipped(desk, on_the_way, registered=TODAY - timedelta(days=1))
    shipped(desk, arrived, registered=date(2026, 11, 20), arrived=TODAY)
    shipped(desk, due, registered=date(2026, 11, 20), arrived=date(2026, 11, 20))  # until the 25th
    shipped(desk, overdue, registered=date(2026, 11, 9))  # until the 17th, and no task has run
    shipped(desk, denied, registered=TODAY)
    desk.decide(denied, Decision.DENIED)

    found = columns()

    standing = {
        name: [card["href"].rsplit("/", 1)[1] for card in one["cards"]]
        for name, one in found.items()
    }
    assert standing == {
        "to-ship": [str(to_ship.id)],
        "on-the-way": [str(on_the_way.id)],
        "arrived": [str(arrived.id)],
        "due": [str(overdue.id), str(due.id)],
        "denied": [str(denied.id)],
        "returned": [],
    }
    assert {name: one["money"] for name, one in found.items()} == {
        "to-ship": "10,000",
        "on-the-way": "11,000",
        "arrived": "12,000",
        "due": "27,000",
        "denied": "15,000",
        "returned": "–",
    }
    assert [card["left"] for card in found["due"]["cards"]] == ["5 days over", "1 day left"]
    assert found["denied"]["cards"][0]["tone"] == "red"


def test_columns_and_conditions_of_the_list_agree(desk, orders):
    """The stages split the shipped orders: each stands in one, and the counts add up."""
    days = [TODAY - timedelta(days=back) for back in (0, 1, 4, 5, 6, 8, 12)]
    for number, day in enumerate(days):
        shipped(desk, orders(number), registered=day, arrived=day if number % 2 else None)
    holidays = closed_days()
    found: list[int] = []
    for stage in Stage:
        within = within_stage(stage, today=TODAY, holidays=holidays)
        query = select_escrow_orders(EscrowState.SHIPPED, "", within=within)
        rows = [one.payment_id for one in db.session.scalars(query)]
        column = columns()[stage.value.replace("_", "-")]
        assert column["count"] == (str(len(rows)) if rows else "–")
        found += rows
    every = db.session.scalars(sa.select(EscrowOrder.payment_id)).all()
    assert sorted(found) == sorted(every)


def test_what_is_to_be_sent_has_three_business_days_and_the_oldest_is_first(desk, orders):
    first, second = orders(1), orders(2)
    paid_on(second, date(2026, 11, 18))  # until Monday the 23rd
    paid_on(first, TODAY)
    cards = columns()["to-ship"]["cards"]
    assert [(card["left"], card["tone"]) for card in cards] == [
        ("1 day over", "red"),
        ("3 days left", ""),
    ]


def test_a_full_column_leads_to_the_list(desk, orders, viewer, now):
    for number in range(MOST_CARDS + 2):
        orders(number)
    column = columns()["to-ship"]
    assert (len(column["cards"]), column["count"], column["more"]) == (
        MOST_CARDS, str(MOST_CARDS + 2), "2건 더 보기"
    )  # fmt: skip
    page = viewer.get("/escrow-orders/board", **EN).text
    assert "2 more" in page
    assert "/escrow-orders/?state=to_ship" in page


def test_cards_warn_of_items_and_of_an_invoice_used_twice(desk, orders, tmp_path, now):
    first, second = orders(1), orders(2)
    for payment in (first, second):
        shipped(desk, payment, registered=TODAY, invoice="123456789012")
    file = write_orders(tmp_path, an_order(first.merchant_uid, escrow="true", item_amount=10_500))
    import_orders(file, actor=Actor.system("tests"), now=now)

    cards = columns()["on-the-way"]["cards"]
    warnings = {card["href"].rsplit("/", 1)[1]: card["warnings"] for card in cards}
    assert warnings[str(first.id)] == ["Items differ by −500", "Invoice used twice"]
    assert warnings[str(second.id)] == ["Invoice used twice"]


def test_what_was_given_back_stays_a_month(desk, orders, stand_in):
    payment = orders(1)
    shipped(desk, payment, registered=TODAY)
    stand_in.console_cancel(payment.imp_uid)
    desk.know(payment.imp_uid)

    def returned_at(moment):
        with transaction():
            row = db.session.get_one(Payment, payment.id)
            row.cancelled_at = moment
            row.version += 1
        return columns()["returned"]

    column = returned_at(NOW - timedelta(days=29))
    assert (column["money"], len(column["cards"])) == ("11,000", 1)
    assert returned_at(NOW - timedelta(days=31))["cards"] == []


def test_the_page_tells_the_deadline_and_takes_an_arrival(support, desk, parcel, now):
    desk.deliver(parcel)
    address = f"/escrow-orders/{parcel.id}"
    today = kst_date(now)
    holidays = closed_days()

    page = support.get(address, **EN).text
    assert "6 business days after the registration" in page
    assert f"{business_day_after(today, 6, holidays=holidays):%-d %b %Y}" in page
    assert "https://trace.cjlogistics.com/next/tracking.html?wblNo=123456789012" in page
    assert 'rel="noopener noreferrer"' in page

    support.post(f"{address}/arrivals/", {"arrived_on": f"{today}"}, **EN)
    page = support.get(address, **EN).text
    assert "3 business days after arrival" in page
    assert f"{business_day_after(today, 3, holidays=holidays):%-d %b %Y}" in page
    assert "The parcel arrived on" in page
    tomorrow = today + timedelta(days=1)
    refused = support.post(f"{address}/arrivals/", {"arrived_on": f"{tomorrow}"}, **EN)
    assert (refused.status_code, "still to come" in refused.text) == (422, True)
    support.post(f"{address}/arrivals/removal/", **EN)
    assert "6 business days after the registration" in support.get(address, **EN).text


def decided(person, payment, **fields):
    address = f"/escrow-orders/{payment.id}"
    form = {
        **person.hidden_fields(address),
        "decision": "denied",
        "decided_on": f"{datetime.now(KST):%Y-%m-%d}",
        "evidence": "buyer",
        "note": "바퀴가 휘어 있어요",
        **fields,
    }
    return person.post(f"{address}/decisions/", form, **EN)


def test_a_decision_is_recorded_from_the_page_and_corrected_there(support, desk, parcel):
    desk.deliver(parcel)
    address = f"/escrow-orders/{parcel.id}"
    assert decided(support, parcel).status_code == 303
    page = support.get(address, **EN).text
    assert "바퀴가 휘어 있어요" in page
    assert f"/payments/{parcel.id}/refunds/new" in page
    assert "cannot be told or asked" in page

    assert decided(support, parcel, decision="confirmed", evidence="kcp_admin").status_code == 303
    page = support.get(address, **EN).text
    assert "Corrected: The buyer confirmed the purchase" in page
    assert "It corrects an earlier record" in page
    stale = decided(support, parcel, seen="0")
    assert (stale.status_code, "while you were looking" in stale.text) == (409, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"decision": ""},
        {"decision": "automatic"},
        {"evidence": ""},
        {"evidence": "after_arrival"},
        {"note": ""},
        {"note": "4111 1111 1111 1111"},
        {"decided_on": "2026-02-30"},
        {"decided_on": "2000-01-01"},
        {"decided_on": "2099-01-01"},
        {"seen": "x"},
    ],
)
def test_a_record_that_cannot_be_is_refused_at_its_field(support, desk, parcel, wrong):
    desk.deliver(parcel)
    answer = decided(support, parcel, **wrong)
    assert answer.status_code == 422
    assert "4111" not in answer.text
    assert db.session.get_one(EscrowOrder, parcel.id).decisions == []


def test_the_refund_page_says_what_the_record_allows(support, desk, parcel, stand_in):
    desk.deliver(parcel)
    address = f"/payments/{parcel.id}/refunds/new"
    assert "can only be refunded in full" in support.get(address, **EN).text
    desk.decide(parcel, Decision.DENIED)
    assert "must be given back in full" in support.get(address, **EN).text
    desk.decide(parcel, Decision.CONFIRMED)
    page = support.get(address, **EN).text
    assert "in full" not in page
    assert "escrow_confirmed" not in page
    assert "All of it or a part" in support.get(f"/payments/{parcel.id}", **EN).text


def test_the_shipped_orders_are_narrowed_by_stage(viewer, desk, orders, actor, now):
    first, second = orders(1), orders(2)
    for payment in (first, second):
        shipped(desk, payment, registered=kst_date(now))
    record_arrival(second.id, kst_date(now), actor=actor, now=now)

    def listed(stage):
        page = viewer.get(f"/escrow-orders/?state=shipped&stage={stage}", **EN).text
        return [one.id for one in (first, second) if f'href="/escrow-orders/{one.id}"' in page]

    assert listed("on_the_way") == [first.id]
    assert listed("arrived") == [second.id]
    assert listed("due") == []
    assert listed("nonsense") == [first.id, second.id]


def test_managers_keep_the_holidays(sign_in):
    manager = sign_in(Role.MANAGER)
    page = manager.get("/escrow-orders/holidays/", **EN).text
    assert "성탄절" in page
    day = date(2027, 4, 12)
    form = {"day": f"{day}", "name": "임시공휴일"}
    assert manager.post("/escrow-orders/holidays/", form).status_code == 303
    assert day in closed_days()
    for wrong in (form, {"day": "2027-04-10", "name": "토요일"}, {"day": "", "name": "?"}):
        assert manager.post("/escrow-orders/holidays/", wrong).status_code == 422
    assert manager.post(f"/escrow-orders/holidays/{day}/removal/").status_code == 303
    assert day not in closed_days()
    assert manager.post(f"/escrow-orders/holidays/{day}/removal/").status_code == 404
    assert manager.post("/escrow-orders/holidays/then/removal/").status_code == 404
    query = sa.select(AuditEntry.action).where(AuditEntry.subject == f"holiday:{day}")
    assert db.session.scalars(query.order_by(AuditEntry.id)).all() == [
        "holiday.added",
        "holiday.removed",
    ]


def test_the_holidays_that_came_are_all_weekdays(app):
    days = db.session.scalars(sa.select(Holiday.day)).all()
    assert len(days) > 40
    assert all(day.weekday() < 5 for day in days)
    assert not [day for day in days if not re.match(r"202[567]-", str(day))]
