"""Virtual accounts over the API and balances, by every client that offers them.

KCP leaves the issuing to its window, so the successes name another company's module.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.driver import Client
from tests.stand_in import StandIn

pytestmark = pytest.mark.clients

NO_PAYMENT = "존재하지 않는 결제정보입니다."
NO_CONTRACT = "계약이 필요합니다."
DAY = 86_400


def request_of(shop: StandIn, **fields: Any) -> dict[str, Any]:
    """An account that waits two days for its deposit."""
    moment = int(shop.control("clock", {"advance_seconds": 0})["now"])
    return {
        "merchant_uid": "V-1",
        "amount": 30_000,
        "vbank_code": "004",
        "vbank_due": moment + 2 * DAY,
        "vbank_holder": "이음상점",
        **fields,
    }


def waiting(shop: StandIn) -> str:
    """A virtual account that a buyer got in KCP's window; its id."""
    paid = shop.control(
        "buyer/pay", {"merchant_uid": "V-2", "amount": 30_000, "pay_method": "vbank"}
    )
    return str(paid["imp_uid"])


def test_node_client_issues_and_changes_an_account(node_client: Client, shop: StandIn) -> None:
    issued = node_client.call("Vbanks.post", request_of(shop, pg="settle")).value["response"]
    assert (issued["status"], issued["vbank_code"]) == ("ready", "004")
    assert shop.payment(issued["imp_uid"])["vbank_num"] == issued["vbank_num"]
    changed = node_client.call("Vbanks.put", {"imp_uid": issued["imp_uid"], "amount": 20_000})
    assert changed.value["response"]["amount"] == 20_000
    assert shop.payment(issued["imp_uid"])["amount"] == 20_000


def test_node_client_gets_no_account_from_kcp(node_client: Client, shop: StandIn) -> None:
    done = node_client.call("Vbanks.post", request_of(shop, pg="kcp"))
    assert (done.error, done.last.status) == ("ResponseError", 200)
    assert str(done.message).endswith(NO_CONTRACT)
    assert shop.effects() == []


def test_node_client_revokes_an_account_once(node_client: Client, shop: StandIn) -> None:
    imp_uid = waiting(shop)
    revoked = node_client.call("Vbanks.delete", {"imp_uid": imp_uid})
    assert revoked.value["response"]["imp_uid"] == imp_uid
    again = node_client.call("Vbanks.delete", {"imp_uid": imp_uid})
    assert (again.error, again.status) == ("HttpError", 400)


@pytest.mark.parametrize("method", ["Vbanks.put", "Vbanks.delete"])
def test_node_client_is_told_that_there_is_no_account(
    node_client: Client, shop: StandIn, method: str
) -> None:
    done = node_client.call(method, {"imp_uid": "nothing", "amount": 20_000})
    assert (done.error, done.status, done.message) == ("HttpError", 404, NO_PAYMENT)


def test_node_client_asks_whose_account_it_is(node_client: Client, shop: StandIn) -> None:
    """The description no longer has this path; clients still ask."""
    account = {"bank_code": "004", "bank_num": "56212345678901"}
    done = node_client.call("Vbanks.getHolder", account)
    assert done.last.path == "/vbanks/holder"
    assert done.value["response"]["bank_holder"]
    nameless = node_client.call("Vbanks.getHolder", {"bank_code": "004"})
    assert (nameless.error, nameless.status) == ("HttpError", 400)


def test_python_client_revokes_an_account(python_client: Client, shop: StandIn) -> None:
    imp_uid = waiting(shop)
    done = python_client.call("revoke_vbank_by_imp_uid", imp_uid)
    assert done.reached == "DELETE /vbanks/{imp_uid}"
    assert done.value == shop.payment(imp_uid)


def test_python_client_is_told_that_there_is_no_account(
    python_client: Client, shop: StandIn
) -> None:
    done = python_client.call("revoke_vbank_by_imp_uid", "nothing")
    assert (done.error, done.status) == ("HttpError", 404)


def test_node_iamporter_issues_an_account(node_iamporter: Client, shop: StandIn) -> None:
    done = node_iamporter.call("createVbank", request_of(shop, pg="nice"))
    assert done.value["data"] == shop.payment(done.value["data"]["imp_uid"])
    assert done.value["data"]["status"] == "ready"


def test_node_iamporter_gets_no_account_from_kcp(node_iamporter: Client, shop: StandIn) -> None:
    done = node_iamporter.call("createVbank", request_of(shop))
    assert (done.error, done.status) == ("IamporterError", 200)
    assert str(done.message).endswith(NO_CONTRACT)
    assert shop.effects() == []


def test_node_client_reads_a_balance_of_payco_only(node_client: Client, shop: StandIn) -> None:
    shop.paid(emb_pg_provider="payco")
    shop.paid("imp_100000000002")
    done = node_client.call("Payments.getAmountByImpUid", {"imp_uid": "imp_100000000001"})
    assert done.reached == "GET /payments/{imp_uid}/balance"
    assert done.value["response"]["amount"] == 10_000
    card = node_client.call("Payments.getAmountByImpUid", {"imp_uid": "imp_100000000002"})
    assert (card.error, card.status) == ("HttpError", 405)
    absent = node_client.call("Payments.getAmountByImpUid", {"imp_uid": "nothing"})
    assert (absent.error, absent.status, absent.message) == ("HttpError", 404, NO_PAYMENT)


def test_python_iamporter_reads_a_balance(python_iamporter: Client, shop: StandIn) -> None:
    shop.paid(emb_pg_provider="payco")
    done = python_iamporter.call("Payments.get_balance", "imp_100000000001")
    assert done.value["response"]["amount"] == 10_000
    absent = python_iamporter.call("Payments.get_balance", "nothing")
    assert (absent.value["status"], absent.value["message"]) == (404, NO_PAYMENT)
