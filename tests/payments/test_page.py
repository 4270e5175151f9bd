"""The page of one payment: its sections, its attempts, its actions."""

from __future__ import annotations

import re
from html import unescape

import pytest
import sqlalchemy as sa

from admin.domain.deltas import values_of
from admin.domain.merging import FIELDS
from admin.domain.permissions import Role
from admin.models import Payment, db, transaction
from admin.payments.facts import field_names, pretty
from tests.domain.factories import a_payment as a_snapshot
from tests.payments.looking import EN, HOUR, text_of
from tests.payments.trade import a_payment, awaiting, failed, refunded, take_in


def section(page: str, title: str) -> str:
    """The words of one section."""
    found = re.search(rf'<h2 class="section__title">{title}.*?</section>', page, flags=re.DOTALL)
    assert found, f"there is no section {title}"
    return text_of(found[0])


def why_not(page: str) -> dict[str, str]:
    lines = re.findall(r"<b>([^<]+)</b> ([^<]+)</li>", page)
    return {unescape(name): unescape(reason) for name, reason in lines}


def test_every_field_of_a_payment_has_a_name():
    assert set(FIELDS) == set(values_of(a_snapshot()))


def test_names_of_fields_are_complete(app):
    with app.test_request_context():
        assert set(field_names()) == set(FIELDS)


def test_a_card_payment_tells_its_sections(viewer, stand_in, gateway, now):
    keys = take_in(
        stand_in,
        gateway,
        a_payment(
            1,
            now - HOUR,
            card_name="신한카드",
            card_number="4518-42**-****-1093",
            card_quota=3,
            apply_num="30418826",
            pg_provider="kcp",
            pg_id="T0000",
            pg_tid="26112221304173",
            buyer_tel="010-1234-4821",
            buyer_email="doyun@naver.com",
            buyer_addr="서울 강남구 테헤란로 1길 5",
            custom_data='{"cart":[7,8],"gift":"<b>x</b>"}',
        ),
        now=now,
    )
    page = viewer.get(f"/payments/{keys['imp_000000000001']}", **EN).text

    method = section(page, "Payment")
    assert "신한카드 3 months" in method
    assert "30418826" in method
    assert "T0000" in section(page, "Shop and channel")
    assert "26112221304173" in section(page, "Gateway")
    buyer = section(page, "Buyer")
    assert "서울 강남구 ••••" in buyer
    for hidden in ("테헤란로", "1234-4821", "doyun@"):
        assert hidden not in page
    assert 'data-copy="30418826"' in page
    assert '"cart": [ 7, 8 ]' in section(page, "Data of the shop")
    assert "<b>x</b>" not in page


def test_a_virtual_account_tells_its_number_and_its_deadline(viewer, stand_in, gateway, now):
    keys = take_in(stand_in, gateway, awaiting(1, now - HOUR, due=now + HOUR), now=now)

    page = viewer.get(f"/payments/{keys['imp_000000000001']}", **EN).text

    assert "5620001" in section(page, "Payment")
    assert "Deposit due" in section(page, "Payment")


def test_amounts_are_split_by_tax_where_the_shop_declared_it(viewer, stand_in, gateway, now):
    shop = {"custom_data": '{"tax_free": 39000}'}
    keys = take_in(
        stand_in,
        gateway,
        a_payment(1, now - HOUR, amount=128_000, **shop),
        {**refunded(2, now - HOUR, 4_000, **shop), "amount": 128_000},
        now=now,
    )

    whole = viewer.get(f"/payments/{keys['imp_000000000001']}", **EN).text
    elsewhere = viewer.get(f"/payments/{keys['imp_000000000002']}", **EN).text

    assert "Approved 128,000 80,909 8,091 39,000" in section(whole, "Amounts")
    assert "Left 128,000 80,909 8,091 39,000" in section(whole, "Amounts")
    assert "Left 124,000 ? ? ?" in section(elsewhere, "Amounts")
    assert "nobody said of which kind" in section(elsewhere, "Amounts")


@pytest.mark.parametrize(
    "text",
    [
        '{"a":{"b":[1,2,{"c":1.10}],"d":[],"e":{}},"x":"}{,:\\"["}',
        "[1e999,-0,12345678901234567890]",
        '{"a":1,"a":2}',
        "[" * 50 + "]" * 50,
    ],
)
def test_json_made_readable_keeps_every_token(text):
    assert re.sub(r"\s", "", pretty(text)) == text


@pytest.mark.parametrize("text", ["", "주문 메모", '"text"', "{broken", "12", "[" * 100_000])
def test_what_is_no_json_stands_as_it_came(text):
    assert pretty(text) == text


def test_attempts_at_one_order_stand_together_and_two_that_hold_money_are_told(
    viewer, stand_in, gateway, now
):
    same = {"merchant_uid": "ORD-SAME"}
    keys = take_in(
        stand_in,
        gateway,
        a_payment(1, now - 3 * HOUR, **same),
        failed(2, now - 2 * HOUR, **same),
        refunded(3, now - HOUR, 10_000, **same),
        a_payment(4, now - HOUR),
        now=now,
    )
    first = keys["imp_000000000001"]

    page = viewer.get(f"/payments/{first}", **EN).text
    attempts = section(page, "Every attempt at this order")
    assert [uid for uid in keys if uid in attempts] == [f"imp_00000000000{n}" for n in (1, 2, 3)]
    assert "This payment" in attempts
    assert "may have paid twice" not in text_of(page)

    take_in(stand_in, gateway, refunded(5, now - HOUR, 4_000, **same), now=now)
    page = text_of(viewer.get(f"/payments/{first}", **EN).text)
    assert "2 payments of this order hold money, 16,000 KRW together" in page


def test_a_test_payment_never_pays_a_real_order_twice(viewer, stand_in, gateway, now):
    same = {"merchant_uid": "ORD-SAME"}
    keys = take_in(
        stand_in,
        gateway,
        a_payment(1, now - HOUR, **same),
        a_payment(2, now - HOUR, **same),
        now=now,
    )
    key, other = keys.values()
    assert "may have paid twice" in show_key(viewer, key)

    with transaction():
        db.session.execute(sa.update(Payment).where(Payment.id == other).values(sandbox=True))

    page = show_key(viewer, key)
    assert "may have paid twice" not in page
    assert "Every attempt" not in page


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT, Role.MANAGER])
def test_every_action_is_there_or_says_why_not(sign_in, stand_in, gateway, now, *, role):
    person = sign_in(role)
    keys = take_in(
        stand_in,
        gateway,
        a_payment(1, now - HOUR),
        failed(2, now - HOUR),
        awaiting(3, now - HOUR, due=now + HOUR),
        a_payment(4, now - HOUR, escrow=True),
        a_payment(5, now - HOUR, customer_uid="cus_1", customer_uid_usage="payment"),
        now=now,
    )
    there = {
        "Refund": 'refunds/new">Refund</a>',
        "Look up again": "/checks/",
        "Receipt": "</svg>Receipt</a>",
        "Register delivery": "</svg>Register delivery</a>",
        "Charge again": "</svg>Charge again</a>",
        "Cash receipt": "no page issues one",
        "Open an inquiry": "</svg>Open an inquiry</a>",
    }
    for key in keys.values():
        page = show_key(person, key)
        reasons = why_not(page)
        assert all(reasons.values())
        part = "refunds/new" in page and "All of it or a part" in page
        assert ("Refund of a part" in reasons) is not part
        for name, mark in there.items():
            assert (name in reasons) is not (mark in page), (name, reasons)


def test_reasons_fit_the_payment(support, stand_in, gateway, now):
    keys = take_in(
        stand_in,
        gateway,
        a_payment(1, now - HOUR),
        a_payment(2, now - HOUR, escrow=True, customer_uid="cus_1"),
        awaiting(3, now - HOUR, due=now + HOUR),
        now=now,
    )
    with transaction():
        elsewhere = {"receipt_url": "https://evil.example/x"}
        db.session.execute(sa.update(Payment).values(**elsewhere))
    card, escrow, account = (why_not(show_key(support, key)) for key in keys.values())

    assert card["Receipt"] == "Its address is not one of KCP's."
    assert card["Register delivery"] == "This is not an escrow order."
    assert card["Charge again"] == "It was not paid with a billing key."
    assert card["Cash receipt"] == "Only for transfers and virtual accounts."
    assert "escrow order can only be refunded in full" in escrow["Refund of a part"]
    assert "Register delivery" not in escrow
    assert escrow["Charge again"] == "Your role may not charge billing keys."
    assert account["Cash receipt"] == "It is issued in KCP's own admin, not from here."
    assert "No money has come in yet" in account["Refund"]


def show_key(person, key: int) -> str:
    return person.get(f"/payments/{key}", **EN).text
