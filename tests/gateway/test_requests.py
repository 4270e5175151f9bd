"""What the client sends: explicit amounts, one segment for each id, nothing that was not asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from admin.domain.escrow import DeliveryNotice
from admin.domain.money import Currency, Money
from admin.domain.payment import PaymentStatus
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayMalformed, GatewayNotFound, GatewayRejected
from admin.gateway.settings import GatewaySettings
from admin.gateway.wire.deliveries import DeliveryParty

from .conftest import KEY, PAID, SECRET, STARTED, ScriptedGateway, envelope, payment_row

OK = httpx.Response(200, content=envelope(payment_row()))
START = datetime(2026, 1, 1, tzinfo=UTC)


def page_of(*rows: dict[str, Any], total: int | None = None, next: int = 0) -> httpx.Response:
    body = {"total": len(rows) if total is None else total, "previous": 0, "next": next}
    return httpx.Response(200, content=envelope({**body, "list": list(rows)}))


def refused(status: int, message: str = "아니요", code: int = -1) -> httpx.Response:
    return httpx.Response(status, content=envelope(code=code, message=message))


def test_a_full_refund_is_sent_with_its_amount_and_checksum(
    gateway: Gateway, remote: ScriptedGateway
) -> None:
    remote.answer(OK)
    gateway.cancel_payment(
        "imp_000000000001", amount=Money(10_000), cancellable=Money(10_000), reason="x" * 300
    )
    assert remote.bodies == [
        {
            "imp_uid": "imp_000000000001",
            "amount": 10_000,
            "checksum": 10_000,
            "reason": "x" * 256,
        }
    ]
    assert remote.asked[0].method == "POST"
    assert remote.asked[0].headers["content-type"] == "application/json"


def test_a_tax_free_part_is_repeated(gateway: Gateway, remote: ScriptedGateway) -> None:
    remote.answer(OK)
    gateway.cancel_payment(
        "imp_000000000001",
        amount=Money(10),
        cancellable=Money(100),
        reason="r",
        tax_free=Money(0),
    )
    assert remote.bodies[0]["tax_free"] == 0


def test_foreign_money_is_sent_as_a_json_number(gateway: Gateway, remote: ScriptedGateway) -> None:
    remote.answer(OK)
    gateway.cancel_payment(
        "imp_000000000001",
        amount=Money(1250, Currency.USD),
        cancellable=Money(5000, Currency.USD),
        reason="r",
    )
    assert b'"amount":12.50' in remote.asked[0].content
    assert b'"checksum":50.00' in remote.asked[0].content


@pytest.mark.parametrize(("amount", "left"), [(0, 100), (-1, 100), (101, 100), (1, 0)], ids=str)
def test_an_amount_that_would_be_misread_is_never_sent(
    gateway: Gateway, remote: ScriptedGateway, amount: int, left: int
) -> None:
    with pytest.raises(ValueError, match="a refund is"):
        gateway.cancel_payment(
            "imp_000000000001", amount=Money(amount), cancellable=Money(left), reason="r"
        )
    assert remote.asked == []


FORBIDDEN: list[Callable[[Gateway], Any]] = [
    lambda g: g.cancel_payment("", amount=Money(1), cancellable=Money(1), reason="r"),
    lambda g: g.cancel_payment(
        "imp_1", amount=Money(1), cancellable=Money(1, Currency.USD), reason="r"
    ),
    lambda g: g.cancel_payment(
        "imp_1", amount=Money(1), cancellable=Money(1), reason="r", tax_free=Money(2)
    ),
    lambda g: g.charge_billing_key("c", merchant_uid="m", amount=Money(0), name="n"),
    lambda g: g.charge_billing_key("c", merchant_uid="m" * 41, amount=Money(1), name="n"),
    lambda g: g.charge_billing_key("c" * 81, merchant_uid="m", amount=Money(1), name="n"),
    lambda g: g.charge_billing_key("c", merchant_uid=" ", amount=Money(1), name="n"),
    lambda g: g.get_payment(""),
    lambda g: g.get_payment(" "),
    lambda g: g.get_payments([""]),
    lambda g: g.find_all_payments(""),
    lambda g: g.get_delivery(""),
    lambda g: g.get_billing_key(""),
    lambda g: g.list_payments("all", start=START, end=START - timedelta(seconds=1)),
    lambda g: g.list_payments("all", start=START, end=START + timedelta(days=91)),
    lambda g: g.list_payments("all", start=START, end=START, page=0),
    lambda g: g.list_payments("all", start=START, end=START, limit=1001),
]


@pytest.mark.parametrize("call", FORBIDDEN)
def test_what_must_never_be_sent_is_refused_here(
    gateway: Gateway, remote: ScriptedGateway, call: Callable[[Gateway], Any]
) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the sentence differs, the type is the contract
        call(gateway)
    assert remote.asked == []


def test_a_charge_says_what_it_was_given_and_nothing_else(
    gateway: Gateway, remote: ScriptedGateway
) -> None:
    remote.answer(OK)
    gateway.charge_billing_key(
        "cust_1", merchant_uid="ORD-1", amount=Money(10_000), name="정기 배송", buyer_tel="010"
    )
    assert remote.asked[0].url.path == "/subscribe/payments/again"
    assert remote.bodies == [
        {
            "customer_uid": "cust_1",
            "merchant_uid": "ORD-1",
            "amount": 10_000,
            "currency": "KRW",
            "name": "정기 배송",
            "buyer_tel": "010",
        }
    ]


@pytest.mark.parametrize("include_sandbox", [True, False])
def test_every_read_of_payments_says_whether_test_channels_count(
    remote: ScriptedGateway, include_sandbox: bool
) -> None:
    account = GatewaySettings("https://api.iamport.kr", KEY, SECRET, include_sandbox)
    with Gateway(account, transport=httpx.MockTransport(remote)) as gateway:
        remote.answer(OK, page_of(), page_of(), page_of())
        gateway.get_payment("imp_000000000001")
        gateway.get_payments(["imp_000000000001"])
        gateway.find_all_payments("ORD-1")
        gateway.list_payments("all", start=START, end=START)
    word = "true" if include_sandbox else "false"
    assert [request.url.params["include_sandbox"] for request in remote.asked] == [word] * 4


def test_many_payments_are_asked_for_in_batches(gateway: Gateway, remote: ScriptedGateway) -> None:
    rows = [payment_row(imp_uid=f"imp_{n:012d}") for n in range(3)]
    remote.answer(
        httpx.Response(207, content=envelope(rows[:2])),
        refused(404),
        httpx.Response(200, content=envelope([rows[2], payment_row(amount=-1)])),
    )
    found = gateway.get_payments([f"imp_{n:012d}" for n in range(230)], ["ORD-1", "주문-2"])
    assert [payment.imp_uid for payment in found] == [row["imp_uid"] for row in rows]
    assert [row.imp_uid for row in found.unreadable] == ["imp_000000000001"]
    sizes = [len(request.url.params.get_list("imp_uid[]")) for request in remote.asked]
    assert sizes == [100, 100, 30]
    assert remote.asked[-1].url.params.get_list("merchant_uid[]") == ["ORD-1", "주문-2"]


def test_long_korean_order_numbers_keep_the_request_line_bearable(
    gateway: Gateway, remote: ScriptedGateway
) -> None:
    remote.answer(page_of())
    gateway.get_payments(merchant_uids=["가" * 40] * 100)
    assert len(remote.asked) > 1
    assert all(len(request.url.raw_path) < 8000 for request in remote.asked)


def test_all_payments_of_an_order_number_are_collected_over_pages(
    gateway: Gateway, remote: ScriptedGateway
) -> None:
    remote.answer(
        page_of(payment_row(), total=2, next=2),
        page_of(payment_row(imp_uid="imp_000000000002"), total=2),
    )
    assert len(gateway.find_all_payments("ORD-1")) == 2
    assert [request.url.params["page"] for request in remote.asked] == ["1", "2"]
    assert {request.url.params["sorting"] for request in remote.asked} == {"started"}


def test_an_order_number_with_an_unreadable_payment_is_not_judged(
    gateway: Gateway, remote: ScriptedGateway
) -> None:
    remote.answer(page_of(payment_row(), payment_row(amount="?")))
    with pytest.raises(GatewayMalformed):
        gateway.find_all_payments("ORD-1")


def test_a_window_is_asked_for_in_whole_seconds(gateway: Gateway, remote: ScriptedGateway) -> None:
    remote.answer(page_of(payment_row(), total=3, next=2))
    page = gateway.list_payments(
        PaymentStatus.PAID, start=START, end=START + timedelta(days=1), page=1, limit=1
    )
    assert (page.total, page.next, len(page)) == (3, 2, 1)
    assert dict(remote.asked[0].url.params) == {
        "page": "1",
        "limit": "1",
        "from": str(STARTED),
        "to": str(STARTED + 86_400),
        "sorting": "started",
        "include_sandbox": "true",
    }
    assert remote.asked[0].url.path == "/payments/status/paid"


def test_a_page_past_the_end_is_empty_but_a_bad_question_is_not(
    gateway: Gateway, remote: ScriptedGateway
) -> None:
    remote.answer(refused(400, "페이지가 없습니다."))
    past = gateway.list_payments("all", start=START, end=START, page=2)
    assert (past.total, len(past), past.next) == (0, 0, 0)
    with pytest.raises(GatewayRejected):
        gateway.list_payments("all", start=START, end=START, page=1)
    remote.answer(refused(400, "지원되지 않는 상태값입니다."))
    with pytest.raises(GatewayRejected):
        gateway.list_payments("all", start=START, end=START, page=2)


@pytest.mark.parametrize(
    "reply",
    [
        refused(404, "없음"),
        refused(200, "요청하신 customer_uid(cust_1)로 등록된 정보를 찾을 수 없습니다.", code=1),
    ],
)
def test_an_unknown_billing_key_is_not_found_in_either_form(
    gateway: Gateway, remote: ScriptedGateway, reply: httpx.Response
) -> None:
    remote.answer(reply)
    with pytest.raises(GatewayNotFound):
        gateway.get_billing_key("cust_1")


def test_any_other_refusal_of_a_billing_key_is_not_absence(
    gateway: Gateway, remote: ScriptedGateway
) -> None:
    remote.answer(refused(200, "점검 중입니다.", code=1))
    with pytest.raises(GatewayRejected) as caught:
        gateway.get_billing_key("cust_1")
    assert not isinstance(caught.value, GatewayNotFound)


def test_no_delivery_is_none(gateway: Gateway, remote: ScriptedGateway) -> None:
    remote.answer(refused(409))
    assert gateway.get_delivery("imp_000000000001") is None
    remote.answer(refused(404))
    with pytest.raises(GatewayNotFound):
        gateway.get_delivery("imp_000000000001")


def test_a_delivery_is_sent_nested(gateway: Gateway, remote: ScriptedGateway) -> None:
    answer = {"company": "CJGLS", "invoice": "123456789", "sent_at": STARTED, "applied_at": PAID}
    remote.answer(httpx.Response(200, content=envelope(answer)))
    notice = DeliveryNotice(company="CJGLS", invoice="123456789", sent_at=START)
    registered = gateway.register_delivery(
        "imp_000000000001", notice=notice, receiver=DeliveryParty(name="김하늘", tel="")
    )
    assert registered.applied_at == START + timedelta(seconds=60)
    assert remote.bodies == [
        {
            "sender": {},
            "receiver": {"name": "김하늘"},
            "logis": {"company": "CJGLS", "invoice": "123456789", "sent_at": STARTED},
        }
    ]
