"""Scheduled charges: registering, revoking, moving, and charging a failed one again."""

from typing import Any

import pytest

from tests.sandbox.conftest import Api
from tests.sandbox.contract import Contract

PATH = "/subscribe/payments/schedule"
CARD = {"card_number": "4518-4212-3456-1093", "expiry": "2031-12", "birth": "820213"}
DAY = 86_400


@pytest.fixture(autouse=True)
def keys(api: Api) -> None:
    api.control(
        "customers",
        [
            {"customer_uid": "good", "customer_name": "한예린", "customer_tel": "010-1000-0001"},
            {"customer_uid": "poor", "decline": "CC10"},
        ],
    )


def entry(api: Api, number: str = "SUB-1", days: int = 1, **fields: object) -> dict[str, object]:
    at = api.now + days * DAY
    return {"merchant_uid": number, "schedule_at": at, "amount": 59_000, "name": "정기구독",
            "currency": "KRW"} | fields  # fmt: skip


def schedule(api: Api, *entries: object, **fields: object) -> dict[str, Any]:
    body = {"customer_uid": "good", "schedules": entries or [entry(api)]} | fields
    answer = api.post(PATH, json=body)
    assert answer.status_code == 200
    return dict(answer.json())


def advance(api: Api, days: int) -> None:
    """Let days pass; the token does not live that long."""
    api.control("clock", {"advance_seconds": days * DAY + 60})
    api.sign_in()


def shown(api: Api, number: str = "SUB-1") -> dict[str, Any]:
    return dict(api.get(f"{PATH}/{number}").json()["response"])


def ledger(api: Api) -> list[str]:
    return [line["kind"] for line in api.control("ledger", method="GET")][2:]


def test_register_and_read(api: Api, contract: Contract) -> None:
    envelope = schedule(api, entry(api), entry(api, "SUB-2", 30, buyer_name="최수아"))
    contract.check("POST /subscribe/payments/schedule", envelope)
    read = api.get(f"{PATH}/SUB-1").json()
    contract.check("GET /subscribe/payments/schedule/{merchant_uid}", read)

    first, second = envelope["response"]
    assert read["response"] == first
    assert (first["schedule_status"], first["payment_status"]) == ("scheduled", None)
    assert (first["imp_uid"], first["executed_at"], first["revoked_at"]) == (None, 0, 0)
    assert (first["buyer_name"], first["buyer_tel"]) == ("한예린", "010-1000-0001")
    assert second["buyer_name"] == "최수아"
    assert ledger(api) == ["schedule", "schedule"]


def test_form_body_in_brackets(api: Api) -> None:
    at = api.now + DAY
    body = {"customer_uid": "good"}
    for place, number in ((0, "SUB-1"), (1, "SUB-2")):
        given = {"merchant_uid": number, "schedule_at": at, "amount": "1000", "name": "구독"}
        body |= {f"schedules[{place}][{name}]": str(value) for name, value in given.items()}
    added = api.post(f"{PATH}/", data=body).json()["response"]

    assert [(one["merchant_uid"], one["amount"]) for one in added] == [
        ("SUB-1", 1_000),
        ("SUB-2", 1_000),
    ]


@pytest.mark.parametrize("uid", ["stranger", "good"])
def test_card_that_comes_along_becomes_the_key(api: Api, uid: str) -> None:
    envelope = schedule(api, customer_uid=uid, customer_id="c-1", **CARD)

    assert envelope["response"][0]["customer_id"] == "c-1"
    key = api.get(f"/subscribe/customers/{uid}").json()["response"]
    assert key["card_number"] == "451842******1093"
    assert ledger(api) == ["key_issue", "schedule"]


def test_nothing_of_the_card_is_kept(api: Api) -> None:
    schedule(api, customer_uid="stranger", pwd_2digit="97", cvc="918", **CARD)
    with api.server.sandbox.store.reading() as db:
        dump = "\n".join(db.iterdump())
    seen = str(api.control("requests", method="GET"))

    for secret in ("4518-4212", "451842123456", "820213", "'97'", '"97"', "'918'", '"918"'):
        assert secret not in dump
        assert secret not in seen


def test_checking_amount_is_charged_and_given_back(api: Api) -> None:
    schedule(api, checking_amount=1_000)

    assert ledger(api) == ["charge", "cancel", "schedule"]
    (payment,) = api.get("/subscribe/customers/good/payments").json()["response"]["list"]
    assert (payment["status"], payment["amount"], payment["cancel_amount"]) == (
        "cancelled",
        1_000,
        1_000,
    )


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({"customer_uid": ""}, 1, "누락"),
        ({"customer_uid": "stranger"}, 1, "등록된 고객정보가 없습니다."),
        ({"customer_uid": "stranger", "card_number": "1234"}, 1, "누락"),
        ({"customer_uid": "stranger", **CARD, "expiry": "2020-01"}, -1, "빌키 발급에 실패"),
        ({"schedules": []}, 1, "누락"),
        ({"schedules": "SUB-1"}, 1, "누락"),
        ({"schedules": ["SUB-1"]}, 1, "형식"),
    ],
)
def test_refusals_are_http_200(
    api: Api, fields: dict[str, object], code: int, message: str
) -> None:
    envelope = schedule(api, **fields)

    assert (envelope["code"], envelope["response"]) == (code, None)
    assert message in envelope["message"]
    assert ledger(api) == []


@pytest.mark.parametrize("missing", ["merchant_uid", "schedule_at", "amount"])
def test_incomplete_entry_is_refused(api: Api, missing: str) -> None:
    envelope = schedule(api, entry(api, **{missing: None}))

    assert envelope["code"] == 1
    assert f"{missing}" in envelope["message"]


def test_paid_order_number_is_not_scheduled(api: Api) -> None:
    api.plant(merchant_uid="SUB-1")

    assert schedule(api)["message"] == "이미 결제가 완료된 merchant_uid입니다."


@pytest.mark.parametrize(
    ("fields", "revoked"),
    [
        ({"customer_uid": "good"}, ["SUB-1", "SUB-2"]),
        ({"customer_uid": "good", "merchant_uid": ["SUB-2"]}, ["SUB-2"]),
        ({"merchant_uid": "SUB-1"}, ["SUB-1"]),
        ({"merchant_uid": ["SUB-1", "nothing"]}, ["SUB-1"]),
    ],
)
def test_unschedule(
    api: Api, contract: Contract, fields: dict[str, object], revoked: list[str]
) -> None:
    schedule(api, entry(api), entry(api, "SUB-2"))
    envelope = api.post("/subscribe/payments/unschedule", json=fields).json()

    contract.check("POST /subscribe/payments/unschedule", envelope)
    assert [one["merchant_uid"] for one in envelope["response"]] == revoked
    assert {one["schedule_status"] for one in envelope["response"]} == {"revoked"}
    assert all(one["revoked_at"] > 0 for one in envelope["response"])
    advance(api, 1)
    assert ledger(api).count("charge") == 2 - len(revoked)


def test_unschedule_with_an_array_in_a_form(api: Api) -> None:
    schedule(api, entry(api), entry(api, "SUB-2"), entry(api, "SUB-3"))
    body = {"merchant_uid[]": ["SUB-1", "SUB-3"]}
    envelope = api.post("/subscribe/payments/unschedule", data=body).json()

    assert [one["merchant_uid"] for one in envelope["response"]] == ["SUB-1", "SUB-3"]


def test_nothing_to_revoke(api: Api) -> None:
    schedule(api)
    api.post("/subscribe/payments/unschedule", json={"customer_uid": "good"})
    for body in ({"customer_uid": "good"}, {"merchant_uid": "SUB-1"}, {"customer_uid": "nobody"}):
        assert api.post("/subscribe/payments/unschedule", json=body).json() == {
            "code": 1, "message": "취소할 예약결제 기록이 존재하지 않습니다.", "response": None,
        }  # fmt: skip
    assert api.post("/subscribe/payments/unschedule", json={}).json()["code"] == 1


def test_move(api: Api, contract: Contract) -> None:
    schedule(api)
    later = api.now + 5 * DAY
    envelope = api.put(f"{PATH}/SUB-1", json={"schedule_at": later}).json()

    contract.check("PUT /subscribe/payments/schedule/{merchant_uid}", envelope)
    assert envelope["response"]["schedule_at"] == later
    advance(api, 1)
    assert shown(api)["schedule_status"] == "scheduled"
    advance(api, 4)
    assert shown(api)["executed_at"] == later


@pytest.mark.parametrize(
    "body", [{}, {"schedule_at": 1}, {"schedule_at": "bald"}, {"schedule_at": 1e30}]
)
@pytest.mark.parametrize(("method", "tail"), [("PUT", ""), ("POST", "/reschedule")])
def test_wrong_time_is_400(api: Api, method: str, tail: str, body: dict[str, object]) -> None:
    schedule(api)
    if tail:
        api.post("/subscribe/payments/unschedule", json={"customer_uid": "good"})
    before = shown(api)
    answer = api.request(method, f"{PATH}/SUB-1{tail}", json=body)

    assert (answer.status_code, answer.json()["code"]) == (400, -1)
    assert shown(api) == before


def test_unknown_schedule_is_404(api: Api) -> None:
    body = {"schedule_at": api.now + DAY}
    for method, tail in (("GET", ""), ("PUT", ""), ("POST", "/reschedule"), ("POST", "/retry")):
        answer = api.request(method, f"{PATH}/nothing{tail}", json=body)
        assert (answer.status_code, answer.json()["response"]) == (404, None)


def test_only_waiting_schedules_move(api: Api) -> None:
    schedule(api, entry(api), entry(api, "SUB-2", 9))
    api.post("/subscribe/payments/unschedule", json={"merchant_uid": "SUB-2"})
    advance(api, 1)
    body = {"schedule_at": api.now + DAY}

    for number in ("SUB-1", "SUB-2"):
        assert api.put(f"{PATH}/{number}", json=body).status_code == 400


def test_reschedule_what_was_revoked_or_failed(api: Api, contract: Contract) -> None:
    schedule(api, entry(api, "SUB-1", 9))
    schedule(api, entry(api, "SUB-2"), customer_uid="poor")
    api.post("/subscribe/payments/unschedule", json={"merchant_uid": "SUB-1"})
    advance(api, 1)
    assert shown(api, "SUB-2")["payment_status"] == "failed"
    for number in ("SUB-1", "SUB-2"):
        body = {"schedule_at": api.now + DAY}
        envelope = api.post(f"{PATH}/{number}/reschedule", json=body).json()
        contract.check("POST /subscribe/payments/schedule/{merchant_uid}/reschedule", envelope)
        again = envelope["response"]
        assert (again["schedule_status"], again["payment_status"]) == ("scheduled", None)
        assert (again["imp_uid"], again["executed_at"], again["revoked_at"]) == (None, 0, 0)
    api.control("customers", [{"customer_uid": "poor"}])
    advance(api, 1)

    assert [shown(api, number)["payment_status"] for number in ("SUB-1", "SUB-2")] == ["paid"] * 2
    assert api.get("/payments/findAll/SUB-2").json()["response"]["total"] == 2


def test_reschedule_of_what_waits_or_was_paid_is_400(api: Api) -> None:
    schedule(api, entry(api), entry(api, "SUB-2", 9))
    advance(api, 1)
    body = {"schedule_at": api.now + DAY}

    for number in ("SUB-1", "SUB-2"):
        assert api.post(f"{PATH}/{number}/reschedule", json=body).status_code == 400


def test_retry_answers_with_a_payment(api: Api, contract: Contract) -> None:
    schedule(api, customer_uid="poor")
    advance(api, 1)
    failed = api.post(f"{PATH}/SUB-1/retry").json()
    contract.check("POST /subscribe/payments/schedule/{merchant_uid}/retry", failed)
    api.control("customers", [{"customer_uid": "poor"}])
    paid = api.post(f"{PATH}/SUB-1/retry").json()
    contract.check("POST /subscribe/payments/schedule/{merchant_uid}/retry", paid)

    assert [one["response"]["status"] for one in (failed, paid)] == ["failed", "paid"]
    assert paid["response"]["customer_uid_usage"] == "payment.scheduled"
    assert shown(api)["imp_uid"] == paid["response"]["imp_uid"]
    assert shown(api)["payment_status"] == "paid"
    assert api.post(f"{PATH}/SUB-1/retry").status_code == 400


@pytest.mark.parametrize("second", ["scheduled", "revoked", "executed", "twice at once"])
def test_choice_order_number_is_scheduled_once(api: Api, second: str) -> None:
    """An order number that has a schedule, whatever became of it, is refused with 200/c1 and
    `이미 예약된 merchant_uid입니다.`; reschedule is the way to use it again."""
    if second == "twice at once":
        envelope = schedule(api, entry(api), entry(api))
    else:
        schedule(api, customer_uid="poor")
        if second == "revoked":
            api.post("/subscribe/payments/unschedule", json={"merchant_uid": "SUB-1"})
        if second == "executed":
            advance(api, 1)
        envelope = schedule(api)

    assert (envelope["code"], envelope["message"]) == (1, "이미 예약된 merchant_uid입니다.")


def test_choice_schedules_are_taken_all_or_none(api: Api) -> None:
    """One refused schedule refuses the request, and its card is not stored either."""
    schedule(api)
    envelope = schedule(api, entry(api, "SUB-2"), entry(api), customer_uid="stranger", **CARD)

    assert envelope["code"] == 1
    assert api.get(f"{PATH}/SUB-2").status_code == 404
    assert api.get("/subscribe/customers/stranger").json()["code"] == 1


def test_choice_declined_check_leaves_nothing(api: Api) -> None:
    """A declined checking_amount is refused with 200/c-1, and neither key, payment nor schedule
    stays."""
    poor = CARD | {"card_number": "4518-4212-3456-0010"}
    envelope = schedule(api, customer_uid="stranger", checking_amount=1_000, **poor)

    assert envelope["code"] == -1
    assert envelope["message"] == "카드 결제 확인에 실패하였습니다. [CC10|통장 잔액부족]"
    assert ledger(api) == []
    assert api.get("/subscribe/customers/stranger").json()["code"] == 1


def test_choice_stored_keys_are_checked_too(api: Api) -> None:
    """checking_amount is charged to a key that was stored before, not only to a new card."""
    assert schedule(api, customer_uid="poor", checking_amount=1_000)["code"] == -1


def test_choice_schedule_must_lie_ahead(api: Api) -> None:
    """A schedule_at that is now or past is refused with 200/c1 at registration."""
    envelope = schedule(api, entry(api, days=0))

    assert (envelope["code"], envelope["message"]) == (
        1,
        "예약결제 시각은 현재 시각 이후여야 합니다.",
    )


def test_choice_name_and_currency_may_be_left_out(api: Api) -> None:
    """A schedule needs merchant_uid, schedule_at and amount, as published clients send it."""
    envelope = schedule(api, entry(api, name=None, currency=None))

    assert envelope["response"][0]["currency"] == "KRW"


def test_choice_retry_is_for_failed_charges_only(api: Api) -> None:
    """Retrying a schedule that waits or was revoked is 400; reschedule is for the latter."""
    schedule(api, entry(api), entry(api, "SUB-2"))
    api.post("/subscribe/payments/unschedule", json={"merchant_uid": "SUB-2"})

    for number in ("SUB-1", "SUB-2"):
        assert api.post(f"{PATH}/{number}/retry").status_code == 400
