"""Orders that a program of the shop brings: one token, no cookie, an answer for each order."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from admin.domain.actor import Actor
from admin.domain.clock import utc_now
from admin.domain.order_intake import OrderOrigin
from admin.domain.permissions import Role
from admin.models import AuditEntry, LineItem, Order, OrderSource, SignInSession, db
from admin.orders.receiving import MOST_BYTES, MOST_ORDERS
from admin.orders.source_service import make_source, revoke_source, source_of
from tests.orders.contract import check_answer, check_request
from tests.people import ORIGIN, Person

MANAGER = Actor(name="매니저", role=Role.MANAGER)
CARD = "4111 1111 1111 1111"


def an_order(number: str = "ORD-1", **fields: Any) -> dict[str, Any]:
    """One order as a program sends it: paid, 30,000 won, two items."""
    return {
        "order_number": number,
        "ordered_at": "2026-03-10T12:00:00+09:00",
        "order_name": "원목 책장 외 1건",
        "buyer_name": "이도윤",
        "buyer_email": "doyun@mail.example",
        "buyer_tel": "010-1234-4821",
        "currency": "KRW",
        "pay_method": "card",
        "believed_status": "paid",
        "believed_amount": 30_000,
        "believed_cancelled": 0,
        "paid_at": "2026-03-10T12:01:00+09:00",
        "imp_uid": None,
        "escrow": False,
        "items": [
            {
                "item_order_number": f"{number}-1",
                "item_name": "원목 책장",
                "item_quantity": 1,
                "item_amount": 20_000,
            },
            {
                "item_order_number": f"{number}-2",
                "item_name": "선반",
                "item_quantity": 2,
                "item_amount": 10_000,
            },
        ],
        **fields,
    }


class Program:
    """A shop system with its token."""

    def __init__(self, client: Any, token: str) -> None:
        self.client, self.token = client, token

    def headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Accept-Language": "en", **more}

    def send(self, document: Any, **headers: str) -> TestResponse:
        """Bring what stands in `document`; bytes go as they are."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        answer = self.client.post(
            "/api/orders",
            base_url=ORIGIN,
            data=body,
            content_type="application/json",
            headers=self.headers(**headers),
        )
        check_answer("/api/orders", "post", answer)
        return answer

    def read(self, number: str) -> TestResponse:
        answer = self.client.get(f"/api/orders/{number}", base_url=ORIGIN, headers=self.headers())
        check_answer("/api/orders/{order_number}", "get", answer)
        return answer


@pytest.fixture
def source(app: Flask, now: datetime) -> tuple[OrderSource, str]:
    return make_source("카페 주문", actor=MANAGER, now=now)


@pytest.fixture
def program(app: Flask, source: tuple[OrderSource, str]) -> Program:
    return Program(app.test_client(), source[1])


def results(answer: TestResponse) -> list[str]:
    assert answer.json is not None
    return [one["result"] for one in answer.json["results"]]


def reasons(answer: TestResponse, place: int = 0) -> dict[str, str]:
    assert answer.json is not None
    told = answer.json["results"][place].get("reasons", [])
    return {one["field"]: one["reason"] for one in told}


def entries(action: str) -> list[AuditEntry]:
    db.session.expire_all()
    query = sa.select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)
    return list(db.session.scalars(query))


def numbers() -> list[str]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Order.order_number).order_by(Order.order_number)))


def test_an_order_comes_in_once_and_is_read_back(
    program: Program, source: tuple[OrderSource, str]
) -> None:
    sent = an_order()
    check_request(sent)

    first, again = program.send(sent), program.send(sent)

    assert (first.status_code, results(first)) == (200, ["added"])
    assert (again.status_code, results(again)) == (200, ["unchanged"])
    order = db.session.scalars(sa.select(Order)).one()
    assert (order.origin, order.source_id) == (OrderOrigin.API, source[0].id)
    assert db.session.query(LineItem).count() == 2
    back = program.read("ORD-1")
    assert back.status_code == 200
    moments = ("ordered_at", "paid_at")
    assert {k: v for k, v in back.json.items() if k not in moments} == {
        k: v for k, v in sent.items() if k not in moments
    }
    for name in moments:
        assert datetime.fromisoformat(back.json[name]) == datetime.fromisoformat(sent[name])
    assert results(program.send(back.json)) == ["unchanged"], "what is read can be sent"


def test_a_changed_order_changes_and_the_audit_says_what(program: Program) -> None:
    program.send(an_order())
    changed = program.send(an_order(believed_cancelled=10_000, buyer_tel="010-0000-0000"))

    assert results(changed) == ["changed"]
    (entry,) = entries("order.changed")
    assert entry.actor == "program: 카페 주문"
    assert entry.facts == {"believed_cancelled": "0 → 10000", "buyer_tel": "changed"}
    calls = [entry.facts for entry in entries("orders.received")]
    assert [(one["added"], one["changed"]) for one in calls] == [("1", "0"), ("0", "1")]


def test_a_bad_order_refuses_itself_and_no_other(program: Program) -> None:
    document = {
        "orders": [
            an_order("ORD-1"),
            an_order("ORD-2", believed_amount="30,000", currency="원"),
            an_order("ORD-3", items=[{"item_name": "선반", "item_quantity": 0, "item_amount": 1}]),
            an_order("ORD-4"),
        ]
    }
    answer = program.send(document)

    assert answer.status_code == 207
    assert results(answer) == ["added", "refused", "refused", "added"]
    assert set(reasons(answer, 1)) == {"believed_amount", "currency"}
    assert list(reasons(answer, 2)) == ["items[0].item_quantity"]
    assert numbers() == ["ORD-1", "ORD-4"]
    (entry,) = entries("orders.received")
    assert entry.facts == {"added": "2", "changed": "0", "unchanged": "0", "refused": "2"}


def test_reasons_come_in_the_language_that_is_asked_for(program: Program) -> None:
    english = reasons(program.send(an_order(believed_status="")))
    assert english == {"believed_status": "Fill this in."}
    korean = program.send(an_order(believed_status=""), **{"Accept-Language": "ko"})
    assert re.search("[가-힣]", reasons(korean)["believed_status"])


def test_the_reader_of_the_contract_bites() -> None:
    check_request(an_order())
    for wrong in (
        an_order(believed_amount="1"),
        an_order(escrow="true"),
        an_order(state=1),
        an_order(ordered_at="yesterday"),
        {"orders": []},
    ):
        with pytest.raises(AssertionError):
            check_request(wrong)


REFUSED: dict[str, dict[str, Any]] = {
    "no number": {"order_number": None},
    "a number as number": {"order_number": 12},
    "text for an amount": {"believed_amount": "30000"},
    "a fraction": {"believed_amount": 30000.5},
    "a whole fraction": {"believed_amount": 30000.0},
    "a flag for an amount": {"believed_amount": True},
    "below nothing": {"believed_amount": -1},
    "beyond 64 bits": {"believed_amount": 2**63},
    "more back than paid": {"believed_cancelled": 30_001},
    "no such status": {"believed_status": "gone"},
    "no offset": {"ordered_at": "2026-03-10T12:00:00"},
    "no day": {"ordered_at": "2026-02-30T12:00:00+09:00"},
    "a number for a time": {"paid_at": 1_773_111_600},
    "a text for a flag": {"escrow": "true"},
    "a control character": {"order_name": "책장\x00"},
    "half a character": {"order_name": "\ud800"},
    "too long": {"buyer_name": "가" * 81},
    "no such field": {"state": "approved"},
    "items that are none": {"items": "책장"},
    "an item that is none": {"items": ["책장"]},
    "an item without a name": {"items": [{"item_quantity": 1, "item_amount": 1}]},
    "an item of an unknown field": {
        "items": [{"item_name": "선반", "item_quantity": 1, "item_amount": 1, "id": 7}]
    },
    "too many items": {
        "items": [{"item_name": "선반", "item_quantity": 1, "item_amount": 1}] * 201
    },
    "a card number": {"order_name": CARD},
    "a card number as a number": {"believed_amount": 4111111111111111},
    "a card number in an item": {
        "items": [{"item_name": CARD, "item_quantity": 1, "item_amount": 1}]
    },
    "a card number as a field": {CARD: "x"},
    "a card number as the order's": {"order_number": CARD},
}


@pytest.mark.parametrize("fields", REFUSED.values(), ids=REFUSED)
def test_what_is_not_an_order_is_refused_with_its_reason(
    program: Program, fields: dict[str, Any]
) -> None:
    answer = program.send(an_order(**fields))

    assert (answer.status_code, results(answer)) == (207, ["refused"])
    assert reasons(answer)
    assert "4111" not in answer.text
    assert numbers() == []
    assert all("4111" not in str(entry.facts) for entry in entries("orders.received"))


UNREAD: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "no object": b'"ORD-1"',
    "a list": b"[]",
    "no orders": b'{"orders": []}',
    "orders that are none": b'{"orders": 5}',
    "more beside the orders": b'{"orders": [{}], "state": 1}',
    "a name twice": b'{"order_number": "A", "order_number": "B"}',
    "not a number": b'{"believed_amount": NaN}',
    "a very long number": b'{"believed_amount": ' + b"9" * 5000 + b"}",
    "deep": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "no UTF-8": '{"order_name": "책장"}'.encode("cp949"),
    "too many": json.dumps({"orders": [{}] * (MOST_ORDERS + 1)}).encode(),
}


@pytest.mark.parametrize("body", UNREAD.values(), ids=UNREAD)
def test_a_body_that_cannot_be_read_is_one_problem(program: Program, body: bytes) -> None:
    answer = program.send(body)
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert numbers() == []


def test_two_orders_of_one_number_in_a_call_are_both_refused(program: Program) -> None:
    document = {"orders": [an_order(), an_order(believed_amount=1), an_order("ORD-2")]}
    assert results(program.send(document)) == ["refused", "refused", "added"]
    assert numbers() == ["ORD-2"]


def test_a_full_call_is_taken_and_a_larger_body_is_not(program: Program) -> None:
    full = {"orders": [an_order(f"ORD-{n}") for n in range(MOST_ORDERS)]}
    assert results(program.send(full)) == ["added"] * MOST_ORDERS
    assert program.send(b" " * (MOST_BYTES + 1)).status_code == 413


def test_a_form_is_no_order(program: Program) -> None:
    answer = program.client.post(
        "/api/orders", base_url=ORIGIN, data=an_order(items=""), headers=program.headers()
    )
    assert (answer.status_code, answer.mimetype) == (415, "application/problem+json")


WRONG = [
    "",
    "Bearer",
    "Bearer ",
    "Bearer jangbu_",
    "Basic dTpw",
    "Bearer 토큰",
    f"Bearer {'x' * 9999}",
]


@pytest.mark.parametrize("header", WRONG)
def test_without_its_token_nobody_brings_anything(program: Program, header: str) -> None:
    headers = {"Authorization": header.encode().decode("latin-1")} if header else {}
    answer = program.client.post("/api/orders", base_url=ORIGIN, json=an_order(), headers=headers)
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert numbers() == []


def test_a_signed_in_cookie_alone_is_nobody(sign_in: Callable[[Role], Person]) -> None:
    admin = sign_in(Role.ADMIN)
    for answer in (
        admin.client.post("/api/orders", base_url=ORIGIN, json=an_order()),
        admin.get("/api/orders/ORD-1"),
    ):
        assert answer.status_code == 401
    assert numbers() == []


def test_no_cookie_is_read_or_set(
    sign_in: Callable[[Role], Person], source: tuple[OrderSource, str]
) -> None:
    """The program uses the browser of somebody signed in: their session stays as it was."""
    admin = sign_in(Role.ADMIN)
    long_ago = utc_now() - timedelta(minutes=10)
    with db.engine.begin() as connection:
        connection.execute(sa.update(SignInSession).values(last_seen_at=long_ago))

    asked: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", listen)
    try:
        answer = Program(admin.client, source[1]).send(an_order())
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", listen)

    assert any("order_sources" in statement for statement in asked)
    assert not any("sign_in_sessions" in statement for statement in asked)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert set(db.session.scalars(sa.select(SignInSession.last_seen_at))) == {long_ago}
    assert entries("orders.received")[0].operator_id is None


def test_errors_of_addresses_are_problems_too(program: Program) -> None:
    for answer in (
        program.client.get("/api/nothing", base_url=ORIGIN),
        program.client.delete("/api/orders", base_url=ORIGIN),
    ):
        assert answer.mimetype == "application/problem+json"
        assert answer.status_code == answer.json["status"]
        assert "Set-Cookie" not in answer.headers


def test_a_program_reads_only_what_it_brought(app: Flask, program: Program, now: datetime) -> None:
    program.send(an_order())
    _, token = make_source("다른 가게", actor=MANAGER, now=now)
    other = Program(app.test_client(), token)

    assert other.read("ORD-1").status_code == 404
    assert program.read("ORD-2").status_code == 404
    assert program.read("ORD-1").status_code == 200
    (entry,) = entries("order.read")
    assert entry.actor == "program: 카페 주문"


def test_a_revoked_token_is_nobody_at_once(
    program: Program, source: tuple[OrderSource, str], now: datetime
) -> None:
    assert program.send(an_order()).status_code == 200
    revoke_source(source[0].id, actor=MANAGER, now=now)
    assert program.send(an_order("ORD-2")).status_code == 401
    assert numbers() == ["ORD-1"]


def test_the_token_itself_is_kept_nowhere(source: tuple[OrderSource, str], now: datetime) -> None:
    made, token = source
    assert len(token) > 43, "256 bits"
    assert source_of(token, now=now) is not None
    with db.engine.connect() as connection:
        for table in db.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                assert token not in str(tuple(row)), table.name
    assert token.startswith(made.token_start)


def test_the_last_use_is_kept_by_the_minute(source: tuple[OrderSource, str], now: datetime) -> None:
    def last_used() -> datetime | None:
        db.session.expire_all()
        return db.session.scalars(sa.select(OrderSource.last_used_at)).one()

    assert last_used() is None
    source_of(source[1], now=now)
    source_of(source[1], now=now + timedelta(seconds=59))
    assert last_used() == now
    source_of(source[1], now=now + timedelta(seconds=60))
    assert last_used() == now + timedelta(seconds=60)


def test_a_program_that_asks_too_often_waits_and_no_other_does(limited: Flask) -> None:
    now = utc_now()
    _, token = make_source("하나", actor=MANAGER, now=now)
    _, second = make_source("둘", actor=MANAGER, now=now)
    one, two = (Program(limited.test_client(), key) for key in (token, second))

    answers = [one.read("ORD-1") for _ in range(121)]

    assert [answer.status_code for answer in answers] == [404] * 120 + [429]
    assert answers[-1].headers["Retry-After"] == "60"
    assert two.read("ORD-1").status_code == 404


def test_an_address_that_tries_tokens_waits(limited: Flask) -> None:
    client = limited.test_client()
    statuses = [Program(client, f"guess-{n}").read("ORD-1").status_code for n in range(31)]
    assert statuses == [401] * 30 + [429]
