"""The control plane: buyers, the console, KCP, the journal, planted rows."""

from datetime import datetime
from typing import Any

import pytest

from sandbox.app import create_app
from sandbox.server import Running
from tests.sandbox.conftest import Api


def test_buyer_pays_in_the_window(api: Api) -> None:
    body = {"merchant_uid": "ORD-1", "amount": 248_000, "name": "린넨 침구 세트 (Q)",
            "buyer_name": "최수아", "pay_method": "trans", "escrow": True}  # fmt: skip
    payment = api.control("buyer/pay", body)

    assert payment["status"] == "paid"
    assert (payment["escrow"], payment["bank_code"]) == (True, "004")
    assert api.get("/payments/find/ORD-1").json()["response"] == payment
    (entry,) = api.control("ledger", method="GET")
    assert (entry["kind"], entry["source"], entry["amount"]) == ("charge", "buyer", 248_000)


def test_wallets_are_stored_as_what_they_drew_on(api: Api) -> None:
    body = {"merchant_uid": "ORD-1", "amount": 10_000, "pay_method": "kakaopay"}
    payment = api.control("buyer/pay", body)

    assert (payment["pay_method"], payment["emb_pg_provider"]) == ("card", "kakaopay")


def test_virtual_account_waits_for_its_deposit(api: Api) -> None:
    body = {"merchant_uid": "ORD-1", "amount": 10_000, "pay_method": "vbank"}
    issued = api.control("buyer/pay", body)
    assert (issued["status"], issued["paid_at"]) == ("ready", 0)

    paid = api.control("buyer/deposit", {"imp_uid": issued["imp_uid"]})
    assert (paid["status"], paid["vbank_num"]) == ("paid", issued["vbank_num"])
    again = api.post("/_sandbox/buyer/deposit", json={"imp_uid": issued["imp_uid"]})
    assert again.status_code == 409


def test_expired_virtual_account_takes_nothing(api: Api) -> None:
    body = {"merchant_uid": "ORD-1", "amount": 10_000, "pay_method": "vbank"}
    issued = api.control("buyer/pay", body)
    api.control("clock", {"advance_seconds": 5 * 86_400})

    answer = api.post("/_sandbox/buyer/deposit", json={"imp_uid": issued["imp_uid"]})
    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("due", "end"),
    [
        ("20301231", "2030-12-31T23:59:59+09:00"),
        ("203012311200", "2030-12-31T12:00:59+09:00"),
        ("20301231120030", "2030-12-31T12:00:30+09:00"),
    ],
)
def test_deadline_of_an_account_as_the_shop_writes_it(api: Api, due: str, end: str) -> None:
    body = {"merchant_uid": "V", "amount": 9_000, "pay_method": "vbank", "vbank_due": due}
    issued = api.control("buyer/pay", body)

    assert issued["vbank_date"] == int(datetime.fromisoformat(end).timestamp())
    bad = body | {"merchant_uid": "W", "vbank_due": "2030-12-31"}
    assert api.post("/_sandbox/buyer/pay", json=bad).status_code == 400


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        ({"outcome": "failed"}, "failed", "[3001|사용자 취소]"),
        ({"outcome": "failed", "fail_code": "CC61"}, "failed", "[CC61|거래금액 한도초과]"),
        ({"outcome": "ready"}, "ready", None),
        ({"amount": 999}, "failed", "[8135|신용카드 건최소한도 미만]"),
        (
            {"amount": 399, "pay_method": "trans"},
            "failed",
            "[8063|포맷에러(결제최소금액오류)]",
        ),
        (
            {"amount": 300, "pay_method": "vbank"},
            "failed",
            "[8063|포맷에러(결제최소금액오류)]",
        ),
        ({"amount": 99, "sandbox": True}, "failed", "[8135|신용카드 건최소한도 미만]"),
        ({"outcome": "failed", "fail_code": "8012"}, "failed", "[8012|취소불가 - 상점관리자 문의]"),
    ],
)
def test_window_that_does_not_end_in_a_payment(
    api: Api, fields: dict[str, Any], status: str, reason: str | None
) -> None:
    payment = api.control("buyer/pay", {"merchant_uid": "ORD-1", "amount": 10_000} | fields)

    assert (payment["status"], payment["fail_reason"]) == (status, reason)


def test_instalments_only_from_fifty_thousand(api: Api) -> None:
    for amount, quota in ((49_999, 0), (50_000, 6)):
        body = {"merchant_uid": f"ORD-{amount}", "amount": amount, "card_quota": 6}
        assert api.control("buyer/pay", body)["card_quota"] == quota


def test_smallest_amounts_of_each_method_and_channel(api: Api) -> None:
    amounts = {"card": 1_000, "trans": 400, "phone": 400}
    for method, amount in amounts.items():
        body = {"merchant_uid": f"LIVE-{method}", "amount": amount, "pay_method": method}
        assert api.control("buyer/pay", body)["status"] == "paid"
    issued = {"merchant_uid": "LIVE-vbank", "amount": 301, "pay_method": "vbank"}
    assert api.control("buyer/pay", issued)["status"] == "ready"
    test = {"merchant_uid": "TEST-card", "amount": 100, "sandbox": True}
    assert api.control("buyer/pay", test)["status"] == "paid"


def test_longest_instalment_shown_is_an_upper_bound(api: Api) -> None:
    for number, (offered, chosen, status) in enumerate(
        [([6], 3, 200), ([3], 2, 200), ([3], 6, 409), ([], 2, 409), ([], 0, 200)]
    ):
        body = {"merchant_uid": f"ORD-{number}", "amount": 50_000, "card_quota": chosen,
                "display": {"card_quota": offered}}  # fmt: skip
        assert api.post("/_sandbox/buyer/pay", json=body).status_code == status


def test_unknown_kcp_code_is_refused(api: Api) -> None:
    body = {"merchant_uid": "ORD-1", "amount": 1_000, "outcome": "failed", "fail_code": "0815"}

    assert api.post("/_sandbox/buyer/pay", json=body).status_code == 400


def test_console_cancels_leave_their_reason(api: Api) -> None:
    paid = api.plant()
    part = api.control("console/cancel", {"imp_uid": paid["imp_uid"], "amount": 4_000})
    rest = api.control("console/cancel", {"imp_uid": paid["imp_uid"]})

    assert part["cancel_history"][0]["reason"] == "관리자페이지취소"
    assert rest["cancel_amount"] == 10_000
    assert [entry["source"] for entry in api.control("ledger", method="GET")] == ["console"] * 2


def test_planted_rows_come_back_word_for_word(api: Api) -> None:
    history = [{"amount": 400, "cancelled_at": 1_795_000_000, "reason": "부분", "pg_tid": "1",
                "cancellation_id": "c1"}]  # fmt: skip
    odd = api.plant(amount="1e3", cancel_amount=400, status="partial", cancel_history=history,
                    pay_method="moonpay", surprise={"a": 1})  # fmt: skip
    payment = api.get(f"/payments/{odd['imp_uid']}").json()["response"]

    assert payment["amount"] == "1e3"
    assert (payment["status"], payment["pay_method"]) == ("partial", "moonpay")
    assert payment["surprise"] == {"a": 1}
    assert payment["cancel_history"][0]["cancellation_id"] == "c1"


def test_planting_again_replaces(api: Api) -> None:
    api.plant(imp_uid="imp_x", cancel_amount=1, cancel_history=[
        {"amount": 1, "cancelled_at": 1, "cancellation_id": "c"}])  # fmt: skip
    api.plant(imp_uid="imp_x", amount=77)
    payment = api.get("/payments/imp_x").json()["response"]

    assert (payment["amount"], payment["cancel_history"]) == (77, [])


def test_journal_counts_and_forgets_secrets(api: Api) -> None:
    api.control("requests", method="DELETE")
    api.sign_in()
    api.cancel(imp_uid="imp_none", amount=5, checksum=9, reason="이유")
    api.get("/cards?_token=abc")
    seen = api.control("requests", method="GET")

    assert seen["count"] == 3
    paths = [entry["path"] for entry in seen["requests"]]
    assert paths == ["/users/getToken", "/payments/cancel", "/cards"]
    assert seen["requests"][0]["fields"] == seen["requests"][2]["fields"] == {}
    assert seen["requests"][1]["fields"] == {
        "imp_uid": "imp_none", "amount": 5, "checksum": 9, "reason": "이유"}  # fmt: skip
    narrowed = api.control("requests?method=POST&path=/payments/cancel", method="GET")
    assert narrowed["matching"] == 1


def test_clock_runs_on_from_where_it_is_put(api: Api) -> None:
    moved = api.control("clock", {"now": "2027-02-28T23:59:50+09:00"})
    assert moved["now"] == pytest.approx(1_803_826_790, abs=1)
    assert api.control("clock", {"shift_seconds": 0})["shift_seconds"] == 0


def test_reset_forgets_everything_but_the_token(api: Api) -> None:
    api.plant()
    api.control("script", {"action": "drop", "path": "/cards"})
    api.control("reset", {"seed": "empty"})

    assert api.get("/payments/status/all").json()["response"]["total"] == 0
    assert api.control("script", method="GET") == []


def test_only_this_machine_and_only_this_site(api: Api) -> None:
    client = create_app().test_client()
    stranger = client.get("/_sandbox/ledger", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert stranger.status_code == 403

    other_site = api.get("/_sandbox/ledger", headers={"Origin": "https://example.com"})
    assert other_site.status_code == 403
    own_page = api.get("/_sandbox/ledger", headers={"Origin": api.server.url})
    assert own_page.status_code == 200


def test_page_shows_what_a_person_can_do(api: Api) -> None:
    api.plant(name="<b>굵은</b> 상품")
    api.plant(amount="1e3")
    page = api.get("/_sandbox/").text

    assert "콘솔에서 취소" in page
    assert "&lt;b&gt;굵은" in page
    assert "http://" not in page
    assert "https://" not in page


def test_page_offers_each_payment_what_can_happen_to_it(api: Api) -> None:
    account = {"merchant_uid": "V", "amount": 9_000, "pay_method": "vbank"}
    api.control("buyer/pay", account)
    page = api.get("/_sandbox/").text
    assert "V 입금" in page
    assert "V 콘솔에서 취소" not in page

    shipped = api.plant(merchant_uid="E", pay_method="trans", escrow=True)
    logis = {"company": "CJGLS", "invoice": "1", "sent_at": api.now}
    assert "E 구매확정" not in api.get("/_sandbox/").text
    api.post(f"/escrows/logis/{shipped['imp_uid']}", json={"logis": logis})
    page = api.get("/_sandbox/").text
    for label in ("E 구매확정", "E 구매거절", "E 배송 완료", "E KCP에서 취소"):
        assert label in page
    api.control("pg/cancel", {"imp_uid": shipped["imp_uid"]})
    assert "E KCP에서 취소" not in api.get("/_sandbox/").text


def test_page_shows_what_is_set_up_and_what_is_to_come(api: Api) -> None:
    api.control("script", {"path": "/payments/cancel", "action": "drop", "merchant_uid": "M-77"})
    api.control("webhooks/knobs", {"dup": 4})
    paid = api.plant(pay_method="vbank", vbank_num="5620")
    account = {"refund_holder": "임지호", "refund_bank": "BK88", "refund_account": "1101"}
    api.cancel(imp_uid=paid["imp_uid"], **account)
    api.control("webhooks/forge", {"url": "http://127.0.0.1:9/", "body": "made-up"})
    page = api.get("/_sandbox/").text

    for part in ("M-77", 'name="dup" type="number" min="1" value="4"', "환불금 지급", "made-up"):
        assert part in page


def test_window_refuses_a_paid_order_number_and_bare_items(api: Api) -> None:
    paid = {"merchant_uid": "ORD-1", "amount": 1_000}
    api.control("buyer/pay", paid)
    assert api.post("/_sandbox/buyer/pay", json=paid).status_code == 409
    api.control("buyer/pay", paid | {"twice": True})
    assert api.get("/payments/findAll/ORD-1/paid").json()["response"]["total"] == 2

    items = [{"orderNumber": "1", "name": "상품A", "quantity": 3}]
    bare = {"merchant_uid": "ORD-2", "amount": 1_000, "escrow": True, "kcpProducts": items}
    assert api.post("/_sandbox/buyer/pay", json=bare).status_code == 409
    items[0]["amount"] = 999_999
    assert api.control("buyer/pay", bare)["escrow"] is True


def test_journal_keeps_an_encoded_slash_in_its_segment(api: Api) -> None:
    api.get("/payments/findAll/..%2Fcancel")
    api.control("script", {"merchant_uid": "a/b", "action": "html"})

    (seen,) = api.control("requests?path=/payments/findAll/..%252Fcancel", method="GET")["requests"]
    assert seen["path"] == "/payments/findAll/..%2Fcancel"
    assert api.get("/payments/find/a%2Fb").status_code == 502


def test_reset_takes_another_seed(empty_server: Running) -> None:
    with Api(empty_server) as api:
        body = {"seed": "demo", "payments": 80, "now": "2026-05-05T12:00:00+09:00"}
        assert api.control("reset", body) == {"seed": "demo", "payments": 80}
        with empty_server.sandbox.store.reading() as db:
            row = db.execute("SELECT count(*), max(started_at) FROM payments").fetchone()
        assert row[0] == 80
        assert row[1] <= 1_777_950_000
