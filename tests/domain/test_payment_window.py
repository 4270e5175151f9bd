"""Each option of the window: what it becomes, and which combinations never reach it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from admin.domain.errors import InvalidInput
from admin.domain.money import Money
from admin.domain.payment import PayMethod
from admin.domain.payment_window import (
    METHODS,
    Buyer,
    DirectCard,
    Item,
    RequestKind,
    WindowRequest,
    check_request,
    parameters,
)

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
PLAIN = WindowRequest(
    kind=RequestKind.PAYMENT, merchant_uid="REQ-1", name="원목 책장", amount=Money(60_000)
)
CARD = WindowRequest(
    kind=RequestKind.CARD,
    merchant_uid="REQ-2",
    name="정기배송 카드",
    amount=Money(0),
    customer_uid="C-1-1",
)
LINES = (
    Item(order_number="A-1", name="상품A", quantity=3, amount=Money(20_000)),
    Item(order_number="A-2", name="상품B", quantity=2, amount=Money(40_000)),
)


def test_the_plainest_request_sends_what_the_guide_asks_and_nothing_else():
    assert parameters(PLAIN) == {
        "pg": "kcp",
        "pay_method": "card",
        "merchant_uid": "REQ-1",
        "name": "원목 책장",
        "amount": 60_000,
    }
    assert type(parameters(PLAIN)["amount"]) is int


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        ({"site": "T0000"}, {"pg": "kcp.T0000"}),
        ({"channel_key": "channel-key-1"}, {"channelKey": "channel-key-1"}),
        (
            {"buyer": Buyer(name="김하나", email="a@b.kr", tel="010-1", addr="서울", postcode="1")},
            {
                "buyer_name": "김하나",
                "buyer_email": "a@b.kr",
                "buyer_tel": "010-1",
                "buyer_addr": "서울",
                "buyer_postcode": "1",
            },
        ),
        ({"quota_limit": 0}, {"display": {"card_quota": []}}),
        ({"quota_limit": 3}, {"display": {"card_quota": [3]}}),
        (
            {"direct": DirectCard(code="367", quota=3)},
            {"card": {"direct": {"code": "367", "quota": 3}}},
        ),
        (
            {"shown_cards": ("366",)},
            {
                "card": {
                    "detail": [
                        {"card_code": "*", "enabled": False},
                        {"card_code": "366", "enabled": True},
                    ]
                }
            },
        ),
        ({"app_card": True}, {"appCard": True}),
        (
            {"method": PayMethod.CULTURELAND, "shop_user_id": "abaddd"},
            {"bypass": {"shop_user_id": "abaddd"}},
        ),
        ({"tax_free": Money(10_000)}, {"tax_free": 10_000}),
        (
            {"method": PayMethod.VBANK, "vbank_due": NOW + timedelta(days=1)},
            {"vbank_due": "20261124120000"},
        ),
        ({"language": "en"}, {"language": "en"}),
        (
            {"escrow": True, "items": LINES},
            {
                "escrow": True,
                "kcpProducts": [
                    {"orderNumber": "A-1", "name": "상품A", "quantity": 3, "amount": 20_000},
                    {"orderNumber": "A-2", "name": "상품B", "quantity": 2, "amount": 40_000},
                ],
            },
        ),
    ],
)
def test_an_option_becomes_its_parameter(change, sent):
    request = replace(PLAIN, **change)
    check_request(request, now=NOW)
    assert parameters(request).items() >= sent.items()


@pytest.mark.parametrize("method", METHODS)
def test_each_of_the_guides_methods_goes(method):
    request = replace(PLAIN, method=method, shop_user_id="m1", buyer=Buyer(name="김하나"))
    check_request(request, now=NOW)
    assert parameters(request)["pay_method"] == method.value


def test_there_are_thirteen_methods():
    assert len(set(METHODS)) == 13


def test_a_card_registration_charges_nothing():
    check_request(CARD, now=NOW)
    assert parameters(CARD) == {
        "pg": "kcp_billing",
        "pay_method": "card",
        "merchant_uid": "REQ-2",
        "name": "정기배송 카드",
        "amount": 0,
        "customer_uid": "C-1-1",
    }
    assert parameters(replace(CARD, site="A52LD"))["pg"] == "kcp_billing.A52LD"


@pytest.mark.parametrize(
    ("base", "change", "field"),
    [
        (PLAIN, {"merchant_uid": "주문1"}, "merchant_uid"),
        (PLAIN, {"merchant_uid": "x" * 41}, "merchant_uid"),
        (PLAIN, {"name": ""}, "name"),
        (PLAIN, {"name": "가" * 41}, "name"),
        (PLAIN, {"name": "4111 1111 1111 1111"}, ""),
        (PLAIN, {"amount": Money(999)}, "amount"),
        (PLAIN, {"method": PayMethod.VBANK, "amount": Money(300)}, "amount"),
        (PLAIN, {"customer_uid": "C-1"}, "customer_uid"),
        (PLAIN, {"site": "T0000", "channel_key": "key"}, "site"),
        (PLAIN, {"site": "T 1"}, "site"),
        (PLAIN, {"channel_key": "a b"}, "channel_key"),
        (PLAIN, {"tax_free": Money(60_001)}, "tax_free"),
        (PLAIN, {"quota_limit": 7}, "quota_limit"),
        (PLAIN, {"amount": Money(49_999), "quota_limit": 2}, "quota_limit"),
        (
            PLAIN,
            {"amount": Money(49_999), "direct": DirectCard(code="367", quota=2)},
            "direct_quota",
        ),
        (PLAIN, {"direct": DirectCard(code="999")}, "direct_code"),
        (PLAIN, {"direct": DirectCard(code="367", quota=1)}, "direct_code"),
        (PLAIN, {"direct": DirectCard(code="367"), "shown_cards": ("366",)}, "direct_code"),
        (PLAIN, {"direct": DirectCard(code="367", quota=6), "quota_limit": 3}, "direct_quota"),
        (PLAIN, {"shown_cards": ("999",)}, "shown_cards"),
        (PLAIN, {"method": PayMethod.TRANS, "quota_limit": 0}, "quota_limit"),
        (PLAIN, {"method": PayMethod.TRANS, "app_card": True}, "app_card"),
        (PLAIN, {"method": PayMethod.PHONE, "buyer": Buyer(name="김")}, "shop_user_id"),
        (PLAIN, {"method": PayMethod.PHONE, "shop_user_id": "m1"}, "buyer_name"),
        (PLAIN, {"method": PayMethod.CULTURELAND}, "shop_user_id"),
        (PLAIN, {"shop_user_id": "가나다라마바사"}, "shop_user_id"),  # 21 bytes
        (PLAIN, {"items": LINES}, "escrow"),
        (PLAIN, {"escrow": True}, "items"),
        (PLAIN, {"escrow": True, "items": LINES[:1]}, "items"),
        (PLAIN, {"escrow": True, "items": (replace(LINES[0], amount=None),)}, "items"),
        (PLAIN, {"escrow": True, "items": (replace(LINES[0], quantity=0),)}, "items"),
        (PLAIN, {"escrow": True, "items": LINES * 16}, "items"),
        (PLAIN, {"method": PayMethod.KAKAOPAY, "escrow": True, "items": LINES}, "escrow"),
        (PLAIN, {"vbank_due": NOW + timedelta(days=1)}, "vbank_due"),
        (PLAIN, {"method": PayMethod.VBANK, "vbank_due": NOW}, "vbank_due"),
        (CARD, {"customer_uid": ""}, "customer_uid"),
        (CARD, {"customer_uid": "x" * 81}, "customer_uid"),
        (CARD, {"method": PayMethod.TRANS}, "method"),
        (CARD, {"amount": Money(1_000)}, "amount"),
        (CARD, {"app_card": True}, "app_card"),
        (CARD, {"escrow": True}, "escrow"),
        (CARD, {"quota_limit": 0}, "quota_limit"),
    ],
)
def test_what_the_window_would_refuse_is_refused_before_it(base, change, field):
    with pytest.raises(InvalidInput) as refused:
        check_request(replace(base, **change), now=NOW)
    assert refused.value.field == field


def test_items_may_differ_from_the_amount_when_somebody_says_so():
    request = replace(PLAIN, escrow=True, items=LINES[:1], items_may_differ=True)
    check_request(request, now=NOW)
