"""GET /payments: one, many, find, findAll."""

from urllib.parse import quote

import pytest

from tests.sandbox.conftest import Api
from tests.sandbox.contract import Contract

MISSING = "존재하지 않는 결제정보입니다."


def test_one_payment_has_every_field(api: Api, contract: Contract) -> None:
    paid = api.plant()
    envelope = api.get(f"/payments/{paid['imp_uid']}").json()

    contract.check("GET /payments/{imp_uid}", envelope)
    payment = envelope["response"]
    assert payment["failed_at"] == payment["cancelled_at"] == payment["vbank_date"] == 0
    assert payment["fail_reason"] is None
    assert payment["cancel_history"] == payment["cancel_receipt_urls"] == []
    assert payment["receipt_url"].startswith("https://admin8.kcp.co.kr/")


@pytest.mark.parametrize(
    "path", ["imp_none", "imp_none?include_sandbox=true", "../cancel", "%2e%2e"]
)
def test_unknown_payment_is_404(api: Api, path: str) -> None:
    answer = api.get(f"/payments/{quote(path, safe='%?=') if '?' not in path else path}")

    assert answer.status_code == 404
    assert answer.json() == {"code": -1, "message": MISSING, "response": None}


@pytest.mark.parametrize(("query", "status"), [("", 404), ("?include_sandbox=true", 200)])
def test_test_channel_is_hidden_unless_asked_for(api: Api, query: str, status: int) -> None:
    paid = api.plant(sandbox=True)

    assert api.get(f"/payments/{paid['imp_uid']}{query}").status_code == status


def test_lists_show_the_test_channel_unless_told_not_to(api: Api) -> None:
    """A choice: the description gives include_sandbox to the single look-up only."""
    api.plant(sandbox=True)

    assert api.get("/payments/status/paid").json()["response"]["total"] == 1
    hidden = api.get("/payments/status/paid?include_sandbox=false").json()["response"]
    assert hidden["total"] == 0


def test_many_found(api: Api, contract: Contract) -> None:
    first, second = api.plant(), api.plant()
    ids = {"imp_uid[]": [first["imp_uid"], second["imp_uid"]]}
    answer = api.get("/payments", params=ids)

    assert answer.status_code == 200
    contract.check("GET /payments", answer.json())
    assert [item["imp_uid"] for item in answer.json()["response"]] == ids["imp_uid[]"]


def test_many_partly_found_is_207(api: Api, contract: Contract) -> None:
    paid = api.plant()
    answer = api.get(
        "/payments/", params={"imp_uid[]": "imp_none", "merchant_uid[]": paid["merchant_uid"]}
    )

    assert answer.status_code == 207
    contract.check("GET /payments", answer.json())
    assert [item["imp_uid"] for item in answer.json()["response"]] == [paid["imp_uid"]]


def test_many_none_found_is_404(api: Api) -> None:
    assert api.get("/payments", params={"imp_uid[]": ["imp_a", "imp_b"]}).status_code == 404


def test_more_than_a_hundred_ids_are_refused(api: Api) -> None:
    ids = [f"imp_{number}" for number in range(101)]

    assert api.get("/payments", params={"imp_uid[]": ids}).status_code == 400


@pytest.mark.parametrize(
    "merchant_uid", ["주문 1호", "a/b?c", "../cancel", "%2e", "50%&=#", "가\u2603"]
)
def test_any_order_number_is_one_path_segment(api: Api, merchant_uid: str) -> None:
    paid = api.plant(merchant_uid=merchant_uid)
    segment = quote(merchant_uid, safe="")
    for path in (f"/payments/find/{segment}", f"/payments/findAll/{segment}/paid"):
        assert api.get(path).status_code == 200
    assert api.get(f"/payments/find/{segment}").json()["response"]["imp_uid"] == paid["imp_uid"]


def test_find_gives_the_newest_and_find_all_every_one(api: Api, contract: Contract) -> None:
    now = api.now
    failed = api.plant(merchant_uid="TWO", status="failed", paid_at=0, failed_at=now - 500,
                       started_at=now - 600)  # fmt: skip
    paid = api.plant(merchant_uid="TWO")

    newest = api.get("/payments/find/TWO").json()
    contract.check("GET /payments/find/{merchant_uid}/{payment_status}", newest)
    assert newest["response"]["imp_uid"] == paid["imp_uid"]
    assert api.get("/payments/find/TWO?sorting=started").json()["response"]["status"] == "failed"
    assert api.get("/payments/find/TWO/failed").json()["response"]["imp_uid"] == failed["imp_uid"]

    every = api.get("/payments/findAll/TWO").json()
    contract.check("GET /payments/findAll/{merchant_uid}/{payment_status}", every)
    assert every["response"]["total"] == 2
    assert api.get("/payments/findAll/TWO/paid").json()["response"]["total"] == 1


@pytest.mark.parametrize("tail", ["", "/", "/undefined"])
def test_status_left_out_means_any(api: Api, tail: str) -> None:
    api.plant(merchant_uid="ONE")

    assert api.get(f"/payments/findAll/ONE{tail}").json()["response"]["total"] == 1


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("find/NONE", 404),
        ("findAll/NONE", 404),
        ("findAll/NONE/cancelled", 404),
        ("findAll/NONE/bogus", 400),
        ("findAll/NONE?page=0", 400),
    ],
)
def test_find_refusals(api: Api, path: str, status: int) -> None:
    assert api.get(f"/payments/{path}").status_code == status
