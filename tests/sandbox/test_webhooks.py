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
        self.send_response(200)
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
    api.control("settings", {"webhook_form": True, "webhook_url": "http://127.0.0.1:9/"})
    pay(api, "A", notice_url=hook.url)

    (message,) = told(api, hook)
    assert (message["merchant_uid"], message["status"]) == ("A", "paid")


def test_unreachable_shop_is_noted_and_not_tried_again(api: Api) -> None:
    api.control("settings", {"webhook_url": "http://127.0.0.1:9/"})
    before = len(api.control("webhooks", method="GET"))
    pay(api, "A")
    sent = api.control("webhooks", method="GET")[before:]

    assert len(sent) == 1
    assert "refused" in str(sent[0]["result"])


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
