"""The published contract against our calls: every operation has one, and sends what it may."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from types import NoneType
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from admin.domain.billing_key import BillingKeySnapshot
from admin.domain.cash_receipt import CashReceipt
from admin.domain.escrow import DeliveryNotice
from admin.domain.payment import PaymentSnapshot
from admin.domain.schedule import SchedulePage, ScheduleSnapshot
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayError
from admin.gateway.settings import GatewaySettings
from admin.gateway.wire.codes import Balance, PreparedAmount, StandardCode
from admin.gateway.wire.payments import PaymentPage
from tests.gateway.conftest import KEY, SECRET, ScriptedGateway, envelope, payment_row, token_answer
from tests.gateway.every_call import CALLS
from tests.sandbox.contract import Contract

CONTRACT = Contract.read()
NOT_OURS = {"certifications"}  # identity checks are no business of a back office
# The same list under a second address.
TWICE = {"GET /subscribe/payments/schedule/customers/{customer_uid}"}
# Sent with every read of payments; the description names it on one of them only.
EVERYWHERE = {"include_sandbox"}


def test_every_operation_of_the_contract_has_its_call() -> None:
    wanted = {name for name, one in CONTRACT.operations.items() if one["tag"] not in NOT_OURS}
    assert wanted - TWICE == set(CALLS)


@pytest.mark.parametrize("operation", CALLS)
def test_a_call_sends_what_the_contract_names(
    operation: str, gateway: Gateway, remote: ScriptedGateway
) -> None:
    sent = what_is_sent(operation, gateway, remote)
    method, template = operation.split(" ")
    # The status at the end of the two finders may be left out.
    pattern = re.sub(r"/\\\{payment_status\\\}$", r"(/[^/]+)?", re.escape(template))
    pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", pattern)
    if template.startswith("/payments/status"):
        pattern = "/payments/status/[^/]+"

    assert sent.method == method
    assert re.fullmatch(pattern, unquote(sent.url.path)), sent.url.path
    named = {one["name"] for one in CONTRACT.operations[operation]["parameters"]}
    query = {name for name, _ in parse_qsl(sent.url.query.decode())}
    body = set(json.loads(sent.content)) if sent.content else set()
    assert query | body <= named | EVERYWHERE
    required = {
        one["name"]
        for one in CONTRACT.operations[operation]["parameters"]
        if one.get("required") and one["in"] != "path"
    }
    assert required <= query | body


def what_is_sent(operation: str, gateway: Gateway, remote: ScriptedGateway) -> httpx.Request:
    asked: list[httpx.Request] = []

    def token(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return token_answer()

    if operation == "POST /users/getToken":
        remote.token_replies = [token]
        CALLS[operation](gateway)
        return asked[0]
    remote.answer(httpx.Response(200, content=envelope(None)))
    with suppress(GatewayError):
        CALLS[operation](gateway)
    return remote.asked[0]


def promised(schema: dict[str, Any], *, name: str = "") -> st.SearchStrategy[Any]:
    """Values of the shape that the contract promises."""
    if "ref" in schema:
        schema = CONTRACT.schemas[schema["ref"]]
    match schema.get("type", "object"):
        case "string":
            return st.just(f"{name}-1") | st.text(max_size=12) | st.none()
        case "integer":
            return st.integers(0, 2**33) | st.none()
        case "number":
            return st.integers(0, 10**9) | st.floats(0, 1e9) | st.none()
        case "boolean":
            return st.booleans()
        case "array":
            return st.lists(promised(schema["items"]), max_size=2)
    parts = {key: promised(one, name=key) for key, one in schema.get("properties", {}).items()}
    return st.fixed_dictionaries(parts) | st.fixed_dictionaries({}, optional=parts)


TYPED = (
    *(PaymentSnapshot, PaymentPage, BillingKeySnapshot, DeliveryNotice, CashReceipt),
    *(ScheduleSnapshot, SchedulePage, StandardCode, PreparedAmount, Balance, tuple, NoneType),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
bent_payments = st.dictionaries(
    st.sampled_from(sorted(payment_row())), json_values, max_size=4
).map(lambda bent: {**payment_row(), **bent})
answers = (
    st.binary(max_size=40)
    | json_values.map(lambda value: json.dumps(value).encode())
    | json_values.map(envelope)
    | bent_payments.map(envelope)
)


@pytest.mark.slow
@pytest.mark.parametrize("operation", sorted(set(CALLS) - {"POST /users/getToken"}))
def test_any_answer_of_any_operation_is_a_value_or_a_gateway_error(operation: str) -> None:
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        status=st.sampled_from([200, 200, 200, 207, 400, 401, 403, 404, 409, 429, 500, 302]),
        body=answers | promised(CONTRACT.promised(operation)).map(envelope),
    )
    def holds(status: int, body: bytes) -> None:
        def remote(request: httpx.Request) -> httpx.Response:
            if request.url.path == "/users/getToken":
                return token_answer()
            return httpx.Response(status, content=body)

        account = GatewaySettings("https://api.iamport.kr", KEY, SECRET, include_sandbox=True)
        way = httpx.MockTransport(remote)
        # Nothing but these comes out.
        with Gateway(account, transport=way) as gateway, suppress(GatewayError):
            assert isinstance(CALLS[operation](gateway), TYPED)

    holds()
