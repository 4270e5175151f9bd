"""What a window opens for, what its buttons do, and what the world knows of it afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Api

CODE = "imp12345678"
ORDER: dict[str, Any] = {
    "pg": "kcp", "pay_method": "card", "merchant_uid": "ORD-1", "name": "주문명:결제테스트",
    "amount": 10_040, "buyer_name": "최수아",
}  # fmt: skip
BILLING = ORDER | {"pg": "kcp_billing", "amount": 0, "customer_uid": "cust-1"}
ITEM: dict[str, Any] = {"orderNumber": "xxxx", "name": "상품A", "quantity": 3, "amount": 1_000}


def ask(api: Api, params: dict[str, Any], *, mobile: bool = False) -> dict[str, Any]:
    """What `IMP.request_pay` gets: the window's address or a result. Sent without a token."""
    body = {"user_code": CODE, "mobile": mobile, "params": params}
    answer = api.post("/v1/requests", json=body, headers={"Authorization": ""})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["response"])


def opened(api: Api, **params: Any) -> str:
    """The path of a window that opened."""
    answer = ask(api, ORDER | params, mobile="m_redirect_url" in params)
    assert answer["result"] is None, answer
    return "/window/" + answer["window"].rpartition("/")[2]


def refusal(api: Api, params: dict[str, Any], *, mobile: bool = False) -> tuple[str, str]:
    """Code and sentence of a request that opened nothing and left no payment."""
    answer = ask(api, params, mobile=mobile)
    result = answer["result"]
    assert answer["window"] is None, answer
    assert (result["success"], result["imp_uid"]) == (False, None)
    assert api.get("/payments/status/ready").json()["response"]["total"] == 0
    return result["error_code"], result["error_msg"]


def press(api: Api, window: str, act: str = "pay", **body: Any) -> dict[str, Any]:
    answer = api.post(f"{window}/{act}", json=body, headers={"Authorization": ""})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["response"])


def row(api: Api, merchant_uid: str = "ORD-1") -> dict[str, Any]:
    return dict(api.get(f"/payments/find/{merchant_uid}").json()["response"])


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


@pytest.mark.parametrize(
    ("params", "offered", "absent"),
    [
        ({}, ["신한카드", "현대카드", "JCB"], []),
        ({"card": {"detail": [{"card_code": "*", "enabled": False},
                              {"card_code": "366", "enabled": True}]}}, ["신한카드"], ["현대카드"]),
        ({"card": {"detail": [{"card_code": "366", "enabled": False}]}},
         ["현대카드"], ["신한카드"]),
        ({"amount": 50_000}, ["12개월", "2개월", "일시불"], ["13개월"]),
        ({"amount": 49_999}, ["일시불"], ["2개월"]),
        ({"amount": 50_000, "display": {"card_quota": []}}, ["일시불"], ["2개월"]),
        ({"amount": 50_000, "display": {"card_quota": [3]}}, ["2개월", "3개월"], ["4개월"]),
        ({"amount": 50_000, "display": {"card_quota": [2, 6]}}, ["3개월", "6개월"], ["7개월"]),
        ({"appCard": True}, ["앱카드로만"], ["일반결제"]),
        ({"appCard": False}, ["앱카드", "일반결제"], ["앱카드로만"]),
        ({"company": "한글상회"}, ["한글상회"], ["이음상점"]),
        ({"language": "en"}, ["Shinhan Card", "Lump sum", "Pay 10,040 KRW"], ["신한카드"]),
        ({"amount": 50_000, "card": {"direct": {"code": "367", "quota": 3}}},
         ["현대카드", "3개월", "iamport"], ["신한카드", "2개월"]),
        ({"amount": 50_000, "card": {"direct": {"code": "367", "quota": 83}}},
         ["현대카드", "3개월", "포인트를 함께"], ["신한카드"]),
        ({"name": "<b>굵은</b>"}, ["&lt;b&gt;굵은"], ["<b>굵은"]),
    ],
)  # fmt: skip
def test_what_the_window_shows(
    api: Api, params: dict[str, Any], offered: list[str], absent: list[str]
) -> None:
    page = api.get(opened(api, **params), headers={"Authorization": ""}).text

    assert [text for text in offered if text not in page] == []
    assert [text for text in absent if text in page] == []


@pytest.mark.parametrize(
    ("params", "choice"),
    [
        ({"card": {"detail": [{"card_code": "366", "enabled": False}]}}, {"card_code": "366"}),
        ({"amount": 50_000, "display": {"card_quota": [3]}},
         {"card_code": "366", "card_quota": 4}),
        ({"amount": 49_999}, {"card_code": "366", "card_quota": 2}),
        ({"pay_method": "vbank"}, {"bank_code": "090"}),
        ({"pay_method": "trans"}, {}),
        ({}, {"card_code": "366", "answer": "0815"}),
    ],
)  # fmt: skip
def test_nothing_can_be_chosen_that_was_not_offered(
    api: Api, params: dict[str, Any], choice: dict[str, Any]
) -> None:
    answer = api.post(f"{opened(api, **params)}/pay", json=choice)

    assert answer.status_code == 400
    assert row(api)["status"] == "ready"


def test_a_direct_card_pays_with_its_instalments(api: Api) -> None:
    direct = {"direct": {"code": "367", "quota": 3}}
    press(api, opened(api, amount=50_000, card=direct), card_code="366", card_quota=12)
    payment = row(api)

    assert (payment["card_code"], payment["card_quota"]) == ("367", 3)


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


@pytest.mark.parametrize(
    ("address", "beginning"),
    [
        ("https://shop.example/done", "https://shop.example/done?imp_uid=imp_"),
        ("https://shop.example/done?a=1&b=%EA%B0%80",
         "https://shop.example/done?a=1&b=%EA%B0%80&imp_uid=imp_"),
        ("https://shop.example/done?a=1&#end", "https://shop.example/done?a=1&imp_uid=imp_"),
        ("shopapp://done", "shopapp://done?imp_uid=imp_"),
    ],
)  # fmt: skip
def test_a_phone_goes_back_with_the_result_behind_the_query(
    api: Api, address: str, beginning: str
) -> None:
    back = press(api, opened(api, m_redirect_url=address), card_code="366")["redirect"]

    assert back.startswith(beginning)
    assert "&merchant_uid=ORD-1&imp_success=true" in back
    assert back.endswith("#end") is ("#" in address)
    assert row(api)["channel"] == "mobile"


def test_a_phone_learns_the_reason_of_a_failure(api: Api) -> None:
    window = opened(api, m_redirect_url="https://shop.example/done")
    back = press(api, window, "close")["redirect"]

    assert "imp_success=false&error_code=3001&error_msg=%5B3001%7C" in back


@pytest.mark.parametrize(
    ("address", "code"),
    [(None, "9028"), ("/done", "F400"), ("javascript:alert(1)", "F400"), ("https://", "F400")],
)
def test_a_phone_needs_a_way_back(api: Api, address: str | None, code: str) -> None:
    assert refusal(api, ORDER | {"m_redirect_url": address}, mobile=True)[0] == code


def test_a_refused_request_of_a_phone_has_a_way_back_too(api: Api) -> None:
    params = ORDER | {"amount": "1", "m_redirect_url": "https://shop.example/done?a=1"}
    back = ask(api, params, mobile=True)["redirect"]

    assert back.startswith("https://shop.example/done?a=1&merchant_uid=ORD-1&imp_success=false")
    assert "imp_uid=" not in back
    assert ask(api, params)["redirect"] is None


def test_a_window_is_found_by_its_own_id_only(api: Api) -> None:
    window = opened(api)

    assert api.get("/window/imp_000000000000").status_code == 404
    assert api.post("/window/ORD-1/pay", json={"card_code": "366"}).status_code == 404
    assert len(window.rpartition("/")[2]) >= 32


def test_an_ended_window_offers_nothing_any_more(api: Api) -> None:
    window = opened(api, m_redirect_url="https://shop.example/done")
    press(api, window, "close")
    page = api.get(window).text

    assert "<form" not in page
    assert 'href="https://shop.example/done?imp_uid=' in page


def test_pages_are_shown_in_the_openers_frame_only(api: Api) -> None:
    body = {"user_code": CODE, "params": ORDER}
    headers = {"Origin": "https://shop.example"}
    answer = api.post("/v1/requests", json=body, headers=headers)
    page = api.get(answer.json()["response"]["window"])

    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors https://shop.example" in policy
    assert "default-src 'none'" in policy
    assert 'data-origin="https://shop.example"' in page.text
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_an_origin_cannot_write_into_the_policy(api: Api) -> None:
    body = {"user_code": CODE, "params": ORDER}
    headers = {"Origin": "https://a.example; script-src *"}
    answer = api.post("/v1/requests", json=body, headers=headers)
    page = api.get(answer.json()["response"]["window"])

    assert "script-src *" not in page.headers["Content-Security-Policy"]


def test_faults_reach_the_window(api: Api) -> None:
    fault = {"path": "/v1/requests", "merchant_uid": "ORD-1", "action": "html"}
    api.control("script", fault)
    broken = api.post("/v1/requests", json={"user_code": CODE, "params": ORDER})
    assert broken.headers["Content-Type"].startswith("text/html")

    window = opened(api)
    api.control("script", {"path": f"{window}/pay", "action": "drop", "when": "after_commit"})
    with pytest.raises(Exception, match="disconnected"):
        api.post(f"{window}/pay", json={"card_code": "366"})
    assert row(api)["status"] == "paid"
    assert press(api, window, card_code="366")["result"]["success"] is True
