"""What each answer of the gateway leads to: the whole outcome table, row by row."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from admin.domain.escrow import DeliveryNotice
from admin.domain.money import Money
from admin.gateway.client import Gateway
from admin.gateway.errors import (
    GatewayConflict,
    GatewayError,
    GatewayMalformed,
    GatewayNotFound,
    GatewayNotReached,
    GatewayRejected,
    GatewayUnauthorized,
    GatewayUnavailable,
)

from .conftest import ScriptedGateway, envelope, payment_row, token_answer

Call = Callable[[Gateway], Any]


def refund(gateway: Gateway) -> Any:
    return gateway.cancel_payment(
        "imp_000000000001", amount=Money(3000), cancellable=Money(10_000), reason="[R1] 단순 변심"
    )


def charge(gateway: Gateway) -> Any:
    return gateway.charge_billing_key(
        "cust_1", merchant_uid="ORD-1", amount=Money(10_000), name="정기 배송"
    )


def deliver(gateway: Gateway) -> Any:
    notice = DeliveryNotice(
        company="CJGLS", invoice="123456789012", sent_at=datetime(2026, 1, 2, tzinfo=UTC)
    )
    return gateway.register_delivery("imp_000000000001", notice=notice)


def look(gateway: Gateway) -> Any:
    return gateway.get_payment("imp_000000000001")


def as_json(status: int, body: bytes, **headers: str) -> httpx.Response:
    return httpx.Response(status, content=body, headers=headers)


HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
WRITES = pytest.mark.parametrize("write", [refund, charge, deliver])

NOTHING_SENT = [
    httpx.ConnectError("[Errno -2] Name or service not known"),
    httpx.ConnectError("[Errno 111] Connection refused"),
    httpx.ConnectTimeout("timed out"),
    httpx.PoolTimeout("no connection free"),
    httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] Hostname mismatch"),
]

UNCLEAR = [
    *(as_json(status, envelope(code=-1, message="오류")) for status in (500, 502, 503, 504)),
    as_json(502, HTML),
    *(as_json(status, b"", location="https://elsewhere.test/") for status in (301, 302, 307, 308)),
    as_json(429, b"", **{"retry-after": "5"}),
    as_json(408, b""),
    httpx.ReadTimeout("timed out"),
    httpx.WriteTimeout("timed out"),
    httpx.ReadError("[Errno 104] Connection reset by peer"),
    httpx.WriteError("[Errno 32] Broken pipe"),
    httpx.RemoteProtocolError("Server disconnected without sending a response."),
    httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
]

UNREADABLE = [
    b"",
    b"null",
    b"{}",
    b"[]",
    b"[{}]",
    b'{"code":0,"message":nul',
    b'{"code":"0","message":null,"response":{}}',
    b'{"code":null,"message":null,"response":{}}',
    b'{"message":null,"response":{}}',
    b'{"code":0,"message":null,"response":{"amount":NaN}}',
    b"\xff\xfe\x00garbage",
    b"\xef\xbb\xbf",
    b"[" * 100_000,
    HTML,
    envelope(None),
    envelope([]),
    envelope("ok"),
    envelope({}),
]


def outcome(call: Call, gateway: Gateway) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        call(gateway)
    return caught.value


@WRITES
@pytest.mark.parametrize("fault", NOTHING_SENT, ids=repr)
def test_a_write_that_was_never_sent_says_so(
    gateway: Gateway, remote: ScriptedGateway, write: Call, fault: Exception
) -> None:
    remote.answer(fault)
    error = outcome(write, gateway)
    assert isinstance(error, GatewayNotReached)
    assert error.executed is False
    assert len(remote.asked) == 1


@WRITES
@pytest.mark.parametrize("reply", UNCLEAR, ids=repr)
def test_a_write_without_a_clear_answer_is_unknown_and_never_repeated(
    gateway: Gateway, remote: ScriptedGateway, write: Call, reply: Any
) -> None:
    remote.answer(reply)
    error = outcome(write, gateway)
    assert isinstance(error, GatewayUnavailable)
    assert error.executed is None
    assert len(remote.asked) == 1


@WRITES
@pytest.mark.parametrize("body", UNREADABLE, ids=lambda body: repr(body[:40]))
def test_a_write_with_an_unreadable_answer_is_unknown_and_never_repeated(
    gateway: Gateway, remote: ScriptedGateway, write: Call, body: bytes
) -> None:
    remote.answer(as_json(200, body))
    error = outcome(write, gateway)
    assert isinstance(error, GatewayMalformed)
    assert error.executed is None
    assert len(remote.asked) == 1


@WRITES
@pytest.mark.parametrize("code", [1, -1, 8133])
def test_a_code_other_than_zero_is_a_refusal_in_the_gateways_own_words(
    gateway: Gateway, remote: ScriptedGateway, write: Call, code: int
) -> None:
    remote.answer(as_json(200, envelope(code=code, message="이미 전액취소된 주문입니다.")))
    error = outcome(write, gateway)
    assert isinstance(error, GatewayRejected)
    assert (error.code, error.message) == (code, "이미 전액취소된 주문입니다.")
    assert error.executed is False


@WRITES
@pytest.mark.parametrize("status", [400, 404, 405, 409, 422])
@pytest.mark.parametrize("body", [envelope(code=1, message="안 됩니다."), HTML])
def test_a_documented_refusal_by_status_is_a_refusal_whatever_its_body(
    gateway: Gateway, remote: ScriptedGateway, write: Call, status: int, body: bytes
) -> None:
    remote.answer(as_json(status, body))
    error = outcome(write, gateway)
    assert isinstance(error, GatewayRejected)
    assert isinstance(error, GatewayConflict) == (status == 409)
    assert error.status == status
    assert error.executed is False


@WRITES
def test_a_401_renews_the_token_once_and_sends_the_same_write_again(
    gateway: Gateway, remote: ScriptedGateway, write: Call
) -> None:
    remote.answer(as_json(401, envelope(code=-1, message="Unauthorized")), as_json(503, b""))
    assert isinstance(outcome(write, gateway), GatewayUnavailable)
    first, second = remote.asked
    assert first.content == second.content
    assert first.headers["authorization"] != second.headers["authorization"]
    assert remote.tokens_asked == 2


@WRITES
def test_a_second_401_is_not_executed_and_asks_for_no_third_token(
    gateway: Gateway, remote: ScriptedGateway, write: Call
) -> None:
    remote.answer(as_json(401, envelope(code=-1, message="Unauthorized")))
    error = outcome(write, gateway)
    assert isinstance(error, GatewayUnauthorized)
    assert error.executed is False
    assert (len(remote.asked), remote.tokens_asked) == (2, 2)


@WRITES
def test_a_403_is_not_executed_and_not_repeated(
    gateway: Gateway, remote: ScriptedGateway, write: Call
) -> None:
    remote.answer(as_json(403, HTML))
    error = outcome(write, gateway)
    assert isinstance(error, GatewayUnauthorized)
    assert error.executed is False
    assert len(remote.asked) == 1


@pytest.mark.parametrize("fault", [*NOTHING_SENT, *UNCLEAR], ids=repr)
def test_without_a_token_nothing_is_sent_at_all(
    gateway: Gateway, remote: ScriptedGateway, fault: Any
) -> None:
    remote.token_replies = [fault]
    error = outcome(refund, gateway)
    assert isinstance(error, GatewayNotReached)
    assert error.executed is False
    assert remote.asked == []


@pytest.mark.parametrize("status", [400, 401, 403])
def test_wrong_credentials_are_named_and_nothing_is_sent(
    gateway: Gateway, remote: ScriptedGateway, status: int
) -> None:
    remote.token_replies = [as_json(status, envelope(code=-1, message="no"))]
    for call in (refund, look, Gateway.ping):
        assert isinstance(outcome(call, gateway), GatewayUnauthorized)
    assert remote.asked == []


@pytest.mark.parametrize("fault", [*NOTHING_SENT, *UNCLEAR], ids=repr)
def test_a_look_up_is_tried_three_times(
    gateway: Gateway, remote: ScriptedGateway, fault: Any
) -> None:
    good = as_json(200, envelope(payment_row()))
    remote.answer(fault, fault, good)
    assert look(gateway).amount == Money(10_000)
    assert len(remote.asked) == 3
    remote.answer(fault)
    assert isinstance(outcome(look, gateway), GatewayNotReached | GatewayUnavailable)
    assert len(remote.asked) == 6


def test_a_look_up_with_a_broken_answer_is_tried_again(
    gateway: Gateway, remote: ScriptedGateway
) -> None:
    remote.answer(as_json(200, b'{"code":0,"mess'), as_json(200, envelope(payment_row())))
    assert look(gateway).imp_uid == "imp_000000000001"


def test_a_refused_look_up_is_not_tried_again(gateway: Gateway, remote: ScriptedGateway) -> None:
    remote.answer(as_json(200, envelope(code=1, message="아니요")))
    assert isinstance(outcome(look, gateway), GatewayRejected)
    assert len(remote.asked) == 1


def test_absence_is_believed_from_the_gateway_only(
    gateway: Gateway, remote: ScriptedGateway
) -> None:
    remote.answer(as_json(404, envelope(code=-1, message="존재하지 않는 결제정보입니다.")))
    error = outcome(look, gateway)
    assert isinstance(error, GatewayNotFound)
    assert gateway.find_all_payments("ORD-1") == ()
    remote.answer(as_json(404, HTML))
    assert isinstance(outcome(look, gateway), GatewayMalformed)
    with pytest.raises(GatewayMalformed):
        gateway.find_all_payments("ORD-1")


def test_patience_asked_for_beyond_the_deadline_is_not_granted(
    gateway: Gateway, remote: ScriptedGateway
) -> None:
    remote.answer(as_json(429, b"", **{"retry-after": "3600"}))
    error = outcome(look, gateway)
    assert isinstance(error, GatewayUnavailable)
    assert error.retry_after == 60.0
    assert len(remote.asked) == 1


def test_a_refund_answered_for_another_payment_is_unknown(
    gateway: Gateway, remote: ScriptedGateway
) -> None:
    remote.answer(as_json(200, envelope(payment_row(imp_uid="imp_000000000002"))))
    for call in (refund, look):
        assert isinstance(outcome(call, gateway), GatewayMalformed)


def test_a_declined_charge_is_an_answer_not_an_error(
    gateway: Gateway, remote: ScriptedGateway
) -> None:
    row = payment_row(status="failed", paid_at=0, failed_at=1, fail_reason="[CC61|한도초과]")
    remote.answer(as_json(200, envelope(row)))
    assert charge(gateway).fail_reason == "[CC61|한도초과]"


def test_a_message_is_one_line_cut_and_free_of_card_numbers(
    gateway: Gateway, remote: ScriptedGateway
) -> None:
    text = "거절\n[4111 1111 1111 1111]\u2028" + "x" * 900
    remote.answer(as_json(200, envelope(code=-1, message=text)))
    error = outcome(refund, gateway)
    assert isinstance(error, GatewayRejected)
    assert "4111" not in error.message
    assert "\n" not in error.message
    assert "\u2028" not in error.message
    assert len(error.message) <= 500


def test_no_error_tells_the_secret_or_the_token(gateway: Gateway, remote: ScriptedGateway) -> None:
    remote.token_replies = [token_answer("f" * 40)]
    for reply in (as_json(401, HTML), as_json(500, b""), as_json(200, b"{")):
        remote.answer(reply)
        error = outcome(refund, gateway)
        shown = f"{error!r} {error.__cause__!r}"
        assert "a-secret" not in shown
        assert "f" * 40 not in shown


def test_a_body_larger_than_allowed_is_not_read_to_its_end(
    gateway: Gateway, remote: ScriptedGateway
) -> None:
    remote.answer(as_json(200, b" " * (3 * 1024 * 1024)))
    assert isinstance(outcome(refund, gateway), GatewayMalformed)


def test_a_compressed_answer_is_refused(gateway: Gateway, remote: ScriptedGateway) -> None:
    import gzip

    packed = gzip.compress(envelope(payment_row()))
    remote.answer(
        lambda _request: httpx.Response(
            200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(packed)
        )
    )
    assert isinstance(outcome(refund, gateway), GatewayMalformed)


def test_an_operating_system_tls_error_means_not_sent() -> None:
    """What httpcore maps; kept here so that a new release cannot change it unnoticed."""
    import httpcore

    from admin.gateway.transport import _as_httpx, _explained

    with pytest.raises(GatewayNotReached), _explained(), _as_httpx():
        raise httpcore.ConnectError(str(ssl.SSLCertVerificationError("hostname mismatch")))
