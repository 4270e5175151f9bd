"""Scripted faults, on a real socket."""

import time

import httpx
import pytest

from tests.sandbox.conftest import Api

pytestmark = pytest.mark.slow

CANCEL = "/payments/cancel"


def script(api: Api, **fields: object) -> None:
    api.control("script", {"method": "POST", "path": CANCEL} | fields)


def cancelled(api: Api, payment: dict[str, object]) -> int:
    answer = api.get(f"/payments/{payment['imp_uid']}")
    return int(answer.json()["response"]["cancel_amount"])


def send(api: Api, payment: dict[str, object], amount: int = 1_000) -> httpx.Response:
    return api.post(CANCEL, json={"imp_uid": payment["imp_uid"], "amount": amount})


@pytest.mark.parametrize(("when", "moved"), [("before_commit", 0), ("after_commit", 1_000)])
@pytest.mark.parametrize(
    ("action", "error", "words"),
    [
        ("drop", httpx.RemoteProtocolError, "without sending a response"),
        ("reset", httpx.ReadError, "reset"),
        ("truncate", httpx.RemoteProtocolError, "complete message body"),
    ],
)
def test_broken_connections(
    api: Api, *, action: str, error: type[Exception], words: str, when: str, moved: int
) -> None:
    paid = api.plant()
    script(api, action=action, when=when)

    with pytest.raises(error, match=words):
        send(api, paid)
    assert cancelled(api, paid) == moved


@pytest.mark.parametrize(("when", "moved"), [("before_commit", 0), ("after_commit", 1_000)])
@pytest.mark.parametrize(
    ("fields", "status", "content"),
    [
        ({"action": "status", "status": 503}, 503, "application/json"),
        ({"action": "status", "status": 429, "headers": {"Retry-After": "5"}}, 429, "json"),
        ({"action": "html"}, 502, "text/html"),
        ({"action": "garbage"}, 200, "application/json"),
        ({"action": "redirect", "location": "http://127.0.0.1:9/"}, 307, ""),
        ({"action": "code", "code": -1, "message": "거절"}, 200, "application/json"),
    ],
)
def test_other_answers(
    api: Api, *, fields: dict[str, object], status: int, content: str, when: str, moved: int
) -> None:
    paid = api.plant()
    script(api, **fields, when=when)
    answer = send(api, paid)

    assert answer.status_code == status
    assert content in answer.headers.get("Content-Type", "")
    assert "Retry-After" in answer.headers or "headers" not in fields
    assert cancelled(api, paid) == moved


def test_short_body_without_a_length_arrives_as_200(api: Api) -> None:
    script(api, action="no_length_truncate", when="after_commit")
    answer = send(api, api.plant())

    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"."):
        answer.json()


def test_drip_outlasts_a_read_timeout_that_only_counts_silence(api: Api) -> None:
    script(api, action="drip", delay_ms=2, path="/cards/366", method="GET", when="after_commit")
    started = time.monotonic()
    answer = api.get("/cards/366", timeout=0.5)

    assert answer.json()["response"]["code"] == "366"
    assert time.monotonic() - started > 0.1


def test_delay_lets_the_effect_happen_even_when_nobody_waits(api: Api) -> None:
    paid = api.plant()
    script(api, action="delay", delay_ms=300)
    with pytest.raises(httpx.ReadTimeout):
        api.post(CANCEL, json={"imp_uid": paid["imp_uid"], "amount": 1_000}, timeout=0.1)

    assert cancelled(api, paid) == 0
    deadline = time.monotonic() + 5
    while not cancelled(api, paid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert cancelled(api, paid) == 1_000


@pytest.mark.parametrize(
    ("action", "name", "value"),
    [
        ("wrong_amount", "amount", 10_001),
        ("float_amount", "amount", 10_000.5),
        ("wrong_uid", "merchant_uid", "M-other"),
    ],
)
def test_answers_that_lie(api: Api, action: str, name: str, value: object) -> None:
    paid = api.plant(merchant_uid="M")
    script(api, action=action, when="after_commit")

    assert send(api, paid).json()["response"][name] == value


def test_row_that_is_there_twice_is_a_second_payment(api: Api) -> None:
    paid = api.plant(merchant_uid="M", apply_num="30418826")
    api.control("script", {"path": "/payments/find/M", "action": "dup_row", "when": "after_commit"})
    api.get("/payments/find/M")
    page = api.get("/payments/findAll/M/paid").json()["response"]

    assert page["total"] == 2
    first, second = page["list"]
    assert {first["amount"], second["amount"]} == {10_000}
    assert first["imp_uid"] != second["imp_uid"]
    assert first["pg_tid"] != second["pg_tid"]
    (entry,) = api.control("ledger", method="GET")
    assert (entry["kind"], entry["source"], entry["merchant_uid"]) == ("charge", "pg", "M")
    assert api.cancel(imp_uid=paid["imp_uid"])["code"] == 0


def test_charge_that_is_made_twice_answers_once(api: Api) -> None:
    api.control("customers", [{"customer_uid": "good"}])
    path = "/subscribe/payments/again"
    api.control("script", {"path": path, "action": "dup_row", "when": "after_commit"})
    body = {"customer_uid": "good", "merchant_uid": "S", "amount": 5_000}
    answered = api.post(path, json=body).json()["response"]
    rows = api.get("/payments/findAll/S").json()["response"]["list"]

    assert answered["imp_uid"] in {row["imp_uid"] for row in rows}
    assert len(rows) == 2


def test_stale_replica_answers_what_was_before_the_cancel(api: Api) -> None:
    paid = api.plant(merchant_uid="M")
    imp_uid = paid["imp_uid"]
    before = api.get(f"/payments/{imp_uid}").json()["response"]
    api.cancel(imp_uid=imp_uid, amount=1_000, reason="first")
    between = api.get(f"/payments/{imp_uid}").json()["response"]
    stale = {"action": "stale_read", "when": "after_commit", "times": 3}

    api.control("script", {"imp_uid": imp_uid, **stale, "times": 1})
    assert api.get(f"/payments/{imp_uid}").json()["response"] == before
    api.cancel(imp_uid=imp_uid, amount=9_000, reason="rest")
    after = api.get(f"/payments/{imp_uid}").json()["response"]
    api.control("script", {"method": "GET", **stale})
    assert api.get(f"/payments/{imp_uid}").json()["response"] == between
    assert api.get("/payments/findAll/M").json()["response"]["list"] == [between]
    assert api.get("/payments", params={"imp_uid[]": imp_uid}).json()["response"] == [between]
    assert api.get(f"/payments/{imp_uid}").json()["response"] == after


def test_stale_replica_has_not_heard_of_the_payment_yet(api: Api) -> None:
    paid = api.plant()
    api.control("script", {"action": "stale_read", "when": "after_commit"})
    payment = api.get(f"/payments/{paid['imp_uid']}").json()["response"]

    assert (payment["status"], payment["paid_at"]) == ("ready", 0)


@pytest.mark.parametrize("code", ["8178", "8012", "8337", "CCA9", "500626"])
def test_any_refusal_of_kcps_list_can_be_scripted(api: Api, code: str) -> None:
    paid = api.plant()
    script(api, action="code", kcp=code)
    envelope = send(api, paid).json()

    assert envelope["code"] == -1
    assert envelope["message"].startswith(f"결제취소에 실패하였습니다. [{code}|")
    assert cancelled(api, paid) == 0


def test_only_the_named_payment_is_struck_and_only_so_often(api: Api) -> None:
    struck, spared = api.plant(), api.plant()
    script(api, action="status", imp_uid=struck["imp_uid"], times=2)

    assert [send(api, spared).status_code for _ in range(2)] == [200, 200]
    assert [send(api, struck).status_code for _ in range(3)] == [500, 500, 200]


def test_path_segments_and_stars_match_too(api: Api) -> None:
    paid = api.plant(merchant_uid="M1")
    api.control("script", {"path": "/payments/find*", "merchant_uid": "M1", "action": "html"})

    assert api.get("/payments/findAll/OTHER").status_code == 404
    assert api.get(f"/payments/{paid['imp_uid']}").status_code == 200
    assert api.get("/payments/findAll/M1").status_code == 502


def test_skip_and_for_ever_and_clear(api: Api) -> None:
    script(api, path="/cards", method="GET", action="status", skip=1, times=-1)
    codes = [api.get("/cards").status_code for _ in range(4)]
    assert codes == [200, 500, 500, 500]
    assert len(api.control("script", method="GET")) == 1

    api.control("script", method="DELETE")
    assert api.get("/cards").status_code == 200


def test_one_fault_is_taken_back(api: Api) -> None:
    script(api, path="/cards", method="GET", action="status")
    script(api, path="/banks", method="GET", action="status")
    first, second = api.control("script", method="GET")
    api.control(f"script?id={first['id']}", method="DELETE")

    assert api.control("script", method="GET") == [second]
    assert (api.get("/cards").status_code, api.get("/banks").status_code) == (200, 500)


def test_token_call_can_be_struck(api: Api) -> None:
    api.control("script", {"path": "/users/getToken", "action": "status", "status": 500})

    assert api.post("/users/getToken", json={}).status_code == 500


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "explode"},
        {"action": "drop", "colour": "red"},
        {"action": "dup_row"},
        {"action": "stale_read", "when": "before_commit"},
        {"action": "code", "kcp": "0815"},
    ],
)
def test_unknown_faults_are_refused(api: Api, fault: dict[str, object]) -> None:
    assert api.post("/_sandbox/script", json=fault).status_code == 400


def test_stopped_server_refuses_and_cuts_open_connections() -> None:
    from sandbox.server import running

    with running() as server, httpx.Client(base_url=server.url) as client:
        assert client.get("/cards").status_code == 401
        server.stop()
        with pytest.raises(httpx.TransportError):
            client.get("/cards")
        with pytest.raises(httpx.ConnectError):
            httpx.get(server.url)
