"""Windows that issue a billing key instead of charging."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Api
from tests.sandbox.windows import BILLING, opened, press, refusal, row


def test_a_key_is_issued_without_a_charge_and_pays_afterwards(api: Api) -> None:
    api.control("settings", {"webhook_url": "http://127.0.0.1:9/"})
    window = opened(api, **BILLING | {"amount": 1_000})
    assert "1,000원" in api.get(window).text
    result = press(api, window, card_code="367", test_card="good")["result"]
    issued, key = row(api), api.get("/subscribe/customers/cust-1").json()["response"]

    assert (result["success"], result["paid_amount"], issued["amount"]) == (True, 0, 0)
    assert (issued["status"], issued["customer_uid_usage"]) == ("paid", "issue")
    assert (issued["pg_provider"], issued["customer_uid"]) == ("kcp_billing", "cust-1")
    assert (key["card_name"], key["pg_id"], key["customer_name"]) == ("현대카드", "A52Q7", "최수아")
    assert [one["kind"] for one in api.control("ledger", method="GET")] == ["key_issue"]

    body = {"customer_uid": "cust-1", "merchant_uid": "ORD-2", "amount": 3_000}
    charged = api.post("/subscribe/payments/again", json=body).json()["response"]
    assert (charged["status"], charged["card_name"]) == ("paid", "현대카드")


@pytest.mark.parametrize(
    ("body", "code"),
    [({"test_card": "wrong_number"}, "CC14"), ({"test_card": "good", "answer": "CC63"}, "CC63")],
)
def test_a_card_that_is_refused_leaves_no_key(api: Api, body: dict[str, Any], code: str) -> None:
    result = press(api, opened(api, **BILLING), card_code="366", **body)["result"]

    assert (result["success"], result["error_code"]) == (False, code)
    assert row(api)["status"] == "failed"
    assert api.get("/subscribe/customers/cust-1").json()["code"] == 1
    assert api.control("ledger", method="GET") == []


def test_a_key_whose_charges_are_declined(api: Api) -> None:
    press(api, opened(api, **BILLING), card_code="366", test_card="over_limit")
    body = {"customer_uid": "cust-1", "merchant_uid": "ORD-2", "amount": 3_000}
    charged = api.post("/subscribe/payments/again", json=body).json()["response"]

    assert (charged["status"], charged["fail_reason"]) == ("failed", "[CC61|거래금액 한도초과]")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"customer_uid": None}, "F400"),
        ({"customer_uid": "c" * 81}, "F400"),
        ({"pay_method": "trans"}, "9016"),
        ({"amount": -1}, "F400"),
    ],
)
def test_a_billing_window_that_does_not_open(api: Api, change: dict[str, Any], code: str) -> None:
    assert refusal(api, BILLING | change)[0] == code
