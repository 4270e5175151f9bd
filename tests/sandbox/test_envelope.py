"""Whatever goes wrong, the answer is an envelope in JSON."""

import pytest

from tests.sandbox.conftest import Api


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/no/such/path", 404),
        ("DELETE", "/payments/cancel", 405),
        ("GET", "/subscribe/payments/again", 405),
        ("OPTIONS", "/payments/cancel", 405),
        ("GET", "/payments", 400),
    ],
)
def test_http_errors_are_envelopes(api: Api, method: str, path: str, status: int) -> None:
    answer = api.request(method, path)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert set(answer.json()) == {"code", "message", "response"}
    assert answer.json()["code"] != 0


def test_crash_is_an_envelope_too(api: Api) -> None:
    api.control("payments", {"imp_uid": "imp_broken", "merchant_uid": "X", "status": "paid"})
    with api.server.sandbox.store.writing() as db:
        db.execute("UPDATE payments SET verbatim = '{' WHERE imp_uid = 'imp_broken'")
    answer = api.get("/payments/imp_broken")

    assert answer.status_code == 500
    assert answer.json() == {"code": -1, "message": "Internal Server Error", "response": None}


@pytest.mark.parametrize("body", [b"{", b"[1]", b"null", b"\xff\xfe"])
def test_unreadable_body_is_refused(api: Api, body: bytes) -> None:
    answer = api.post(
        "/payments/cancel", content=body, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 400
    assert answer.json()["code"] == -1


def test_body_beyond_the_limit_is_refused(api: Api) -> None:
    assert api.post("/payments/cancel", content=b"x" * (2 * 1024 * 1024 + 1)).status_code == 413


@pytest.mark.parametrize("path", ["/payments/cancel/", "/payments/cancel"])
def test_trailing_slash_reaches_the_same_operation(api: Api, path: str) -> None:
    paid = api.plant()
    answer = api.post(path, data={"imp_uid": paid["imp_uid"], "amount": "1000"})

    assert answer.json()["response"]["cancel_amount"] == 1_000


def test_connection_is_kept_between_requests(api: Api) -> None:
    first = api.get("/cards").extensions["network_stream"].get_extra_info("client_addr")
    second = api.get("/banks").extensions["network_stream"].get_extra_info("client_addr")

    assert first == second
