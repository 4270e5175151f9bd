"""Where the gateway's papers are silent or disagree: what the sandbox does, one test each.

Each is to be looked at again when a real test merchant answers.
"""

from typing import Any

import pytest

from tests.sandbox.conftest import Api
from tests.sandbox.contract import Contract

ACCOUNT = {"refund_holder": "임지호", "refund_bank": "BK88", "refund_account": "110123456789"}
DAY = 86_400


def refusal(answer: Any) -> tuple[int, int, object]:
    envelope = answer.json()
    return answer.status_code, envelope["code"], envelope["response"]


def issue_account(api: Api, **fields: object) -> dict[str, Any]:
    body = {"merchant_uid": "V", "amount": 9_000, "vbank_code": "088",
            "vbank_due": api.now + DAY}  # fmt: skip
    return dict(api.post("/vbanks", json=body | fields).json())


def window_account(api: Api) -> dict[str, Any]:
    body = {"merchant_uid": "V", "amount": 9_000, "pay_method": "vbank"}
    return dict(api.control("buyer/pay", body))


def test_choice_missing_key_is_400_with_code_minus_1(api: Api) -> None:
    """A token asked for without key or secret is HTTP 400 with code -1."""
    answer = api.post("/users/getToken", json={"imp_key": "only"})

    assert refusal(answer) == (400, -1, None)
    assert answer.json()["message"] == "imp_key, imp_secret 파라메터가 누락되었습니다."


def test_choice_wrong_secret_is_told_in_korean(api: Api) -> None:
    """A wrong pair is HTTP 401 with code -1 and a sentence that asks to check it."""
    pair = {"imp_key": api.server.config.key, "imp_secret": "wrong"}
    answer = api.post("/users/getToken", json=pair)

    assert refusal(answer) == (401, -1, None)
    assert answer.json()["message"] == "인증에 실패하였습니다. API키와 SECRET을 확인하세요."


def test_choice_some_missing_is_207_with_code_0(api: Api) -> None:
    """When some of many payments are missing the answer is HTTP 207, code 0, the found ones."""
    paid = api.plant()
    answer = api.get("/payments", params={"imp_uid[]": [paid["imp_uid"], "imp_none"]})

    assert (answer.status_code, answer.json()["code"]) == (207, 0)
    assert [one["imp_uid"] for one in answer.json()["response"]] == [paid["imp_uid"]]


def test_choice_none_found_is_404_with_code_minus_1(api: Api) -> None:
    """When none of many payments is there the answer is HTTP 404 with code -1."""
    answer = api.get("/payments", params={"imp_uid[]": ["imp_none", "imp_no"]})

    assert refusal(answer) == (404, -1, None)


def test_choice_bad_status_word_is_400_with_code_minus_1(api: Api) -> None:
    """A status the gateway does not know is HTTP 400 with code -1."""
    answer = api.get("/payments/status/partial")

    assert refusal(answer) == (400, -1, None)
    assert answer.json()["message"] == "지원되지 않는 상태값입니다."


def test_choice_deposit_history_is_an_empty_list(api: Api) -> None:
    """`deposit_history` is always there and always empty, as KCP has no unlimited accounts."""
    paid = api.plant(pay_method="vbank", vbank_num="5620")
    payment = api.get(f"/payments/{paid['imp_uid']}").json()["response"]

    assert payment["deposit_history"] == []


def test_choice_window_of_all_uses_started_at(api: Api) -> None:
    """The window of `status/all` is held against `started_at`."""
    now = api.now
    api.plant(started_at=now - 10 * DAY, paid_at=now - DAY)
    since_start = {"from": now - 11 * DAY, "to": now - 9 * DAY}
    since_paid = {"from": now - 2 * DAY, "to": now}

    assert api.get("/payments/status/all", params=since_start).json()["response"]["total"] == 1
    assert api.get("/payments/status/all", params=since_paid).json()["response"]["total"] == 0


def test_choice_window_over_ninety_days_is_rejected(api: Api) -> None:
    """A window of more than 90 days is HTTP 400, not cut to 90."""
    now = api.now
    longest = {"from": now - 90 * DAY, "to": now}

    assert api.get("/payments/status/all", params=longest).status_code == 200
    too_long = longest | {"from": now - 90 * DAY - 1}
    assert refusal(api.get("/payments/status/all", params=too_long)) == (400, -1, None)


def test_choice_to_belongs_to_the_window(api: Api) -> None:
    """`to` is inclusive, as `from` is."""
    paid = api.plant()
    moment = {"from": paid["started_at"], "to": paid["started_at"]}

    assert api.get("/payments/status/all", params=moment).json()["response"]["total"] == 1


def test_choice_limit_over_a_thousand_is_rejected(api: Api) -> None:
    """A limit over 1,000 is HTTP 400, not cut to 1,000."""
    assert api.get("/payments/status/all?limit=1000").status_code == 200
    assert refusal(api.get("/payments/status/all?limit=1001")) == (400, -1, None)


def test_choice_lists_show_test_rows(api: Api) -> None:
    """Test-channel rows are hidden in the single look-up only, unless a list is told so."""
    paid = api.plant(sandbox=True)

    assert api.get(f"/payments/{paid['imp_uid']}").status_code == 404
    assert api.get("/payments/status/all").json()["response"]["total"] == 1
    told = api.get("/payments/status/all?include_sandbox=false").json()["response"]
    assert told["total"] == 0


def test_choice_cancel_without_any_uid_is_code_1(api: Api) -> None:
    """A cancel that names no payment is HTTP 200 with code 1."""
    envelope = api.cancel(amount=1_000)

    assert envelope["code"] == 1
    assert envelope["message"] == "취소할 imp_uid 또는 merchant_uid를 지정해주셔야합니다."


@pytest.mark.parametrize(
    ("fields", "cancel", "text"),
    [
        (
            {},
            {"amount": 10_001},
            "취소 요청 금액이 취소 가능 금액을 초과하였습니다. (10000원)",
        ),
        (
            {},
            {"amount": 1, "checksum": 9_999},
            "취소 가능 금액 검증(checksum)에 실패하였습니다. 취소 가능 금액은 10000원입니다.",
        ),
        (
            {"pay_method": "vbank", "vbank_num": "5620"},
            {},
            "환불계좌 정보(refund_holder, refund_bank, refund_account)가 필요합니다.",
        ),
        (
            {"status": "failed", "paid_at": 0},
            {},
            "결제가 완료되지 않은 건은 취소할 수 없습니다.",
        ),
        (
            {"status": "ready", "paid_at": 0},
            {},
            "결제가 완료되지 않은 건은 취소할 수 없습니다.",
        ),
    ],
)
def test_choice_texts_of_cancel_refusals(
    api: Api, fields: dict[str, Any], cancel: dict[str, Any], text: str
) -> None:
    """The gateway's own refusals of a cancel are HTTP 200 with code 1 and these sentences."""
    paid = api.plant(**fields)
    envelope = api.cancel(imp_uid=paid["imp_uid"], **cancel)

    assert (envelope["code"], envelope["message"]) == (1, text)


def test_choice_plain_full_cancel_after_a_part_is_kcps_to_refuse(api: Api) -> None:
    """After a partial cancel one without an amount is refused with 8040; the rest goes as an
    amount."""
    paid = api.plant()
    api.cancel(imp_uid=paid["imp_uid"], amount=1_000)

    for fields in ({}, {"amount": 0}):
        envelope = api.cancel(imp_uid=paid["imp_uid"], **fields)
        assert envelope["code"] == -1
        assert "[8040|" in envelope["message"]
    assert api.cancel(imp_uid=paid["imp_uid"], amount=9_000)["code"] == 0


@pytest.mark.parametrize(("reading", "other"), [("cancelled", "paid"), ("paid", "cancelled")])
def test_choice_partial_cancel_reads_the_same_everywhere(
    api: Api, reading: str, other: str
) -> None:
    """A partial cancel reads `cancelled`, or `paid` by switch: in the row, in every list filter
    and in the webhook, which carries the cancellation_id either way."""
    api.control("settings", {"partial_reading": reading, "webhook_url": "http://127.0.0.1:9/"})
    paid = api.plant(merchant_uid="M")
    payment = api.cancel(imp_uid=paid["imp_uid"], amount=1, enable_webhook=True)["response"]

    assert payment["status"] == reading
    assert payment["cancelled_at"] > 0
    assert api.get(f"/payments/status/{reading}").json()["response"]["total"] == 1
    assert api.get(f"/payments/status/{other}").json()["response"]["total"] == 0
    assert api.get(f"/payments/findAll/M/{reading}").json()["response"]["total"] == 1
    assert api.get(f"/payments/find/M/{other}").status_code == 404
    (sent,) = api.control("webhooks", method="GET")
    assert sent["body"]["status"] == reading
    assert sent["body"]["cancellation_id"] == payment["cancel_history"][0]["cancellation_id"]


def test_choice_delivery_of_a_kcp_order_can_be_changed(api: Api, contract: Contract) -> None:
    """PUT /escrows/logis is taken for KCP until the buyer confirms."""
    paid = api.plant(pay_method="trans", escrow=True)
    path = f"/escrows/logis/{paid['imp_uid']}"
    logis = {"company": "CJGLS", "invoice": "1", "sent_at": api.now}
    api.post(path, json={"logis": logis})
    changed = api.put(path, json={"logis": logis | {"invoice": "2"}}).json()

    contract.check("PUT /escrows/logis/{imp_uid}", changed)
    assert changed["response"]["invoice"] == "2"


def test_choice_only_other_couriers_cannot_be_tracked(api: Api) -> None:
    """An ETC parcel counts as untracked; a named courier's waits for its arrival."""
    for company in ("CJGLS", "ETC"):
        paid = api.plant(pay_method="trans", escrow=True)
        logis = {"company": company, "invoice": "1", "sent_at": api.now}
        api.post(f"/escrows/logis/{paid['imp_uid']}", json={"logis": logis})

    (deadline,) = api.control("deadlines", method="GET")
    assert (deadline["kind"], deadline["imp_uid"]) == ("confirm", paid["imp_uid"])


def test_choice_partial_cancel_of_an_unconfirmed_escrow_order_is_8392(api: Api) -> None:
    """Before the buyer confirms, a partial cancel of an escrow order is refused with 8392."""
    paid = api.plant(pay_method="trans", escrow=True)

    assert "[8392|" in api.cancel(imp_uid=paid["imp_uid"], amount=1)["message"]


def test_choice_registered_refund_reads_cancelled_at_once(api: Api) -> None:
    """A refund to an account shows in the row when it is registered; that it was paid the next
    business day only the ledger knows."""
    paid = api.plant(pay_method="vbank", vbank_num="5620")
    payment = api.cancel(imp_uid=paid["imp_uid"], **ACCOUNT)["response"]
    (deadline,) = api.control("deadlines", method="GET")

    assert (payment["status"], payment["cancel_amount"]) == ("cancelled", 10_000)
    assert (deadline["kind"], deadline["amount"]) == ("refund_paid", 10_000)


def test_choice_registered_refund_may_show_only_once_it_is_paid(api: Api) -> None:
    """By a switch: the call is taken with the row as it was, a second one is refused, and the row
    shows the cancel, marker and all, when KCP has paid it out."""
    api.control("settings", {"account_refunds": "when_paid"})
    api.control("clock", {"now": "2026-11-27T15:00:00+09:00"})  # a Friday
    api.sign_in()
    paid = api.plant(pay_method="vbank", vbank_num="5620")
    answer = api.cancel(imp_uid=paid["imp_uid"], amount=4_000, reason="[R1] x", **ACCOUNT)
    again = api.cancel(imp_uid=paid["imp_uid"], amount=1_000, **ACCOUNT)

    assert (answer["code"], answer["response"]["cancel_amount"]) == (0, 0)
    assert again["code"] == -1

    api.control("clock", {"now": "2026-11-30T15:00:10+09:00"})
    api.sign_in()
    shown = api.get(f"/payments/{paid['imp_uid']}").json()["response"]
    assert shown["cancel_amount"] == 4_000
    assert [entry["reason"] for entry in shown["cancel_history"]] == ["[R1] x"]


def test_choice_accounts_over_the_api_need_a_contract_kcp_does_not_offer(api: Api) -> None:
    """POST /vbanks is refused for the shop's own channels and for none, as all are KCP's."""
    for named in ({}, {"channel_key": "channel-key-ieum-window"}, {"pg": "kcp.T0000"}):
        envelope = issue_account(api, **named)
        assert (envelope["code"], envelope["response"]) == (1, None)
        assert envelope["message"].endswith("계약이 필요합니다.")


def test_choice_accounts_over_the_api_are_issued_for_other_gateways(
    api: Api, contract: Contract
) -> None:
    """POST /vbanks issues one when a gateway that offers it is named, as `pg` or channel."""
    for number, named in enumerate(
        ({"pg": "nice_v2.shop"}, {"channel_key": "channel-key-tosspayments"})
    ):
        envelope = issue_account(api, merchant_uid=f"V{number}", **named)
        contract.check("POST /vbanks", envelope)
        assert envelope["response"]["status"] == "ready"


def test_choice_kcp_account_can_be_revoked(api: Api, contract: Contract) -> None:
    """DELETE /vbanks is taken for KCP's accounts; no deposit reaches them any more."""
    issued = window_account(api)
    envelope = api.delete(f"/vbanks/{issued['imp_uid']}").json()

    contract.check("DELETE /vbanks/{imp_uid}", envelope)
    late = api.post("/_sandbox/buyer/deposit", json={"imp_uid": issued["imp_uid"]})
    assert late.status_code == 409


def test_choice_revoked_account_reads_failed(api: Api) -> None:
    """A revoked account's payment reads `failed`: nothing was paid, so nothing is cancelled."""
    issued = window_account(api)
    payment = api.delete(f"/vbanks/{issued['imp_uid']}").json()["response"]

    assert (payment["status"], payment["cancel_amount"]) == ("failed", 0)
    assert payment["failed_at"] > 0


def test_choice_holder_of_every_account_is_known_but_those_that_end_in_zeros(api: Api) -> None:
    """GET /vbanks/holder knows every account, except those ending in 0000, which are 404."""
    path = "/vbanks/holder?bank_code=088&bank_num="

    assert api.get(f"{path}110123456789").json()["response"] == {"bank_holder": "홍길동"}
    assert api.get(f"{path}110123450000").status_code == 404


def test_choice_payco_inside_kcps_window_has_a_balance(api: Api, contract: Contract) -> None:
    """GET /payments/{imp_uid}/balance counts the wallet: PAYCO through KCP has one, too."""
    paid = api.control("buyer/pay", {"merchant_uid": "P", "amount": 11_000, "pay_method": "payco"})
    envelope = api.get(f"/payments/{paid['imp_uid']}/balance").json()

    contract.check("GET /payments/{imp_uid}/balance", envelope)
    assert envelope["response"]["amount"] == 11_000


def test_choice_receipt_for_the_rest_of_a_partly_cancelled_payment(api: Api) -> None:
    """A cash receipt is issued while something is left, whatever the status reads."""
    paid = api.plant(pay_method="trans")
    api.cancel(imp_uid=paid["imp_uid"], amount=4_000)
    answer = api.post(f"/receipts/{paid['imp_uid']}", json={"identifier": "01012345678"})

    assert answer.json()["response"]["amount"] == 6_000


def test_choice_an_automatic_receipt_stays_when_the_payment_is_given_back(api: Api) -> None:
    """A payment flagged `cash_receipt_issued` has a receipt of nine digits over
    what was paid, which a cancel leaves as it is."""
    paid = api.plant(pay_method="trans", amount=11_000, cash_receipt_issued=True)
    path = f"/receipts/{paid['imp_uid']}"
    before = api.get(path).json()["response"]
    api.cancel(imp_uid=paid["imp_uid"])

    assert (len(before["apply_num"]), before["amount"], before["cancelled_at"]) == (9, 11_000, 0)
    assert api.get(path).json()["response"] == before


def test_choice_receipt_of_an_absent_payment_is_400(api: Api) -> None:
    """POST and DELETE /receipts list no 404, so an unknown payment is HTTP 400 there."""
    body = {"identifier": "01012345678"}

    assert refusal(api.post("/receipts/imp_none", json=body)) == (400, -1, None)
    assert refusal(api.delete("/receipts/imp_none")) == (400, -1, None)


def test_choice_smallest_amounts_are_kcps_live_ones(api: Api) -> None:
    """A live card starts at 1,000 won, as the contract says, not at the 100 KCP may grant."""
    for amount, status in ((999, "failed"), (1_000, "paid")):
        body = {"merchant_uid": f"M{amount}", "amount": amount}
        assert api.control("buyer/pay", body)["status"] == status


def test_choice_charges_over_the_api_are_silent(api: Api) -> None:
    """A charge over the API sends a webhook only when it carries a notice_url of its own."""
    api.control("settings", {"webhook_url": "http://127.0.0.1:9/"})
    api.control("customers", [{"customer_uid": "good"}])
    body = {"customer_uid": "good", "amount": 5_000}
    api.post("/subscribe/payments/again", json=body | {"merchant_uid": "A"})
    own = {"merchant_uid": "B", "notice_url": "http://127.0.0.1:9/own"}
    api.post("/subscribe/payments/again", json=body | own)

    (sent,) = api.control("webhooks", method="GET")
    assert sent["url"] == "http://127.0.0.1:9/own"


def test_choice_webhooks_are_tried_once(api: Api) -> None:
    """A webhook that fails is not sent again unless retries are turned on."""
    api.control("settings", {"webhook_url": "http://127.0.0.1:9/"})
    api.control("buyer/pay", {"merchant_uid": "A", "amount": 1_000})
    api.control("clock", {"advance_seconds": 600})

    assert len(api.control("webhooks", method="GET")) == 1
