"""What a window opens for, what its buttons do, and what the world knows of it afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Api
from tests.sandbox.windows import CODE, ITEM, ORDER, ask, opened, press, refusal, row


def test_a_payment_is_there_from_the_moment_the_window_opens(api: Api) -> None:
    opened(api, custom_data={"cart": 7})
    payment = row(api)

    assert (payment["status"], payment["pay_method"], payment["paid_at"]) == ("ready", "card", 0)
    assert payment["started_at"] == pytest.approx(api.now, abs=2)
    assert (payment["name"], payment["custom_data"]) == ("주문명:결제테스트", '{"cart": 7}')
    assert api.control("ledger", method="GET") == []


def test_the_callback_has_the_fields_of_the_payment(api: Api) -> None:
    result = press(api, opened(api), card_code="367")["result"]
    payment = row(api)

    assert set(result) == {
        "success", "imp_uid", "merchant_uid", "pay_method", "name", "paid_amount", "currency",
        "pg_provider", "pg_type", "pg_tid", "apply_num", "buyer_name", "buyer_email",
        "buyer_tel", "buyer_addr", "buyer_postcode", "custom_data", "status", "paid_at",
        "receipt_url", "card_name", "card_number", "card_quota",
    }  # fmt: skip
    assert (result["success"], result["pg_type"], result["paid_amount"]) == (
        True, "payment", 10_040)  # fmt: skip
    assert all(payment[name] == value for name, value in result.items() if name in payment)


def test_pressing_twice_pays_once(api: Api) -> None:
    window = opened(api)
    first = press(api, window, card_code="366")
    second = press(api, window, card_code="367")
    third = press(api, window, "close")

    assert first == second == third
    assert [entry["kind"] for entry in api.control("ledger", method="GET")] == ["charge"]
    assert api.get("/payments/findAll/ORD-1").json()["response"]["total"] == 1


def test_two_windows_for_one_order_pay_it_once(api: Api) -> None:
    one, other = opened(api), opened(api)
    press(api, one, card_code="366")
    result = press(api, other, card_code="366")["result"]

    assert (result["success"], result["error_code"]) == (False, "8338")
    assert [entry["amount"] for entry in api.control("ledger", method="GET")] == [10_040]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("CC61", "[CC61|거래금액 한도초과]"),
        ("CC10", "[CC10|통장 잔액부족]"),
    ],
)
def test_a_decline_ends_the_window(api: Api, answer: str, reason: str) -> None:
    result = press(api, opened(api), card_code="366", answer=answer)["result"]
    payment = row(api)

    assert (result["success"], result["error_code"], result["error_msg"]) == (False, answer, reason)
    assert (payment["status"], payment["fail_reason"]) == ("failed", reason)
    assert payment["failed_at"] == pytest.approx(api.now, abs=2)
    assert result["imp_uid"] == payment["imp_uid"]


def test_a_window_nobody_presses_in_leaves_its_row_and_expires(api: Api) -> None:
    window = opened(api)
    api.control("clock", {"advance_seconds": 1_801})
    api.sign_in()
    assert row(api)["status"] == "ready"
    result = press(api, window, card_code="366")["result"]

    assert result["error_code"] == "8310"
    assert api.control("ledger", method="GET") == []


def test_webhooks_for_what_was_paid_and_issued_and_none_for_failures(api: Api) -> None:
    api.control("settings", {"webhook_url": "http://127.0.0.1:9/"})
    press(api, opened(api, merchant_uid="A"), card_code="366")
    press(api, opened(api, merchant_uid="B"), "close")
    press(api, opened(api, merchant_uid="C", pay_method="vbank"), bank_code="088")
    opened(api, merchant_uid="D")
    own = opened(api, merchant_uid="E", notice_url="http://127.0.0.1:9/own")
    press(api, own, card_code="366")

    sent = api.control("webhooks", method="GET")
    assert [(one["body"]["merchant_uid"], one["body"]["status"]) for one in sent] == [
        ("A", "paid"), ("C", "ready"), ("E", "paid")]  # fmt: skip
    assert sent[-1]["url"] == "http://127.0.0.1:9/own"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"merchant_uid": None}, "9006"),
        ({"merchant_uid": "x" * 41}, "F400"),
        ({"name": ""}, "9007"),
        ({"name": "가" * 41}, "F400"),
        ({"amount": None}, "9008"),
        ({"amount": "10040"}, "9009"),
        ({"amount": True}, "9009"),
        ({"amount": 0}, "F400"),
        ({"amount": -1_000}, "F400"),
        ({"amount": 1_000.5}, "F400"),
        ({"amount": 999}, "9010"),
        ({"amount": 399, "pay_method": "trans"}, "8063"),
        ({"amount": 300, "pay_method": "vbank"}, "8063"),
        ({"currency": "USD"}, "9014"),
        ({"pay_method": "cash"}, "9016"),
        ({"channelKey": "channel-key-nobody"}, "F400"),
        ({"customer_uid": "cust-1"}, "F400"),
        ({"tax_free": 10_041}, "F400"),
        ({"tax_free": "100"}, "F400"),
        ({"vat_amount": -1}, "F400"),
        ({"tax_free": 10_000, "vat_amount": 41}, "F400"),
        ({"buyer_name": "가" * 17}, "F400"),
        ({"bypass": "ABCD"}, "F400"),
        ({"escrow": "true"}, "F400"),
        ({"appCard": "true"}, "F400"),
        ({"notice_url": "shop.example/hook"}, "F400"),
        ({"pay_method": "vbank", "vbank_due": "2030-12-31"}, "F400"),
        ({"pay_method": "vbank", "vbank_due": "20300231"}, "F400"),
        ({"pay_method": "vbank", "vbank_due": "20200101"}, "F400"),
        ({"card": {"direct": {"code": "999", "quota": 0}}}, "8112"),
        ({"card": {"direct": {"code": "367", "quota": 3}}}, "CC34"),
        ({"card": {"direct": {"code": "367", "quota": "3"}}}, "CC16"),
        ({"card": {"direct": {"code": "367", "quota": 1}}}, "CC16"),
        ({"amount": 50_000, "card": {"direct": {"code": "367", "quota": 13}}}, "8125"),
        ({"amount": 50_000, "card": {"direct": {"code": "367", "quota": 6}},
          "display": {"card_quota": [3]}}, "8125"),
        ({"card": {"detail": [{"card_code": "*", "enabled": False}]}}, "9016"),
        ({"card": {"detail": [{"card_code": "999", "enabled": True}]}}, "8112"),
        ({"card": {"detail": [{"card_code": "366", "enabled": "true"}]}}, "F400"),
        ({"card": {"detail": [{"card_code": "367", "enabled": False}],
                   "direct": {"code": "367", "quota": 0}}}, "8126"),
        ({"display": {"card_quota": "6"}}, "F400"),
        ({"display": {"card_quota": ["6"]}}, "F400"),
        ({"kcpProducts": [ITEM | {"amount": None}]}, "9064"),
        ({"kcpProducts": [{name: ITEM[name] for name in ("orderNumber", "name", "quantity")}]},
         "9064"),
        ({"kcpProducts": ITEM}, "9064"),
        ({"kcpProducts": []}, "9060"),
    ],
)  # fmt: skip
def test_a_request_that_opens_no_window(api: Api, change: dict[str, Any], code: str) -> None:
    given, sentence = refusal(api, ORDER | {"escrow": True} | change)

    assert given == code
    assert sentence.startswith(f"[{code}|") if code != "F400" else sentence.endswith(".")


@pytest.mark.parametrize("user_code", [None, "imp1234567", "iamport", 12345678])
def test_the_shop_names_itself(api: Api, user_code: object) -> None:
    body = {"user_code": user_code, "params": ORDER}
    result = api.post("/v1/requests", json=body).json()["response"]["result"]

    assert (result["imp_uid"], result["error_code"]) == (None, "F400")


def test_a_paid_order_number_opens_nothing_and_a_failed_one_does(api: Api) -> None:
    press(api, opened(api), "close")
    press(api, opened(api), card_code="366")
    answer = ask(api, ORDER)
    api.cancel(merchant_uid="ORD-1")

    expected = ("F1002", "이미 결제가 이루어진 거래건입니다.")
    for one in (answer, ask(api, ORDER)):
        assert (one["result"]["error_code"], one["result"]["error_msg"]) == expected
    assert api.get("/payments/findAll/ORD-1").json()["response"]["total"] == 2


def test_another_amount_than_prepared_opens_nothing(api: Api) -> None:
    api.post("/payments/prepare", json={"merchant_uid": "ORD-1", "amount": 10_040})
    code, _ = refusal(api, ORDER | {"amount": 1_004})

    assert code == "F400"
    press(api, opened(api), card_code="366")
    assert row(api)["amount"] == 10_040


def test_another_currency_than_prepared_opens_nothing(api: Api) -> None:
    entry = {"merchant_uid": "ORD-1", "amount": 10_040, "currency": "USD"}
    api.post("/payments/prepare", json=entry)

    assert refusal(api, ORDER)[0] == "F400"


@pytest.mark.parametrize(
    ("params", "provider", "site", "is_test"),
    [
        ({"pg": "kcp"}, "kcp", "T0000", False),
        ({"pg": "kcp.AO09C"}, "kcp", "AO09C", True),
        ({"pg": "kcp.ZZZZZ"}, "kcp", "T0000", False),
        ({"pg": "nobody"}, "kcp", "T0000", False),
        ({"pg": None}, "kcp", "T0000", False),
        ({"pg": "nobody", "channelKey": "channel-key-ieum-test"}, "kcp", "AO09C", True),
        ({"pg": "kcp_billing.A52Q7", "customer_uid": "c"}, "kcp_billing", "A52Q7", False),
        ({"channelKey": "channel-key-ieum-billing", "customer_uid": "c"},
         "kcp_billing", "A52Q7", False),
    ],
)  # fmt: skip
def test_the_channel_a_request_goes_to(
    api: Api, params: dict[str, Any], provider: str, site: str, is_test: bool
) -> None:
    opened(api, **params)
    (payment,) = api.get("/payments/status/ready").json()["response"]["list"]

    assert (payment["pg_provider"], payment["pg_id"]) == (provider, site)
    assert payment["sandbox"] is is_test


def test_a_test_channel_has_minimums_of_its_own(api: Api) -> None:
    assert refusal(api, ORDER | {"pg": "kcp.AO09C", "amount": 99})[0] == "8135"
    opened(api, pg="kcp.AO09C", amount=100)


@pytest.mark.parametrize(
    ("method", "stored", "wallet"),
    [
        ("samsung", "samsung", None),
        ("trans", "trans", None),
        ("phone", "phone", None),
        ("payco", "card", "payco"),
        ("kakaopay", "card", "kakaopay"),
        ("naverpay", "card", "naverpay"),
        ("cultureland", "cultureland", None),
        ("smartculture", "smartculture", None),
        ("happymoney", "happymoney", None),
        ("booknlife", "booknlife", None),
        ("point", "point", None),
    ],
)
def test_every_method_pays(api: Api, method: str, stored: str, wallet: str | None) -> None:
    window = opened(api, pay_method=method, bypass={"shop_user_id": "ABCD123"})
    assert api.get(window).status_code == 200
    press(api, window, card_code="366", bank_code="004")
    payment = row(api)

    assert (payment["status"], payment["pay_method"]) == ("paid", stored)
    assert payment["emb_pg_provider"] == wallet
    assert payment["bank_code"] == ("004" if method == "trans" else None)


@pytest.mark.parametrize(
    "method", ["phone", "cultureland", "smartculture", "happymoney", "booknlife"]
)
def test_phones_and_gift_certificates_name_the_shops_member(api: Api, method: str) -> None:
    params = ORDER | {"pay_method": method}

    assert refusal(api, params)[0] == "9055"
    assert refusal(api, params | {"bypass": {"shop_user_id": ""}})[0] == "9055"
    long = params | {"bypass": {"shop_user_id": "회원번호입니다"}}  # 7 letters, 21 bytes
    assert refusal(api, long) == (
        "F400", "bypass.shop_user_id 파라메터는 최대 20바이트까지 가능합니다.")  # fmt: skip


def test_a_phone_names_its_buyer(api: Api) -> None:
    params = ORDER | {"pay_method": "phone", "bypass": {"shop_user_id": "A"}, "buyer_name": None}

    assert refusal(api, params)[0] == "9011"


def test_a_virtual_account_is_issued_and_waits_for_its_deposit(api: Api) -> None:
    window = opened(api, pay_method="vbank", vbank_due="20301231")
    result = press(api, window, bank_code="088")["result"]
    again = press(api, window, bank_code="004")["result"]
    issued = row(api)

    assert (result["success"], result["status"]) == (True, "ready")
    assert result == again
    assert {name: result[name] for name in result if name.startswith("vbank_")} == {
        name: issued[name] for name in ("vbank_num", "vbank_name", "vbank_date", "vbank_holder")
    }
    assert (issued["vbank_code"], issued["vbank_date"]) == ("088", 1_924_959_599)
    paid = api.control("buyer/deposit", {"imp_uid": issued["imp_uid"]})
    assert (paid["status"], paid["vbank_num"]) == ("paid", result["vbank_num"])


def test_escrow_items_are_kept_and_their_sum_is_nobodys_business(api: Api) -> None:
    items = [ITEM | {"amount": 999_999}]
    press(api, opened(api, escrow=True, pay_method="trans", kcpProducts=items), bank_code="004")
    payment = row(api)

    assert (payment["escrow"], "kcpProducts" in payment) == (True, False)
    (kept,) = api.control("windows/ORD-1", method="GET")
    assert kept["params"]["kcpProducts"] == items
    assert (kept["imp_uid"], kept["error_code"]) == (payment["imp_uid"], None)


def test_the_control_plane_tells_of_refused_requests_too(api: Api) -> None:
    refusal(api, ORDER | {"amount": "10040"})
    opened(api)
    first, second = api.control("windows/ORD-1", method="GET")

    assert (first["imp_uid"], first["error_code"]) == (None, "9009")
    assert first["params"]["amount"] == "10040"
    assert second["imp_uid"] == row(api)["imp_uid"]
    assert (second["user_code"], second["mobile"]) == (CODE, False)
    assert api.control("windows/ORD-2", method="GET") == []


def test_a_direct_card_pays_with_its_instalments(api: Api) -> None:
    direct = {"direct": {"code": "367", "quota": 3}}
    press(api, opened(api, amount=50_000, card=direct), card_code="366", card_quota=12)
    payment = row(api)

    assert (payment["card_code"], payment["card_quota"]) == ("367", 3)
