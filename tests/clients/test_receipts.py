"""Cash receipts, which only iamport-rest-client-nodejs offers."""

from __future__ import annotations

import pytest

from tests.clients.driver import Client
from tests.stand_in import StandIn

pytestmark = pytest.mark.clients

IDENTIFIER = {"identifier": "01012344821"}
PAYMENT = {"imp_uid": "imp_100000000001"}
ELSEWHERE = {"merchant_uid": "COUNTER-1"}
COUNTER = ELSEWHERE | {"name": "매장 판매", "amount": 11_000} | IDENTIFIER


def test_a_receipt_is_issued_for_what_is_left_read_and_deleted(
    node_client: Client, shop: StandIn
) -> None:
    shop.paid(
        pg_provider="kcp",
        pay_method="trans",
        amount=33_000,
        cancel_amount=22_000,
        status="cancelled",
    )
    issued = node_client.call("Receipts.postReceipt", PAYMENT | IDENTIFIER).value["response"]
    assert (issued["amount"], issued["vat"], issued["type"]) == (11_000, 1_000, "person")
    assert shop.payment("imp_100000000001")["cash_receipt_issued"] is True
    assert node_client.call("Receipts.getReceipt", PAYMENT).value["response"] == issued
    deleted = node_client.call("Receipts.deleteReceipt", PAYMENT).value["response"]
    assert deleted["receipt_tid"] == issued["receipt_tid"]
    assert shop.payment("imp_100000000001")["cash_receipt_issued"] is False


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ("Receipts.getReceipt", 404),
        ("Receipts.postReceipt", 400),
        ("Receipts.deleteReceipt", 400),
    ],
)
def test_there_is_no_receipt_for_a_card(
    node_client: Client, shop: StandIn, method: str, status: int
) -> None:
    shop.paid(pg_provider="kcp", pay_method="card")
    done = node_client.call(method, PAYMENT | IDENTIFIER)
    assert (done.error, done.status) == ("HttpError", status)
    assert shop.payment("imp_100000000001")["cash_receipt_issued"] is False


def test_a_receipt_is_issued_once(node_client: Client, shop: StandIn) -> None:
    shop.paid(pg_provider="kcp", pay_method="trans")
    node_client.call("Receipts.postReceipt", PAYMENT | IDENTIFIER)
    again = node_client.call("Receipts.postReceipt", PAYMENT | IDENTIFIER)
    assert (again.error, again.status) == ("HttpError", 400)


def test_a_receipt_for_money_from_elsewhere(node_client: Client, shop: StandIn) -> None:
    issued = node_client.call("External.postReceipt", COUNTER).value["response"]
    assert (issued["merchant_uid"], issued["amount"], issued["vat"]) == ("COUNTER-1", 11_000, 1_000)
    assert node_client.call("External.getReceipt", ELSEWHERE).value["response"] == issued
    deleted = node_client.call("External.deleteReceipt", ELSEWHERE).value["response"]
    assert deleted["receipt_tid"] == issued["receipt_tid"]


@pytest.mark.parametrize(
    ("method", "params", "status"),
    [
        ("External.getReceipt", ELSEWHERE, 404),
        ("External.deleteReceipt", ELSEWHERE, 404),
        ("External.postReceipt", ELSEWHERE | {"name": "매장 판매", "amount": 11_000}, 400),
    ],
)
def test_no_receipt_from_elsewhere(
    node_client: Client, shop: StandIn, method: str, params: dict[str, object], status: int
) -> None:
    done = node_client.call(method, params)
    assert (done.error, done.status) == ("HttpError", status)
