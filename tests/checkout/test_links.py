"""The customer's page: what the window did is looked up by the request's own number."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from admin.checkout.service import settle_requests, take_result
from admin.domain.actor import Actor
from admin.domain.money import Money
from admin.domain.payment import PayMethod
from admin.domain.payment_request import RequestState
from admin.domain.payment_window import Buyer, RequestKind, WindowRequest
from admin.domain.permissions import Role
from admin.models import (
    AuditEntry,
    BillingKey,
    Customer,
    Payment,
    PaymentRequest,
    db,
    transaction,
)
from admin.payment_requests.queries import state_of
from admin.payment_requests.service import ComposeCommand, compose_request, revoke_request
from admin.payments.service import sync_payment
from tests.conftest import add_operator

EN = "?lang=en"


@pytest.fixture
def clerk(app) -> Actor:
    operator = add_operator(Role.SUPPORT)
    return Actor(name=operator.name, operator_id=operator.id, role=Role.SUPPORT)


@pytest.fixture
def link(clerk, gateway, now):
    """A payment of 30,000 won that was asked for, and its link."""
    return opened(clerk, gateway, now, "REQ-1")


def opened(clerk, gateway, now, number, *, expires=timedelta(days=1), **changes):
    window = WindowRequest(
        kind=changes.pop("kind", RequestKind.PAYMENT),
        merchant_uid=number,
        name="전화 주문 책장",
        amount=changes.pop("amount", Money(30_000)),
        buyer=Buyer(name="김하나", tel="010-1234-5678", email="hana@mail.example"),
        **changes,
    )
    command = ComposeCommand(
        window=window, customer_id=customer_id(), expires_at=now + expires, form_key=f"f-{number}"
    )
    kept = compose_request(command, actor=clerk, gateway=gateway, now=now)
    return SimpleNamespace(id=kept.id, path=f"/pay/{kept.token}", number=number)


def customer_id():
    return db.session.scalars(sa.select(Customer.id)).first()


def state(link, now) -> RequestState:
    db.session.expire_all()
    return state_of(db.session.get_one(PaymentRequest, link.id), now=now)


def paid(stand_in, link, **changes):
    body = {"merchant_uid": link.number, "amount": 30_000, "name": "전화 주문 책장", **changes}
    return stand_in.control("buyer/pay", body)


def come_back(stranger, link, imp_uid=""):
    answer = stranger.get(f"{link.path}/back{EN}&imp_uid={imp_uid}&imp_success=true")
    assert answer.status_code == 303
    return stranger.get(answer.location).text


def test_the_page_opens_the_window_with_what_was_composed(stranger, link):
    answer = stranger.get(link.path + EN)

    given = json.loads(re.search(r'id="window">(.*?)</script>', answer.text)[1])
    assert given["code"] == "imp00000000"
    assert given["parameters"]["merchant_uid"] == "REQ-1"
    assert given["parameters"]["amount"] == 30_000
    home = given["parameters"]["m_redirect_url"]
    assert home.endswith(f"{link.path}/back{EN}")  # with a query already in it
    assert "Pay 30,000 KRW" in answer.text


def test_the_page_shows_nothing_of_anybody_else_and_little_of_its_own(stranger, link):
    page = stranger.get(link.path).text

    assert "김하나" not in re.sub(r'id="window">.*?</script>', "", page)
    assert "main.css" not in page
    assert "frame__" not in page


def test_the_window_is_allowed_on_the_open_page_alone(stranger, link, stand_in, gateway, now):
    policy = stranger.get(link.path).headers["Content-Security-Policy"]
    assert f"frame-src {stand_in.url}" in policy
    assert re.search(rf"script-src [^;]*{stand_in.url}", policy)

    paid(stand_in, link)
    take_result(link.id, "", gateway=gateway, now=now)
    assert stand_in.url not in stranger.get(link.path).headers["Content-Security-Policy"]
    assert stand_in.url not in stranger.get("/sign-in").headers["Content-Security-Policy"]


def test_what_was_paid_is_looked_up_and_told(stranger, link, stand_in, now):
    payment = paid(stand_in, link)

    page = come_back(stranger, link, payment["imp_uid"])

    assert "<h2>Paid</h2>" in page
    assert 'id="pay"' not in page
    assert state(link, now) is RequestState.PAID
    mirrored = db.session.scalars(sa.select(Payment)).one()
    assert (mirrored.imp_uid, mirrored.merchant_uid) == (payment["imp_uid"], "REQ-1")


def test_success_in_the_address_proves_nothing(stranger, link, now):
    page = come_back(stranger, link, "imp_000000000099")

    assert "does not belong to this request" in page
    assert state(link, now) is RequestState.OPEN


def test_somebody_elses_payment_is_not_taken(stranger, link, stand_in, now):
    stand_in.paid("imp_100000000009", merchant_uid="ORD-OTHER", amount=30_000)

    page = come_back(stranger, link, "imp_100000000009")

    assert "does not belong to this request" in page
    assert state(link, now) is RequestState.OPEN
    assert db.session.scalars(sa.select(Payment)).all() == []


def test_a_tampered_amount_is_never_paid(stranger, link, stand_in, support, now):
    stand_in.paid("imp_100000000009", merchant_uid="REQ-1", amount=100)

    page = come_back(stranger, link, "imp_100000000009")

    assert "differs from this request" in page
    assert state(link, now) is RequestState.DIFFERS
    told = support.get(f"/payment-requests/{link.id}", headers={"Accept-Language": "en"}).text
    assert "not what was asked" in told


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("CC10", "did not go through"),
        ("3001", "The window was closed"),
        (None, "did not open"),
    ],
)
def test_a_window_that_came_to_nothing_can_be_opened_again(
    stranger, link, stand_in, now, code, said
):
    if code:
        paid(stand_in, link, outcome="failed", fail_code=code)

    page = come_back(stranger, link)

    assert said in page
    assert 'id="pay"' in page
    assert state(link, now) is RequestState.OPEN


def test_a_closed_window_is_told_as_closed(stranger, link, stand_in):
    stand_in.add_payments(
        {
            "imp_uid": "imp_100000000009",
            "merchant_uid": "REQ-1",
            "status": "ready",
            "started_at": 1_790_000_000,
            "amount": 30_000,
            "pay_method": "card",
        }
    )

    assert "The window was closed" in come_back(stranger, link, "imp_100000000009")


def test_without_an_answer_nothing_is_said_and_nothing_is_opened(stranger, link, stand_in, now):
    paid(stand_in, link)
    look = f"/payments/findAll/{link.number}"
    stand_in.control("script", {"path": look, "action": "drop", "times": 9})

    page = come_back(stranger, link)

    assert "not known yet. Do not pay again" in page
    assert 'id="pay"' not in page
    assert state(link, now) is RequestState.OPEN


def test_an_account_is_told_until_its_deposit(stranger, clerk, gateway, now, stand_in):
    link = opened(clerk, gateway, now, "REQ-2", method=PayMethod.VBANK)
    payment = paid(stand_in, link, pay_method="vbank")

    page = come_back(stranger, link, payment["imp_uid"])
    assert payment["vbank_num"] in page
    assert state(link, now) is RequestState.AWAITING

    stand_in.control("buyer/deposit", {"imp_uid": payment["imp_uid"]})
    sync_payment(payment["imp_uid"], source="webhook", gateway=gateway, now=now)
    assert "<h2>Paid</h2>" in stranger.get(link.path + EN).text


@pytest.mark.parametrize("token", ["", "x" * 32, "x" * 500, "../etc", "%00"])
def test_a_token_cannot_be_guessed(stranger, link, token):
    assert stranger.get(f"/pay/{token}").status_code in (400, 404)


def test_links_end(stranger, clerk, gateway, now):
    short = opened(clerk, gateway, now, "REQ-3", expires=timedelta(minutes=10))
    row = db.session.get_one(PaymentRequest, short.id)
    with transaction():
        db.session.get_one(PaymentRequest, short.id).expires_at = now - timedelta(seconds=1)
    assert row.parameters["amount"] == 30_000
    page = stranger.get(short.path + EN).text
    assert "This link has expired" in page
    assert 'id="pay"' not in page

    other = opened(clerk, gateway, now, "REQ-4")
    revoke_request(other.id, actor=clerk, now=now)
    assert "taken this link back" in stranger.get(other.path + EN).text


def test_a_used_link_pays_nothing_twice(stranger, link, stand_in):
    payment = paid(stand_in, link)
    come_back(stranger, link, payment["imp_uid"])

    page = stranger.get(link.path + EN).text
    assert "<h2>Paid</h2>" in page
    assert 'id="pay"' not in page


def test_opening_is_noted_once(stranger, link):
    stranger.get(link.path)
    stranger.get(link.path)

    query = sa.select(AuditEntry).where(AuditEntry.action == "payment_request.opened")
    assert len(db.session.scalars(query).all()) == 1


def test_a_registered_card_appears_on_the_customer_and_charges_nothing(
    stranger, clerk, gateway, now, stand_in
):
    with transaction():
        db.session.add(Customer(customer_number="C-7", name="김하나", since=now))
    link = opened(
        clerk,
        gateway,
        now,
        "REQ-5",
        kind=RequestKind.CARD,
        amount=Money(0),
        customer_uid="C-7-1",
    )
    register_in_the_window(stand_in, link, "C-7-1")

    page = come_back(stranger, link, "imp_100000000009")

    assert "The card is registered" in page
    key = db.session.scalars(sa.select(BillingKey)).one()
    assert (key.customer_uid, key.known_to_gateway) == ("C-7-1", True)
    assert [one["kind"] for one in stand_in.effects()] == ["key_issue"]


def test_a_customer_who_never_came_back_is_looked_for(clerk, gateway, now, stand_in):
    with transaction():
        db.session.add(Customer(customer_number="C-7", name="김하나", since=now))
    card = {"kind": RequestKind.CARD, "amount": Money(0), "customer_uid": "C-7-1"}
    link = opened(clerk, gateway, now, "REQ-5", **card)
    assert settle_requests(gateway=gateway, now=now) == 0
    register_in_the_window(stand_in, link, "C-7-1")
    sync_payment("imp_100000000009", source="sync", gateway=gateway, now=now)

    assert settle_requests(gateway=gateway, now=now) == 1
    assert state(link, now) is RequestState.STORED
    assert settle_requests(gateway=gateway, now=now) == 0


def register_in_the_window(stand_in, link, customer_uid):
    """A card was stored, and the window's own row says so."""
    stand_in.control("customers", {"customers": [{"customer_uid": customer_uid}]})
    stand_in.add_payments(
        {
            "imp_uid": "imp_100000000009",
            "merchant_uid": link.number,
            "status": "paid",
            "started_at": 1_790_000_000,
            "paid_at": 1_790_000_060,
            "amount": 0,
            "pay_method": "card",
            "customer_uid": customer_uid,
            "customer_uid_usage": "issue",
        }
    )
