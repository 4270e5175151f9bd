"""Lists of scheduled charges, by range and by customer."""

from typing import Any

import pytest

from tests.sandbox.conftest import Api
from tests.sandbox.contract import Contract

RANGE = "/subscribe/payments/schedule"
OF_CUSTOMER = ("/subscribe/payments/schedule/customers/good", "/subscribe/customers/good/schedules")
DAY = 86_400


@pytest.fixture
def start(api: Api) -> int:
    """Three schedules of `good`, a day apart from here on, the second revoked; one of another."""
    start = api.now + DAY
    api.control("customers", [{"customer_uid": "good"}, {"customer_uid": "other"}])
    for number, uid in enumerate(("good", "good", "good", "other")):
        entry = {"merchant_uid": f"SUB-{number}", "schedule_at": start + number * DAY,
                 "amount": 1_000, "name": "구독", "currency": "KRW"}  # fmt: skip
        body = {"customer_uid": uid, "schedules": [entry]}
        assert api.post("/subscribe/payments/schedule", json=body).json()["code"] == 0
    api.post("/subscribe/payments/unschedule", json={"merchant_uid": "SUB-1"})
    return start


def numbers(page: Any) -> list[str]:
    return [one["merchant_uid"] for one in page["list"]]


def read(api: Api, path: str, **params: Any) -> Any:
    answer = api.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["response"]


def test_range_is_newest_first_without_its_end(api: Api, start: int, contract: Contract) -> None:
    params = {"schedule_from": start, "schedule_to": start + 3 * DAY}
    contract.check("GET /subscribe/payments/schedule", api.get(RANGE, params=params).json())

    assert numbers(read(api, RANGE, **params)) == ["SUB-2", "SUB-1", "SUB-0"]
    oldest = read(api, RANGE, sorting="scheduled", limit=2, **params)
    assert numbers(oldest) == ["SUB-0", "SUB-1"]
    assert (oldest["total"], oldest["previous"], oldest["next"]) == (3, 0, 2)
    rest = read(api, RANGE, sorting="scheduled", limit=2, page=2, **params)
    assert (numbers(rest), rest["previous"], rest["next"]) == (["SUB-2"], 1, 0)


@pytest.mark.parametrize("path", OF_CUSTOMER)
def test_of_one_customer(api: Api, start: int, path: str, contract: Contract) -> None:
    params = {"from": start, "to": start + 9 * DAY}
    operation = path.replace("good", "{customer_uid}")
    contract.check(f"GET {operation}", api.get(path, params=params).json())

    assert numbers(read(api, path, **params)) == ["SUB-2", "SUB-1", "SUB-0"]


@pytest.mark.parametrize("name", ["schedule_status", "schedule-status"])
@pytest.mark.parametrize("path", [RANGE, *OF_CUSTOMER])
def test_choice_status_filter_takes_both_spellings(
    api: Api, start: int, path: str, name: str
) -> None:
    """Every list takes schedule_status and schedule-status, whichever its papers name."""
    ends = ("schedule_from", "schedule_to") if path == RANGE else ("from", "to")
    window = dict(zip(ends, (start, start + 3 * DAY), strict=True))
    api.control("clock", {"now": start + 60})
    api.sign_in()

    for status, found in (("executed", "SUB-0"), ("revoked", "SUB-1"), ("scheduled", "SUB-2")):
        assert numbers(read(api, path, **window, **{name: status})) == [found]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"schedule_from": 1},
        {"schedule_from": 2, "schedule_to": 1},
        {"schedule_from": "gestern", "schedule_to": 1},
        {"schedule_from": 1, "schedule_to": 2, "schedule_status": "paid"},
        {"schedule_from": 1, "schedule_to": 2, "sorting": "-started"},
        {"schedule_from": 1, "schedule_to": 2, "limit": 1_001},
        {"schedule_from": 1, "schedule_to": 2, "page": 2},
    ],
)
def test_bad_search_values_are_400(api: Api, params: dict[str, Any]) -> None:
    answer = api.get(RANGE, params=params)

    assert (answer.status_code, answer.json()["response"]) == (400, None)


def test_choice_three_months_are_92_days(api: Api) -> None:
    """A window of 92 days is taken, a second more is 400."""
    for beyond, status in ((0, 200), (1, 400)):
        params = {"schedule_from": 0, "schedule_to": 92 * DAY + beyond}
        assert api.get(RANGE, params=params).status_code == status


def test_choice_lists_are_paged_unless_set_otherwise(api: Api, start: int) -> None:
    """Schedule lists are a paged object; the setting `schedule_lists` makes them bare arrays."""
    window = {"schedule_from": start, "schedule_to": start + 9 * DAY, "limit": 2}
    assert set(read(api, RANGE, **window)) == {"total", "previous", "next", "list"}

    settings = api.control("settings", {"schedule_lists": "array"})
    assert settings["schedule_lists"] == "array"
    bare = read(api, RANGE, **window)
    assert [one["merchant_uid"] for one in bare] == ["SUB-3", "SUB-2"]
    refused = api.post("/_sandbox/settings", json={"schedule_lists": "pages"})
    assert refused.status_code == 400


def test_choice_unknown_customer_has_an_empty_list(api: Api) -> None:
    """Schedules of a customer_uid nobody knows are an empty page, not an error."""
    page = read(api, "/subscribe/customers/nobody/schedules", **{"from": 1, "to": 2})

    assert page == {"total": 0, "previous": 0, "next": 0, "list": []}
