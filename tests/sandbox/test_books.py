"""The shop's own books against the gateway: exactly the planted disagreements, no other."""

import csv
import json
from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

import pytest

from sandbox.clock import in_kst
from tests.sandbox.conftest import SHOP_NOW, Shop

pytestmark = pytest.mark.slow

ORDER_COLUMNS = (
    "order_number,ordered_at,order_name,buyer_name,buyer_email,buyer_tel,currency,pay_method,"
    "believed_status,believed_amount,believed_cancelled,paid_at,imp_uid,escrow,"
    "item_order_number,item_name,item_quantity,item_amount"
)
CUSTOMER_COLUMNS = "customer_number,name,email,tel,customer_uid,label,since"
Row = dict[str, str]


@pytest.fixture(scope="module")
def orders(shop: Shop) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    with (shop.books / "orders.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            found[row["order_number"]].append(row)
    return found


@pytest.fixture(scope="module")
def planted(shop: Shop) -> list[dict[str, Any]]:
    return list(json.loads((shop.books / "planted.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def payments(shop: Shop) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for payment in shop.payments:
        if not payment["sandbox"]:
            found[payment["merchant_uid"]].append(payment)
    return found


def test_columns_and_byte_order_mark(shop: Shop) -> None:
    for name, columns in (("orders", ORDER_COLUMNS), ("customers", CUSTOMER_COLUMNS)):
        raw = (shop.books / f"{name}.csv").read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf")
        assert raw.decode("utf-8-sig").splitlines()[0] == columns


def test_order_columns_repeat_on_every_line(orders: dict[str, list[Row]]) -> None:
    several = [rows for rows in orders.values() if len(rows) > 1]
    assert several
    for rows in several:
        heads = {tuple(row.values())[:14] for row in rows}
        assert len(heads) == 1
        assert [row["item_order_number"] for row in rows] == [
            f"{rows[0]['order_number']}-{number}" for number in range(1, len(rows) + 1)
        ]
    for rows in orders.values():
        assert rows[0]["ordered_at"].endswith("+09:00")
        assert rows[0]["believed_amount"].isdecimal()
        assert rows[0]["believed_status"] in {"ready", "paid", "failed", "cancelled"}


def test_customers_know_their_keys(shop: Shop) -> None:
    with (shop.books / "customers.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["customer_uid"] for row in rows}) == len(rows)
    assert len({row["customer_number"] for row in rows}) < len(rows)
    for row in rows:
        key = shop.api.get(f"/subscribe/customers/{row['customer_uid']}").json()["response"]
        assert (key["customer_name"], key["customer_tel"]) == (row["name"], row["tel"])


def test_plan_covers_every_kind_and_the_last_days(planted: list[dict[str, Any]]) -> None:
    kinds = Counter(item["kind"] for item in planted)
    days = Counter(item["day"] for item in planted)
    today = SHOP_NOW.date()

    assert set(kinds) == {"P01", "P02", "M01", "M02", "S01", "S02", "S03", "S05", "I02", "M08"}
    assert min(kinds.values()) >= 3
    assert len(planted) >= 40
    assert days[today.isoformat()] >= 2
    assert days[(today - timedelta(days=1)).isoformat()] >= 3
    assert min(days) >= (today - timedelta(days=13)).isoformat()


def test_books_and_gateway_disagree_exactly_where_planted(
    orders: dict[str, list[Row]],
    payments: dict[str, list[dict[str, Any]]],
    planted: list[dict[str, Any]],
) -> None:
    found = set()
    for number in set(orders) | set(payments):
        found |= {(kind, number) for kind in _kinds(orders.get(number), payments.get(number))}

    assert found == {(item["kind"], item["merchant_uid"]) for item in planted}


def test_books_call_an_order_cancelled_only_when_all_of_it_is(
    orders: dict[str, list[Row]],
) -> None:
    heads = [rows[0] for rows in orders.values()]
    partly = [
        row for row in heads if 0 < int(row["believed_cancelled"]) < int(row["believed_amount"])
    ]

    assert {row["believed_status"] for row in partly} == {"paid"}
    for row in heads:
        is_whole = row["believed_cancelled"] == row["believed_amount"]
        assert is_whole == (row["believed_status"] == "cancelled")


def test_planted_days_are_the_days_of_payment(
    orders: dict[str, list[Row]],
    payments: dict[str, list[dict[str, Any]]],
    planted: list[dict[str, Any]],
) -> None:
    for item in planted:
        number = item["merchant_uid"]
        if item["kind"] == "P02":
            assert orders[number][0]["paid_at"].startswith(item["day"])
            continue
        days = {in_kst(payment["paid_at"]).date().isoformat() for payment in payments[number]}
        assert days == {item["day"]}
        assert item["imp_uid"] in {payment["imp_uid"] for payment in payments[number]}


def _kinds(rows: list[Row] | None, attempts: list[dict[str, Any]] | None) -> set[str]:
    """A plain reconciliation of one order number."""
    paid = [payment for payment in attempts or () if payment["paid_at"]]
    if rows is None:
        return {"P01"} if paid else {"an unpaid attempt is missing from the books"}
    book = rows[0]
    believes_paid = book["believed_status"] in {"paid", "cancelled"}
    kinds = set()
    if book["escrow"] == "true" and _line_total(rows) != int(book["believed_amount"]):
        kinds.add("M08")
    if len(paid) > 1:
        kinds.add("I02")
    if not paid:
        return kinds | ({"P02"} if believes_paid else set())
    if not believes_paid:
        return kinds | {"S03"}
    if book["imp_uid"] not in {payment["imp_uid"] for payment in paid}:
        kinds.add("the books name another payment")
    return kinds | _money_kinds(book, paid[0])


def _money_kinds(book: Row, payment: dict[str, Any]) -> set[str]:
    cancelled, believed = payment["cancel_amount"], int(book["believed_cancelled"])
    if int(book["believed_amount"]) != payment["amount"]:
        return {"M01"}
    if cancelled == believed:
        return set()
    if believed == 0:
        return {"S01" if cancelled == payment["amount"] else "S05"}
    return {"S02" if cancelled == 0 else "M02"}


def _line_total(rows: list[Row]) -> int:
    return sum(int(row["item_amount"]) for row in rows)


def test_lines_add_up_except_where_planted(
    orders: dict[str, list[Row]], planted: list[dict[str, Any]]
) -> None:
    off = {
        number
        for number, rows in orders.items()
        if _line_total(rows) != int(rows[0]["believed_amount"])
    }

    assert off == {item["merchant_uid"] for item in planted if item["kind"] == "M08"}
