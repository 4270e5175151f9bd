"""Taking the shop's books in: what fits comes in once, what does not is told."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from admin.customers.importing import import_customers
from admin.domain.actor import Actor
from admin.domain.order_intake import OrderOrigin
from admin.domain.reconciliation.records import BookedStatus
from admin.models import AuditEntry, BillingKey, Customer, LineItem, Order, db
from admin.orders.csv_file import BadRow
from admin.orders.service import import_orders
from tests.orders.books import a_customer, an_order, write_customers, write_orders

CLERK = Actor.system("command line")
pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def take(tmp_path, now):
    """Write the lines into orders.csv and take it in."""
    return lambda *rows: import_orders(write_orders(tmp_path, *rows), actor=CLERK, now=now)


@pytest.fixture
def take_customers(tmp_path, now):
    """Write the lines into customers.csv and take it in."""
    return lambda *rows: import_customers(write_customers(tmp_path, *rows), actor=CLERK, now=now)


def told(report) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.unchanged, len(report.refused)


def numbers() -> list[str]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Order.order_number).order_by(Order.id)))


def test_orders_come_in_with_their_items(take):
    report = take(
        an_order("ORD-1", believed_amount=30_000, item_amount=20_000),
        an_order(
            "ORD-1", believed_amount=30_000, item_order_number="ORD-1-2", item_name="선반",
            item_quantity=2, item_amount=10_000,
        ),
        an_order("ORD-2", believed_status="cancelled", believed_cancelled=10_000, escrow="true"),
    )  # fmt: skip

    assert told(report) == (2, 0, 0, 0)
    first, second = db.session.scalars(sa.select(Order).order_by(Order.order_number))
    items = [(item.name, item.quantity, item.amount_minor) for item in first.items]
    assert items == [("원목 책장", 1, 20_000), ("선반", 2, 10_000)]
    assert first.booked().items_total.minor == 30_000
    assert (second.status, second.cancelled_minor) == (BookedStatus.CANCELLED, 10_000)
    assert second.escrow
    assert "orders.imported" in db.session.scalars(sa.select(AuditEntry.action)).all()


def test_the_same_file_twice_adds_nothing(take):
    rows = [an_order("ORD-1"), an_order("ORD-2")]
    take(*rows)

    assert told(take(*rows)) == (0, 0, 2, 0)
    assert db.session.query(LineItem).count() == 2


def test_a_changed_line_changes_its_order_alone(take):
    take(an_order("ORD-1"), an_order("ORD-2"))

    report = take(an_order("ORD-1", believed_cancelled=4_000, item_quantity=3), an_order("ORD-2"))

    assert told(report) == (0, 1, 1, 0)
    order = db.session.scalars(sa.select(Order).where(Order.order_number == "ORD-1")).one()
    assert (order.cancelled_minor, [item.quantity for item in order.items]) == (4_000, [3])


BAD = {
    "order_number: Fill this in.": {"order_number": ""},
    "believed_amount: Give a whole number": {"believed_amount": "10,000"},
    "believed_amount: Give": {"believed_amount": "-1"},
    "believed_cancelled: Give": {"believed_cancelled": "１０"},
    "believed_cancelled: More was given back": {"believed_cancelled": 10_001},
    "gone": {"believed_status": "gone"},
    "원": {"currency": "원"},
    "its offset": {"ordered_at": "2026-03-10 12:00"},
    "paid_at: Give a time": {"paid_at": "yesterday"},
    "ordered_at: Give a time": {"ordered_at": "9999-12-31T23:59:59+09:00"},
    "escrow: Give true or false": {"escrow": "maybe"},
    "item_quantity": {"item_quantity": 0},
    "item_amount: At most": {"item_amount": 2**63},
    "order_name: It holds a card number": {"order_name": "4111 1111 1111 1111"},
    "buyer_name: At most 80": {"buyer_name": "가" * 81},
    "buyer_tel: It holds a character": {"buyer_tel": "010\x00"},
    "order_number: Fill": {"order_number": ""},
}


def test_bad_lines_are_told_and_leave_the_others_alone(take):
    bad = [an_order(f"ORD-bad-{n}") | fields for n, fields in enumerate(BAD.values())]

    report = take(an_order("ORD-1"), *bad, an_order("ORD-3"))

    assert told(report)[0] == 2
    assert [line for line, _ in report.refused] == list(range(3, 3 + len(BAD)))
    for why, (_, reason) in zip(BAD, report.refused, strict=True):
        assert why in reason
        assert "4111" not in reason
    assert numbers() == ["ORD-1", "ORD-3"]


def test_lines_of_one_order_may_stand_apart_and_must_agree(take):
    apart = [an_order("ORD-1"), an_order("ORD-2"), an_order("ORD-1", item_name="선반")]
    assert told(take(*apart)) == (2, 0, 0, 0)
    assert told(take(*reversed(apart))) == (0, 0, 2, 0), "their order is no difference"

    report = take(an_order("ORD-3"), an_order("ORD-4"), an_order("ORD-3", buyer_name="김서연"))

    assert told(report) == (1, 0, 0, 1)
    assert report.refused == [(4, "buyer_name: The lines of this order do not agree here.")]
    assert numbers() == ["ORD-1", "ORD-2", "ORD-4"]


def test_what_changed_stands_in_the_audit_without_the_buyer(take):
    take(an_order("ORD-1", buyer_name="이도윤"))
    take(an_order("ORD-1", buyer_name="김서연", believed_cancelled=4_000, item_quantity=2))

    (entry,) = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "order.changed"))
    order = db.session.scalars(sa.select(Order)).one()
    assert entry.subject == f"order:{order.id}"
    assert entry.facts["believed_cancelled"] == "0 → 4000"
    assert "× 1 =" in entry.facts["items"]
    assert "× 2 =" in entry.facts["items"]
    assert entry.facts["buyer_name"] == "changed"
    assert (order.origin, order.source_id) == (OrderOrigin.COMMAND_LINE, None)


def test_one_bad_line_refuses_its_whole_order(take):
    report = take(an_order("ORD-1"), an_order("ORD-1", item_quantity=0), an_order("ORD-1"))

    assert told(report) == (0, 0, 0, 1)
    assert numbers() == []


def test_a_heading_without_a_column_is_no_file_of_ours(tmp_path, now):
    path = tmp_path / "orders.csv"
    path.write_text("order_number,name\nORD-1,책장\n", encoding="utf-8")

    for take_file in (import_orders, import_customers):
        with pytest.raises(BadRow, match="the heading lacks"):
            take_file(path, actor=CLERK, now=now)
    assert numbers() == []


@pytest.mark.parametrize(
    "content",
    ["주문번호,상품명\nORD-1,책장\n".encode("cp949"), b"", b'"order_number', b"\x00\x00"],
    ids=["cp949", "empty", "open_quote", "zeros"],
)
def test_a_file_that_is_none_is_told_in_a_sentence(tmp_path, now, content):
    path = tmp_path / "orders.csv"
    path.write_bytes(content)

    for take_file in (import_orders, import_customers):
        with pytest.raises(BadRow):
            take_file(path, actor=CLERK, now=now)


def test_customers_come_in_with_every_key(take_customers):
    rows = [
        a_customer("C1"),
        a_customer("C1", customer_uid="cus_second"),
        a_customer("C2", customer_uid="", name="김서연"),
    ]

    assert told(take_customers(*rows))[0] == 3
    assert told(take_customers(*rows)) == (0, 0, 3, 0)
    assert db.session.query(Customer).count() == 2
    assert {one.customer_uid for one in db.session.query(BillingKey)} == {"cus_C1", "cus_second"}


def test_a_changed_customer_is_changed_and_bad_lines_are_told(take_customers):
    take_customers(a_customer("C1"), a_customer("C2"))

    report = take_customers(
        a_customer("C1", tel="010-0000-0000"),
        a_customer("C2"),
        a_customer("C3", name=""),
        a_customer("C4", customer_uid="cus_C1"),
        a_customer("C5", since="2026"),
    )

    assert told(report) == (0, 1, 1, 3)
    assert [line for line, _ in report.refused] == [4, 5, 6]
    assert "belongs to C1 already" in report.refused[1][1]
    assert db.session.query(Customer).filter_by(customer_number="C1").one().tel_digits == (
        "01000000000"
    )


def test_the_command_line_tells_what_came_of_a_file(app, tmp_path):
    run = app.test_cli_runner().invoke
    good = write_orders(tmp_path, an_order("ORD-1"), an_order("ORD-2", currency="원"))

    done = run(args=["orders", "import", str(good)])
    assert done.exit_code == 0
    assert done.output.splitlines()[0] == "1 added, 0 changed, 0 unchanged"
    assert done.output.splitlines()[1].startswith("line 3: ")

    good.write_text("nothing\n", encoding="utf-8")
    refused = run(args=["orders", "import", str(good)])
    assert refused.exit_code == 1
    assert "the heading lacks" in refused.output
