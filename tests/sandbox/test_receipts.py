"""/receipts: cash receipts for payments here, and for money from elsewhere."""

import re

import pytest

from tests.sandbox.conftest import Api
from tests.sandbox.contract import Contract

PHONE = {"identifier": "010-1234-5678"}
EXTERNAL = {"name": "현장 판매", "amount": 22_000, **PHONE}


def test_issue_read_and_revoke(api: Api, contract: Contract) -> None:
    paid = api.plant(pay_method="trans", amount=11_000)
    path = f"/receipts/{paid['imp_uid']}"
    issued = api.post(path, json=PHONE).json()
    contract.check("POST /receipts/{imp_uid}", issued)
    assert issued["response"]["amount"] == 11_000
    assert (issued["response"]["vat"], issued["response"]["cancelled_at"]) == (1_000, 0)
    payment = api.get(f"/payments/{paid['imp_uid']}").json()["response"]
    assert payment["cash_receipt_issued"] is True

    read = api.get(path).json()
    contract.check("GET /receipts/{imp_uid}", read)
    assert read == issued
    revoked = api.delete(path).json()
    contract.check("DELETE /receipts/{imp_uid}", revoked)
    assert revoked["response"]["cancelled_at"] > 0
    payment = api.get(f"/payments/{paid['imp_uid']}").json()["response"]
    assert payment["cash_receipt_issued"] is False
    assert [entry["kind"] for entry in api.control("ledger", method="GET")] == [
        "receipt", "receipt_revoke"]  # fmt: skip


def test_second_receipt_only_after_the_first_is_revoked(api: Api) -> None:
    path = f"/receipts/{api.plant(pay_method='trans')['imp_uid']}"
    assert api.post(path, json=PHONE).status_code == 200
    assert api.post(path, json=PHONE).status_code == 400
    assert api.delete(path).status_code == 200
    assert api.delete(path).status_code == 400
    assert api.post(path, json=PHONE).status_code == 200


def test_a_payment_with_an_automatic_receipt_answers_with_the_same_one(
    api: Api, contract: Contract
) -> None:
    paid = api.plant(pay_method="trans", amount=22_000, tax_free=11_000, cash_receipt_issued=True)
    path = f"/receipts/{paid['imp_uid']}"
    read = api.get(path).json()
    contract.check("GET /receipts/{imp_uid}", read)
    receipt = read["response"]
    assert api.get(path).json() == read
    assert re.fullmatch("[0-9]{9}", receipt["apply_num"])
    assert (receipt["amount"], receipt["vat"]) == (22_000, 1_000)
    assert (receipt["applied_at"], receipt["cancelled_at"]) == (paid["paid_at"], 0)

    assert api.post(path, json=PHONE).status_code == 400
    revoked = api.delete(path).json()["response"]
    assert revoked["cancelled_at"] > 0
    assert revoked == receipt | {"cancelled_at": revoked["cancelled_at"]}
    assert api.get(path).json()["response"] == revoked
    assert api.delete(path).status_code == 400
    issued = api.post(path, json=PHONE).json()["response"]
    assert api.get(path).json()["response"] == issued
    assert issued["apply_num"] != receipt["apply_num"]


def test_what_is_not_paid_has_no_automatic_receipt(api: Api) -> None:
    waiting = api.plant(pay_method="vbank", status="ready", paid_at=0, cash_receipt_issued=True)

    assert api.get(f"/receipts/{waiting['imp_uid']}").status_code == 404


def test_partly_cancelled_payment_gets_one_for_the_rest(api: Api) -> None:
    paid = api.plant(pay_method="trans", tax_free=1_000)
    api.cancel(imp_uid=paid["imp_uid"], amount=3_400)
    body = {**PHONE, "tax_free": 1_000, "type": "company"}
    receipt = api.post(f"/receipts/{paid['imp_uid']}", data=body).json()["response"]

    assert (receipt["amount"], receipt["vat"], receipt["type"]) == (6_600, 509, "company")


@pytest.mark.parametrize(
    ("fields", "body", "status"),
    [
        ({}, {}, 400),
        ({}, {**PHONE, "type": "club"}, 400),
        ({}, {**PHONE, "tax_free": 20_000}, 400),
        ({"pay_method": "card"}, PHONE, 400),
        ({"status": "ready", "paid_at": 0}, PHONE, 400),
        ({"status": "cancelled", "cancel_amount": 10_000}, PHONE, 400),
        ({"pg_provider": "danal"}, PHONE, 501),
    ],
)
def test_refusals(
    api: Api, contract: Contract, *, fields: dict[str, object], body: object, status: int
) -> None:
    paid = api.plant(**{"pay_method": "trans"} | fields)

    assert api.post(f"/receipts/{paid['imp_uid']}", json=body).status_code == status
    assert contract.allows_status("POST /receipts/{imp_uid}", status)


def test_nothing_there(api: Api) -> None:
    paid = api.plant(pay_method="trans")

    assert api.get(f"/receipts/{paid['imp_uid']}").status_code == 404
    assert api.delete(f"/receipts/{paid['imp_uid']}").status_code == 400
    assert api.post("/receipts/imp_none", json=PHONE).status_code == 400
    assert api.get("/receipts/external/NONE").status_code == 404
    assert api.delete("/receipts/external/NONE").status_code == 404


def test_receipt_for_money_from_elsewhere(api: Api, contract: Contract) -> None:
    path = "/receipts/external/COUNTER%2F1"
    issued = api.post(path, json=EXTERNAL).json()
    contract.check("POST /receipts/external/{merchant_uid}", issued)
    assert issued["response"]["merchant_uid"] == "COUNTER/1"
    assert issued["response"]["vat"] == 2_000
    contract.check("GET /receipts/external/{merchant_uid}", api.get(path).json())
    contract.check("DELETE /receipts/external/{merchant_uid}", api.delete(path).json())


@pytest.mark.parametrize("missing", ["name", "amount", "identifier"])
def test_incomplete_external_receipt_is_400(api: Api, missing: str) -> None:
    body = {name: value for name, value in EXTERNAL.items() if name != missing}

    assert api.post("/receipts/external/C-1", json=body).status_code == 400
