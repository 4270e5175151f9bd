"""/subscribe/customers: issuing, reading and deleting billing keys."""

import pytest

from tests.sandbox.conftest import Api
from tests.sandbox.contract import Contract

CARD = {"card_number": "1234-1234-1234-1234", "expiry": "2031-12", "birth": "820213"}
PATH = "/subscribe/customers"


def issue(api: Api, uid: str = "person-1", **fields: object) -> dict[str, object]:
    return dict(api.post(f"{PATH}/{uid}", json=CARD | fields).json())


def test_issue_and_read(api: Api, contract: Contract) -> None:
    issued = issue(api, customer_name="한예린")
    contract.check("POST /subscribe/customers/{customer_uid}", issued)
    read = api.get(f"{PATH}/person-1").json()
    contract.check("GET /subscribe/customers/{customer_uid}", read)

    assert read["response"] == issued["response"]
    assert issued["response"]["card_number"] == "123412******1234"
    assert issued["response"]["pg_provider"] == "kcp_billing"


def test_site_code_after_a_dot(api: Api) -> None:
    issued = issue(api, pg="kcp.T0000")["response"]

    assert (issued["pg_provider"], issued["pg_id"]) == ("kcp", "T0000")


def test_taken_uid_gets_the_new_card_and_keeps_its_birthday(api: Api) -> None:
    first = issue(api)["response"]
    api.control("clock", {"advance_seconds": 60})
    second = issue(api, card_number="9999-8888-7777-6666")["response"]

    assert second["card_number"] == "999988******6666"
    assert second["inserted"] == first["inserted"]
    assert second["updated"] >= first["updated"] + 60


@pytest.mark.parametrize(
    "fields",
    [{"card_number": "1234"}, {"card_number": "1234-1234-1234-0000"}, {"expiry": "2020-01"},
     {"expiry": "1231"}],
)  # fmt: skip
def test_bad_card_is_refused_by_kcp(api: Api, fields: dict[str, object]) -> None:
    envelope = issue(api, **fields)

    assert envelope["code"] == -1
    assert str(envelope["message"]).startswith("카드정보 인증 및 빌키 발급에 실패하였습니다.")


@pytest.mark.parametrize(("ending", "code"), [("0010", "CC10"), ("0061", "CC61"), ("1234", None)])
def test_last_four_digits_decide_how_charges_go(api: Api, ending: str, code: str | None) -> None:
    issue(api, card_number=f"4518-4200-0000-{ending}")
    body = {"customer_uid": "person-1", "merchant_uid": "M1", "amount": 1_000}
    payment = api.post("/subscribe/payments/again", json=body).json()["response"]

    assert payment["status"] == ("failed" if code else "paid")
    assert code is None or code in payment["fail_reason"]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_unknown_uid_is_http_200_with_code_1(api: Api, method: str) -> None:
    answer = api.request(method, f"{PATH}/누구")

    assert answer.status_code == 200
    message = "요청하신 customer_uid(누구)로 등록된 정보를 찾을 수 없습니다."
    assert answer.json() == {"code": 1, "message": message, "response": None}


def test_delete_is_for_good(api: Api, contract: Contract) -> None:
    issue(api)
    deleted = api.delete(f"{PATH}/person-1", params={"reason": "탈퇴"}).json()

    contract.check("DELETE /subscribe/customers/{customer_uid}", deleted)
    assert api.get(f"{PATH}/person-1").json()["code"] == 1


def test_deletion_takes_its_reason_and_requester(api: Api) -> None:
    issue(api)
    api.delete(f"{PATH}/person-1", params={"reason": "탈퇴", "extra[requester]": "customer"})

    entry = api.control("ledger", method="GET")[-1]
    assert (entry["kind"], entry["reason"]) == ("key_delete", "탈퇴")


def test_choice_channel_group_has_one_channel_that_succeeds(api: Api, contract: Contract) -> None:
    """A key issued with channel_group_id is shown as a group of one channel, KCP billing, that
    succeeded; the list of many keys shows it as an ordinary one."""
    issued = issue(api, channel_group_id="group-1", customer_name="한예린")["response"]
    read = api.get(f"{PATH}/person-1").json()["response"]
    many = api.get(PATH, params={"customer_uid[]": "person-1"}).json()
    deleted = api.delete(f"{PATH}/person-1").json()["response"]

    assert set(issued) == set(contract.schemas["SuperBillingKeyAnnotation"]["properties"])
    (channel,) = issued["succeededChannels"]
    assert set(channel) == set(contract.schemas["SucceededChannelAnnotation"]["properties"])
    assert (channel["pg_provider"], channel["card_number"]) == ("kcp_billing", "123412******1234")
    assert (issued["channelGroupId"], issued["customer_name"]) == ("group-1", "한예린")
    assert issued["failedChannels"] == []
    assert issued == read == deleted
    contract.check("GET /subscribe/customers", many)


def test_choice_channel_key_may_be_left_out(api: Api) -> None:
    """The papers want channel_key to issue a key; published clients send `pg` or nothing."""
    assert issue(api)["code"] == issue(api, pg="kcp_billing")["code"] == 0


def test_many(api: Api, contract: Contract) -> None:
    issue(api, "a")
    issue(api, "b")
    both = api.get(PATH, params={"customer_uid[]": ["a", "b"]})
    some = api.get(PATH, params={"customer_uid[]": ["a", "nobody"]})

    contract.check("GET /subscribe/customers", both.json())
    assert (both.status_code, some.status_code) == (200, 207)
    assert [item["customer_uid"] for item in some.json()["response"]] == ["a"]
    assert api.get(PATH, params={"customer_uid[]": "nobody"}).status_code == 404
    assert api.get(PATH).status_code == 400


def test_payments_of_a_key_outlive_it(api: Api, contract: Contract) -> None:
    issue(api)
    body = {"customer_uid": "person-1", "merchant_uid": "M1", "amount": 1_000}
    api.post("/subscribe/payments/again", json=body)
    api.delete(f"{PATH}/person-1")
    page = api.get(f"{PATH}/person-1/payments").json()

    contract.check("GET /subscribe/customers/{customer_uid}/payments", page)
    assert page["response"]["total"] == 1
    assert api.get(f"{PATH}/nobody/payments").json()["code"] == 1


def test_nothing_of_the_card_is_kept(api: Api) -> None:
    issue(api, pwd_2digit="97", cvc="918")
    with api.server.sandbox.store.reading() as db:
        dump = "\n".join(db.iterdump())
    seen = str(api.control("requests", method="GET"))

    # The short ones as whole values: moments and ids hold such digits by chance.
    for secret in ("1234-1234", "1234123412341234", "820213", "'97'", '"97"', "'918'", '"918"'):
        assert secret not in dump
        assert secret not in seen
