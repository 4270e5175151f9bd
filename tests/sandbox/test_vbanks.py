"""/vbanks: issue, change, revoke, and the holder of an account."""

import pytest

from tests.sandbox.conftest import Api
from tests.sandbox.contract import Contract


def account(api: Api, **fields: object) -> dict[str, object]:
    body = {"pg": "settle.shop", "merchant_uid": "VB-1", "amount": 12_000, "vbank_code": "088",
            "vbank_due": api.now + 86_400, **fields}  # fmt: skip
    answer = api.post("/vbanks", json=body)
    assert answer.status_code == 200
    return dict(answer.json())


def test_account_of_another_gateway_waits_for_its_deposit(api: Api, contract: Contract) -> None:
    envelope = account(api)
    contract.check("POST /vbanks", envelope)
    payment = dict(envelope["response"])  # type: ignore[call-overload]

    assert (payment["status"], payment["pg_provider"], payment["pg_id"]) == (
        "ready", "settle", "shop")  # fmt: skip
    assert payment["vbank_name"] == "신한은행"
    paid = api.control("buyer/deposit", {"imp_uid": payment["imp_uid"]})
    assert (paid["status"], paid["vbank_num"]) == ("paid", payment["vbank_num"])


@pytest.mark.parametrize(
    "fields",
    [
        {"merchant_uid": None},
        {"amount": 0},
        {"vbank_code": "000"},
        {"vbank_due": 1},
        {"vbank_holder": "가" * 17},
    ],
)
def test_bad_requests_are_refused_with_code_1(api: Api, fields: dict[str, object]) -> None:
    envelope = account(api, **fields)

    assert (envelope["code"], envelope["response"]) == (1, None)
    assert api.control("ledger", method="GET") == []


def test_order_number_that_is_paid_gets_no_account(api: Api) -> None:
    api.plant(merchant_uid="VB-1")

    assert account(api)["code"] == 1


def test_change_of_amount_and_deadline(api: Api, contract: Contract) -> None:
    imp_uid = account(api)["response"]["imp_uid"]  # type: ignore[index]
    due = api.now + 2 * 86_400
    changed = api.put(f"/vbanks/{imp_uid}", json={"amount": 9_000, "vbank_due": due}).json()

    contract.check("PUT /vbanks/{imp_uid}", changed)
    assert (changed["response"]["amount"], changed["response"]["vbank_date"]) == (9_000, due)
    assert api.put(f"/vbanks/{imp_uid}", json={"vbank_due": 1}).status_code == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_only_accounts_that_wait(api: Api, method: str) -> None:
    paid = api.plant(pay_method="vbank", vbank_num="5620")

    assert api.request(method, f"/vbanks/{paid['imp_uid']}").status_code == 400
    assert api.request(method, f"/vbanks/{api.plant()['imp_uid']}").status_code == 400
    assert api.request(method, "/vbanks/imp_none").status_code == 404


def test_kcp_accounts_are_not_changed(api: Api) -> None:
    issued = api.control("buyer/pay", {"merchant_uid": "V", "amount": 9_000, "pay_method": "vbank"})

    assert api.put(f"/vbanks/{issued['imp_uid']}", json={"amount": 8_000}).status_code == 400


def test_holder_of_an_account(api: Api) -> None:
    known = api.get("/vbanks/holder", params={"bank_code": "088", "bank_num": "110123456789"})
    assert known.json()["response"] == {"bank_holder": "홍길동"}

    for query in ({"bank_code": "088", "bank_num": "1100000"}, {"bank_code": "x", "bank_num": "1"}):
        assert api.get("/vbanks/holder", params=query).status_code == 404
    assert api.get("/vbanks/holder?bank_code=088").status_code == 400
