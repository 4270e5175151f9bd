"""What a window shows and to whom, on a desk and on a phone, and how it leads back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Api
from tests.sandbox.windows import CODE, ORDER, ask, opened, press, refusal, row


@pytest.mark.parametrize(
    ("params", "offered", "absent"),
    [
        ({}, ["신한카드", "현대카드", "JCB"], []),
        ({"card": {"detail": [{"card_code": "*", "enabled": False},
                              {"card_code": "366", "enabled": True}]}}, ["신한카드"], ["현대카드"]),
        ({"card": {"detail": [{"card_code": "366", "enabled": False}]}},
         ["현대카드"], ["신한카드"]),
        ({"amount": 50_000}, ["12개월", "2개월", "일시불"], ["13개월"]),
        ({"amount": 49_999}, ["일시불"], ["2개월"]),
        ({"amount": 50_000, "display": {"card_quota": []}}, ["일시불"], ["2개월"]),
        ({"amount": 50_000, "display": {"card_quota": [3]}}, ["2개월", "3개월"], ["4개월"]),
        ({"amount": 50_000, "display": {"card_quota": [2, 6]}}, ["3개월", "6개월"], ["7개월"]),
        ({"appCard": True}, ["앱카드로만"], ["일반결제"]),
        ({"appCard": False}, ["앱카드", "일반결제"], ["앱카드로만"]),
        ({"company": "한글상회"}, ["한글상회"], ["이음상점"]),
        ({"language": "en"}, ["Shinhan Card", "Lump sum", "Pay 10,040 KRW"], ["신한카드"]),
        ({"amount": 50_000, "card": {"direct": {"code": "367", "quota": 3}}},
         ["현대카드", "3개월", "iamport"], ["신한카드", "2개월"]),
        ({"amount": 50_000, "card": {"direct": {"code": "367", "quota": 83}}},
         ["현대카드", "3개월", "포인트를 함께"], ["신한카드"]),
        ({"name": "<b>굵은</b>"}, ["&lt;b&gt;굵은"], ["<b>굵은"]),
    ],
)  # fmt: skip
def test_what_the_window_shows(
    api: Api, params: dict[str, Any], offered: list[str], absent: list[str]
) -> None:
    page = api.get(opened(api, **params), headers={"Authorization": ""}).text

    assert [text for text in offered if text not in page] == []
    assert [text for text in absent if text in page] == []


@pytest.mark.parametrize(
    ("params", "choice"),
    [
        ({"card": {"detail": [{"card_code": "366", "enabled": False}]}}, {"card_code": "366"}),
        ({"amount": 50_000, "display": {"card_quota": [3]}},
         {"card_code": "366", "card_quota": 4}),
        ({"amount": 49_999}, {"card_code": "366", "card_quota": 2}),
        ({"pay_method": "vbank"}, {"bank_code": "090"}),
        ({"pay_method": "trans"}, {}),
        ({}, {"card_code": "366", "answer": "0815"}),
    ],
)  # fmt: skip
def test_nothing_can_be_chosen_that_was_not_offered(
    api: Api, params: dict[str, Any], choice: dict[str, Any]
) -> None:
    answer = api.post(f"{opened(api, **params)}/pay", json=choice)

    assert answer.status_code == 400
    assert row(api)["status"] == "ready"


@pytest.mark.parametrize(
    ("address", "beginning"),
    [
        ("https://shop.example/done", "https://shop.example/done?imp_uid=imp_"),
        ("https://shop.example/done?a=1&b=%EA%B0%80",
         "https://shop.example/done?a=1&b=%EA%B0%80&imp_uid=imp_"),
        ("https://shop.example/done?a=1&#end", "https://shop.example/done?a=1&imp_uid=imp_"),
        ("shopapp://done", "shopapp://done?imp_uid=imp_"),
    ],
)  # fmt: skip
def test_a_phone_goes_back_with_the_result_behind_the_query(
    api: Api, address: str, beginning: str
) -> None:
    back = press(api, opened(api, m_redirect_url=address), card_code="366")["redirect"]

    assert back.startswith(beginning)
    assert "&merchant_uid=ORD-1&imp_success=true" in back
    assert back.endswith("#end") is ("#" in address)
    assert row(api)["channel"] == "mobile"


def test_a_phone_learns_the_reason_of_a_failure(api: Api) -> None:
    window = opened(api, m_redirect_url="https://shop.example/done")
    back = press(api, window, "close")["redirect"]

    assert "imp_success=false&error_code=3001&error_msg=%5B3001%7C" in back


@pytest.mark.parametrize(
    ("address", "code"),
    [(None, "9028"), ("/done", "F400"), ("javascript:alert(1)", "F400"), ("https://", "F400")],
)
def test_a_phone_needs_a_way_back(api: Api, address: str | None, code: str) -> None:
    assert refusal(api, ORDER | {"m_redirect_url": address}, mobile=True)[0] == code


def test_a_refused_request_of_a_phone_has_a_way_back_too(api: Api) -> None:
    params = ORDER | {"amount": "1", "m_redirect_url": "https://shop.example/done?a=1"}
    back = ask(api, params, mobile=True)["redirect"]

    assert back.startswith("https://shop.example/done?a=1&merchant_uid=ORD-1&imp_success=false")
    assert "imp_uid=" not in back
    assert ask(api, params)["redirect"] is None


def test_a_window_is_found_by_its_own_id_only(api: Api) -> None:
    window = opened(api)

    assert api.get("/window/imp_000000000000").status_code == 404
    assert api.post("/window/ORD-1/pay", json={"card_code": "366"}).status_code == 404
    assert len(window.rpartition("/")[2]) >= 32


def test_an_ended_window_offers_nothing_any_more(api: Api) -> None:
    window = opened(api, m_redirect_url="https://shop.example/done")
    press(api, window, "close")
    page = api.get(window).text

    assert "<form" not in page
    assert 'href="https://shop.example/done?imp_uid=' in page


def test_pages_are_shown_in_the_openers_frame_only(api: Api) -> None:
    body = {"user_code": CODE, "params": ORDER}
    headers = {"Origin": "https://shop.example"}
    answer = api.post("/v1/requests", json=body, headers=headers)
    page = api.get(answer.json()["response"]["window"])

    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors https://shop.example" in policy
    assert "default-src 'none'" in policy
    assert 'data-origin="https://shop.example"' in page.text
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_an_origin_cannot_write_into_the_policy(api: Api) -> None:
    body = {"user_code": CODE, "params": ORDER}
    headers = {"Origin": "https://a.example; script-src *"}
    answer = api.post("/v1/requests", json=body, headers=headers)
    page = api.get(answer.json()["response"]["window"])

    assert "script-src *" not in page.headers["Content-Security-Policy"]


def test_faults_reach_the_window(api: Api) -> None:
    fault = {"path": "/v1/requests", "merchant_uid": "ORD-1", "action": "html"}
    api.control("script", fault)
    broken = api.post("/v1/requests", json={"user_code": CODE, "params": ORDER})
    assert broken.headers["Content-Type"].startswith("text/html")

    window = opened(api)
    api.control("script", {"path": f"{window}/pay", "action": "drop", "when": "after_commit"})
    with pytest.raises(Exception, match="disconnected"):
        api.post(f"{window}/pay", json={"card_code": "366"})
    assert row(api)["status"] == "paid"
    assert press(api, window, card_code="366")["result"]["success"] is True
