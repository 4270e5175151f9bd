"""Windows as a shop's page asks for them, and what a buyer presses in them."""

from __future__ import annotations

from typing import Any

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
