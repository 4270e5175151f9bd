"""Whatever is typed as an amount: what is not plainly one leaves the house as no request at all."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from admin.models import db
from tests.operations.desk import every_operation

pytestmark = pytest.mark.slow

LEFT = 10_000
BAD = ["", "0", "-1", "-0", "1e9", "1e3", "NaN", "Infinity", "0.5", "1000.5", "10,001", "10001"]
BAD += [
    "1,00",
    "1,0000",
    ",100",
    "1 000",
    "٠",
    "一千",
    "１0001",
    "0x10",
    "+",
    "3000;4000",
    "\x00",
    "①",
    "10²",
]
BAD += [str(2**63), "9" * 400, "3000 KRW", "-3,000", "\N{MINUS SIGN}3000", "원", "00", "0원"]
# Digits of several scripts, signs and marks that stand in and around amounts, and anything at all.
TYPED = st.one_of(
    st.text("0123456789０１２９٣४一,.，．-+eE 원₩\t", max_size=12),
    st.integers().map(str),
    st.decimals(allow_nan=True).map(str),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)


def is_amount(text: str) -> bool:
    """Whether this is a whole amount within what is left, said in a way that may be read."""
    plain = "".join(chr(ord(one) - 0xFEE0) if "！" <= one <= "～" else one for one in text)
    plain = plain.strip().removesuffix("원").replace(",", "").strip()
    whole = re.fullmatch(r"\+?([0-9]+)(\.0*)?", plain)
    return whole is not None and 1 <= int(whole[1]) <= LEFT


@pytest.fixture
def form(support, payment):
    """An open refund form; sends it with another amount and tells the answer's status."""
    path = f"/payments/{payment.id}/refunds/"
    fields = support.hidden_fields(f"{path}new")

    def send(amount: str) -> int:
        typed = {**fields, "amount": amount, "reason": "late", "note": ""}
        answer = support.client.post(path, base_url="https://localhost", data=typed)
        return answer.status_code

    return send


@given(TYPED.filter(lambda text: not is_amount(text)))
@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_fault_f30_what_is_no_amount_is_refused_in_the_form_and_asked_of_nobody(
    form, stand_in, text
):
    before = len(stand_in.requests())

    assert form(text) == 422

    assert len(stand_in.requests()) == before
    assert every_operation() == []


def test_fault_f30_what_only_looks_like_an_amount_is_refused_too(form, stand_in):
    before = len(stand_in.requests())

    assert {text: form(text) for text in BAD} == dict.fromkeys(BAD, 422)

    assert len(stand_in.requests()) == before
    assert every_operation() == []


@pytest.mark.parametrize("text", ["0", "", "-1", "1e9", "1000.5", "0.99"])
def test_fault_f30_a_charge_of_no_amount_is_asked_of_nobody(finance, key, stand_in, text):
    path = f"/customers/keys/{key.id}/charges/"
    fields = finance.hidden_fields(f"{path}new") | {"merchant_uid": "CHG-1", "note": ""}
    before = len(stand_in.requests())

    answer = finance.post(path, {**fields, "order_name": "정기배송", "amount": text})

    assert answer.status_code == 422
    assert len(stand_in.requests()) == before
    assert every_operation() == []


@pytest.mark.parametrize("text", ["1,000", "１０００", "１，０００", "+1000", "1000원", " 1000 "])
def test_fault_f30_an_amount_said_otherwise_is_sent_as_it_was_meant(form, stand_in, text):
    assert form(text) == 303

    sent = [one["fields"]["amount"] for one in stand_in.requests(path="/payments/cancel")]
    assert sent == [1_000]
    db.session.rollback()
    assert [one.amount_minor for one in every_operation()] == [1_000]
