"""GET /payments/status: windows, sorting, pages."""

import pytest

from tests.sandbox.conftest import Api, Shop
from tests.sandbox.contract import Contract

DAY = 86_400
PATH = "/payments/status"


def test_page_is_what_the_contract_says(shop: Shop, contract: Contract) -> None:
    for status in ("all", "ready", "paid", "cancelled", "failed"):
        envelope = shop.api.get(f"{PATH}/{status}?limit=200").json()
        contract.check("GET /payments/status/{payment_status}", envelope)


def test_walking_the_pages_meets_every_row_once(shop: Shop) -> None:
    seen: list[str] = []
    page = 1
    while page:
        body = shop.api.get(f"{PATH}/paid?limit=300&page={page}&sorting=started").json()["response"]
        assert body["previous"] == page - 1
        seen += [item["imp_uid"] for item in body["list"]]
        page = body["next"]

    assert len(seen) == len(set(seen)) == body["total"]


def test_default_page_is_twenty_newest_of_ninety_days(shop: Shop) -> None:
    body = shop.api.get(f"{PATH}/all").json()["response"]
    now = shop.api.now
    started = [item["started_at"] for item in body["list"]]

    assert len(started) == 20
    assert started == sorted(started, reverse=True)
    expected = [p for p in shop.payments if now - 90 * DAY <= p["started_at"] <= now]
    assert body["total"] == len(expected)


@pytest.mark.parametrize(
    ("status", "column"),
    [
        ("all", "started_at"),
        ("ready", "started_at"),
        ("paid", "paid_at"),
        ("cancelled", "cancelled_at"),
        ("failed", "failed_at"),
    ],
)
def test_window_is_held_against_the_status_own_time(shop: Shop, status: str, column: str) -> None:
    until = shop.api.now - 10 * DAY
    since = until - 20 * DAY
    expected = {
        payment["imp_uid"]
        for payment in shop.payments
        if status in ("all", payment["status"]) and since <= payment[column] <= until
    }
    body = shop.api.get(f"{PATH}/{status}?from={since}&to={until}&limit=1000").json()["response"]

    assert expected
    assert {item["imp_uid"] for item in body["list"]} == expected


def test_both_ends_of_the_window_belong_to_it(api: Api) -> None:
    paid = api.plant()
    moment = paid["paid_at"]

    assert api.get(f"{PATH}/paid?from={moment}&to={moment}").json()["response"]["total"] == 1
    assert api.get(f"{PATH}/paid?from={moment + 1}").json()["response"]["total"] == 0
    assert api.get(f"{PATH}/paid?to={moment - 1}").json()["response"]["total"] == 0


@pytest.mark.parametrize(
    ("sorting", "column", "backwards"),
    [
        ("started", "started_at", False),
        ("-started", "started_at", True),
        ("paid", "paid_at", False),
        ("-paid", "paid_at", True),
    ],
)
def test_sortings(shop: Shop, sorting: str, column: str, backwards: bool) -> None:
    body = shop.api.get(f"{PATH}/paid?limit=500&sorting={sorting}").json()["response"]
    values = [item[column] for item in body["list"]]

    assert values == sorted(values, reverse=backwards)


def test_sorting_by_update_follows_the_last_change(api: Api) -> None:
    first, second = api.plant(), api.plant()
    api.control("clock", {"advance_seconds": 60})
    api.cancel(imp_uid=first["imp_uid"], amount=1)
    listed = api.get(f"{PATH}/all?sorting=-updated").json()["response"]["list"]

    assert [item["imp_uid"] for item in listed] == [first["imp_uid"], second["imp_uid"]]


@pytest.mark.parametrize(
    "query",
    [
        "paid?page=2",
        "paid?page=0",
        "paid?limit=0",
        "paid?limit=1001",
        "paid?limit=ten",
        "paid?sorting=amount",
        "paid?from=100&to=50",
        "paid?from=0&to=7776001",
        "unpaid",
    ],
)
def test_senseless_queries_are_400(api: Api, query: str) -> None:
    """Windows over 90 days and limits over 1,000 are refused, not clamped: a choice."""
    answer = api.get(f"{PATH}/{query}")

    assert answer.status_code == 400
    assert answer.json()["code"] == -1


def test_unknown_status_has_its_own_words(api: Api) -> None:
    assert api.get(f"{PATH}/unpaid").json()["message"] == "지원되지 않는 상태값입니다."


def test_empty_window_is_an_empty_first_page(api: Api) -> None:
    body = api.get(f"{PATH}/paid").json()["response"]

    assert body == {"total": 0, "previous": 0, "next": 0, "list": []}


def test_wide_lists_are_walked_in_the_same_order(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wide windows take another index than narrow ones; the pages must not differ."""
    until = shop.api.now
    path = f"{PATH}/paid?limit=100&page=3&sorting=started&from={until - 80 * DAY}&to={until}"
    wide = shop.api.get(path).json()
    monkeypatch.setattr("sandbox.listing._WIDE", 0)

    assert shop.api.get(path).json() == wide


def test_count_follows_the_next_write(api: Api) -> None:
    until = api.now
    path = f"{PATH}/paid?from={until - DAY}&to={until}"
    counts = []
    for _ in range(3):
        counts.append(api.get(path).json()["response"]["total"])
        assert api.get(path).json()["response"]["total"] == counts[-1]
        api.plant()

    assert counts == [0, 1, 2]
