"""The pages of orders: found, narrowed, looked at; and the programs that bring them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.permissions import Role
from admin.gateway.client import Gateway
from admin.models import AuditEntry, Order, OrderSource, Payment, db
from admin.orders.service import import_orders
from admin.orders.source_service import source_of
from admin.payments.service import sync_payment
from tests.orders.books import AT, an_order, write_orders
from tests.people import Person
from tests.stand_in import StandIn

CLERK = Actor.system("command line")
TOKEN = re.compile(r"jangbu_[A-Za-z0-9_-]{43}")
NUMBER = re.compile(r'<td class="is-wide is-cut ids">([^<]+)</td>')


@pytest.fixture
def take(tmp_path: Path, now: datetime) -> Callable[..., Any]:
    return lambda *rows: import_orders(write_orders(tmp_path, *rows), actor=CLERK, now=now)


def shown(person: Person, query: str = "") -> list[str]:
    """The order numbers on the list, in their order."""
    answer = person.get(f"/orders/?{query}")
    assert answer.status_code == 200
    return NUMBER.findall(answer.text)


def order_of(number: str) -> Order:
    return db.session.scalars(sa.select(Order).where(Order.order_number == number)).one()


def test_orders_are_found_by_number_buyer_and_name(
    viewer: Person, take: Callable[..., Any]
) -> None:
    take(
        an_order("ORD-1", AT, buyer_name="이도윤"),
        an_order("ORD-2", AT + timedelta(days=1), buyer_name="김서연", order_name="50% 할인 의자"),
        an_order("ORD-3", AT + timedelta(days=2), escrow="true"),
    )
    assert shown(viewer) == ["ORD-3", "ORD-2", "ORD-1"]
    assert shown(viewer, "q=ord-2") == ["ORD-2"]
    assert shown(viewer, "q=김서연") == ["ORD-2"]
    assert shown(viewer, "q=50%25") == ["ORD-2"]
    assert shown(viewer, "q=50_") == []
    assert shown(viewer, "tab=escrow") == ["ORD-3"]
    assert shown(viewer, "source=command_line") == ["ORD-3", "ORD-2", "ORD-1"]
    assert shown(viewer, "source=api") == []


def test_orders_are_told_apart_by_their_payment(
    viewer: Person,
    take: Callable[..., Any],
    stand_in: StandIn,
    gateway: Gateway,
    now: datetime,
) -> None:
    take(an_order("ORD-1"), an_order("ORD-2"))
    stand_in.paid("imp_100000000001", merchant_uid="ORD-2")
    applied = sync_payment("imp_100000000001", source="tests", gateway=gateway, now=now)
    payment = db.session.get_one(Payment, applied.payment_id)

    assert shown(viewer, "tab=unpaid") == ["ORD-1"]
    assert shown(viewer, "tab=paid") == ["ORD-2"]
    assert f"/payments/{payment.id}" in viewer.get("/orders/").text
    assert f"/payments/{payment.id}" in viewer.get(f"/orders/{order_of('ORD-2').id}").text
    assert "/payments/1" not in viewer.get(f"/orders/{order_of('ORD-1').id}").text


def test_the_list_goes_on_where_a_page_ended(viewer: Person, take: Callable[..., Any]) -> None:
    take(*[an_order(f"ORD-{n:03}", AT + timedelta(minutes=n // 3)) for n in range(120)])
    seen: list[str] = []
    path = "/orders/?tab=unpaid"
    while path:
        page = viewer.get(path).text
        seen += NUMBER.findall(page)
        older = re.search(r'href="([^"]+)" rel="next"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    assert seen == sorted((f"ORD-{n:03}" for n in range(120)), reverse=True)


def test_an_order_shows_its_items_and_what_changed_and_masks_the_buyer(
    viewer: Person, take: Callable[..., Any]
) -> None:
    buyer = {"buyer_email": "doyun@mail.example", "buyer_tel": "010-1234-4821"}
    take(an_order("ORD-1", **buyer))
    take(an_order("ORD-1", believed_cancelled=4_000, item_amount=9_000, **buyer))
    page = viewer.get(f"/orders/{order_of('ORD-1').id}").text

    assert "원목 책장" in page
    assert "0 → 4000" in page
    assert "010-••••-4821" in page
    assert "010-1234-4821" not in page
    assert "doyun@mail.example" not in page
    assert viewer.get("/orders/999999").status_code == 404


def test_a_token_is_shown_once_and_revoked(
    sign_in: Callable[[Role], Person], finance: Person, now: datetime
) -> None:
    manager = sign_in(Role.MANAGER)
    assert finance.get("/orders/sources/").status_code == 403

    made = manager.post("/orders/sources/", {"name": "카페 주문"})
    (token,) = set(TOKEN.findall(made.text))
    assert made.headers["Cache-Control"] == "no-store"
    assert not TOKEN.search(manager.get("/orders/sources/").text)
    source = source_of(token, now=now)
    assert source is not None

    assert manager.post("/orders/sources/", {"name": "카페 주문"}).status_code == 422
    assert manager.post("/orders/sources/", {"name": " "}).status_code == 422
    assert db.session.query(OrderSource).count() == 1

    assert manager.post(f"/orders/sources/{source.id}/revocation/").status_code == 303
    assert source_of(token, now=now) is None
    assert manager.post(f"/orders/sources/{source.id}/revocation/").status_code == 409
    assert manager.post("/orders/sources/999999/revocation/").status_code == 404
    query = sa.select(AuditEntry).where(AuditEntry.subject == f"order_source:{source.id}")
    trail = list(db.session.scalars(query.order_by(AuditEntry.id)))
    assert [entry.action for entry in trail] == ["order_source.made", "order_source.revoked"]
    assert manager.operator is not None
    assert {entry.operator_id for entry in trail} == {manager.operator.id}
    assert all(token not in str(entry.facts) for entry in trail)
