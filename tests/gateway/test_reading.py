"""The gateway's objects, read into ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from admin.domain.money import Currency, Money
from admin.domain.payment import PaymentState, PaymentStatus
from admin.gateway.errors import GatewayMalformed, GatewayUnknownStatus
from admin.gateway.wire.billing_keys import read_billing_key
from admin.gateway.wire.deliveries import read_delivery
from admin.gateway.wire.envelope import read_envelope
from admin.gateway.wire.fields import mask_card_number
from admin.gateway.wire.payments import (
    KNOWN_FIELDS,
    PaymentPage,
    read_page,
    read_payment,
    write_amount,
)
from tests.sandbox.contract import Contract

from .conftest import PAID, STARTED, payment_row

WAITING_VBANK: dict[str, Any] = {
    **payment_row(),
    "pay_method": "vbank",
    "status": "ready",
    "paid_at": 0,
    "apply_num": "",
    "card_code": None,
    "card_name": None,
    "card_number": None,
    "card_type": None,
    "vbank_code": "004",
    "vbank_name": "국민은행",
    "vbank_num": "12345678901234",
    "vbank_holder": "이음상점",
    "vbank_date": STARTED + 86_400,
    "vbank_issued_at": STARTED,
}
PART_REFUNDED = {
    **payment_row(),
    "status": "cancelled",
    "cancel_amount": 3000,
    "cancelled_at": PAID + 60,
    "cancel_reason": "[R7K2M9QX] 단순 변심",
    "cancel_history": [
        {
            "pg_tid": "26010100000001",
            "amount": 3000,
            "cancelled_at": PAID + 60,
            "reason": "[R7K2M9QX] 단순 변심",
            "cancellation_id": "can_1",
            "receipt_url": None,
        }
    ],
}
OLD_CAPTURE = {  # the shape of older captures: fewer keys, no currency, no cancel_history
    "imp_uid": "imp_448280090638",
    "merchant_uid": "merchant_1448280088556",
    "amount": 1000,
    "cancel_amount": 1000,
    "status": "cancelled",
    "started_at": 1448280088,
    "paid_at": 1448280090,
    "cancelled_at": 1448280100,
    "cancel_history": [
        {"pg_tid": "t", "amount": 1000, "cancelled_at": 1448280100, "reason": "관리자페이지취소"}
    ],
}


def test_a_card_payment_reads_as_it_is_written() -> None:
    payment = read_payment(payment_row())
    assert payment.imp_uid == "imp_000000000001"
    assert payment.status is PaymentStatus.PAID
    assert payment.amount == Money(10_000)
    assert payment.cancelled == Money(0)
    assert payment.started_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert payment.paid_at == datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
    assert payment.failed_at is None
    assert payment.vbank_due_at is None
    assert payment.card_type == 0
    assert payment.sandbox is True
    assert payment.cancellations == ()


def test_a_waiting_virtual_account_reads_with_its_deadline() -> None:
    payment = read_payment(WAITING_VBANK)
    assert payment.apply_num is None
    assert payment.vbank_due_at == payment.started_at + timedelta(days=1)
    assert not payment.took_money
    assert payment.state(payment.started_at) is PaymentState.AWAITING
    assert payment.state(payment.started_at + timedelta(days=2)) is PaymentState.EXPIRED


@pytest.mark.parametrize("status", ["cancelled", "paid"])
def test_a_part_refund_is_told_by_its_amounts_under_either_status(status: str) -> None:
    payment = read_payment({**PART_REFUNDED, "status": status})
    assert payment.cancellable == Money(7000)
    assert payment.state(datetime.now(UTC)) is PaymentState.PART_REFUNDED
    assert [entry.key for entry in payment.cancellations] == ["can_1"]
    assert payment.cancellations[0].reason.startswith("[R7K2M9QX]")


def test_an_older_row_with_fewer_fields_still_reads() -> None:
    payment = read_payment(OLD_CAPTURE)
    assert payment.amount == Money(1000, Currency.KRW)
    assert payment.cancellations[0].cancellation_id == ""
    assert payment.cancellations[0].key == "t:1448280100:1000"


def test_fields_the_gateway_adds_later_change_nothing_else() -> None:
    read = read_payment(payment_row(new_field={"deep": [1]}))
    assert replace(read, extra=None) == read_payment(payment_row())


@pytest.mark.parametrize("name", ["card_name", "buyer_name", "buyer_tel", "receipt_url", "pg_tid"])
@pytest.mark.parametrize("unset", ["", None, " "])
def test_unset_text_is_none(name: str, unset: Any) -> None:
    read = read_payment(payment_row(**{name: unset}))
    assert getattr(read, name) is None


BELIEVED = [
    ("amount", 10_000),
    ("amount", "10000"),
    ("amount", Decimal("1e4")),
    ("amount", Decimal("10000.0")),
    ("amount", "10000.00"),
    ("cancel_amount", None),
    ("currency", None),
    ("currency", ""),
    ("card_quota", None),
    ("card_quota", "0"),
    ("cancel_history", None),
    ("failed_at", None),
    ("failed_at", ""),
    ("failed_at", "0"),
]


@pytest.mark.parametrize(("name", "value"), BELIEVED)
def test_the_same_thing_written_otherwise_reads_the_same(name: str, value: Any) -> None:
    assert read_payment(payment_row(**{name: value})) == read_payment(payment_row())


NOT_BELIEVED = [
    *(
        ("amount", value)
        for value in (
            Decimal("1000.5"), "1000.5", "1e3", "１０００", "1,000", "-1", -1, None, True, [], {},
            "NaN", "Infinity", Decimal("NaN"), Decimal("1E+99999"), 10**30, "", " 1000",
            Decimal("1000.00000000000000000000000000000001"),
        )
    ),
    *(("cancel_amount", value) for value in (-1, 10_001, "x", Decimal("0.5"), False)),
    *(("imp_uid", value) for value in (None, "", " ", 1, [], "x" * 100)),
    *(("merchant_uid", value) for value in (None, "", 0, {})),
    *(("status", value) for value in (None, "", "PAID", "refunded", 1, [], {})),
    *(("currency", value) for value in ("XXX", "krw", 410, [], {})),
    *(("started_at", value) for value in (0, None, -1, "soon", 10**14, Decimal("0.5"), True)),
    *(("paid_at", value) for value in (-1, "now", 10**30, [], True)),
    *(
        ("cancel_history", value)
        for value in ({}, "x", [1], [{}], [{"amount": 1}], [{"amount": -1, "cancelled_at": 1}])
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), NOT_BELIEVED, ids=repr)
def test_a_row_that_cannot_be_believed_is_refused_by_field_and_without_its_content(
    name: str, value: Any
) -> None:
    with pytest.raises(GatewayMalformed) as caught:
        read_payment(payment_row(**{name: value}))
    detail = str(caught.value)
    assert detail.startswith(("payment: ", "cancel_history"))
    assert "김하늘" not in detail


def test_foreign_money_is_read_in_its_own_unit() -> None:
    payment = read_payment(payment_row(currency="USD", amount=Decimal("12.50")))
    assert payment.amount == Money(1250, Currency.USD)
    assert write_amount(payment.amount) == Decimal("12.5")
    assert write_amount(Money(1250)) == 1250
    with pytest.raises(GatewayMalformed):
        read_payment(payment_row(currency="USD", amount=Decimal("12.505")))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("55555500****4444", "55555500****4444"),
        ("4111111111111111", "411111******1111"),
        ("4111-1111-1111-1111", "411111******1111"),
        ("5555550000004444", "555555******4444"),
        ("123456789012", "123456**9012"),
        ("12345678901", "12345678901"),
    ],
)
def test_a_card_number_left_readable_is_masked_on_reading(written: str, read: str) -> None:
    assert mask_card_number(written) == read
    assert read_payment(payment_row(card_number=written)).card_number == read


@pytest.mark.parametrize("name", ["buyer_name", "custom_data", "fail_reason", "cancel_reason"])
def test_a_card_number_typed_into_text_is_not_taken_in(name: str) -> None:
    read = read_payment(payment_row(**{name: "card 4111 1111 1111 1111 please"}))
    assert "4111" not in getattr(read, name)


def test_one_bad_row_does_not_lose_the_page() -> None:
    rows = [payment_row(), payment_row(imp_uid="imp_bad", amount="x"), 7, payment_row(imp_uid=None)]
    page = read_page({"total": 9, "previous": 0, "next": 2, "list": rows})
    assert (page.total, page.previous, page.next) == (9, 0, 2)
    assert [payment.imp_uid for payment in page] == ["imp_000000000001"]
    assert [row.imp_uid for row in page.unreadable] == ["imp_bad", None, None]
    assert "amount" in page.unreadable[0].why


def test_a_bare_list_is_the_only_page() -> None:
    assert read_page([payment_row()]) == PaymentPage(
        total=1, payments=(read_payment(payment_row()),)
    )


@pytest.mark.parametrize(
    "raw", [None, 1, "x", {}, {"total": "many"}, {"total": -1}, {"total": 1, "list": {}}]
)
def test_a_page_that_is_none_is_refused(raw: Any) -> None:
    with pytest.raises(GatewayMalformed):
        read_page(raw)


def test_a_billing_key_reads_with_its_card_masked() -> None:
    key = read_billing_key(
        {
            "customer_uid": "cust_1",
            "pg_provider": "kcp_billing",
            "pg_id": "A52LD",
            "card_name": "현대카드",
            "card_code": "367",
            "card_number": "4111111111111111",
            "card_type": 1,
            "customer_name": "김하늘",
            "customer_email": "",
            "inserted": STARTED,
            "updated": 0,
        }
    )
    assert key.card_number == "411111******1111"
    assert key.holder_email is None
    assert key.inserted_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert key.updated_at is None
    with pytest.raises(GatewayMalformed):
        read_billing_key({"card_name": "현대카드"})


def test_a_delivery_reads_with_its_invoice_as_text() -> None:
    raw = {"company": "CJGLS", "invoice": 123456789012, "sent_at": STARTED, "applied_at": PAID}
    assert read_delivery(raw).invoice == "123456789012"
    with pytest.raises(GatewayMalformed):
        read_delivery({**raw, "sent_at": 0})


def test_numbers_are_read_exactly() -> None:
    body = b'{"code":0,"message":null,"response":{"amount":9007199254740993,"vat":0.1}}'
    assert read_envelope(body).response == {"amount": 9007199254740993, "vat": Decimal("0.1")}


def test_a_state_that_nobody_knows_names_its_word() -> None:
    with pytest.raises(GatewayUnknownStatus) as caught:
        read_payment({**payment_row(), "status": "held\x07"})
    assert caught.value.word == "held"


def test_what_the_contract_does_not_name_is_kept_in_a_fixed_order() -> None:
    row = {**payment_row(), "zeta": [1, None], "alpha": Decimal("0.50")}
    assert read_payment(row).extra == '{"alpha":0.50,"zeta":[1,null]}'
    assert read_payment(payment_row()).extra is None


def test_every_field_that_the_contract_names_is_known() -> None:
    named = set(Contract.read().schemas["PaymentAnnotation"]["properties"])
    assert named == KNOWN_FIELDS
