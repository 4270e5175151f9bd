"""Prepared amounts, and the public lists."""

import pytest

from tests.sandbox.conftest import Api
from tests.sandbox.contract import Contract

PATH = "/payments/prepare"


def test_prepare_change_and_read(api: Api, contract: Contract) -> None:
    body = {"merchant_uid": "주문/1", "amount": 39_000}
    created = api.post(PATH, json=body).json()
    contract.check("POST /payments/prepare", created)
    changed = api.put(PATH, data=body | {"amount": "41000"}).json()
    contract.check("PUT /payments/prepare", changed)
    read = api.get(f"{PATH}/%EC%A3%BC%EB%AC%B8%2F1").json()
    contract.check("GET /payments/prepare/{merchant_uid}", read)

    assert read["response"] == {"merchant_uid": "주문/1", "amount": 41_000, "currency": None}


def test_second_preparation_is_refused(api: Api) -> None:
    body = {"merchant_uid": "ONE", "amount": 1_000}
    api.post(PATH, json=body)
    answer = api.post(PATH, json=body | {"amount": 2_000})

    assert answer.status_code == 200
    assert answer.json()["code"] == 1
    assert "이미 등록된 merchant_uid" in answer.json()["message"]
    assert api.get(f"{PATH}/ONE").json()["response"]["amount"] == 1_000


def test_absent_preparation_is_404(api: Api) -> None:
    answer = api.get(f"{PATH}/NONE")

    assert answer.status_code == 404
    assert answer.json()["message"] == "사전등록된 결제정보가 존재하지 않습니다."
    assert api.put(PATH, json={"merchant_uid": "NONE", "amount": 1}).status_code == 404


def test_window_does_not_open_for_another_amount(api: Api) -> None:
    api.post(PATH, json={"merchant_uid": "ONE", "amount": 1_000})
    body = {"merchant_uid": "ONE", "amount": 1_001}

    assert api.post("/_sandbox/buyer/pay", json=body).status_code == 409


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        ("/cards", "GET /cards"),
        ("/cards/366", "GET /cards/{card_standard_code}"),
        ("/banks", "GET /banks"),
        ("/banks/088", "GET /banks/{bank_standard_code}"),
        ("/users/pg", "GET /users/pg"),
    ],
)
def test_public_lists(api: Api, contract: Contract, path: str, operation: str) -> None:
    contract.check(operation, api.get(path).json())


@pytest.mark.parametrize("path", ["/cards/999", "/banks/88"])
def test_unknown_code_is_404(api: Api, path: str) -> None:
    assert api.get(path).status_code == 404


def test_lists_are_whole(api: Api) -> None:
    cards = [one["code"] for one in api.get("/cards").json()["response"]]
    banks = [one["code"] for one in api.get("/banks").json()["response"]]

    assert (len(cards), len(banks)) == (26, 86)
    assert {"361", "048", "090", "10001", "10006"} < set(cards)
    assert {"001", "092", "209", "298"} < set(banks)


def test_shop_has_three_channels_at_kcp(api: Api) -> None:
    channels = api.get("/users/pg").json()["response"]

    assert [(one["pg_provider"], one["type"], one["sandbox"]) for one in channels] == [
        ("kcp", "payment", False), ("kcp_billing", "api_payment", False),
        ("kcp", "payment", True)]  # fmt: skip
