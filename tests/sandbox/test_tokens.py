"""POST /users/getToken and the four ways to show a token."""

import httpx
import pytest

from tests.sandbox.conftest import Api
from tests.sandbox.contract import Contract

PATH = "/users/getToken"


def pair(api: Api) -> dict[str, str]:
    return {"imp_key": api.server.config.key, "imp_secret": api.server.config.secret}


def test_token_lives_thirty_minutes(api: Api, contract: Contract) -> None:
    api.control("clock", {"advance_seconds": 4_000})
    envelope = api.post(PATH, json=pair(api)).json()

    contract.check("POST /users/getToken", envelope)
    token = envelope["response"]
    assert token["expired_at"] - token["now"] == 1_800
    assert len(token["access_token"]) == 40


def test_asking_again_gives_the_same_token_and_the_same_end(api: Api) -> None:
    first = api.post(PATH, json=pair(api)).json()["response"]
    api.control("clock", {"advance_seconds": 600})
    second = api.post(PATH, data=pair(api)).json()["response"]

    assert second["access_token"] == first["access_token"]
    assert second["expired_at"] == first["expired_at"]
    assert second["now"] >= first["now"] + 600


def test_last_minute_adds_five_minutes(api: Api) -> None:
    api.control("clock", {"advance_seconds": 4_000})
    first = api.post(PATH, json=pair(api)).json()["response"]
    api.control("clock", {"advance_seconds": 1_800 - 55})
    second = api.post(PATH, json=pair(api)).json()["response"]

    assert second["access_token"] == first["access_token"]
    assert second["expired_at"] == first["expired_at"] + 300


def test_expired_token_is_refused_and_replaced(api: Api) -> None:
    first = api.post(PATH, json=pair(api)).json()["response"]
    api.control("clock", {"advance_seconds": 4_000})

    assert api.get("/cards").status_code == 401
    assert (
        api.post(PATH, json=pair(api)).json()["response"]["access_token"] != first["access_token"]
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"imp_key": "imp_apikey"}, 400),
        ({"imp_key": "imp_apikey", "imp_secret": "wrong"}, 401),
        ({"imp_key": "wrong", "imp_secret": "wrong"}, 401),
    ],
)
def test_bad_pair_is_refused_in_an_envelope(api: Api, body: dict[str, str], status: int) -> None:
    answer = api.post(PATH, json=body)

    assert answer.status_code == status
    assert answer.json()["code"] == -1
    assert answer.json()["response"] is None


@pytest.mark.parametrize("form", ["bearer", "raw", "legacy", "query"])
def test_four_forms_are_accepted(api: Api, form: str) -> None:
    token = api.headers["Authorization"].removeprefix("Bearer ")
    headers = {
        "bearer": {"Authorization": f"Bearer {token}"},
        "raw": {"Authorization": token},
        "legacy": {"X-ImpTokenHeader": token},
    }.get(form, {})
    path = f"/cards?_token={token}" if form == "query" else "/cards"

    assert httpx.get(f"{api.server.url}{path}", headers=headers).status_code == 200


def test_authorization_wins_over_the_legacy_header(api: Api) -> None:
    token = api.headers["Authorization"].removeprefix("Bearer ")
    headers = {"Authorization": "wrong", "X-ImpTokenHeader": token}

    assert httpx.get(f"{api.server.url}/cards", headers=headers).status_code == 401


@pytest.mark.parametrize("path", ["/cards", "/payments/imp_1", "/no/such/path"])
def test_every_other_path_needs_a_token(api: Api, path: str) -> None:
    answer = httpx.get(f"{api.server.url}{path}")

    assert answer.status_code == 401
    assert answer.json() == {"code": -1, "message": "Unauthorized", "response": None}


def test_skewed_gateway_tells_another_time_and_lives_in_the_same_world(api: Api) -> None:
    before = api.post(PATH, json=pair(api)).json()["response"]
    api.control("clock", {"gateway_skew_s": -600})
    skewed = api.post(PATH, json=pair(api)).json()["response"]
    body = {"merchant_uid": "A", "amount": 1_000}

    assert skewed["access_token"] == before["access_token"]
    assert skewed["expired_at"] == before["expired_at"] - 600
    assert skewed["now"] == pytest.approx(before["now"] - 600, abs=2)
    assert api.control("buyer/pay", body)["paid_at"] == pytest.approx(before["now"], abs=2)
    assert api.get("/cards").status_code == 200
