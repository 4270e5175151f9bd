"""Webhooks: who is told of what, in which form."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.sandbox.conftest import Api


class Shop(HTTPServer):
    """Receives webhooks and keeps them."""

    def __init__(self) -> None:
        self.received: list[dict[str, str]] = []
        self.arrived = threading.Event()
        self.answers: list[int] = []  # what to answer next; 200 when there is none
        super().__init__(("127.0.0.1", 0), _Receiver)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        is_json = self.headers["Content-Type"] == "application/json"
        shop: Any = self.server
        shop.received.append(json.loads(body) if is_json else dict(parse_qsl(body)))
        self.send_response(shop.answers.pop(0) if shop.answers else 200)
        self.end_headers()
        shop.arrived.set()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hook(api: Api) -> Iterator[Shop]:
    server = Shop()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    api.control("settings", {"webhook_url": server.url})
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def told(api: Api, hook: Shop) -> list[dict[str, str]]:
    api.control("webhooks", method="GET")
    return hook.received


def pay(api: Api, number: str, **fields: object) -> dict[str, Any]:
    return dict(api.control("buyer/pay", {"merchant_uid": number, "amount": 10_000} | fields))


def test_paid_and_the_virtual_account_s_two_steps(api: Api, hook: Shop) -> None:
    paid, issued = pay(api, "A"), pay(api, "B", pay_method="vbank")
    api.control("buyer/deposit", {"imp_uid": issued["imp_uid"]})

    assert told(api, hook) == [
        {"imp_uid": paid["imp_uid"], "merchant_uid": "A", "status": "paid"},
        {"imp_uid": issued["imp_uid"], "merchant_uid": "B", "status": "ready"},
        {"imp_uid": issued["imp_uid"], "merchant_uid": "B", "status": "paid"},
    ]


def test_failures_and_abandoned_windows_are_silent(api: Api, hook: Shop) -> None:
    pay(api, "A", outcome="failed")
    pay(api, "B", outcome="ready")

    assert told(api, hook) == []


@pytest.mark.parametrize(("fields", "count"), [({}, 0), ({"enable_webhook": True}, 1)])
def test_api_cancels_tell_only_when_asked(
    api: Api, hook: Shop, fields: dict[str, Any], count: int
) -> None:
    paid = api.plant()
    api.cancel(imp_uid=paid["imp_uid"], amount=1_000, **fields)

    assert len(told(api, hook)) == count


def test_console_cancels_tell_their_id_and_kcp_tells_nothing(api: Api, hook: Shop) -> None:
    paid, other = api.plant(), api.plant()
    payment = api.control("console/cancel", {"imp_uid": paid["imp_uid"]})
    api.control("pg/cancel", {"imp_uid": other["imp_uid"]})

    (message,) = told(api, hook)
    assert message["status"] == "cancelled"
    assert message["cancellation_id"] == payment["cancel_history"][0]["cancellation_id"]


def test_form_by_setting_and_notice_url_instead(api: Api, hook: Shop) -> None:
    api.control("settings", {"webhook_url": "http://127.0.0.1:9/"})
    api.control("webhooks/knobs", {"form_encoded": True})
    pay(api, "A", notice_url=hook.url)

    (message,) = told(api, hook)
    assert (message["merchant_uid"], message["status"]) == ("A", "paid")


def test_every_notice_url_of_a_request_is_told_and_the_console_is_not(api: Api, hook: Shop) -> None:
    api.control("settings", {"webhook_url": "http://127.0.0.1:9/"})
    pay(api, "A", notice_url=[f"{hook.url}/1", f"{hook.url}/2"])

    sent = api.control("webhooks", method="GET")
    assert [entry["url"] for entry in sent] == [f"{hook.url}/1", f"{hook.url}/2"]
    assert [entry["result"] for entry in sent] == [200, 200]


def test_unreachable_shop_is_noted_and_not_tried_again(api: Api) -> None:
    api.control("settings", {"webhook_url": "http://127.0.0.1:9/"})
    pay(api, "A")
    (sent,) = api.control("webhooks", method="GET")

    assert "refused" in str(sent["result"])


def test_scheduled_charges_tell_of_success_and_failure(api: Api, hook: Shop) -> None:
    api.control(
        "customers", [{"customer_uid": "good"}, {"customer_uid": "poor", "decline": "CC10"}]
    )
    for number, uid in (("A", "good"), ("B", "poor")):
        entry = {"merchant_uid": number, "schedule_at": api.now + 60, "amount": 10_000}
        body = {"customer_uid": uid, "schedules": [entry]}
        api.post("/subscribe/payments/schedule", json=body)
    assert told(api, hook) == []
    api.control("clock", {"advance_seconds": 120})

    messages = [(message["merchant_uid"], message["status"]) for message in told(api, hook)]
    assert messages == [("A", "paid"), ("B", "failed")]


def test_choice_retried_schedule_tells_like_a_scheduled_one(api: Api, hook: Shop) -> None:
    """Retrying a failed schedule sends a webhook, too, to the schedule's own address if it
    named one."""
    api.control("settings", {"webhook_url": "http://127.0.0.1:9/"})
    api.control("customers", [{"customer_uid": "poor", "decline": "CC10"}])
    entry = {"merchant_uid": "A", "schedule_at": api.now + 60, "amount": 10_000,
             "notice_url": hook.url}  # fmt: skip
    body = {"customer_uid": "poor", "schedules": [entry]}
    api.post("/subscribe/payments/schedule", json=body)
    api.control("clock", {"advance_seconds": 120})
    api.post("/subscribe/payments/schedule/A/retry")

    assert [message["status"] for message in told(api, hook)] == ["failed", "failed"]


def test_scheduled_charge_tells_without_anybody_asking(api: Api, hook: Shop) -> None:
    api.control("customers", [{"customer_uid": "good"}])
    entry = {"merchant_uid": "A", "schedule_at": api.now + 600, "amount": 10_000}
    body = {"customer_uid": "good", "schedules": [entry]}
    api.post("/subscribe/payments/schedule", json=body)
    api.server.sandbox.clock.shift += 601

    assert hook.arrived.wait(10)
    assert [message["status"] for message in hook.received] == ["paid"]


def knob(api: Api, **knobs: object) -> dict[str, Any]:
    return dict(api.control("webhooks/knobs", knobs))


def numbers(received: list[dict[str, str]]) -> list[str]:
    return [message["merchant_uid"] for message in received]


@pytest.mark.parametrize(("answer", "attempts"), [(500, 3), (503, 3), (404, 1), (302, 1)])
def test_retries_are_opted_for_and_only_after_server_faults(
    api: Api, hook: Shop, answer: int, attempts: int
) -> None:
    knob(api, retries=5, retry_ms=1)
    hook.answers = [answer, answer]
    pay(api, "A")
    sent = api.control("webhooks", method="GET")

    assert [entry["attempt"] for entry in sent] == list(range(1, attempts + 1))
    assert [entry["result"] for entry in sent][-1] == (200 if attempts == 3 else answer)


def test_retries_end_after_five_more(api: Api) -> None:
    api.control("settings", {"webhook_url": "http://127.0.0.1:9/"})
    knob(api, retries=5, retry_ms=1)
    pay(api, "A")

    assert len(api.control("webhooks", method="GET")) == 6


def test_retry_comes_a_minute_later_by_the_gateways_clock(api: Api, hook: Shop) -> None:
    knob(api, retries=1)
    hook.answers = [500]
    pay(api, "A")
    assert len(told(api, hook)) == 1
    assert api.control("webhooks/knobs", method="GET")["waiting"] == 1

    api.control("clock", {"advance_seconds": 61})
    assert len(told(api, hook)) == 2


def test_next_ones_are_lost_and_noted(api: Api, hook: Shop) -> None:
    knob(api, lose_next=2)
    for number in "ABC":
        pay(api, number)

    assert numbers(told(api, hook)) == ["C"]
    results = [entry["result"] for entry in api.control("webhooks", method="GET")]
    assert results == ["lost", "lost", 200]


def test_share_that_is_lost_repeats_itself_with_the_seed(api: Api, hook: Shop) -> None:
    rounds = []
    for _ in range(2):
        api.control("reset", {"seed": "empty", "random_seed": 7})
        api.control("settings", {"webhook_url": hook.url})
        knob(api, loss=0.5)
        hook.received.clear()
        for number in range(20):
            pay(api, f"{number}")
        rounds.append(numbers(told(api, hook)))
    api.control("reset", {"seed": "empty"})

    assert rounds[0] == rounds[1]
    assert 0 < len(rounds[0]) < 20


def test_copies_of_each(api: Api, hook: Shop) -> None:
    knob(api, dup=3)
    pay(api, "A")

    assert numbers(told(api, hook)) == ["A"] * 3


def test_held_ones_leave_in_reverse(api: Api, hook: Shop) -> None:
    paid = api.plant(merchant_uid="A")
    knob(api, reorder=2)
    api.cancel(imp_uid=paid["imp_uid"], amount=1, enable_webhook=True)
    assert told(api, hook) == []
    pay(api, "B")
    pay(api, "C")

    assert numbers(told(api, hook)) == ["B", "A", "C"]


def test_held_ones_leave_when_the_knob_is_let_go(api: Api, hook: Shop) -> None:
    knob(api, reorder=9)
    pay(api, "A")
    pay(api, "B")
    assert api.control("webhooks/knobs", method="GET")["held"] == 2
    api.control("webhooks/knobs", method="DELETE")

    assert numbers(told(api, hook)) == ["B", "A"]


def test_delay(api: Api, hook: Shop) -> None:
    knob(api, delay_ms=150)
    pay(api, "A")
    assert hook.received == []

    assert numbers(told(api, hook)) == ["A"]


def test_forged_ones_say_what_they_like(api: Api, hook: Shop) -> None:
    answered = api.control(
        "webhooks/forge", {"body": {"imp_uid": "imp_x", "merchant_uid": "A", "status": "paid"}}
    )
    plain = api.control(
        "webhooks/forge", {"body": "imp_uid=imp_y&status=paid", "content_type": "text/plain"}
    )

    assert (answered["result"], plain["result"]) == (200, 200)
    assert [message["imp_uid"] for message in hook.received] == ["imp_x", "imp_y"]
    assert api.control("ledger", method="GET") == []


@pytest.mark.parametrize(
    "knobs",
    [{"loss": 1.5}, {"dup": 0}, {"retries": 6}, {"delay_ms": -1}, {"colour": 1}, {"loss": ""}],
)
def test_knobs_have_ranges(api: Api, knobs: dict[str, object]) -> None:
    assert api.post("/_sandbox/webhooks/knobs", json=knobs).status_code == 400
